"""The demonstration: what it teaches, and that it teaches the same each time."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """The demo at its own size, once, through the function that the command calls."""
    from understudy.campaign.demo import DemoRequest, run_demo

    reports = tmp_path_factory.mktemp("demo") / "reports"
    finished = run_demo(DemoRequest(reports=reports), lambda *_: None)
    return {one.verdict.candidate.name: one for one in finished}


@pytest.mark.slow
def test_agreement_would_have_picked_the_wrong_candidate(outcome):
    """Hasty agrees more with people than careful, and costs more."""

    def agreement(name):
        cost = outcome[name].folder.read_cost()
        return cost.actions_agreeing / cost.actions_proposed

    costs = {name: one.verdict.error_cost.total_minor for name, one in outcome.items()}
    assert agreement("hasty") > agreement("careful")
    assert agreement("hasty") >= 0.97
    assert costs["hasty"] > 5 * costs["careful"]


@pytest.mark.slow
def test_the_three_verdicts_are_earned(outcome):
    """Careful is GO or INCONCLUSIVE with a number of cases, hasty NO-GO, timid worth nothing."""
    verdicts = {name: one.verdict for name, one in outcome.items()}
    careful = verdicts["careful"]
    assert careful.verdict in ("GO", "INCONCLUSIVE")
    if careful.verdict == "INCONCLUSIVE":
        assert any(gate.cases_needed for gate in careful.gates)
    assert verdicts["hasty"].verdict == "NO-GO"
    assert verdicts["timid"].net_value.per_case < 0
    for verdict in verdicts.values():
        assert verdict.cases.judged >= 800
        assert verdict.wall.self_test == "passed"
        assert len(set(verdict.scope.split(": ")[1].split(", "))) >= 4


@pytest.mark.slow
def test_two_demos_with_one_seed_end_alike(project):
    """Equal seeds give equal verdict.json apart from times and ids, twice in one folder."""
    verdicts = []
    for _ in range(2):
        done = project.command(
            "demo", "--seed", "5", "--customers", "120", "--cases", "60", "--json", "-q"
        )
        assert done.returncode == 0, done.stderr
        verdicts.append(json.loads(done.stdout)["runs"])
    for verdict in (one for runs in verdicts for one in runs):
        for key in ("run", "report", "run_id", "expires"):
            del verdict[key]
    assert verdicts[0] == verdicts[1]
