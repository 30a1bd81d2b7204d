"""Graphs that stop before or after a node, without any interrupt: the desk decides there too."""

import asyncio
from types import SimpleNamespace

import pytest

from understudy.candidates.approvals import arun_graph, run_graph
from understudy.candidates.tool_door import shadow_tools
from understudy.candidates.toolbox import CallError, approved

pytest.importorskip("langgraph")

from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

CASE = SimpleNamespace(id="c-1")
MAP = {
    "refund": lambda systems, charge, euros: systems.call(
        "stripe.refunds.create", charge=charge, amount=euros * 100
    ),
    "look": lambda systems, charge: systems.call("stripe.charges.retrieve", id=charge),
}


@tool
def refund(charge: str, euros: int) -> dict:
    """Give money back."""
    raise AssertionError("the real one was called")


@tool
def look(charge: str) -> dict:
    """Look at a payment."""
    raise AssertionError("the real one was called")


def call(name, number=1, **arguments):
    return {"name": name, "args": arguments, "id": f"call-{number}"}


def agent(*turns, **stops):
    """A model that makes these calls, turn by turn, and what carries them out."""

    def model(state):
        said = sum(isinstance(each, AIMessage) for each in state["messages"])
        calls = list(turns[said]) if said < len(turns) else []
        return {"messages": [AIMessage("" if calls else "done", tool_calls=calls)]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", model)
    graph.add_node("tools", ToolNode(shadow_tools([refund, look], MAP), handle_tool_errors=False))
    graph.add_edge(START, "model")
    graph.add_conditional_edges(
        "model", lambda state: "tools" if state["messages"][-1].tool_calls else "__end__"
    )
    graph.add_edge("tools", "model")
    return graph.compile(checkpointer=InMemorySaver(), **stops)


def run(desk, graph, **options):
    state = run_graph(graph, {"messages": [("user", "hi")]}, CASE, desk.systems, MAP, **options)
    return [each.content for each in state["messages"] if each.content]


STOPS = [{"interrupt_before": ["tools"]}, {"interrupt_after": ["model"]}]


@pytest.mark.parametrize("stop", STOPS)
def test_calls_that_wait_at_a_breakpoint_are_approved(desk, stop):
    """Before the tools or after the model: each call is asked about, made, and refers to it."""
    desk.decide(status="approved")
    calls = [call("refund", 1, charge="ch_1", euros=3), call("refund", 2, charge="ch_1", euros=2)]
    assert run(desk, agent(calls, **stop))[-1] == "done"
    assert [row["action"]["amount"] for row in desk.asked] == [300, 200]
    asked = [each.after["id"] for each in desk.session.actions[:2]]
    refunds = {each.amount_minor: each.approval_ref for each in desk.session.actions[2:]}
    assert refunds == {300: asked[0], 200: asked[1]}


def test_a_breakpoint_may_be_set_when_the_graph_is_called(desk):
    """As an option of the call, and in a graph that can only be awaited."""
    desk.decide(status="approved")
    graph = agent([call("refund", charge="ch_1", euros=3)])
    given = {"messages": [("user", "hi")]}
    stopped = arun_graph(
        graph, given, CASE, desk.systems, MAP, interrupt_before=["tools"], durability="sync"
    )
    assert asyncio.run(stopped)["messages"][-1].content == "done"
    assert len(desk.asked) == 1


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize(
    ("decision", "told"),
    [({"status": "rejected"}, "Not approved."), ({"status": "escalated"}, "A person takes this")],
)
def test_calls_that_are_refused_at_a_breakpoint_are_answered(desk, stop, decision, told):
    """They are not made, and the model hears why and goes on."""
    desk.decide(**decision)
    said = run(desk, agent([call("refund", charge="ch_1", euros=3)], **stop))
    assert told in said[1]
    assert said[-1] == "done"
    assert [each.operation for each in desk.session.actions] == ["desk.approvals.create"]


def test_one_refused_call_keeps_back_the_others_of_its_step(desk):
    """What was approved beside it is not asked about again when the model makes that call."""
    desk.session.reviewer = lambda _, row: (
        desk.asked.append(row)
        or {
            "status": "approved" if row["action"]["amount"] == 200 else "rejected",
        }
    )
    small, large = ({"charge": "ch_1", "euros": euros} for euros in (2, 3))
    turns = [[call("refund", 1, **large), call("refund", 2, **small)], [call("refund", 3, **small)]]
    said = run(desk, agent(*turns, interrupt_before=["tools"]))
    assert said[1:3] == [
        "Not approved.",
        "Not done, because another call of the same step was not approved.",
    ]
    assert len(desk.asked) == 2
    assert [each.amount_minor for each in desk.session.actions[2:]] == [200]
    assert desk.session.actions[-1].approval_ref == desk.session.actions[1].after["id"]


@pytest.mark.parametrize("stop", STOPS)
def test_another_amount_is_written_into_the_call(desk, stop):
    """The message is amended as a person would amend it, and the amended call is made."""
    desk.decide(status="modified", approved_action={"amount": 200})
    run(desk, agent([call("refund", charge="ch_1", euros=3)], **stop))
    asked, made = desk.session.actions
    assert (made.amount_minor, made.approval_ref) == (200, asked.after["id"])


def test_a_call_that_only_reads_says_so(desk):
    """So that whoever decides can tell it from one that would do something."""
    desk.decide(status="approved")
    run(desk, agent([call("look", charge="ch_1")], interrupt_before=["tools"]))
    with pytest.raises(CallError, match="resource_missing"):
        run(desk, agent([call("look", charge="ch_none")], interrupt_before=["tools"]))
    assert [row["action"]["effect"] for row in desk.asked] == ["read", "read"]


def nodes(desk, *names, inner=None, **stops):
    """A graph of plain nodes, each of which gives back as many cents as its letter counts."""

    def working(name):
        def work(state):
            desk.systems.call("stripe.refunds.create", charge="ch_1", amount=ord(name))
            return {"messages": [("assistant", name)]}

        return work

    graph = StateGraph(MessagesState)
    for name in names:
        graph.add_node(name, inner if inner and name == "b" else working(name))
    for one, next in zip((START, *names), names, strict=False):
        graph.add_edge(one, next)
    return graph.compile(**stops)


def test_a_node_is_approved_where_no_calls_wait(desk):
    """It is named, and what it writes refers to the approval; what other nodes write does not."""
    desk.decide(status="approved")
    graph = nodes(desk, "a", "b", "c", checkpointer=InMemorySaver(), interrupt_before=["b"])
    assert run(desk, graph)[1:] == ["a", "b", "c"]
    assert desk.asked[0]["action"] == {
        "operation": "", "asked": "The graph stops before `b`.", "node": "b",
    }  # fmt: skip
    first, asked, second, third = desk.session.actions
    assert [each.approval_ref for each in (first, second, third)] == [
        None, asked.after["id"], None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stop", "done", "named"),
    [
        ({"interrupt_before": ["b"]}, ["a"], "before `b`"),
        ({"interrupt_after": ["a"]}, ["a"], "after `a`"),
        ({"interrupt_before": "*"}, [], "before `a`"),
    ],
)
def test_a_refused_node_never_runs(desk, stop, done, named):
    """The thread stays where it stopped, and its state is the answer."""
    desk.decide(status="rejected")
    graph = nodes(desk, "a", "b", checkpointer=InMemorySaver(), **stop)
    assert run(desk, graph)[1:] == done
    assert named in desk.asked[0]["action"]["asked"]


def test_a_breakpoint_of_a_graph_inside_is_seen(desk):
    """It is named by the node inside, and resumed on the same thread."""
    desk.decide(status="approved")
    inner = nodes(desk, "x", "y", interrupt_before=["y"])
    graph = nodes(desk, "a", "b", "c", inner=inner, checkpointer=InMemorySaver())
    assert run(desk, graph)[1:] == ["a", "x", "y", "c"]
    (asked,) = desk.asked
    assert asked["action"]["node"] == "y"
    held = {each.amount_minor: each.approval_ref for each in desk.session.actions[1:]}
    assert held[ord("y")] == asked["id"]
    assert held[ord("x")] is None


def test_an_approval_to_read_is_none_to_write(desk):
    """A write that refers to it counts as one without an approval."""
    desk.decide(status="approved", after_seconds=0)
    action = {"operation": "look", "effect": "read"}
    given = desk.systems.call("desk.approvals.create", action=action)
    with approved({}, lambda: given["id"]):
        desk.systems.call("stripe.refunds.create", charge="ch_1", amount=1)
    assert desk.session.actions[-1].approval_ref is None
