"""Verdicts about a recording alone, about production's mix, and about kinds of work by amount."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
import pytest
from tests.campaign.pilot_project import Desk, reply

from understudy.campaign.pilot.status import pilot_status
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Outcome
from understudy.model.errors import ConfigurationError
from understudy.traffic.recording import read_recording
from understudy.traffic.sampling import drawn, sample

G2 = "gates:\n  - {id: G2, metric: error_cost_per_case}\n"


def refund(number: int, amount: int) -> Action:
    return Action(
        system="stripe",
        operation="stripe.refunds.create",
        target=Target(type="charge", id=f"ch_{number}"),
        fields={"amount": amount},
        amount_minor=amount,
        currency="EUR",
        effect=Effect.PAY,
        action_class="automated",
    )


def test_a_recording_is_let_through_as_a_whole(tmp_path):
    """120 clean cases show nothing of the future, and all there is to show of themselves."""
    desk = Desk(tmp_path, 120)
    desk.gates.write_text(f"version: 1\n{G2}")
    future = desk.judge().verdict
    assert future.verdict == "INCONCLUSIVE"
    assert "the claim is about cases to come" in future.scope
    desk.gates.write_text(f"version: 1\npopulation: recording\n{G2}")
    alone = desk.judge("other")
    assert alone.verdict.verdict == "GO"
    assert "the claim is about the cases of this recording alone" in alone.verdict.scope
    assert any("cases to come" in each for each in alone.verdict.not_covered)
    page = (alone.folder.path / "report.html").read_text()
    assert "the cases of this recording alone" in page


def test_a_part_of_a_recording_counts_as_far_as_it_was_drawn(tmp_path):
    """Proposals for the first 150 of 200 cases are no part that was drawn: few of them count."""
    desk = Desk(tmp_path, 200)
    desk.gates.write_text(f"version: 1\npopulation: recording\n{G2}")
    part = desk.judge(cases=150).verdict
    assert part.verdict == "INCONCLUSIVE"
    ranks = [
        int(case.case_id.split("-")[1]) for case in drawn(read_recording(desk.recording).cases)
    ]
    counted = next(place for place, number in enumerate(ranks) if number >= 150)
    assert part.gates[0].cases_needed <= 200 - counted


def test_a_sample_of_the_customers_comes_first_in_the_drawn_order(tmp_path):
    """What a sample takes is a prefix of the order, so that a sampled run is one that was drawn."""
    cases = read_recording(Desk(tmp_path, 300).recording).cases
    order, part = drawn(cases), sample(cases, 0.3)
    assert {case.case_id for case in order[: len(part)]} == {case.case_id for case in part}
    assert [case.case_id for case in order] != [case.case_id for case in cases]


@pytest.mark.slow
def test_a_limited_run_is_drawn_from_the_recording(project):
    """With `--limit`, cases run in the drawn order, and those that are left are known to be."""
    project.write("bot.py", 'def handle(case, systems):\n    return {"outcome": "escalated"}\n')
    gates = project.write("gates.yaml", f"version: 1\npopulation: recording\n{G2}")
    campaign = str(project.campaign("bot:handle", gates=str(gates)))
    done = project.command("run", campaign, "--limit", "9", "-q", "--json")
    run = json.loads(done.stdout)["runs"][0]
    lines = next((project.folder / run["run"]).glob("cases-*.jsonl")).read_text().splitlines()
    manifest = json.loads((project.folder / run["run"] / "manifest.json").read_text())
    order = [
        case.case_id for case in drawn(read_recording(project.folder / manifest["recording"]).cases)
    ]
    assert {json.loads(line)["case_id"] for line in lines} == {*order[:9]}
    verdict = json.loads((project.folder / run["run"] / "verdict.json").read_text())
    assert "this recording alone" in verdict["scope"]


class Refunds(Desk):
    """People refund 40 EUR in most cases and 900 EUR in every tenth; one in twenty is a reply."""

    def handled(self, number: int) -> tuple[Outcome, tuple[Action, ...]]:
        if number % 20 == 19:
            return Outcome.ACTED, (reply(number),)
        return Outcome.ACTED, (refund(number, 90_000 if number % 10 == 0 else 4_000),)


SCOPES = """version: 1
gates:
  - id: G6
    metric: segment_error_cost_per_case
    scopes:
      refunds under 50 EUR: action.operation == 'stripe.refunds.create' and action.amount < 50
      other refunds: action.operation == 'stripe.refunds.create' and action.amount >= 50
"""


def same(desk: Desk):
    return lambda number: desk.handled(number)[1]


def test_a_go_is_for_refunds_under_an_amount_and_holds_the_rest(tmp_path):
    """Small refunds are shown, large ones are too few to be, and replies are nobody's scope."""
    desk = Refunds(tmp_path, 600)
    desk.gates.write_text(SCOPES)
    verdict = desk.judge("agent", same(desk)).verdict
    assert verdict.verdict == "GO"
    assert verdict.scope.endswith(
        "by kind of work: GO for refunds under 50 EUR; HOLD for other refunds, everything else"
    )


