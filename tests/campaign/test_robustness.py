"""Controls, sensitivity, amendments and what would change a verdict, over whole judgements."""

from __future__ import annotations

import json

import pytest
from tests.campaign.pilot_project import Desk, payout, reply

from understudy.campaign.judging import controls
from understudy.campaign.judging.recorded import judge_run
from understudy.model.action import Action
from understudy.model.baseline import Outcome
from understudy.model.errors import ConfigurationError, NoCasesError


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def again(desk, run):
    return judge_run(str(run.folder.path), desk.reports, lambda *_: None).verdict


def outcomes(verdict):
    return {each.name: each.told_apart for each in verdict.controls}


def test_every_verdict_stands_on_its_controls(desk):
    """The saboteur is a NO-GO and people equal themselves; what cannot be built says why."""
    verdict = desk.judge().verdict
    assert outcomes(verdict) == {
        "sabotaged": True, "always-escalate": None, "never-escalate": None,
        "self-comparison": True,
    }  # fmt: skip
    notes = {each.name: each.note for each in verdict.controls}
    assert "people escalate in 0 of 400 cases" in notes["always-escalate"]
    assert "got NO-GO" in notes["sabotaged"]


def escalation() -> Action:
    return Action(system="desk", operation="desk.escalate")


class Mixed(Desk):
    """People escalate every fourth case."""

    def handled(self, number: int) -> tuple[Outcome, tuple[Action, ...]]:
        if number % 4:
            return Outcome.ACTED, (reply(number),)
        return Outcome.ESCALATED, (escalation(),)


def test_gates_that_let_everything_be_escalated_are_invalid(tmp_path):
    """Without a gate on its value, handing everything over would be a GO: no verdict can stand."""
    desk = Mixed(tmp_path)
    desk.gates.write_text(f"budget: 100 EUR\n{desk.gates.read_text()}")
    run = desk.judge("agent", lambda n: desk.handled(n)[1])
    assert outcomes(run.verdict)["always-escalate"] is False
    assert run.verdict.verdict == "INVALID"
    assert "`always-escalate` was not told apart" in run.verdict.reasons[0]
    gates = desk.gates.read_text()
    desk.gates.write_text(f"{gates}  - {{id: G4, metric: net_value_per_case}}\n")
    run = desk.judge("other", lambda n: desk.handled(n)[1])
    assert outcomes(run.verdict) == dict.fromkeys(outcomes(run.verdict), True)
    assert run.verdict.verdict == "GO"


def test_a_policy_that_knows_nothing_critical_is_invalid(desk):
    """Where a saboteur costs nothing, the verdict on anybody else is worth nothing."""
    kinds = ", ".join(
        f"{kind}: {{severity: none}}" for kind in ("unauthorized", "wrong_target", "extra_action",
                                                   "missing_action", "policy_violation")
    )  # fmt: skip
    desk.policy.write_text(f"{desk.policy.read_text()}kinds: {{{kinds}}}\n")
    run = desk.judge()
    assert run.verdict.verdict == "INVALID"
    assert "`sabotaged` was not told apart" in run.verdict.reasons[0]
    assert run.verdict.exit_code == 3


def test_a_comparison_that_prices_equal_work_is_invalid(desk, monkeypatch):
    """A judge by which people differ from themselves is not to be believed."""
    was = controls.as_proposal

    def crooked(baseline):
        import msgspec

        return msgspec.structs.replace(was(baseline), actions=(reply(9999, "Something else."),))

    monkeypatch.setattr(controls, "as_proposal", crooked)
    verdict = desk.judge().verdict
    assert outcomes(verdict)["self-comparison"] is False and verdict.verdict == "INVALID"


def test_the_verdict_is_tried_at_other_prices(desk):
    """Half and double severities and caps; where it flips, the first thing a CFO asks is told."""
    said = {True: "Paid 9.00 EUR.", False: "We look into it."}
    run = desk.judge("agent", lambda n: (reply(n, said[n % 6 == 0]),))
    table = {each.prices: each for each in run.verdict.sensitivity}
    assert set(table) == {
        "half the severities", "double the severities", "half the caps", "double the caps",
    }  # fmt: skip
    here = run.verdict.error_cost.per_case
    assert table["half the severities"].error_cost_per_case == pytest.approx(here / 2, rel=1e-3)
    assert table["double the severities"].error_cost_per_case == pytest.approx(2 * here, rel=1e-3)
    text = (run.folder.path / "report.md").read_text()
    assert "Sensitivity to prices" in text and "Controls" in text
    flips = {each.verdict for each in table.values()} - {run.verdict.verdict.value}
    told = [reason for reason in run.verdict.reasons if "depends on the price list" in reason]
    assert bool(flips) == bool(told)
    assert flips, "the case is made so that it flips"


def test_what_would_change_a_no_go_is_told(desk):
    """The dearest kind, what it costs, and the verdict without it."""
    run = desk.judge("agent", lambda n: (reply(n), *([payout(n)] * (n < 9))))
    (told,) = [reason for reason in run.verdict.reasons if "what would change it" in reason]
    assert 'mending every "unauthorized" would lower the error cost by' in told


def test_changed_limits_are_an_amendment_that_restarts_the_evidence(desk):
    """A gate file that was changed after the cases is printed, and gives no GO on them."""
    run = desk.judge()
    assert run.verdict.verdict == "GO"
    desk.gates.write_text(f"budget: 40 EUR\n{desk.gates.read_text()}")
    verdict = again(desk, run)
    assert verdict.verdict == "INCONCLUSIVE"
    assert any("amended after 400 cases: the gates file" in each for each in verdict.reasons)
    assert verdict.amendments and "Amendments" in (run.folder.path / "report.md").read_text()
    desk.gates.write_text(desk.gates.read_text().removeprefix("budget: 40 EUR\n"))
    assert again(desk, run).verdict == "GO"


