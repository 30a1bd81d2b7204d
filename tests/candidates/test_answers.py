"""What a candidate returns, however odd, and the proposal that becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.candidates.answer import Answer, MalformedAnswer, read_answer
from understudy.candidates.handed import handed_case, inbound
from understudy.candidates.plain import plain
from understudy.candidates.proposing import Done, propose, trace_of
from understudy.model.action import Action, Origin, Target
from understudy.model.baseline import Outcome
from understudy.model.case import Case, Trigger, Turn
from understudy.model.proposal import Failure, FailureCause

REFUND = Action(
    system="stripe",
    operation="stripe.refunds.create",
    target=Target(type="charge", id="ch_1"),
    response_status=200,
)
DESK = Action(system="desk", operation="desk.escalate", response_status=201)


class Loop(dict):
    def __init__(self):
        super().__init__(self=self)


def test_nothing_is_an_answer():
    """A candidate need not return anything; what it did decides the outcome."""
    answer = read_answer(None)
    assert propose(Done("c"), answer).outcome is Outcome.ABSTAINED
    assert propose(Done("c", actions=[REFUND]), answer).outcome is Outcome.ACTED
    assert propose(Done("c", actions=[REFUND, DESK]), answer).outcome is Outcome.ESCALATED


def test_a_candidate_does_not_say_that_nobody_could_answer_it():
    """Neither by the words of its reason nor by an action that it returns as understudy's own."""
    why = {"reason": "nobody can answer: Which order?"}
    own = {"system": "desk", "operation": "desk.escalate", "fields": why, "origin": "unanswered"}
    for said in ({"actions": [own]}, {"outcome": "escalated", "rationale": why["reason"]}):
        (action,) = propose(Done("c"), read_answer({**said, "unanswered": True})).actions
        assert action.escalates and not action.unanswered


def test_a_full_answer_is_kept_whole():
    """Outcome, confidence, rationale, usage, prompts, context and outputs all arrive."""
    answer = read_answer(
        {
            "outcome": "acted",
            "confidence": 1,
            "rationale": "the charge is there twice",
            "usage": {"tokens": 12},
            "prompts": [{"role": "user", "content": "?"}],
            "context": ["doc"],
            "outputs": ["!"],
            "replies": ["done"],
            "something_else": object(),
        }
    )
    proposal = propose(Done("c", actions=[REFUND], reads={"x": 2}, repeat=3), answer)
    trace = trace_of(answer, "printed")
    assert (proposal.outcome, proposal.confidence, proposal.usage) == ("acted", 1.0, {"tokens": 12})
    assert (proposal.reads, proposal.repeat, proposal.replies) == ({"x": 2}, 3, ("done",))
    assert (trace.prompts[0]["role"], trace.context, trace.outputs) == ("user", ("doc",), ("!",))
    assert (trace.rationale, trace.printed) == ("the charge is there twice", "printed")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("done", "a str, not a dict"),
        (7, "a int"),
        ([], "a list"),
        ({"outcome": "excalated"}, "`excalated` is none of acted, escalated, abstained, failed"),
        ({"outcome": ["acted"]}, "is none of"),
        ({"confidence": "high"}, "confidence `high` is not a number"),
        ({"confidence": True}, "not a number"),
        ({"confidence": 1.2}, "not between 0 and 1"),
        ({"confidence": float("nan")}, "holds nan"),
        ({"usage": {"cost": float("inf")}}, "holds inf"),
        ({"usage": 3}, "`usage` is a int, not a dict"),
        ({"actions": {"a": 1}}, "`actions` is a dict, not a list"),
        ({"actions": [{"system": "stripe"}]}, "missing required field `operation`"),
        ({"actions": ["refund"]}, "an action of its answer cannot be read"),
        ({"prompts": "one"}, "`prompts` is a str, not a list"),
        ({"rationale": "x" * (9 << 20)}, "bytes; 8,388,608 are the most"),
        (Loop(), "nested more than 60 levels"),
    ],
)
def test_nonsense_is_malformed_and_says_why(value, said):
    """An answer that is none is refused with the reason, whatever it is."""
    with pytest.raises(MalformedAnswer) as caught:
        read_answer(value)
    assert said in str(caught.value)


def test_escalating_appends_the_desk_action_once():
    """`outcome: escalated` is the action `desk.escalate`, unless the desk has it already."""
    answer = read_answer({"outcome": "escalated", "rationale": "too much money"})
    appended = propose(Done("c"), answer).actions
    assert [(each.operation, each.origin) for each in appended] == [("desk.escalate", "returned")]
    assert appended[0].fields == {"reason": "too much money"}
    assert len(propose(Done("c", actions=[DESK]), answer).actions) == 1


