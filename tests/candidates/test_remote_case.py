"""Programs and services in Python that were handed a case: its systems and tools over loopback."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from understudy.candidates.approvals import run_graph
from understudy.candidates.desk import Approvals, Asked
from understudy.candidates.remote_case import working_on
from understudy.candidates.tool_door import ToolNotMapped, foreseen, shadow_tools
from understudy.candidates.toolbox import CallError
from understudy.doors.loopback import serving
from understudy.model.world import World
from understudy.systems.engine import Engine

CHARGE = {
    "id": "ch_1", "customer": "cus_1", "amount": 1000, "amount_refunded": 0, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "created": 1_790_000_000,
}  # fmt: skip
MAP = {"refund": "stripe.refunds.create"}


def refund(charge: str, amount: int = 300) -> dict:
    """Give money back."""
    raise AssertionError("the real one was called")


def wipe(customer: str) -> dict:
    """Erase everything."""
    raise AssertionError("the real one was called")


@pytest.fixture
def handed():
    """Hands cases out as a program reads them: with addresses and credentials, no engine."""
    engine = Engine(World({"stripe.charges": {"ch_1": CHARGE}}, now=1_800_000_000), seed=1)
    base = {name: system.base_url for name, system in engine.systems.items()}
    with serving(engine, base) as urls:

        def hand(name):
            session = engine.open_case(name)
            return session, {"id": name, "credentials": session.credentials, "base_urls": urls}

        yield hand


def test_tools_of_a_program_act_on_the_systems_of_its_case(handed):
    """Over loopback, by the case's own credentials; a refusal is heard as in production."""
    session, case = handed("c-1")
    (tool,) = shadow_tools([refund], MAP)
    with working_on(case) as systems:
        assert tool("ch_1")["object"] == "refund"
        assert systems.call("stripe.charges.retrieve", id="ch_1")["amount_refunded"] == 300
        with pytest.raises(CallError, match="resource_missing"):
            tool("ch_none")
        assert {each["name"] for each in systems.tools()} >= {"desk.escalate"}
    assert [each.amount_minor for each in session.actions if not each.refused] == [300]
    with pytest.raises(ToolNotMapped, match="with working_on"):
        tool("ch_1")


def test_what_is_mapped_to_nothing_is_a_gap_of_the_case(handed):
    """Told at the desk, with the tool's name, and nothing is written for it."""
    session, case = handed("c-1")
    (tool,) = shadow_tools([wipe], {})
    with working_on(case), pytest.raises(ToolNotMapped):
        tool("cus_1")
    (gap,) = session.gaps
    assert (gap.system, gap.method, gap.path) == ("tools", "CALL", "wipe")
    assert "shadow_tools(tools, {'wipe': OPERATION})" in gap.detail
    assert session.actions == []


def test_cases_at_the_same_time_do_not_mix(handed):
    """Side by side in tasks and in threads, each acts on its own."""
    (tool,) = shadow_tools([refund], MAP)
    given = [handed(f"c-{number}") for number in range(4)]

    def work(number):
        with working_on(given[number][1]):
            tool("ch_1", amount=number + 1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (0, 1)))

    async def later(number):
        with working_on(given[number][1]):
            await asyncio.sleep(0)
            tool("ch_1", amount=number + 1)

    async def both():
        await asyncio.gather(later(2), later(3))

    asyncio.run(both())
    amounts = [[each.amount_minor for each in session.actions] for session, _ in given]
    assert amounts == [[1], [2], [3], [4]]


def test_what_a_call_would_be_is_told_from_its_parameters(handed):
    """Enough to ask for an approval, and the approved call refers to it."""
    pytest.importorskip("langgraph")
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.types import interrupt

    session, case = handed("c-1")
    asked = []
    session.reviewer = lambda _, row: asked.append(row["action"]) or {"status": "approved"}
    (tool,) = shadow_tools([refund], MAP)

    def work(state):
        assert interrupt({"tool": "refund", "args": {"charge": "ch_1", "amount": 250}})
        tool("ch_1", amount=250)
        return {"messages": [("assistant", "done")]}

    graph = StateGraph(MessagesState)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    made = graph.compile(checkpointer=InMemorySaver())
    with working_on(case) as systems:
        mine = systems.handling
        named = type("Case", (), {"id": case["id"]})
        run_graph(made, {"messages": []}, named, systems, MAP)
        whole = foreseen(MAP, "refund", {"charge": "ch_1"})
    (action,) = asked
    assert (action["operation"], action["amount"]) == ("stripe.refunds.create", 250)
    assert whole.action["operation"] == "stripe.refunds.create"
    assert session.actions[-1].approval_ref == session.actions[0].after["id"]
    with working_on(case) as again:
        assert again.handling == mine


def test_a_reviewers_delay_is_the_cases_time_and_not_the_programs(handed):
    """What is pending is decided at the next look, hours later by the case's clock alone."""
    session, case = handed("c-1")
    session.reviewer = lambda _, row: {"status": "approved", "after_seconds": 7200}
    session.waits_elsewhere = True
    begun = time.monotonic()
    with working_on(case) as systems:
        asked = [Asked("refund", {"charge": "ch_1"})]
        (decision,) = Approvals().decided(systems, MAP, asked)
    assert decision.granted
    assert time.monotonic() - begun < 10
    assert 7200 <= session.clock.passed < 7260


def test_what_is_no_case_is_one_clear_error():
    """A webhook's body has no credentials: the part that is missing is named."""
    with pytest.raises(LookupError, match="has no `base_urls`"), working_on({"id": "evt_1"}):
        pass
