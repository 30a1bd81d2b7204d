"""The demonstration: what it teaches, and that it teaches the same each time."""

from __future__ import annotations

import json

import pytest

from understudy.campaign.demo import DemoRequest, run_demo


@pytest.mark.slow
def test_agreement_would_have_picked_the_wrong_candidate(tmp_path):
    """Hasty agrees more with people than careful and costs more; the three verdicts are earned.

    Careful is GO, or INCONCLUSIVE with a number of cases; hasty is NO-GO; timid is worth nothing.
    """
    finished = run_demo(DemoRequest(reports=tmp_path / "reports"), lambda *_: None)
    verdicts = {one.verdict.candidate.name: one.verdict for one in finished}
    costs = {one.verdict.candidate.name: one.folder.read_cost() for one in finished}

    def agreement(name):
        return costs[name].actions_agreeing / costs[name].actions_proposed

    assert agreement("hasty") > agreement("careful")
    assert agreement("hasty") >= 0.97
    assert costs["hasty"].error_cost_minor > 5 * costs["careful"].error_cost_minor
    careful = verdicts["careful"]
    assert careful.verdict in ("GO", "INCONCLUSIVE")
    assert careful.verdict == "GO" or any(gate.cases_needed for gate in careful.gates)
    assert verdicts["hasty"].verdict == "NO-GO"
    assert verdicts["timid"].net_value.per_case < 0
    for verdict in verdicts.values():
        assert verdict.cases.judged >= 800
        assert verdict.wall.self_test == "passed"
        assert len(set(verdict.scope.split(": ")[1].split(", "))) >= 4


@pytest.mark.slow
def test_two_demos_with_one_seed_end_alike(project):
    """Equal seeds give equal verdict.json apart from times and ids, each world built anew."""
    verdicts = []
    size = ("--customers", "100", "--cases", "40")
    for reports in ("first", "second"):
        done = project.command("demo", "--seed", "5", *size, "--reports", reports, "--json", "-q")
        assert done.returncode == 0, done.stderr
        verdicts.append(json.loads(done.stdout)["runs"])
    for verdict in (one for runs in verdicts for one in runs):
        for key in ("run", "report", "run_id", "expires"):
            del verdict[key]
    assert verdicts[0] == verdicts[1]


def test_the_demo_refuses_candidates_that_are_none(project):
    """A file that is not there, and a name that none of its candidates has."""
    done = project.command("demo", "--candidates", "nowhere.yaml", "-q")
    assert (done.returncode, "nowhere.yaml" in done.stderr) == (2, True)
    path = project.campaign("bot:handle")
    done = project.command("demo", "--candidates", str(path), "--candidate", "agnet", "-q")
    assert (done.returncode, "did you mean `agent`?" in done.stderr) == (2, True)
