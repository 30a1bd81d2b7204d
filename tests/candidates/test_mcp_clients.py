"""MCP servers whose client an agent of OpenAI's SDK is: listed, and never called."""

import asyncio
import json
import sys
import textwrap

import pytest

from understudy.candidates.mcp_clients import listed, record_tools
from understudy.candidates.recorded_tools import recorded
from understudy.candidates.tool_door import ToolNotMapped, serving_tools, shadow_tools
from understudy.model.errors import CandidateError
from understudy.model.world import World
from understudy.systems.engine import Engine

pytest.importorskip("agents")

from agents.mcp import MCPServer, MCPServerSse, MCPServerStdio, MCPServerStreamableHttp, MCPUtil
from agents.mcp import create_static_tool_filter as only
from mcp.types import Tool

SCHEMA = {
    "type": "object",
    "properties": {"charge": {"type": "string"}, "amount": {"type": "integer"}},
    "required": ["charge"],
}
TOOLS = {"tools": [{"name": name, "inputSchema": SCHEMA} for name in ("refund", "look", "wipe")]}
MAP = {"refund": "stripe.refunds.create"}
SERVERS = [
    MCPServerStdio({"command": "there-is-no-such-program"}, name="tills"),
    MCPServerSse({"url": "http://127.0.0.1:9/sse"}),
    MCPServerStreamableHttp({"url": "http://127.0.0.1:9/mcp"}),
]


@pytest.fixture
def session():
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


async def called(server, name, **arguments):
    """Through the server as an agent's run uses it: connected, listed, called, left."""
    await server.connect()
    try:
        await server.list_tools()
        return await server.call_tool(name, arguments)
    finally:
        await server.cleanup()


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: type(each).__name__)
def test_a_listed_server_is_never_reached(session, file, server):
    """It stays of its kind, and its calls become operations, validated before as a server does."""
    (made,) = shadow_tools([listed(file, server)], MAP)
    assert isinstance(made, type(server))
    assert made.name == server.name
    answer = asyncio.run(called(made, "refund", charge="ch_1", amount=5))
    assert json.loads(answer.content[0].text)["object"] == "refund"
    wrong = asyncio.run(called(made, "refund", charge="ch_1", amount="much"))
    assert wrong.is_error
    assert "is not of type 'integer'" in wrong.content[0].text
    refused = asyncio.run(called(made, "refund", charge="ch_none"))
    assert refused.is_error
    assert [each.amount_minor for each in session.actions if not each.refused] == [5]


def test_what_is_mapped_to_nothing_is_refused_and_told(session, file):
    """As a failed call to the agent, and as a coverage gap of the case."""
    (made,) = shadow_tools([listed(file, SERVERS[0])], MAP)
    answer = asyncio.run(called(made, "wipe", charge="ch_1"))
    assert answer.is_error
    assert [(gap.system, gap.method, gap.path) for gap in session.gaps] == [
        ("tools", "CALL", "wipe")
    ]


def test_a_call_outside_of_a_case_is_no_answer(file):
    """A program that does not say which case it is at hears so, by an error."""
    (made,) = shadow_tools([listed(file, SERVERS[0])], MAP)
    with pytest.raises(ToolNotMapped, match="with working_on"):
        asyncio.run(called(made, "refund", charge="ch_1"))


def test_a_recorded_result_is_given_as_it_was(session, file, tmp_path):
    """In the form of MCP where it was kept in it."""
    lines = tmp_path / "answers.jsonl"
    kept = {"content": [{"type": "text", "text": "nothing"}], "isError": False}
    lines.write_text(
        json.dumps({"tool": "look", "arguments": {"charge": "ch_1"}, "answer": kept}) + "\n"
    )
    (made,) = shadow_tools([listed(file, SERVERS[0])], {"look": recorded(lines)})
    assert asyncio.run(called(made, "look", charge="ch_1")).content[0].text == "nothing"


def test_an_agents_filter_and_approvals_stay(file):
    """The run of an agent sees the tools that it sees in production."""
    server = MCPServerStdio(
        {"command": "there-is-no-such-program"}, tool_filter=only(blocked_tool_names=["wipe"]),
        require_approval="always",
    )  # fmt: skip
    (made,) = shadow_tools([listed(file, server)], MAP)

    async def tools():
        async with made:
            return await MCPUtil.get_all_function_tools([made], False, None, None)

    found = asyncio.run(tools())
    assert [each.name for each in found] == ["refund", "look"]
    assert all(each.needs_approval for each in found)


class Told(MCPServer):
    """A server of a team's own, that lists its tools itself."""

    name = "told"

    async def connect(self):
        """Nothing is needed."""

    cleanup = list_prompts = get_prompt = connect

    async def list_tools(self, run_context=None, agent=None):
        return [Tool(name="refund", input_schema=SCHEMA, output_schema={"type": "object"})]

    async def call_tool(self, tool_name, arguments, meta=None):
        raise AssertionError("the real one was called")


def test_a_server_that_can_be_reached_lists_its_tools_itself(session):
    """A name that none of them has is told when it does."""
    (made,) = shadow_tools([Told()], MAP)
    answer = asyncio.run(called(made, "refund", charge="ch_1", amount=5))
    assert answer.structured_content["object"] == "refund"
    (wrong,) = shadow_tools([Told()], {"refnud": "stripe.refunds.create"})
    with pytest.raises(CandidateError, match="did you mean `refund`"):
        asyncio.run(called(wrong, "refund"))


def test_a_server_that_is_a_process_needs_its_list(file, tmp_path):
    """Nothing may be started in a shadow run: the error says how the list is made."""
    with pytest.raises(CandidateError) as caught:
        shadow_tools([SERVERS[0]], MAP)
    assert "the MCP server `tills`" in caught.value.describe()
    assert "record_tools(SERVER" in caught.value.describe()
    with pytest.raises(CandidateError, match="there is no tool `refnud`"):
        shadow_tools([listed(file, SERVERS[0])], {"refnud": "stripe.refunds.create"})
    for text in ("{", '{"tools": 3}'):
        file.write_text(text)
        with pytest.raises(CandidateError, match="holds no list of tools"):
            listed(file, SERVERS[0])
    with pytest.raises(CandidateError, match="No such file"):
        listed(tmp_path / "none.json", SERVERS[0])


@pytest.mark.slow
def test_the_list_of_a_real_server_is_recorded(tmp_path, session):
    """A process that is started once, outside of a shadow run, and not again."""
    program = tmp_path / "server.py"
    program.write_text(
        textwrap.dedent('''
        from mcp.server.mcpserver import MCPServer
        server = MCPServer("tills")

        @server.tool()
        def refund(charge: str, amount: int = 3) -> dict:
            """Give money back."""
            raise SystemExit("the real one was called")

        server.run("stdio")
        ''')
    )
    server = MCPServerStdio({"command": sys.executable, "args": [str(program)]})
    asyncio.run(record_tools(server, tmp_path / "tools.json"))
    program.unlink()
    (made,) = shadow_tools([listed(tmp_path / "tools.json", server)], MAP)
    answer = asyncio.run(called(made, "refund", charge="ch_1"))
    assert not answer.is_error
