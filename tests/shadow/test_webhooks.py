"""Events that come twice, late or out of order reach every kind of candidate so."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.shadow.conftest import make_case

from understudy.model.campaign import Fault
from understudy.model.case import Turn

BOTS = """
seen = set()


def naive(case, systems):
    refund(case, 100)
    return {"confidence": 0.5, "usage": {"tokens": 10}, "replies": ["done"]}


def careful(case, systems):
    if case.id in seen:
        return {"outcome": "abstained", "rationale": "seen before"}
    seen.add(case.id)
    refund(case, 100)
    return {"outcome": "acted"}


def breaks_the_second_time(case, systems):
    if case.id in seen:
        raise RuntimeError("twice")
    seen.add(case.id)
    refund(case, 100)


def hangs_the_second_time(case, systems):
    refund(case, 100)
    if case.id in seen:
        import time
        while True:
            time.sleep(60)
    seen.add(case.id)


def tells(case, systems):
    made = refund(case, 100)
    said = [turn.text for turn in case.turns]
    return {"context": [{"created": made["created"], "turns": said, "at": str(case.received_at)}]}
"""

PROCESS = """
import json, sys, urllib.parse, urllib.request

for line in sys.stdin:
    case = json.loads(line)
    body = urllib.parse.urlencode({"charge": "ch_1", "amount": 100}).encode()
    headers = {"Authorization": "Bearer " + case["credentials"]["stripe"]["api_key"]}
    url = case["base_urls"]["stripe"] + "/v1/refunds"
    urllib.request.urlopen(urllib.request.Request(url, body, headers)).close()
    print(json.dumps({"outcome": "acted", "rationale": case["id"]}), flush=True)
"""


def _fault(do, options=None, **match):
    return Fault.model_validate({"match": match, "do": do, "options": options or {}})


@pytest.fixture
def bots(project):
    project.candidate(BOTS)
    project.write("bot_process.py", PROCESS)
    return project


@pytest.fixture
def service(serving):
    """A service that refunds with every case that it is sent."""
    from urllib.request import Request, urlopen

    def refund(path, case):
        url = case["base_urls"]["stripe"] + "/v1/refunds"
        headers = {"Authorization": f"Bearer {case['credentials']['stripe']['api_key']}"}
        urlopen(Request(url, b"charge=ch_1&amount=100", headers), timeout=10).close()

    return f"{serving(refund).url}/case"


@pytest.fixture(params=["python", "exec", "http"])
def use(request, bots):
    if request.param == "python":
        return "bot:naive"
    if request.param == "exec":
        return f"exec: {sys.executable} bot_process.py"
    return request.getfixturevalue("service")


def test_a_duplicate_is_delivered_again_to_the_same_case(bots, run, use):
    """Both deliveries' writes are the case's, on one state, the second's told as such."""
    records = run(bots.plan(2, use=use, faults=(_fault("webhook_duplicate", {"seconds": 90}),)))[1]
    for record in records:
        first, second = record.proposal.actions
        assert (first.fault, second.fault) == (None, "webhook_duplicate")
        assert not first.refused and not second.refused
        assert second.after["amount_refunded"] == 200
        assert timedelta(seconds=90) <= second.at - first.at < timedelta(seconds=92)
        assert record.proposal.failure is None


def test_a_candidate_that_remembers_acts_once(bots, run):
    """The event's id is the same at both deliveries; whoever keeps it does nothing twice."""
    (record,) = run(bots.plan(1, use="bot:careful", faults=(_fault("webhook_duplicate"),)))[1]
    assert [action.amount_minor for action in record.proposal.actions] == [100]
    assert record.proposal.outcome == "acted"
    assert record.trace.rationale == "seen before"


def test_the_answers_of_both_deliveries_are_one(bots, run):
    """Usage is added up, replies stand one after the other, the first confidence counts."""
    (record,) = run(bots.plan(1, use="bot:naive", faults=(_fault("webhook_duplicate"),)))[1]
    assert record.proposal.usage == {"tokens": 20}
    assert record.proposal.replies == ("done", "done")
    assert record.proposal.confidence == 0.5


@pytest.mark.parametrize(
    ("name", "reason", "writes"),
    [("breaks_the_second_time", "raised", 1), ("hangs_the_second_time", "timeout", 2)],
)
def test_a_failure_at_the_second_delivery_fails_the_case(bots, run, name, reason, writes):
    """What the first did stands, and the case has failed."""
    plan = bots.plan(1, use=f"bot:{name}", faults=(_fault("webhook_duplicate"),))
    (record,) = run(plan)[1]
    assert record.proposal.failure.reason == reason
    faults = [action.fault for action in record.proposal.actions]
    assert faults == [None, "webhook_duplicate"][:writes]


def test_a_late_event_is_handled_in_a_later_present(bots, run):
    """The systems are so much later than the event, which keeps its own time."""
    two_hours = _fault("webhook_late", {"seconds": 7200})
    (record,) = run(bots.plan(1, use="bot:tells", faults=(two_hours,)))[1]
    received = datetime(2026, 11, 1, tzinfo=UTC)
    (told,) = record.trace.context
    assert told["created"] == int(received.timestamp()) + 7200
    assert told["at"] == str(received)
    assert record.proposal.actions[0].fault == "webhook_late"
    assert record.proposal.cycle_time_ms < 60_000  # being late is not the candidate's time


def test_messages_out_of_order_arrive_so(bots, run):
    """The last message comes before the one ahead of it; a single one is never touched."""
    received = datetime(2026, 11, 1, tzinfo=UTC)
    turns = tuple(
        Turn(role="customer", text=text, at=received + timedelta(minutes=number))
        for number, text in enumerate(("one", "two", "three"))
    )
    cases = [msgspec.structs.replace(make_case(0), turns=turns), make_case(1)]
    plan = bots.plan(cases=cases, use="bot:tells", faults=(_fault("webhook_reorder"),))
    several, single = run(plan)[1]
    assert several.trace.context[0]["turns"] == ["one", "three", "two"]
    assert several.proposal.actions[0].fault == "webhook_reorder"
    assert single.trace.context[0]["turns"] == []
    assert single.proposal.actions[0].fault is None
    name = "webhook_reorder of any event"
    assert (several.faults[name].acted, single.faults[name].acted) == (1, 0)
    assert single.faults[name].idle == "nothing that it could befall came"


def test_a_second_delivery_that_never_came_is_told(bots, run):
    """Who breaks down at the first delivery meets no second one."""
    bots.candidate("def breaks(case, systems):\n    raise RuntimeError('no')\n")
    (record,) = run(bots.plan(1, use="bot:breaks", faults=(_fault("webhook_duplicate"),)))[1]
    assert record.faults["webhook_duplicate of any event"].acted == 0


def test_faults_of_events_and_of_calls_meet(bots, run):
    """A lost answer in the second delivery of a late event names all three."""
    faults = (
        _fault("webhook_late"),
        _fault("webhook_duplicate"),
        _fault("latency", {"seconds": 1}, nth=2),
    )
    (record,) = run(bots.plan(1, use="bot:naive", faults=faults))[1]
    assert [action.fault for action in record.proposal.actions] == [
        "webhook_late",
        "webhook_late+webhook_duplicate+latency",
    ]


def test_a_wrong_webhook_fault_stops_before_the_first_case(bots, run):
    """Options and matches are checked before anything runs."""
    from understudy.model.errors import ConfigurationError

    plan = bots.plan(1, use="bot:naive", faults=(_fault("webhook_late", {"minutes": 5}),))
    with pytest.raises(ConfigurationError, match="has no option `minutes`"):
        run(plan)
