"""Cases of several turns: every kind of candidate asks the customer in the same way."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.shadow.conftest import make_case

from understudy.model.campaign import Fault
from understudy.model.case import Trigger, Turn

DECIDE = """
def decide(case):
    said = [turn["text"] for turn in case["turns"] if turn["role"] == "customer"]
    if "refund" in said[-1]:
        return {"ask": "Which order is it?", "usage": {"tokens": 1}}
    if "order" in said[-1]:
        return {"ask": "And how was it paid?", "confidence": 0.1}
    return {"outcome": "abstained", "rationale": " / ".join(said), "confidence": 0.8}
"""
PYTHON = "def handle(case, systems):\n    return decide(case)\n"
LATER = "async def handle(case, systems):\n    return decide(case)\n"
PROCESS = """
import json, sys

for line in sys.stdin:
    print(json.dumps(decide(json.loads(line))), flush=True)
"""

TICKET = """
def handle(case, systems):
    if case.trigger.type == "ticket.comment":
        ticket = systems.call("zendesk.tickets.get", id="7")["ticket"]
        comments = systems.call("zendesk.comments.list", id="7")["comments"]
        said = [comments[-1]["body"], comments[-1]["author_id"], ticket["status"]]
        return {"context": [said + [turn.text for turn in case.turns]]}
    text = case.trigger.payload["text"]
    systems.call("zendesk.tickets.public_reply", id="7", body=text, status="pending")
"""


@pytest.fixture
def service(serving):
    """The same candidate as a service."""
    names = {}
    exec(DECIDE, names)
    return f"{serving(lambda path, case: names['decide'](case)).url}/case"


@pytest.fixture(params=["sync", "async", "exec", "mcp", "http"])
def use(request, project):
    project.write("bot.py", DECIDE + (LATER if request.param == "async" else PYTHON))
    project.write("bot_process.py", DECIDE + PROCESS)
    if request.param in ("exec", "mcp"):
        if request.param == "mcp":
            pytest.importorskip("mcp")
        return f"{request.param}: {sys.executable} bot_process.py"
    return request.getfixturevalue("service") if request.param == "http" else "bot:handle"


def _case(text="I want a refund"):
    turns = (Turn(role="customer", text=text, at=datetime(2026, 11, 1, tzinfo=UTC)),)
    return msgspec.structs.replace(make_case(0), turns=turns)


def _answering(*texts):
    heard = []

    def converse(question):
        heard.append((question.case_id, question.repeat, question.number, question.text))
        text = texts[len(heard) - 1] if len(heard) <= len(texts) else None
        return None if text is None else Turn(role="customer", text=text, simulated=True)

    return converse, heard


def test_every_kind_of_candidate_asks_and_is_answered(project, run, use):
    """It is handed the case again with what was said, until it has an answer of its own."""
    converse, heard = _answering("the order A-1", "by card")
    (record,) = run(project.plan(cases=[_case()], use=use, converse=converse))[1]
    assert heard == [
        ("case-000", 0, 1, "Which order is it?"),
        ("case-000", 0, 2, "And how was it paid?"),
    ]
    assert record.proposal.failure is None
    assert record.trace.rationale == "I want a refund / the order A-1 / by card"
    assert (record.proposal.outcome, record.proposal.confidence) == ("abstained", 0.8)
    assert record.proposal.usage == {"tokens": 1}
    assert [(turn.role, turn.text, turn.simulated) for turn in record.trace.turns] == [
        ("agent", "Which order is it?", False),
        ("customer", "the order A-1", True),
        ("agent", "And how was it paid?", False),
        ("customer", "by card", True),
    ]


def test_a_question_that_nobody_answers_ends_the_case_as_escalated(project, run, use):
    """With what was asked as the reason, whatever kind of candidate it is."""
    converse, _ = _answering("the order A-1")
    (record,) = run(project.plan(cases=[_case()], use=use, converse=converse))[1]
    assert record.proposal.outcome == "escalated"
    assert [action.operation for action in record.proposal.actions] == ["desk.escalate"]
    assert record.proposal.actions[0].unanswered
    assert record.trace.rationale == "nobody can answer: And how was it paid?"
    assert record.trace.turns[-1].text == "And how was it paid?"


def test_without_anybody_who_answers_the_first_question_ends_it(project, run):
    """A run without customers answers nothing."""
    project.write("bot.py", DECIDE + PYTHON)
    (record,) = run(project.plan(cases=[_case()], use="bot:handle"))[1]
    assert record.proposal.outcome == "escalated"


@pytest.mark.parametrize("ask", ["7", "''", "['a']"])
def test_a_question_that_is_none_is_malformed(project, run, ask):
    """A number, an empty text and a list are no questions."""
    project.candidate(f"def odd(case, systems):\n    return {{'ask': {ask}}}\n")
    (record,) = run(project.plan(1, use="bot:odd"))[1]
    assert record.proposal.failure.reason == "malformed_answer"
    assert "`ask` is not a question" in record.proposal.failure.detail


TICKETS = """
from understudy.model.world import World


def load(path):
    ticket = {"id": "7", "subject": "S", "description": "D", "requester_id": "5",
              "status": "open", "created_at": "2026-10-30T00:00:00Z",
              "updated_at": "2026-10-30T00:00:00Z"}
    user = {"id": "5", "name": "A", "email": "a@example.com", "role": "end-user"}
    return World({"zendesk.tickets": {"7": ticket}, "zendesk.users": {"5": user}},
                 now=1800000000)
