"""Agents that work by tools of their own: the same tools, with the mocked systems below."""

import asyncio
import functools
import inspect
import json
from pathlib import Path
from typing import Annotated

import pydantic
import pytest

from understudy.candidates.recorded_tools import recorded
from understudy.candidates.tool_door import (
    ToolNotMapped,
    foreseen,
    serving_tools,
    shadow_tools,
)
from understudy.candidates.toolbox import CallError
from understudy.model.errors import CandidateError
from understudy.model.world import World
from understudy.systems.engine import Engine

CHARGE = {
    "id": "ch_1", "customer": "cus_1", "amount": 1000, "amount_refunded": 0, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "created": 1_790_000_000,
}  # fmt: skip
MAP = {"refund": "stripe.refunds.create"}


@pytest.fixture
def session():
    """The open case that shadowed tools act on."""
    engine = Engine(World({"stripe.charges": {"ch_1": CHARGE}}, now=1_800_000_000), seed=1)
    with serving_tools(engine):
        yield engine.open_case("c-1")


def amounts(session):
    return [action.amount_minor for action in session.actions]


def refund(charge: str, amount: int = 300, reason: str | None = None) -> dict:
    """Give money back."""
    raise AssertionError("the real one was called")


async def refund_later(charge: str, amount: int = 300) -> str:
    """Give money back, some time; its answer is a text."""
    raise AssertionError("the real one was called")


def test_a_plain_callable_becomes_an_operation(session):
    """Its defaults hold, what is None is left out; its name, text and kind of answer stay."""
    (tool,) = shadow_tools([refund], MAP)
    assert tool("ch_1")["object"] == "refund"
    assert tool.__doc__ == "Give money back."
    assert amounts(session) == [300]
    with pytest.raises(TypeError):
        tool(charg="ch_1")
    (later,) = shadow_tools([refund_later], {"refund_later": "stripe.refunds.create"})
    assert json.loads(asyncio.run(later("ch_1", amount=10)))["amount"] == 10


def test_validated_callables_validate_before(session):
    """A callable under pydantic refuses what it refuses in production."""
    checked = pydantic.validate_call(refund)
    (tool,) = shadow_tools([checked], MAP)
    with pytest.raises(pydantic.ValidationError):
        tool("ch_1", amount="much")
    assert session.actions == []
    tool("ch_1", amount="12")
    assert amounts(session) == [12]


def test_a_callable_maps_other_names_and_recorded_answers(session):
    """Where names differ, or an answer was recorded, a function of the systems says it."""

    def pay_back(payment, euros):
        """Another shape."""

    def rate(currency):
        """Known from a recording."""

    map = {
        "pay_back": lambda systems, payment, euros: systems.call(
            "stripe.refunds.create", charge=payment, amount=round(euros * 100)
        )["id"],
        "rate": lambda systems, currency: {"EUR": 1.0}[currency],
    }
    pay, look = shadow_tools([pay_back, rate], map)
    assert pay("ch_1", 2.5).startswith("re_")
    assert look("EUR") == 1.0
    assert amounts(session) == [250]


def test_what_is_mapped_to_nothing_is_refused_and_told(session):
    """A tool without a mapping never acts, and the case has a coverage gap with its name."""

    def wipe(customer):
        """Erase everything."""

    (tool,) = shadow_tools([wipe], {})
    with pytest.raises(ToolNotMapped):
        tool("cus_1")
    (gap,) = session.gaps
    assert (gap.system, gap.method, gap.path) == ("tools", "CALL", "wipe")
    assert "shadow_tools(tools, {'wipe': OPERATION})" in gap.detail


def test_outside_of_a_case_no_tool_acts():
    """Without an open case there is nothing that a tool may do."""
    (tool,) = shadow_tools([refund], MAP)
    with pytest.raises(ToolNotMapped, match="outside of a case"):
        tool("ch_1")


def test_a_refusal_of_the_system_is_raised(session):
    """A tool hears what the vendor would say."""
    (tool,) = shadow_tools([refund], MAP)
    with pytest.raises(CallError, match="resource_missing"):
        tool("ch_none")


@pytest.mark.parametrize(
    ("tools", "map", "said"),
    [
        ([refund], {"refnud": "stripe.refunds.create"}, "did you mean `refund`?"),
        ([], {"refund": "stripe.refunds.create"}, "the tools are none"),
        ([refund], {"refund": refund_later}, "is mapped to a coroutine function"),
        ([refund], {"refund": 5}, "is mapped to `5`"),
        (["refund"], {}, "is no tool that can be shadowed"),
        ([3], {}, "is no tool that can be shadowed"),
    ],
)
def test_what_is_no_tool_is_one_clear_error(tools, map, said):
    """A misspelt name and an object that is no tool are named when the agent is made."""
    with pytest.raises(CandidateError) as caught:
        shadow_tools(tools, map)
    assert said in caught.value.describe()


