"""Agents that call an MCP server by a session or a client of their own: listed, never called."""

import asyncio
import json

import pytest

from understudy.candidates.mcp_clients import listed, record_tools
from understudy.candidates.tool_door import ToolNotMapped, serving_tools, shadow_tools
from understudy.model.errors import CandidateError
from understudy.model.world import World
from understudy.systems.engine import Engine

pytest.importorskip("mcp")

from mcp.client.client import Client
from mcp.client.session import ClientSession
from mcp.server.mcpserver import MCPServer

SCHEMA = {
    "type": "object",
    "properties": {"charge": {"type": "string"}, "amount": {"type": "integer"}},
    "required": ["charge"],
}
TOOLS = {"tools": [{"name": name, "inputSchema": SCHEMA} for name in ("refund", "wipe")]}
MAP = {"refund": "stripe.refunds.create"}


@pytest.fixture
def case():
    """The open case that shadowed tools act on."""
    charge = {
        "id": "ch_1", "amount": 1000, "amount_refunded": 0, "currency": "eur",
        "status": "succeeded", "paid": True, "captured": True, "created": 1_790_000_000,
    }  # fmt: skip
    engine = Engine(World({"stripe.charges": {"ch_1": charge}}, now=1_800_000_000), seed=1)
    with serving_tools(engine):
        yield engine.open_case("c-1")


@pytest.fixture
def file(tmp_path):
    """What a server has answered to `tools/list`."""
    path = tmp_path / "tools.json"
    path.write_text(json.dumps(TOOLS))
    return path


def tills():
    """A server whose tools must not be called."""
    server = MCPServer("tills")

    @server.tool()
    def refund(charge: str, amount: int = 3) -> dict:
        """Give money back."""
        raise AssertionError("the real one was called")

    @server.tool()
    def wipe(charge: str) -> str:
        """Forget it."""
        raise AssertionError("the real one was called")

    return server


def amounts(case):
    return [each.amount_minor for each in case.actions if not each.refused]


async def used(session):
    """As an agent does that speaks MCP by itself."""
    async with session:
        if isinstance(session, ClientSession):
            await session.initialize()
        names = [each.name for each in (await session.list_tools()).tools]
        done = await session.call_tool("refund", {"charge": "ch_1", "amount": 5})
        wrong = await session.call_tool(name="refund", arguments={"charge": "ch_1", "amount": "x"})
        gap = await session.call_tool("wipe", {"charge": "ch_1"})
    return names, done, wrong, gap


def proved(case, names, done, wrong, gap):
    assert names == ["refund", "wipe"]
    assert json.loads(done.content[0].text)["object"] == "refund"
    assert wrong.is_error
    assert "is not of type 'integer'" in wrong.content[0].text
    assert gap.is_error
    assert [(each.system, each.path) for each in case.gaps] == [("tools", "wipe")]
    assert amounts(case) == [5]


def test_a_listed_session_needs_no_server(case, file):
    """It stays a `ClientSession`: initialized, listed, its calls validated and mapped."""
    (session,) = shadow_tools([listed(file)], MAP)
    assert isinstance(session, ClientSession)
    proved(case, *asyncio.run(used(session)))


@pytest.mark.parametrize("reached", [True, False], ids=["reached", "listed"])
def test_a_client_calls_nobody(case, file, reached):
    """One of MCP's own package, whose server is asked for its list at most."""
    client = Client(tills())
    (made,) = shadow_tools([client if reached else listed(file, client)], MAP)
    assert isinstance(made, Client)
    proved(case, *asyncio.run(used(made)))


def test_a_clients_session_is_no_way_past_it(case):
    """What it gives as its session calls nobody either."""
    (made,) = shadow_tools([Client(tills())], MAP)

    async def past():
        async with made:
            return await made.session.call_tool("refund", {"charge": "ch_1", "amount": 4})

    assert not asyncio.run(past()).is_error
    assert amounts(case) == [4]


@pytest.mark.parametrize("asking", ["a call", "a resource", "a prompt"])
def test_a_server_that_can_be_reached_is_asked_for_its_list_alone(case, asking):
    """Whatever else is asked of it, by the client or past it, is refused and told as a gap."""
    from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult

    (made,) = shadow_tools([Client(tills())], MAP)

    async def ask():
        if asking == "a resource":
            return await made.read_resource("note://1")
        if asking == "a prompt":
            return await made.get_prompt("hello")
        params = CallToolRequestParams(name="refund", arguments={"charge": "ch_1", "amount": 4})
        asked = CallToolRequest(method="tools/call", params=params)
        return await made.session.send_request(asked, CallToolResult)

    async def past():
        async with made:
            with pytest.raises(ToolNotMapped):
                await ask()

    asyncio.run(past())
    assert amounts(case) == []
    assert len(case.gaps) == 1


def test_a_session_that_is_connected_already_calls_nobody(case):
    """What the agent has opened itself is wrapped as it is; a wrong name is told by its list."""

    async def run(map):
        async with Client(tills()) as client:
            (session,) = shadow_tools([client.session], map)
            if map is not MAP:
                with pytest.raises(CandidateError, match="did you mean `refund`"):
                    await session.list_tools()
            return await session.call_tool("refund", {"charge": "ch_1", "amount": 2})

    assert not asyncio.run(run(MAP)).is_error
    assert asyncio.run(run({"refnud": "stripe.refunds.create"})).is_error
    assert amounts(case) == [2]


def test_what_else_a_listed_session_is_asked_for_is_a_gap(case, file):
    """Resources and prompts of a server that is not there are refused, and told."""
    (session,) = shadow_tools([listed(file)], MAP)
    with pytest.raises(ToolNotMapped):
        asyncio.run(session.list_resources())
    assert [each.path for each in case.gaps] == ["MCP resources/list"]


@pytest.mark.slow
def test_a_client_of_fastmcp_calls_nobody(case, tmp_path):
    """Reached or listed; its own errors and data stay."""
    fastmcp = pytest.importorskip("fastmcp")
    server = fastmcp.FastMCP("tills")

    @server.tool
    def refund(charge: str, amount: int = 3) -> dict:
        raise AssertionError("the real one was called")

    asyncio.run(record_tools(fastmcp.Client(server), tmp_path / "tools.json"))

    async def run(client):
        async with client:
            assert [each.name for each in await client.list_tools()] == ["refund"]
            return await client.call_tool("refund", {"charge": "ch_1", "amount": 6})

    for given in (fastmcp.Client(server), listed(tmp_path / "tools.json", fastmcp.Client(server))):
        (made,) = shadow_tools([given], MAP)
        assert asyncio.run(run(made)).structured_content["object"] == "refund"
    assert amounts(case) == [6, 6]


def test_lists_are_recorded_from_sessions_and_clients(tmp_path):
    """A session that is connected is asked as it is; a client is entered."""

    async def record():
        await record_tools(Client(tills()), tmp_path / "client.json")
        async with Client(tills()) as client:
            await record_tools(client.session, tmp_path / "session.json")

    asyncio.run(record())
    told = [json.loads((tmp_path / f"{each}.json").read_text()) for each in ("client", "session")]
    assert told[0] == told[1]
    assert [each["name"] for each in told[0]["tools"]] == ["refund", "wipe"]
