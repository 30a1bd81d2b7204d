"""The operations as functions."""

from __future__ import annotations

import contextvars
import threading

import pytest

from understudy.candidates.toolbox import CallError, Toolbox, approved
from understudy.model.canonical import digest
from understudy.model.world import World
from understudy.systems.engine import Engine

CHARGE = {
    "id": "ch_1",
    "customer": "cus_1",
    "amount": 1000,
    "amount_refunded": 0,
    "currency": "eur",
    "status": "succeeded",
    "paid": True,
    "refunded": False,
    "captured": True,
    "created": 1790000000,
}


@pytest.fixture
def session_and_tools():
    engine = Engine(World({"stripe.charges": {"ch_1": CHARGE}}, now=1800000000))
    session = engine.open_case("c-1")
    return session, Toolbox(engine, session)


def test_an_operation_is_called_by_name(session_and_tools):
    """A call by name is the same write as a request of a client, and is captured."""
    session, tools = session_and_tools
    refund = tools.call("stripe.refunds.create", charge="ch_1", amount=300)
    assert (refund["object"], refund["amount"]) == ("refund", 300)
    assert [(each.operation, each.amount_minor) for each in session.actions] == [
        ("stripe.refunds.create", 300)
    ]
    assert tools.call("stripe.charges.retrieve", id="ch_1")["amount_refunded"] == 300


def test_a_refused_call_carries_the_systems_answer(session_and_tools):
    """What the system refuses is an error with its status and body, and an attempt."""
    session, tools = session_and_tools
    with pytest.raises(CallError) as caught:
        tools.call("stripe.refunds.create", charge="ch_1", amount=5000)
    assert caught.value.status == 400
    assert caught.value.body["error"]["type"] == "invalid_request_error"
    assert session.actions[0].refused


def test_an_unknown_operation_names_the_nearest(session_and_tools):
    """A misspelt operation is an error that names what was probably meant."""
    with pytest.raises(LookupError, match=r"did you mean `stripe\.refunds\.create`"):
        session_and_tools[1].call("stripe.refund.create")


def test_every_operation_is_a_tool(session_and_tools):
    """Each tool has a name, a description and a JSON Schema of its parameters."""
    tools = {tool["name"]: tool for tool in session_and_tools[1].tools()}
    assert {"stripe.refunds.create", "hubspot.objects.update", "desk.escalate"} <= set(tools)
    schema = tools["stripe.refunds.create"]["parameters"]
    assert "charge" in schema["properties"]
    assert tools["stripe.refunds.create"]["description"]


def test_a_parameter_without_a_place_is_refused(session_and_tools):
    """What would be dropped on the way is named, with what the operation takes."""
    session, tools = session_and_tools
    with pytest.raises(ValueError, match="takes no `bdoy`; did you mean `body`") as caught:
        tools.call("zendesk.tickets.public_reply", id="1", bdoy="hello")
    assert "it takes id, body" in str(caught.value)
    assert session.actions == []


def test_an_action_is_foreseen_without_being_done(session_and_tools):
    """Operation, target and amount of a write are known before, and nothing is captured."""
    session, tools = session_and_tools
    seen = tools.foresee("stripe.refunds.create", charge="ch_1")
    assert (seen["operation"], seen["target"], seen["amount"]) == (
        "stripe.refunds.create", "ch_1", 1000,
    )  # fmt: skip
    assert session.actions == []


def test_calls_at_the_same_time_do_not_share_an_approval(session_and_tools):
    """One approval is for one of two equal calls; the other one refers to none."""
    session, tools = session_and_tools
    both, sent = threading.Barrier(2), []

    class AtOnce(Toolbox):
        def _answered(self, request):
            both.wait(10)
            sent.append(request.headers.get("x-approval-id"))
            return super()._answered(request)

    wanted = {"charge": "ch_1", "amount": 100}
    at_once = AtOnce(tools._engine, session)
    with approved({("stripe.refunds.create", digest(wanted)): ["apr_1"]}):
        works = [
            threading.Thread(
                target=contextvars.copy_context().run,
                args=(lambda: at_once.call("stripe.refunds.create", **wanted),),
            )
            for _ in range(2)
        ]
        for each in works:
            each.start()
        for each in works:
            each.join()
    assert sorted(sent, key=str) == [None, "apr_1"]


def test_an_approval_of_a_refused_call_is_kept_for_the_next(session_and_tools):
    """What a system refused has used nothing up."""
    _, tools = session_and_tools
    wanted = {"charge": "ch_1", "amount": 5000}
    standing = {("stripe.refunds.create", digest(wanted)): ["apr_1", "apr_2"]}
    with approved(standing), pytest.raises(CallError):
        tools.call("stripe.refunds.create", **wanted)
    assert list(standing.values()) == [["apr_1", "apr_2"]]