def test_langchain_tools_keep_their_schema_and_validation(session):
    """Structured tools and subclasses, sync and async; injected arguments reach the operation."""
    tools = pytest.importorskip("langchain_core.tools")

    @tools.tool
    def refund(
        charge: Annotated[str, tools.InjectedToolArg], amount: int, config: dict | None = None
    ) -> dict:
        """Give money back."""
        raise AssertionError("the real one was called")

    class Later(tools.BaseTool):
        name: str = "later"
        description: str = "Give money back."

        def _run(self, charge: str, amount: int, run_manager=None) -> dict:
            raise AssertionError("the real one was called")

    map = {**MAP, "later": "stripe.refunds.create"}
    first, second = shadow_tools([refund, Later()], map)
    assert first.args_schema is refund.args_schema
    assert isinstance(second, Later)
    assert first.invoke({"charge": "ch_1", "amount": 5})["amount"] == 5
    assert second.invoke({"charge": "ch_1", "amount": 6})["amount"] == 6
    assert asyncio.run(second.ainvoke({"charge": "ch_1", "amount": 7}))["amount"] == 7
    with pytest.raises(pydantic.ValidationError):
        first.invoke({"charge": "ch_1", "amount": "much"})
    assert amounts(session) == [5, 6, 7]
    with pytest.raises(AssertionError):
        refund.invoke({"charge": "ch_1", "amount": 5})


def test_tools_that_keep_what_they_found_answer_in_pairs(session, tmp_path):
    """As adapters of MCP servers make them: a schema that is JSON, and any arguments at all."""
    tools = pytest.importorskip("langchain_core.tools")

    async def call_tool(runtime=None, **arguments):
        raise AssertionError("the real one was called")

    schema = {"type": "object", "properties": {"charge": {"type": "string"}}}
    refund, look = (
        tools.StructuredTool(
            name=name, description="A till's.", args_schema=schema, coroutine=call_tool,
            response_format="content_and_artifact",
        )
        for name in ("refund", "look")
    )  # fmt: skip
    kept = {"content": [{"type": "text", "text": "paid"}], "structuredContent": {"paid": True}}
    lines = tmp_path / "answers.jsonl"
    lines.write_text(
        json.dumps({"tool": "look", "arguments": {"charge": "ch_1"}, "answer": kept}) + "\n"
    )
    made = shadow_tools([refund, look], {**MAP, "look": recorded(lines)})
    call = {"args": {"charge": "ch_1"}, "id": "1", "type": "tool_call"}
    done, found = (asyncio.run(each.ainvoke({**call, "name": each.name})) for each in made)
    assert done.artifact["object"] == "refund"
    assert json.loads(done.content)["amount"] == 1000
    assert found.content == [{"type": "text", "text": "paid"}]
    assert found.artifact == {"structured_content": {"paid": True}}


def test_what_langgraph_fills_in_is_its_own(session):
    """State and call's id reach no operation, and a function only where it names them."""
    tools = pytest.importorskip("langchain_core.tools")
    prebuilt = pytest.importorskip("langgraph.prebuilt")
    from langchain_core.messages import AIMessage
    from langgraph.graph import START, MessagesState, StateGraph

    @tools.tool
    def refund(
        charge: str,
        state: Annotated[dict, prebuilt.InjectedState],
        number: Annotated[str, tools.InjectedToolCallId],
        around: prebuilt.ToolRuntime,
        amount: int = 5,
    ) -> dict:
        """Give money back."""
        raise AssertionError("the real one was called")

    def by_number(systems, number, charge, amount):
        return systems.call("stripe.refunds.create", charge=charge, amount=amount, reason=number)

    call = {"name": "refund", "args": {"charge": "ch_1"}, "id": "duplicate", "type": "tool_call"}
    message = AIMessage("", tool_calls=[call])
    for target in ("stripe.refunds.create", by_number):
        graph = StateGraph(MessagesState)
        graph.add_node("tools", prebuilt.ToolNode(shadow_tools([refund], {"refund": target})))
        graph.add_edge(START, "tools")
        said = graph.compile().invoke({"messages": [message]})["messages"][-1]
        assert said.status == "success", said.content
    assert amounts(session) == [5, 5]
    assert session.actions[1].fields["reason"] == "duplicate"


