"""Agents that stop for a person: the desk decides, and they are resumed with its decision."""

import asyncio
from types import SimpleNamespace

import pytest

from understudy.candidates.approvals import arun_graph, run_graph
from understudy.candidates.tool_door import shadow_tools
from understudy.candidates.toolbox import Toolbox

pytest.importorskip("langgraph")

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

CASE = SimpleNamespace(id="c-1")
MAP = {
    "refund": lambda systems, charge, euros: systems.call(
        "stripe.refunds.create", charge=charge, amount=euros * 100
    )
}


def graph_of(desk, *values):
    """A graph that is interrupted by each of these values, and acts where it is approved."""

    def work(state):
        for value in values:
            answer = interrupt(value)
            verdict = answer["decisions"][0]["type"] if isinstance(answer, dict) else answer
            if verdict in (True, "approve"):
                MAP["refund"](desk.systems, charge="ch_1", euros=3)
        return {"messages": [("assistant", str(answer))]}

    return one_node(work)


EDITED = {"charge": "ch_1", "euros": 2}


def one_node(work, checkpointer=True):
    """A graph that is one piece of work."""
    graph = StateGraph(MessagesState)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    return graph.compile(checkpointer=InMemorySaver() if checkpointer else None)


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
        ({"status": "modified", "approved_action": {"amount": 250}}, "250 (minor units) would be"),
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

    desk.decide(status="approved")
    state = asyncio.run(arun_graph(one_node(work), {"messages": []}, CASE, desk.systems, MAP))
    assert state["messages"][-1].content == "done"
    asked, refund = desk.session.actions
    assert refund.approval_ref == asked.after["id"]


def test_a_graph_that_outlives_its_case_begins_each_repeat_anew(desk):
    """One checkpointer for all: a turn goes on where the case was, another repeat does not."""
    made = one_node(lambda state: {"messages": [("assistant", "done")]})

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

    desk.decide(status="approved")
    run_graph(one_node(work), {"messages": []}, CASE, desk.systems, map)
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


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (
            middleware(charge="ch_1", euros=3),
            {"decisions": [{"type": "edit", "edited_action": {"name": "refund", "args": EDITED}}]},
        ),
        (
            {"type": "tool_approval", "name": "refund", "args": {"charge": "ch_1", "euros": 3}},
            {"type": "edit", "edited_action": {"name": "refund", "args": EDITED}},
        ),
        (
            {"action_request": {"action": "refund", "args": {"charge": "ch_1", "euros": 3}}},
            [{"type": "edit", "args": {"action": "refund", "args": EDITED}}],
        ),
    ],
)
def test_another_amount_is_an_edited_approval(desk, value, answer):
    """The tool's own arguments that come to it go back, and the edited call is approved."""
    desk.decide(status="modified", approved_action={"amount": 200})

    def work(state):
        told = interrupt(value)
        MAP["refund"](desk.systems, **EDITED)
        return {"messages": [("assistant", str(told))]}

    state = run_graph(one_node(work), {"messages": []}, CASE, desk.systems, MAP)
    assert state["messages"][-1].content == str(answer)
    asked, refund = desk.session.actions
    assert (refund.amount_minor, refund.approval_ref) == (200, asked.after["id"])


@pytest.mark.parametrize(
    ("config", "answer"),
    [
        ({"allow_edit": False}, {"type": "response", "args": "Not approved as asked"}),
        ({"allow_edit": False, "allow_respond": False}, {"type": "ignore", "args": "None"}),
    ],
)
def test_what_an_inbox_does_not_allow_is_not_answered(desk, config, answer):
    """A request says which answers it takes."""
    desk.decide(status="modified", approved_action={"amount": 200})
    request = {"action": "refund", "args": {"charge": "ch_1", "euros": 3}}
    said = run(desk, [{"action_request": request, "config": config}])["messages"][-1].content
    assert f"'type': '{answer['type']}'" in said
    assert answer["args"] in said


@pytest.mark.parametrize(
    ("allowed", "kind"),
    [(["approve", "reject"], "reject"), (["approve", "respond"], "respond")],
)
def test_what_the_middleware_does_not_allow_is_not_answered(desk, allowed, kind):
    """In both of its modes: by the configuration of reviews, and by the schema of answers."""
    desk.decide(status="modified", approved_action={"amount": 200})
    configs = [{"action_name": "refund", "allowed_decisions": allowed}]
    call = {"name": "refund", "args": {"charge": "ch_1", "euros": 3}}
    schema = {
        "anyOf": [{"properties": {"type": {"const": each}, "message": {}}} for each in allowed]
    }
    graph = one_node(
        lambda state: {
            "messages": [
                (
                    "assistant",
                    str(interrupt({"action_requests": [call], "review_configs": configs})),
                ),
                (
                    "assistant",
                    str(interrupt({"type": "tool_approval", **call}, response_schema=schema)),
                ),
            ]
        }
    )
    state = run_graph(graph, {"messages": []}, CASE, desk.systems, MAP)
    assert [f"'type': '{kind}'" in each.content for each in state["messages"]] == [True, True]


