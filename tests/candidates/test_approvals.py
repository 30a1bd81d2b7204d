"""Agents that stop for a person: the desk decides, and they are resumed with its decision."""

import asyncio
from types import SimpleNamespace

import pytest

from understudy.candidates.approvals import arun_graph, run_graph
from understudy.candidates.tool_door import serving_tools, shadow_tools
from understudy.candidates.toolbox import Toolbox
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

pytest.importorskip("langgraph")

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt

CHARGE = {
    "id": "ch_1", "customer": "cus_1", "amount": 1000, "amount_refunded": 0, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "created": 1_790_000_000,
}  # fmt: skip
CASE = SimpleNamespace(id="c-1")
MAP = {
    "refund": lambda systems, charge, euros: systems.call(
        "stripe.refunds.create", charge=charge, amount=euros * 100
    )
}


@pytest.fixture
def desk():
    """Systems whose desk decides as it is told, after five minutes; with what it was asked."""
    engine = Engine(World({"stripe.charges": {"ch_1": CHARGE}}, now=1_800_000_000), seed=1)
    session = engine.open_case("c-1")
    asked = []

    def decide(**decision):
        session.reviewer = lambda _, row: asked.append(row) or {"after_seconds": 300, **decision}

    with serving_tools(engine), virtual_time(engine):
        yield SimpleNamespace(
            decide=decide,
            asked=asked,
            engine=engine,
            session=session,
            systems=Toolbox(engine, session),
        )


def graph_of(desk, *values):
    """A graph that is interrupted by each of these values, and acts where it is approved."""

    def work(state):
        for value in values:
            answer = interrupt(value)
            verdict = answer["decisions"][0]["type"] if isinstance(answer, dict) else answer
            if verdict in (True, "approve"):
                MAP["refund"](desk.systems, charge="ch_1", euros=3)
        return {"messages": [("assistant", str(answer))]}

    graph = StateGraph(MessagesState)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    return graph.compile(checkpointer=InMemorySaver())


def middleware(**arguments):
    """What the human-in-the-loop middleware interrupts with."""
    return {"action_requests": [{"name": "refund", "args": arguments}], "review_configs": []}


def run(desk, *values, **options):
    return run_graph(graph_of(desk, *values), {"messages": []}, CASE, desk.systems, MAP, **options)


def test_an_approved_action_refers_to_its_approval(desk):
    """The desk is asked about the write that the tool would be, and waiting costs no time here."""
    desk.decide(status="approved")
    run(desk, middleware(charge="ch_1", euros=3))
    wanted = desk.asked[0]["action"]
    assert (wanted["operation"], wanted["target"], wanted["amount"]) == (
        "stripe.refunds.create", "ch_1", 300,
    )  # fmt: skip
    asked, refund = desk.session.actions
    assert refund.approval_ref == asked.after["id"]
    assert desk.session.clock.passed >= 300


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ({"status": "rejected"}, "Not approved."),
        ({"status": "escalated"}, "A person takes this over."),
        ({"status": "modified", "approved_action": {"amount": 200}}, "200 (minor units) would be"),
    ],
)
def test_what_is_not_approved_is_not_done(desk, decision, told):
    """Rejected, handed over, or approved otherwise: the agent hears why."""
    desk.decide(**decision)
    state = run(desk, middleware(charge="ch_1", euros=3))
    assert told in state["messages"][-1].content
    assert [action.operation for action in desk.session.actions] == ["desk.approvals.create"]


@pytest.mark.parametrize(
    ("status", "type", "args"),
    [("approved", "accept", "None"), ("rejected", "response", "Not approved.")],
)
def test_requests_of_agent_inboxes_are_answered_in_their_form(desk, status, type, args):
    """A list of requests gets a list of answers, and the desk sees tool and arguments."""
    desk.decide(status=status)
    request = {"action": "refund", "args": {"charge": "ch_1", "euros": 3}}
    state = run(desk, [{"action_request": request, "config": {}, "description": "refund?"}])
    assert desk.asked[0]["action"]["operation"] == "stripe.refunds.create"
    answer = state["messages"][-1].content
    assert f"'type': '{type}'" in answer
    assert args in answer