def test_function_tools_of_the_agents_sdk_keep_theirs(session):
    """Arguments are validated as by the SDK; hand-made tools get their JSON."""
    agents = pytest.importorskip("agents")
    from agents.tool_context import ToolContext

    @agents.function_tool(needs_approval=True, failure_error_function=None)
    def refund(context: agents.RunContextWrapper[None], charge: str, amount: int) -> dict:
        """Give money back."""
        raise AssertionError("the real one was called")

    async def invoke(context, text):
        raise AssertionError("the real one was called")

    made = agents.FunctionTool("by_hand", "Give money back.", {}, invoke, strict_json_schema=False)
    first, second = shadow_tools([refund, made], {**MAP, "by_hand": "stripe.refunds.create"})
    assert first.needs_approval is True

    def called(tool, **arguments):
        text = json.dumps(arguments)
        context = ToolContext(None, tool_name=tool.name, tool_call_id="1", tool_arguments=text)
        return asyncio.run(tool.on_invoke_tool(context, text))

    assert called(first, charge="ch_1", amount=5)["amount"] == 5
    assert called(second, charge="ch_1", amount=6)["amount"] == 6
    with pytest.raises(agents.ModelBehaviorError, match="Invalid JSON input"):
        called(first, charge="ch_1", amount="much")
    assert amounts(session) == [5, 6]


def test_an_mcp_servers_tools_act_on_the_systems(session):
    """A server of the user's own keeps its tools; what they do is done by the systems."""
    server_module = pytest.importorskip("mcp.server.mcpserver")
    from mcp import Client

    server = server_module.MCPServer("own")
    server.tool()(refund)

    async def calls():
        async with Client(server) as client:
            right = await client.call_tool("refund", {"charge": "ch_1", "amount": 5})
            wrong = await client.call_tool("refund", {"charge": "ch_1", "amount": "much"})
            return right.is_error, wrong.is_error

    assert shadow_tools([server], MAP) == [server]
    assert asyncio.run(calls()) == (False, True)
    assert amounts(session) == [5]


@pytest.mark.slow
def test_a_fastmcp_servers_tools_act_on_the_systems(session):
    """With what it injects, in threads of its own; those of a server mounted in it as well."""
    fastmcp = pytest.importorskip("fastmcp")
    inner, server = fastmcp.FastMCP("inner"), fastmcp.FastMCP("own")
    inner.tool(refund_later)

    @server.tool
    def pay_back(charge: str, context: fastmcp.Context, amount: int = 7) -> dict:
        raise AssertionError("the real one was called")

    server.tool(refund)
    server.mount(inner, namespace="in")

    async def calls():
        async with fastmcp.Client(server) as client:
            told = {each.name: each.input_schema for each in await client.list_tools()}
            right = await client.call_tool("in_refund_later", {"charge": "ch_1"})
            await client.call_tool("pay_back", {"charge": "ch_1"})
            wrong = [
                await client.call_tool(name, arguments, raise_on_error=False)
                for name, arguments in (
                    ("pay_back", {"charge": "ch_1", "amount": "much"}),
                    ("refund", {"charge": "ch_1"}),
                )
            ]
            return told, right, [each.is_error for each in wrong]

    known = {"refund_later": "stripe.refunds.create", "pay_back": "stripe.refunds.create"}
    assert shadow_tools([server], known) == [server]
    told, right, wrong = asyncio.run(calls())
    assert told["pay_back"]["required"] == ["charge"]
    assert json.loads(right.content[0].text)["object"] == "refund"
    assert wrong == [True, True]
    assert amounts(session) == [300, 7]
    assert [(gap.method, gap.path) for gap in session.gaps] == [("CALL", "refund")]


@pytest.mark.slow
def test_tools_of_somebody_elses_server_are_refused():
    """A proxy's tools are carried out elsewhere: nothing of them could be replaced here."""
    fastmcp = pytest.importorskip("fastmcp")
    from fastmcp.server import create_proxy

    server = create_proxy(fastmcp.FastMCP("far"), name="near")
    with pytest.raises(CandidateError, match="no tool that can be shadowed"):
        shadow_tools([server], {})


def rate(currency: str, day: str | None = None) -> float:
    """What a unit costs."""
    raise AssertionError("the real one was called")


def test_a_recorded_answer_is_given_to_the_same_arguments(session, tmp_path):
    """In the order recorded, then the last again; what was not recorded fails closed."""
    file = tmp_path / "tools.jsonl"
    file.write_text(
        '{"tool": "rate", "arguments": {"currency": "USD"}, "answer": 0.92}\n\n'
        '{"tool": "rate", "arguments": {"currency": "USD"}, "answer": 0.93}\n'
        '{"tool": "other", "answer": 1}\n'
    )
    (tool,) = shadow_tools([rate], {"rate": recorded(file)})
    assert [tool("USD"), tool(currency="USD"), tool("USD", day=None)] == [0.92, 0.93, 0.93]
    with pytest.raises(ToolNotMapped):
        tool("USE")
    (gap,) = session.gaps
    assert gap.detail == (
        "nothing is recorded for rate(currency='USE', day=None); did you mean "
        "`rate(currency='USD')`?"
    )
    assert foreseen({"rate": recorded(file)}, "rate", {"currency": "USD"}).operation == ""