@pytest.mark.slow
def test_a_large_refund_made_a_small_one_counts_in_both_scopes(tmp_path):
    """What the limit would let through by itself is judged with what it lets through."""
    desk = Refunds(tmp_path, 600)
    desk.gates.write_text(SCOPES)

    def shrunk(number: int) -> Iterable[Action]:
        if number % 10:
            return desk.handled(number)[1]
        return (refund(number, 4_900),)

    reason = desk.judge("agent", shrunk).verdict.gates[0].reason
    assert "fails in" in reason and "other refunds" in reason
    assert "GO for refunds under 50 EUR" not in reason


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("action.amount <", "is no expression"),
        ("amount < 50", "amount"),
        ("9 ** 9 ** 9", "Pow is not part of the language"),
    ],
)
def test_a_scope_that_is_no_expression_is_refused_with_its_place(tmp_path, source, told):
    """Read before the first case, as clauses of the policy are."""
    desk = Desk(tmp_path, 4)
    desk.gates.write_text(
        "version: 1\ngates:\n  - {id: G6, metric: segment_error_cost_per_case, "
        f"scopes: {{a: '{source}'}}}}\n"
    )
    with pytest.raises(ConfigurationError, match=told) as raised:
        desk.judge()
    assert "gates.yaml" in str(raised.value.where)


class Mixed(Desk):
    """Half of the recorded cases are chargebacks."""

    def scenario(self, number: int) -> str:
        return "chargeback" if number % 2 else "tag"


@pytest.mark.slow
def test_strata_weigh_production_in_the_verdict_and_in_the_report(tmp_path):
    """A candidate that is dear at chargebacks passes where production has next to none."""
    desk = Mixed(tmp_path, 400)

    def wordy(number: int) -> Iterable[Action]:
        return (reply(number), reply(number)) if number % 2 else (reply(number),)

    outcomes = []
    for tag, other in ((0.99, 0.01), (0.2, 0.8)):
        desk.gates.write_text(
            "version: 1\nstrata: {by: scenario, weights: "
            f"{{tag: {tag}, chargeback: {other}}}}}\nbudget: 3 EUR\ncap: 60 EUR\n{G2}"
        )
        outcomes.append(desk.judge(f"agent-{tag}", wordy).verdict)
    assert outcomes[0].verdict == "GO" and outcomes[1].verdict == "NO-GO"
    assert "mixed by scenario: tag 0.99, chargeback 0.01" in outcomes[0].scope
    assert outcomes[0].error_cost.per_case < outcomes[1].error_cost.per_case / 20
    assert msgspec.to_builtins(outcomes[0].error_cost)["interval"][1] < 300


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("{tags: 1, chargeback: 1}", "no weight to `tag`.*did you mean `tags`"),
        ("{tag: 1, chargeback: 1, refund: 1}", "no case is of the scenario `refund`"),
    ],
)
def test_strata_that_do_not_fit_the_cases_are_told(tmp_path, weights, told):
    """A group without a weight, or a weight without a group, is told with what to write."""
    desk = Mixed(tmp_path, 10)
    desk.gates.write_text(f"version: 1\nstrata: {{by: scenario, weights: {weights}}}\n{G2}")
    with pytest.raises(ConfigurationError, match=told):
        desk.judge()


def test_kinds_of_work_are_no_part_of_a_recording_whose_size_is_known(tmp_path):
    """A part of the cases would be taken for all of their kind, and let through as a whole."""
    desk = Refunds(tmp_path, 40)
    desk.gates.write_text(SCOPES.replace("gates:", "population: recording\ngates:", 1))
    with pytest.raises(ConfigurationError, match=r"gate `G6`: `scopes` .* write `by`"):
        desk.judge("agent", same(desk), cases=10)


class Regulars(Desk):
    """Forty customers who come back again and again."""

    def customer(self, number: int) -> str:
        return f"cus-{number % 40}"


def test_cases_that_belong_together_are_no_evidence_twice(tmp_path):
    """400 clean cases of 40 customers show as much of an operation as 40 cases."""
    (alone,) = Desk(tmp_path / "alone").judge().verdict.action_classes
    assert (alone.recommended_class, alone.cases) == ("approval_required", 400)
    desk = Regulars(tmp_path / "regulars")
    (shared,) = desk.judge().verdict.action_classes
    assert (shared.recommended_class, shared.cases) == ("read_only", 400)
    assert "in 400 cases, 40 that do not belong together: at most 7.22% (95 %)" in shared.evidence
    assert "40 that do not belong together, so at most 7.22%" in pilot_status(desk.reports, False)


def test_what_a_run_shows_of_an_operation_holds_at_every_look_where_it_ended_early(tmp_path):
    """64 clean cases carry drafts where they were all planned, and not where more were."""
    planned = Desk(tmp_path / "planned", 64).judge().verdict.action_classes[0]
    ended = Desk(tmp_path / "ended", 400).judge(cases=64).verdict.action_classes[0]
    assert (planned.recommended_class, ended.recommended_class) == ("draft_only", "read_only")
    assert ended.evidence.endswith("(95 %, at every look)")