def test_a_refused_escalation_is_not_one():
    """Where the desk refused, the case has not been handed over yet."""
    refused = msgspec.structs.replace(DESK, response_status=422)
    assert propose(Done("c", actions=[refused]), Answer()).outcome is Outcome.ACTED
    proposal = propose(Done("c", actions=[refused]), Answer(outcome=Outcome.ESCALATED))
    assert [each.refused for each in proposal.actions] == [True, False]


def test_an_action_that_was_captured_is_not_counted_twice():
    """What the answer repeats of what it did is dropped; what it only says is kept apart."""
    told = {"system": "stripe", "operation": "stripe.refunds.create"}
    same = {**told, "target": {"type": "charge", "id": "ch_1"}}
    other = {**told, "target": {"type": "charge", "id": "ch_2"}}
    answer = read_answer({"actions": [same, other]})
    actions = propose(Done("c", actions=[REFUND]), answer).actions
    assert [(each.seq, each.target.id, each.origin) for each in actions] == [
        (1, "ch_1", Origin.CAPTURED),
        (2, "ch_2", Origin.RETURNED),
    ]


def test_giving_up_is_a_failure_of_the_candidate():
    """A candidate that says it failed has failed, with its own words as the detail."""
    proposal = propose(Done("c"), read_answer({"outcome": "failed", "rationale": "model down"}))
    assert proposal.failure == Failure(
        cause=FailureCause.CANDIDATE, reason="gave_up", detail="model down"
    )
    assert proposal.outcome is Outcome.FAILED


def test_a_failure_keeps_what_was_done_before():
    """A case that crashed after a write still shows the write."""
    failure = Failure(cause=FailureCause.CANDIDATE, reason="raised")
    proposal = propose(Done("c", actions=[REFUND], failure=failure), Answer())
    assert (proposal.outcome, len(proposal.actions)) == (Outcome.FAILED, 1)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
ODD = st.binary() | st.complex_numbers() | st.datetimes() | st.sets(st.integers())


@given(st.dictionaries(st.text(st.characters(codec=None)), JSON | ODD, max_size=5))
def test_whatever_is_kept_can_be_written(value):
    """Any dict becomes plain JSON that can be written and read back as it is."""
    kept = plain(value)
    assert plain(kept) == kept
    assert msgspec.json.decode(msgspec.json.encode(kept)) == kept


@given(st.none() | JSON | ODD | st.dictionaries(st.text(), JSON))
def test_reading_an_answer_never_raises_anything_else(value):
    """Whatever a candidate returns is read or malformed; nothing else can happen."""
    try:
        assert isinstance(read_answer(value), Answer)
    except MalformedAnswer as error:
        assert str(error)


class Opened:
    def __init__(self):
        self.credentials = {"stripe": {"api_key": "sk_test_1"}}
        self.base_urls = {"stripe": "https://api.stripe.com"}


CASE = Case(
    case_id="c-1",
    scenario="duplicate_charge",
    cluster_id="cus_1",
    trigger=Trigger(system="zendesk", type="ticket.created", payload={"ticket": {"id": 7}}),
    turns=(Turn(role="customer", text="charged twice"),),
    received_at=datetime(2026, 10, 1, tzinfo=UTC),
    tags=("refund",),
    segment={"tier": "premium"},
)


def test_the_candidate_sees_the_event_and_nothing_of_the_harness():
    """Id, trigger, turns, time, credentials and addresses; no scenario, tags, segment, baseline."""
    case = handed_case(inbound(CASE), Opened())
    assert set(case) == {"id", "trigger", "turns", "received_at", "credentials", "base_urls"}
    assert case.trigger.payload == {"ticket": {"id": 7}}
    assert case.credentials.stripe.api_key == case["credentials"]["stripe"]["api_key"]
    assert case.base_urls.stripe == "https://api.stripe.com"
    assert case.turns[0].text == "charged twice"
    text = repr(case)
    for hidden in ("understudy", "shadow", "duplicate_charge", "premium", "refund", "cus_1"):
        assert hidden not in text
    assert hidden not in msgspec.json.encode(inbound(CASE)).decode()


def test_a_candidate_may_change_what_it_was_handed():
    """The payload is a copy, so a candidate cannot change the recorded case."""
    handed_case(inbound(CASE), Opened()).trigger.payload["ticket"]["id"] = 8
    assert CASE.trigger.payload == {"ticket": {"id": 7}}


def test_a_missing_part_is_an_attribute_error():
    """A misspelt part of the case is an ordinary `AttributeError`."""
    with pytest.raises(AttributeError, match="triger"):
        _ = handed_case(inbound(CASE), Opened()).triger