def test_a_file_that_holds_no_recorded_answers_is_one_clear_error(tmp_path):
    """It is not there, or a line of it is none: with its number."""
    with pytest.raises(CandidateError, match=r"holds no recorded answers: .* No such file"):
        recorded(tmp_path / "tools.jsonl")
    file = tmp_path / "tools.jsonl"
    for second in (b'{"tol": "rate"}', b'{"tool": "\xff"}', b"{"):
        file.write_bytes(b'{"tool": "rate", "answer": 1}\n' + second + b"\n")
        with pytest.raises(CandidateError, match="no recorded answer") as raised:
            recorded(file)
        assert raised.value.where == f"{file}:2"


WAREHOUSE = Path(__file__).parents[2] / "fixtures" / "systems"


def test_a_tool_becomes_an_operation_of_a_system_of_ones_own(monkeypatch):
    """By its name, as the vendors' are; a name that is none is told with the nearest."""
    monkeypatch.syspath_prepend(str(WAREHOUSE))
    item = {"id": "i-1", "name": "Lamp", "stock": 3, "price": 900}
    world = World({"warehouse.items": {"i-1": item}}, now=1_800_000_000)
    engine = Engine(world, systems={"warehouse": "warehouse:Warehouse"}, seed=1)

    def send(item: str, quantity: int = 1) -> dict:
        """Send goods."""

    with serving_tools(engine):
        case = engine.open_case("c-1")
        (tool,) = shadow_tools([send], {"send": "warehouse.shipments.create"})
        assert tool("i-1", quantity=2)["status"] == "sent"
        assert [(a.operation, a.amount_minor) for a in case.actions] == [
            ("warehouse.shipments.create", 1800)
        ]
        with pytest.raises(CandidateError, match=r"did you mean `warehouse[.]shipments[.]create`"):
            shadow_tools([send], {"send": "warehouse.shipment.create"})


class Refunds:
    """A team's own object, whose method and whose calls give money back."""

    description = "gives money back"

    def __init__(self, limit=500):
        self.limit = limit

    def refund(self, charge: str, amount: int = 300) -> dict:
        raise AssertionError("the real one was called")

    def __call__(self, charge: str, amount: int = 300) -> dict:
        raise AssertionError("the real one was called")


class RefundsLater(Refunds):
    """The same, awaited."""

    __slots__ = ()

    async def __call__(self, charge: str, amount: int = 300) -> dict:
        raise AssertionError("the real one was called")


def with_client(client, charge: str, amount: int = 300, reason: str | None = None) -> dict:
    """Give money back by a client."""
    raise AssertionError("the real one was called")


def test_methods_partials_and_objects_are_tools(session):
    """Each under its own name, with what it has bound; a client that is bound is its own affair."""
    given = [
        Refunds().refund,
        functools.partial(with_client, object(), reason="duplicate"),
        functools.partial(functools.partial(refund_later, "ch_1"), amount=7),
        Refunds(limit=9),
        RefundsLater(),
    ]
    names = ["refund", "with_client", "refund_later", "Refunds", "RefundsLater"]
    map = dict.fromkeys(names, "stripe.refunds.create")
    method, bound, later, called, awaited = shadow_tools(given, map)
    method("ch_1", amount=1)
    bound("ch_1", amount=2)
    assert json.loads(asyncio.run(later()))["amount"] == 7
    called("ch_1", amount=3)
    asyncio.run(awaited("ch_1", amount=4))
    assert amounts(session) == [1, 2, 7, 3, 4]
    assert session.actions[1].fields["reason"] == "duplicate"
    assert isinstance(called, Refunds)
    assert (called.limit, called.description) == (9, "gives money back")
    assert inspect.iscoroutinefunction(type(awaited).__call__)
    with pytest.raises(AssertionError):
        given[3]("ch_1")


def test_tools_that_answer_in_parts_still_do(session):
    """Item by item what is a list, and whole what is not; and not before it is asked for."""

    def pages(customer: str):
        """The payments of a customer, one by one."""
        yield from ()

    async def events(customer: str):
        """The same, as a stream."""
        yield None

    map = {
        "pages": lambda systems, customer: systems.call("stripe.charges.list")["data"],
        "events": "stripe.charges.list",
    }
    each, stream = shadow_tools([pages, events], map)
    parts = each("cus_1")
    assert sum(session.reads.values()) == 0
    assert [part["id"] for part in parts] == ["ch_1"]

    async def heard():
        return [part["object"] async for part in stream(customer="cus_1")]

    assert asyncio.run(heard()) == ["list"]