def test_changed_prices_are_printed_and_judged_by(desk):
    """Another price list is an amendment too, but prices need no new cases."""
    run = desk.judge()
    desk.policy.write_text(f"{desk.policy.read_text()}cap: 4000 EUR\n")
    verdict = again(desk, run)
    assert verdict.verdict == "GO"
    assert any("the policy file is not the registered one" in each for each in verdict.reasons)


@pytest.mark.parametrize("name", ["gates", "policy"])
def test_a_file_that_is_edited_during_the_run_is_invalid(desk, monkeypatch, name):
    """What the run began with is not what lies there at its end: no verdict, with the reason."""
    from understudy.campaign.judging import conclusion

    path = getattr(desk, name)
    was = conclusion.judge

    def judge(*arguments):
        path.write_text(f"{path.read_text()}# edited\n")
        return was(*arguments)

    monkeypatch.setattr(conclusion, "judge", judge)
    run = desk.judge()
    assert run.verdict.verdict == "INVALID"
    assert f"the {name} file" in run.verdict.reasons[0] and "edited" in run.verdict.reasons[0]


def test_a_recording_that_was_exchanged_is_invalid(desk):
    """The cases of another recording under the same path are not those that were run."""
    run = desk.judge()
    Desk(desk.folder, 399)
    verdict = again(desk, run)
    assert verdict.verdict == "INVALID"
    assert any("the recording is another one" in reason for reason in verdict.reasons)


def test_one_case_and_a_gate_beyond_reach_are_no_go(tmp_path):
    """One clean case is INCONCLUSIVE, with the number that is missing."""
    desk = Desk(tmp_path, 1)
    verdict = desk.judge().verdict
    assert verdict.verdict == "INCONCLUSIVE"
    assert "about 325 more cases" in verdict.reasons[0]
    told = json.loads((tmp_path / "reports" / "rec").glob("*/verdict.json").__next__().read_text())
    assert told["controls"][0]["told_apart"] is True


@pytest.mark.parametrize(
    "line",
    [
        "budget: 0 EUR",
        "budget: -1 EUR",
        "budget: .nan EUR",
        "cap: 5 EUR",
        "cap: .inf EUR",
        "alpha: 0%",
        "alpha_harm: 100%",
        "max_cases: 0",
        "look_every: 0",
        "burn_in: -1",
        "kill: {shadw: {cases: 3}}",
        "ceilings: {x.y: everything}",
        "gate: []",
    ],
)
def test_gate_files_that_test_nothing_are_refused_before_the_first_case(desk, line):
    """Zero and infinite budgets, caps below them, unknown rungs, keys: one error with its line."""
    desk.gates.write_text(f"{line}\n{desk.gates.read_text()}")
    with pytest.raises(ConfigurationError) as caught:
        desk.judge()
    assert "gates.yaml:" in caught.value.describe()
    assert not desk.reports.exists()


def test_a_cap_under_a_floor_is_refused(desk):
    """A price list in which nothing can cost what it should is no price list."""
    desk.policy.write_text(f"{desk.policy.read_text()}cap: 0 EUR\n")
    with pytest.raises(ConfigurationError, match="lies below the floor of critical"):
        desk.judge()


def test_an_unknown_metric_is_refused_with_the_nearest(desk):
    """A gate that measures nothing is a mistake in the file, and never a pass."""
    desk.gates.write_text(desk.gates.read_text().replace("critical_findings", "critical_finding"))
    with pytest.raises(ConfigurationError, match="critical_findings"):
        desk.judge()


def test_a_candidate_that_failed_in_every_case_is_invalid(desk):
    """Crashes are cheap, and say nothing about what the candidate does when it works."""
    from understudy.model.proposal import Failure, FailureCause

    failure = Failure(cause=FailureCause.CANDIDATE, reason="crashed")
    run = desk.judge(failure=failure)
    assert run.verdict.verdict == "INVALID"
    assert "all 400 cases failed" in run.verdict.reasons[0]


class Idle(Desk):
    """People look at each case and leave it as it is."""

    def handled(self, number):
        return Outcome.ABSTAINED, ()


def test_a_recorded_outcome_of_failed_is_a_failure_without_a_reason_too(tmp_path):
    """Where people did nothing, a log that only says `failed` would otherwise cost nothing."""
    desk = Idle(tmp_path, 30)
    run = desk.judge(act=lambda number: (), failure=None)
    lines = (tmp_path / "agent.jsonl").read_text().splitlines()
    told = [json.dumps(json.loads(line) | {"outcome": "failed"}) for line in lines]
    assert run.verdict.error_cost.total_minor == 0
    (tmp_path / "agent.jsonl").write_text("\n".join(told) + "\n")
    verdict = judge_run(str(run.folder.path), desk.reports, lambda *_: None).verdict
    assert verdict.error_cost.total_minor > 0
    assert [each.kind for each in verdict.findings] == ["run_failure"]
    assert verdict.verdict == "INVALID"
    assert any("all 30 cases failed" in each for each in verdict.reasons)


def test_proposals_without_a_case_end_in_no_cases_or_invalid(desk):
    """Nothing to judge is no GO: no proposal is exit code 5, no judged case INVALID."""
    with pytest.raises(NoCasesError):
        desk.judge(cases=0)
    from understudy.model.proposal import Failure, FailureCause

    failure = Failure(cause=FailureCause.INFRASTRUCTURE, reason="network")
    run = desk.judge(failure=failure)
    assert (run.verdict.verdict, run.verdict.exit_code) == ("INVALID", 3)
    assert run.verdict.reasons[0].endswith("no case was judged")
