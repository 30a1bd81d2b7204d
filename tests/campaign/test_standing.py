"""What is known while a run goes on: its cost and evidence, and when it is stopped early."""

from __future__ import annotations

import json

import pytest

BOT = 'def handle(case, systems):\n    return {"outcome": "escalated"}\n'
GATES = """
version: 1
budget: %s
cap: 500 EUR
look_every: 4
burn_in: 4
gates: [{id: G2, metric: error_cost_per_case}]
"""


@pytest.mark.parametrize(
    ("stop", "budget", "verdict", "told"),
    [
        ("harm", "0.05 EUR", "NO-GO", "the error cost is above its limit"),
        ("futility", "2 EUR", "INCONCLUSIVE", "no further case could lead to GO"),
    ],
)
def test_a_planned_look_ends_a_run_early(project, stop, budget, verdict, told):
    """A look that shows harm, or that GO is out of reach, is the last; the verdict says so."""
    project.write("bot.py", BOT)
    gates = project.write("gates.yaml", GATES % budget)
    campaign = project.campaign("bot:handle", stop=f"{{{stop}: true}}", gates=str(gates))
    finished = project.command("run", str(campaign), "--json")
    (run,) = json.loads(finished.stdout)["runs"]
    assert run["verdict"] == verdict, finished.stderr
    assert 4 <= run["cases"]["run"] < run["cases"]["planned"] == 24
    assert any(told in each for each in run["not_covered"])
    assert f"only {run['cases']['run']} of the 24 planned cases were run" in run["reasons"]
    assert " cases/s, error cost " in finished.stderr
    assert " for GO and " in finished.stderr


def test_without_being_asked_no_look_ends_a_run(project):
    """A run to its end judges every case, whatever a look on the way has shown."""
    project.write("bot.py", BOT)
    gates = project.write("gates.yaml", GATES % "0.05 EUR")
    finished = project.command(
        "run", str(project.campaign("bot:handle", gates=str(gates))), "-q", "--json"
    )
    (run,) = json.loads(finished.stdout)["runs"]
    assert (run["verdict"], run["cases"]["judged"]) == ("NO-GO", 24)
