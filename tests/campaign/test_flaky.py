"""Repeats: what a candidate does not do every time is found and told."""

from __future__ import annotations

import json

import pytest

FLAKY = """
def handle(case, systems):
    ticket = case.trigger.payload["ticket_id"]
    body = ["We look into it.", "We are looking into it."][number() % 2]
    systems.call("zendesk.tickets.public_reply", id=ticket, body=body)
    if case.id.endswith("1") and number() % 3 == 0:
        systems.call("zendesk.tags.add", id=ticket, tags=["urgent"])


def number(seen=[0]):
    seen[0] += 1
    return seen[0]
"""


@pytest.mark.slow
def test_what_is_not_done_in_every_repeat_is_told(project):
    """An action of some repeats is listed with how often; another wording alone is none."""
    project.write("bot.py", FLAKY)
    finished = project.command(
        "run", str(project.campaign("bot:handle", repeats=3)), "-q", "--limit", "12"
    )
    assert "VERDICT" in finished.stdout, finished.stderr
    (run,) = project.runs()
    flaky = json.loads((run / "cost.json").read_text())["flaky"]
    assert {one["operation"] for one in flaky} == {"zendesk.tags.add"}
    assert {one["case_id"][-1] for one in flaky} == {"1"}
    assert all(0 < one["times"] < one["repeats"] == 3 for one in flaky)
    page = (run / "report.md").read_text()
    assert "## Flaky actions" in page
    assert f"{flaky[0]['times']} of 3 repeats" in page
    project.command("diff", "latest")
    assert json.loads((run / "cost.json").read_text())["flaky"] == flaky