"""


def _ticket(text):
    trigger = Trigger(
        system="zendesk", type="ticket.created", payload={"ticket_id": "7", "text": text}
    )
    return msgspec.structs.replace(_case(), trigger=trigger)


def test_a_question_on_the_ticket_is_answered_on_the_ticket(project, run):
    """As in production: the customer's comment, the ticket open again, and its event."""
    project.write("tiny_world.py", TICKETS)
    project.write("bot.py", TICKET)
    converse, heard = _answering("It is A-1.")
    case = _ticket("Which order is it?")
    (record,) = run(project.plan(cases=[case], use="bot:handle", converse=converse))[1]
    assert record.proposal.failure is None
    assert [question[3] for question in heard] == ["Which order is it?"]
    (said,) = record.trace.context
    assert said == ["It is A-1.", 5, "open", "I want a refund", "Which order is it?", "It is A-1."]
    assert [action.operation for action in record.proposal.actions] == [
        "zendesk.tickets.public_reply"
    ]


@pytest.mark.parametrize(
    ("text", "outcome", "more"),
    [
        ("We are looking into it.", "acted", []),
        ("Which order is it?", "escalated", ["desk.escalate"]),
    ],
)
def test_a_question_on_the_ticket_that_nobody_answers_ends_it_as_escalated(
    project, run, text, outcome, more
):
    """The ticket goes to a person; a reply that asks nothing leaves it waiting."""
    project.write("tiny_world.py", TICKETS)
    project.write("bot.py", TICKET)
    converse, heard = _answering()
    (record,) = run(project.plan(cases=[_ticket(text)], use="bot:handle", converse=converse))[1]
    assert len(heard) == ("?" in text)
    assert record.proposal.outcome == outcome
    written = [action.operation for action in record.proposal.actions]
    assert written == ["zendesk.tickets.public_reply", *more]
    reasons = [each.fields["reason"] for each in record.proposal.actions if each.escalates]
    assert reasons == ["nobody can answer: Which order is it?"] * len(more)


def test_each_turn_has_the_time_of_a_case(project, run):
    """Whoever asks three times is not late for it; who never ends asking is answered no more."""
    slow = (
        "import time\nfrom understudy.systems.timeline import real_sleep\n"
        "def handle(case, systems):\n    real_sleep(0.5)\n    return {'ask': 'What else?'}\n"
    )
    project.write("bot.py", slow)
    converse, heard = _answering("a", "b", "c")
    plan = project.plan(
        cases=[_case()], use="bot:handle", converse=converse, timeout=timedelta(seconds=1)
    )
    (record,) = run(plan)[1]
    assert record.proposal.outcome == "escalated"
    assert len(heard) == 4


def test_the_candidate_cannot_know_what_the_customer_will_say(project, run):
    """Of a recorded conversation only what led to the event goes to its process."""
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    turns = [
        Turn(role=role, text=text, at=begun + timedelta(minutes=number))
        for number, (role, text) in enumerate(
            [("customer", "I want a refund"), ("agent", "Which order?"), ("customer", "SECRET")]
        )
    ]
    project.candidate(
        "def look(case, systems):\n"
        "    return {'context': [[t.text for t in case.turns], 'SEC' + 'RET' in repr(case)]}\n"
    )
    case = msgspec.structs.replace(make_case(0), turns=tuple(turns))
    (record,) = run(project.plan(cases=[case], use="bot:look"))[1]
    assert record.trace.context == (["I want a refund"], False)


def test_the_same_event_again_begins_the_conversation_anew(project, run):
    """A duplicate knows nothing of what was said after the first."""
    project.write("bot.py", DECIDE + PYTHON)
    converse, heard = _answering("the order A-1", "by card", "the order A-1", "by card")
    fault = Fault.model_validate({"match": {}, "do": "webhook_duplicate"})
    plan = project.plan(cases=[_case()], use="bot:handle", converse=converse, faults=(fault,))
    (record,) = run(plan)[1]
    assert [question[2] for question in heard] == [1, 2, 1, 2]
    assert len(record.trace.turns) == 8


TWO = """

def two(case, systems):
    import pathlib, understudy.systems.timeline as own
    begun, asked = pathlib.Path("begun"), pathlib.Path("asked")
    if case.trigger.payload["number"] == 0:
        while not begun.exists():
            own.real_sleep(0.01)
        return {"outcome": "abstained"} if case.turns else {"ask": "Which order is it?"}
    begun.touch()
    while not asked.exists():
        own.real_sleep(0.01)
    return {"outcome": "abstained"}
"""


def test_a_customer_who_takes_long_costs_other_cases_no_time(project, run, monkeypatch):
    """A case that goes on while another one's customer answers is heard late, and not ended."""
    project.candidate(TWO)
    real, passed = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + passed[0])

    def converse(question):
        passed[0] += 100
        (project.folder / "asked").touch()
        return Turn(role="customer", text="A-1")

    report, records = run(project.plan(2, use="bot:two", workers=2, converse=converse))
    assert (dict(report.failures), len(records), passed) == ({}, 2, [100])
