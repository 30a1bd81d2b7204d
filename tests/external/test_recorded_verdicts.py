"""The recorded verdicts of public benchmarks are what our effects come to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.external.check import STATES, check_file, missing_states

ROOT = Path(__file__).parents[2]
TAU2 = {"t2-gpt41-airline": 10, "t2-gpt41-retail": 34, "t2-gpt41sft-airline": 13,
        "t2-gpt41sft-retail": 34}  # fmt: skip
absent = [*missing_states(), *(
    name for name in (*TAU2, "tau1-gpt-4o-airline") if not (STATES / f"{name}.json").is_file()
)]  # fmt: skip
pytestmark = pytest.mark.skipif(bool(absent), reason=f"not in {STATES}: {', '.join(absent)}")


@pytest.mark.parametrize("name", TAU2)
def test_every_end_state_is_judged_as_the_log_judges_it(name):
    """In every tau²-bench run our end states are equal exactly where `db_match` is true."""
    checked = check_file(STATES / f"{name}.json")
    assert len(checked.runs) == checked.report.manifest.records
    assert [run.case.case_id for run in checked.runs if run.state_agrees is not True] == []


@pytest.mark.parametrize("name", TAU2)
def test_an_outcome_costs_nothing_exactly_where_the_log_passes(name):
    """Effects and required facts alone separate the passes; process kinds stand apart."""
    checked = check_file(STATES / f"{name}.json")
    free = [run for run in checked.runs if run.judged.outcome_cost_minor == 0]
    assert len(free) == TAU2[name]
    assert all(run.passed for run in free)


def test_a_tau_bench_log_is_judged_as_its_rewards_say():
    """All rewards of the 200 runs are met, and the log's own pass^k are printed."""
    checked = check_file(STATES / "tau1-gpt-4o-airline.json")
    assert sum(run.reward_agrees for run in checked.runs) >= 199
    assert "= 0.4200/0.2733/0.2200/0.2000" in "\n".join(checked.lines())


def test_the_command_tells_a_verdict_that_is_not_ours(tmp_path):
    """Turning one recorded verdict round is found, told by case, and the exit code is 1."""
    content = json.loads((STATES / "t2-gpt41-airline.json").read_text(encoding="utf-8"))
    check = content["simulations"][0]["reward_info"]["db_check"]
    check["db_match"] = not check["db_match"]
    file = tmp_path / "turned.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.external", str(file)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "agrees with the log's in 19 of 20" in done.stdout
    assert f"airline-{content['simulations'][0]['task_id']}: the log says" in done.stdout


def test_states_that_are_not_there_are_named(tmp_path):
    """A folder without the initial states is an error that lists them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.external", "any.json", "--states", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "lacks tau2-retail-db.json, airline-flights.json" in done.stderr