def test_interrupts_at_once_are_each_answered_by_their_own_id(desk):
    """In branches side by side and in a graph inside: each is named, decided and resumed."""
    desk.session.reviewer = lambda _, row: (
        desk.asked.append(row)
        or {
            "after_seconds": 300,
            "status": "approved" if row["action"].get("amount") == 100 else "rejected",
        }
    )

    def asking(euros):
        def ask(state):
            question = {"question": "may I?", "call": {"name": "refund", "args": {}}}
            question["call"]["args"] = {"charge": "ch_1", "euros": euros}
            return {"messages": [("assistant", f"{euros}: {interrupt(question)}")]}

        return ask

    graph = StateGraph(MessagesState)
    graph.add_node("one", asking(1))
    graph.add_node("two", one_node(asking(2), checkpointer=None))
    graph.add_edge(START, "one")
    graph.add_edge(START, "two")
    made = graph.compile(checkpointer=InMemorySaver())
    state = run_graph(made, {"messages": []}, CASE, desk.systems, MAP)
    assert {each.content for each in state["messages"]} == {"1: True", "2: False"}
    assert {row["action"]["amount"] for row in desk.asked} == {100, 200}
    assert 300 <= desk.session.clock.passed < 600


@pytest.mark.parametrize("said", ["may I?", {"action": "confirm", "question": "may I?"}])
def test_what_an_interrupt_is_about_is_said_or_waits_there(desk, said):
    """`about` names the call; without it, the only call that waits at the interrupt is it."""
    desk.decide(status="approved")
    call = {"name": "refund", "args": {"charge": "ch_1", "euros": 4}, "id": "1"}

    def model(state):
        return {"messages": [AIMessage("", tool_calls=[call])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", model)
    graph.add_node("approve", lambda state: {"messages": [("user", str(interrupt(said)))]})
    graph.add_edge(START, "model")
    graph.add_edge("model", "approve")
    made = graph.compile(checkpointer=InMemorySaver())
    run_graph(made, {"messages": []}, CASE, desk.systems, MAP)
    about = lambda value: ("refund", {"charge": "ch_1", "euros": 5})  # noqa: E731 # one of a pair
    run(desk, {"text": "may I?"}, about=about)
    assert [row["action"]["amount"] for row in desk.asked] == [400, 500]


@pytest.mark.parametrize(
    ("value", "operation"),
    [
        ({"action": "confirm", "question": "Refund 50 EUR?"}, ""),
        ({"tool": "refund", "question": "Refund 50 EUR?"}, "refund"),
    ],
)
def test_an_interrupt_that_names_no_call_keeps_its_words(desk, value, operation):
    """What it calls itself is an operation only where a tool is called so."""
    desk.decide(status="rejected")
    run(desk, value)
    action = desk.asked[0]["action"]
    assert (action["operation"], action["asked"]) == (operation, str(value))


def test_approvals_that_are_asked_for_one_after_another_hold_until_they_are_used(desk):
    """A node that asks twice before it acts refers to both; done again, a call has none left."""
    desk.decide(status="approved")

    def work(state):
        for euros in (1, 2):
            interrupt({"tool": "refund", "args": {"charge": "ch_1", "euros": euros}})
        for euros in (1, 2, 2):
            MAP["refund"](desk.systems, charge="ch_1", euros=euros)
        return {"messages": [("assistant", "done")]}

    run_graph(one_node(work), {"messages": []}, CASE, desk.systems, MAP)
    first, second, *refunds = desk.session.actions
    assert [each.approval_ref for each in refunds] == [first.after["id"], second.after["id"], None]


def test_a_graph_keeps_its_own_config_and_context(desk):
    """Both are handed on at each step; a thread of the user's stays apart by repeat."""
    desk.decide(status="approved")
    seen = []

    def work(state, runtime: Runtime[dict], config: RunnableConfig):
        interrupt({"tool": "refund", "args": {"charge": "ch_1", "euros": 3}})
        seen.append((runtime.context["team"], config["configurable"]))
        return {"messages": [("assistant", "done")]}

    graph = StateGraph(MessagesState, context_schema=dict)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    config = {"configurable": {"thread_id": "ann", "tenant": "t-1"}, "tags": ["prod"]}
    run_graph(
        graph.compile(checkpointer=InMemorySaver()), {"messages": []}, CASE, desk.systems, MAP,
        config=config, context={"team": "support"},
    )  # fmt: skip
    ((team, configurable),) = seen
    assert (team, configurable["tenant"]) == ("support", "t-1")
    assert configurable["thread_id"] == f"ann-{desk.session.handling}"


def test_a_graph_without_a_checkpointer_is_invoked_once(desk):
    """Nothing keeps its thread, so nothing can stop it."""
    graph = one_node(lambda state: {"messages": [("assistant", "done")]}, checkpointer=None)
    state = run_graph(graph, {"messages": []}, CASE, desk.systems, MAP)
    assert [each.content for each in state["messages"]] == ["done"]


def test_a_question_to_the_customer_is_left_to_the_candidate(desk):
    """It comes back with the state, and the reply goes on on the same thread."""
    desk.decide(status="approved")

    def work(state):
        order = interrupt({"ask": "Which order is it?"})
        assert interrupt({"tool": "refund", "args": {"charge": "ch_1", "euros": 3}})
        return {"messages": [("assistant", f"order {order}")]}

    graph = one_node(work)

    def step(given):
        return run_graph(graph, given, CASE, desk.systems, MAP, leave=lambda value: "ask" in value)

    asked = step({"messages": []})
    assert asked["__interrupt__"][0].value == {"ask": "Which order is it?"}
    assert desk.asked == []
    assert step(Command(resume="A-1"))["messages"][-1].content == "order A-1"
    assert len(desk.asked) == 1
