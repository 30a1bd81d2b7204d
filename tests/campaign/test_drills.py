"""The drills of a campaign: measured on a real candidate, and told on the report."""

from __future__ import annotations

import pytest

from understudy.model.drill import DrillReport
from understudy.model.jsonl import read_json

BOT = """
def handle(case, systems):
    ticket = case.trigger.payload["ticket_id"]
    try:
        systems.call("zendesk.tags.add", id=ticket, tags=["seen"])
        systems.call("zendesk.tickets.update", id=ticket, priority="high")
        systems.call("zendesk.tickets.public_reply", id=ticket, body="We look into it.")
    except Exception:
        return {"outcome": "escalated", "rationale": "a system is down"}
"""
RETRIES = """
def handle(case, systems):
    ticket = case.trigger.payload["ticket_id"]
    systems.call("zendesk.tickets.show_many", ids=str(ticket))
    for attempt in range(3):
        answer = systems.call("zendesk.tickets.public_reply", id=ticket, body="We look into it.")
        if isinstance(answer, dict):
            return {"outcome": "acted"}
    return {"outcome": "abstained"}
"""
SCRIPTED = """
def handle(case, systems):
    import os, httpx
    try:
        said = httpx.post(
            os.environ["OPENAI_BASE_URL"] + "/chat/completions", timeout=20,
            headers={"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
            json={"model": "m", "messages": [{"role": "user", "content": "hello"}]},
        ).raise_for_status().json()
        return {"outcome": "acted", "rationale": said["choices"][0]["message"]["content"]}
    except Exception as error:
        return {"outcome": "escalated", "rationale": type(error).__name__}
"""


def drilled(project, drills, bot=BOT, **keys):
    project.write("bot.py", bot)
    path = project.campaign("bot:handle", drills=drills, **keys)
    finished = project.command("run", str(path), "-q")
    assert "VERDICT" in finished.stdout, finished.stderr
    (run,) = project.runs()
    return run, read_json(run / "drills.json", DrillReport)


def test_kill_switch_and_rollback_are_rehearsed_and_told(project):
    """The switch ends further actions at once; every write is undone but for what was sent."""
    run, drills = drilled(project, "{kill_switch: 4, rollback: true, cases: 8}")
    switch, rollback = drills.kill_switch, drills.rollback
    assert switch.pressed
    assert switch.held
    assert switch.writes in (4, 5)
    assert switch.refused == sum(halt.refused for halt in switch.halts) >= 1
    assert rollback.cases == 24
    assert rollback.emptied == 0
    assert rollback.undone == 48
    assert [(one.operation, one.reason, one.writes) for one in rollback.stuck] == [
        ("zendesk.tickets.public_reply", "nothing undoes it", 24)
    ]
    pages = (run / "report.html").read_text(), (run / "report.md").read_text()
    for page in pages:
        assert "Kill-switch drill" in page
        assert "it held: pressed after 4 accepted writes" in page
        assert "48 of 72 accepted writes were undone" in page
    store = (run / "cases-0.jsonl").read_bytes()
    assert store.count(b"\n") == 24
    assert "VERDICT" in project.command("judge", "latest", "-q").stdout
    assert read_json(run / "drills.json", DrillReport) == drills


@pytest.mark.slow
def test_a_switch_that_was_never_pressed_is_no_success(project):
    """Where the cases make too few writes that is said, and nothing is claimed to have held."""
    run, drills = drilled(
        project, "{kill_switch: 500, cases: 3}",
        bot='def handle(case, systems):\n    return {"outcome": "escalated"}\n',
    )  # fmt: skip
    assert not drills.kill_switch.pressed
    assert not drills.kill_switch.held
    assert "it was never pressed" in (run / "report.md").read_text()


@pytest.mark.slow
def test_every_system_fails_in_every_way(project):
    """Down, throttled, down and half-answering in mid-case: who gets the cases, and how soon."""
    run, drills = drilled(project, "{fallback: true, cases: 6}")
    rows = {(one.failing, one.way): one for one in drills.fallbacks}
    assert len(rows) == 12
    down = rows["zendesk", "down"]
    assert (down.struck, down.to_people, down.acted, down.dropped) == (6, 6, 0, 0)
    assert 0 < down.median_seconds <= down.longest_seconds
    assert down.queue_per_hour > 0
    middle = rows["zendesk", "down in mid-case"]
    assert (middle.struck, middle.to_people) == (6, 6)
    assert rows["stripe", "down"].struck == 0
    assert (
        "models down, slow, wrong, garbled or cut off: the campaign serves none" in drills.skipped
    )
    page = (run / "report.md").read_text()
    assert "## Fallback drills" in page
    assert "| zendesk throttled | 6 of 6 | 6 |" in page


@pytest.mark.slow
def test_a_retry_in_doubt_is_counted(project):
    """Answers that come in half make this candidate write again: twice done, and nobody told."""
    _, drills = drilled(project, "{fallback: true, cases: 4}", bot=RETRIES)
    half = next(
        one for one in drills.fallbacks
        if (one.failing, one.way) == ("zendesk", "half-answering in mid-case")
    )  # fmt: skip
    assert half.struck == 4
    assert half.to_people == 0
    assert half.dropped == 4
    assert half.unsafe + half.duplicates == 8


@pytest.mark.slow
def test_models_fail_in_every_way(project):
    """Each way is rehearsed where models are served; nonsense is noticed by no parser."""
    answer = "{script: [{text: fine}]}"
    use = '[{name: agent, use: "bot:handle", timeout: 4s, models: scripted}]'
    _, drills = drilled(
        project, "{fallback: true, cases: 2}", bot=SCRIPTED, models=answer, candidates=use
    )
    rows = {one.way: one for one in drills.fallbacks if one.failing == "models"}
    assert list(rows) == ["down", "slow", "wrong", "garbled", "cut off"]
    wrong = rows.pop("wrong")
    assert all(one.struck == one.to_people == 2 for one in rows.values())
    # This candidate believes whatever is well formed, and nobody is told.
    assert (wrong.struck, wrong.acted, wrong.to_people) == (2, 2, 0)
    assert drills.skipped == ()