def test_graphs_of_coroutines_are_resumed_as_well(desk):
    """A graph that can only be awaited stops, is decided on, and goes on on the same thread."""

    async def work(state):
        assert interrupt({"tool": "refund", "args": {"charge": "ch_1", "euros": 3}})
        MAP["refund"](desk.systems, charge="ch_1", euros=3)
        return {"messages": [("assistant", "done")]}

    graph = StateGraph(MessagesState)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    made = graph.compile(checkpointer=InMemorySaver())
    desk.decide(status="approved")
    state = asyncio.run(arun_graph(made, {"messages": []}, CASE, desk.systems, MAP))
    assert state["messages"][-1].content == "done"
    asked, refund = desk.session.actions
    assert refund.approval_ref == asked.after["id"]


def test_a_graph_that_outlives_its_case_begins_each_repeat_anew(desk):
    """One checkpointer for all: a turn goes on where the case was, another repeat does not."""
    graph = StateGraph(MessagesState)
    graph.add_node("work", lambda state: {"messages": [("assistant", "done")]})
    graph.add_edge(START, "work")
    made = graph.compile(checkpointer=InMemorySaver())

    def said(systems):
        state = run_graph(made, {"messages": [("user", "hello")]}, CASE, systems, MAP)
        return len(state["messages"])

    assert [said(desk.systems), said(Toolbox(desk.engine, desk.session))] == [2, 4]
    desk.engine.close_case(desk.session.case_id)
    again = desk.engine.open_case(desk.session.case_id)
    assert said(Toolbox(desk.engine, again)) == 2


def test_other_interrupts_are_resumed_as_the_integration_says(desk):
    """By default with whether it was approved; a function turns the decision into anything."""
    desk.decide(status="approved")
    run(desk, {"tool": "refund", "args": {"charge": "ch_1", "euros": 3}})
    assert [each.operation for each in desk.session.actions][-1] == "stripe.refunds.create"
    state = run(desk, "may I?", resume=lambda value, decision: f"{value} {decision.status}")
    assert "may I? approved" in state["messages"][-1].content
    assert desk.asked[-1]["action"] == {"operation": "", "asked": "may I?"}


def test_an_approval_holds_for_a_call_with_the_tools_own_defaults(desk):
    """What a tool assumes for itself is part of what is asked about, and of what is approved."""

    def refund(charge, amount=300):
        """Give money back."""

    map = {"refund": "stripe.refunds.create"}
    (tool,) = shadow_tools([refund], map)

    def work(state):
        assert interrupt({"tool": "refund", "args": {"charge": "ch_1"}})
        tool("ch_1")

    graph = StateGraph(MessagesState)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    desk.decide(status="approved")
    run_graph(
        graph.compile(checkpointer=InMemorySaver()), {"messages": []}, CASE, desk.systems, map
    )
    assert desk.asked[0]["action"]["amount"] == 300
    assert desk.session.actions[-1].amount_minor == 300
    assert desk.session.actions[-1].approval_ref is not None


def test_a_tool_of_the_same_name_elsewhere_changes_nothing(desk):
    """What another agent's tool assumes for itself is not part of this one's calls."""

    def refund(charge, euros, reason="duplicate"):
        """Another agent's."""

    shadow_tools([refund], {"refund": "stripe.refunds.create"})
    desk.decide(status="approved")
    run(desk, middleware(charge="ch_1", euros=3))
    assert desk.asked[0]["action"]["operation"] == "stripe.refunds.create"


def test_a_call_that_cannot_be_made_is_asked_about_as_it_is(desk):
    """Arguments that the tool does not take: the desk sees tool and arguments, nothing is done."""
    desk.decide(status="rejected")
    run(desk, middleware(nonsense=1))
    assert desk.asked[0]["action"] == {"operation": "refund", "arguments": {"nonsense": 1}}


def test_an_agent_that_asks_without_end_is_ended(desk):
    """After 25 rounds of decisions it is the candidate's failure."""
    desk.decide(status="rejected")
    with pytest.raises(RuntimeError, match="after 25 decisions"):
        run(desk, *(["again?"] * 30))
