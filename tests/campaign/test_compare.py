"""Two runs beside each other, paired by case."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from tests.campaign.pilot_project import Desk, payout, reply

from understudy.campaign.comparison import compare_runs, comparison_json, comparison_text
from understudy.gate.pairs import log_wealth_of_pairs
from understudy.model.errors import RecordingError


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """One careful candidate, one that pays out every fourth time, one that says nothing at all."""
    desk = Desk(tmp_path_factory.mktemp("compare"), 200)
    desk.judge("careful", out=desk.folder / "careful")
    dear = lambda n: (reply(n), *([payout(n)] * (n % 4 == 0)))  # noqa: E731 # one line is plainer
    desk.judge("hasty", dear, out=desk.folder / "hasty")
    desk.judge("silent", lambda n: () if n % 4 else (reply(n),), out=desk.folder / "silent")
    return desk


def compare(desk, first, second):
    return compare_runs(str(desk.folder / first), str(desk.folder / second), desk.reports)


def test_the_cheaper_of_two_is_named_with_its_evidence(desk):
    """Fifty of 200 cases cost more: that is decided, whichever of the two is named first."""
    found = compare(desk, "careful", "hasty")
    assert found.sentence == "careful costs less"
    assert (found.cases, found.cheaper, found.dearer) == (200, 0, 50)
    assert found.evidence.second_dearer >= found.evidence.threshold == 40
    other = compare(desk, "hasty", "careful")
    assert other.sentence == "careful costs less"
    assert other.evidence.difference == pytest.approx(-found.evidence.difference)


def test_better_and_worse_are_told_by_kind(desk):
    """Each kind with its cases and cost on both sides, and the command for the largest changes."""
    found = compare(desk, "silent", "hasty")
    kinds = {each.kind: each for each in found.kinds}
    assert kinds["missing_action"].first_cases == 150
    assert kinds["missing_action"].second_cases == 0
    assert kinds["unauthorized"].second_cases == 50
    total = sum(each.change_minor for each in found.kinds)
    costs = [
        json.loads((desk.folder / name / "cost.json").read_text())["error_cost_minor"]
        for name in ("silent", "hasty")
    ]
    assert total == costs[1] - costs[0]
    text = comparison_text(found, "hasty")
    assert "better missing_action" in text and "worse  unauthorized" in text
    assert "understudy case hasty case-0" in text
    assert "candidate: " in text.split("WHAT CHANGED")[1]


def test_a_run_against_itself_is_undecided_and_equal(desk):
    """Equal costs never become evidence, and the report says that it is the same run."""
    found = compare(desk, "hasty", "hasty")
    assert not found.evidence.decided and (found.cheaper, found.dearer) == (0, 0)
    assert "no number of cases like these" in found.sentence
    assert found.changed == ("nothing: it is one and the same run",)
    assert json.loads(comparison_json(found))["decided"] is False


def test_runs_that_cannot_be_compared_are_refused_with_every_reason(desk, tmp_path):
    """Other recordings, other prices, no verdict: all of it in one message."""
    other = Desk(tmp_path, 30)
    other.judge("agent", policy="demo", out=desk.folder / "foreign")
    with pytest.raises(RecordingError) as caught:
        compare(desk, "careful", "foreign")
    told = caught.value.describe()
    assert "they are on different recordings" in told
    assert "they are priced by different policies" in told
    (desk.folder / "foreign" / "verdict.json").unlink()
    with pytest.raises(RecordingError, match="has no verdict yet"):
        compare(desk, "careful", "foreign")
    with pytest.raises(RecordingError, match="is not a run"):
        compare(desk, "careful", "nowhere")


def test_equal_candidates_are_told_apart_in_at_most_the_stated_share():
    """Continuous looks at pairs that cost the same on average: at most 5 % decide wrongly."""
    rng = np.random.default_rng(3)
    size = (2, 300, 800)
    first, second = np.where(rng.random(size) < 0.05, rng.integers(100, 50_000, size), 0.0)
    one = log_wealth_of_pairs(first, second, 50_000.0).max(axis=-1)
    other = log_wealth_of_pairs(second, first, 50_000.0).max(axis=-1)
    assert float((np.maximum(one, other) >= np.log(2 / 0.05)).mean()) <= 0.05


@pytest.mark.slow
def test_the_command_compares(desk):
    """`understudy compare A B` ends with its result, and `--json` is one document."""
    command = [sys.executable, "-m", "understudy", "compare", "careful", "hasty"]
    done = subprocess.run(
        command, cwd=desk.folder, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1].startswith("RESULT careful costs less (evidence ")
    done = subprocess.run(
        [*command, "--json"], cwd=desk.folder, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["result"] == "careful costs less"
