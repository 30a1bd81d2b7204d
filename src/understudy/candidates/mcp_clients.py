"""MCP servers whose client an agent is: their tools as they are listed, their calls replaced.

A server that is a process cannot be started in a shadow run, and one on the network cannot be
reached: `listed` gives such a server the tools that it has told of before. One on loopback that
the campaign `needs:` lists its tools itself. No server ever gets a call.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from understudy.candidates.callable_tools import Replace
from understudy.candidates.hand import hand_at_work
from understudy.candidates.mcp_sessions import bare_session, is_session, rebuilt_session, tools_of
from understudy.candidates.plain import plain
from understudy.model.errors import CandidateError

__all__ = ["ListedServer", "listed", "rebuilt_client", "record_tools"]

_RECORD = (
    "python -c 'import asyncio; from understudy.candidates.mcp_clients import record_tools; "
    'from YOUR_MODULE import SERVER; asyncio.run(record_tools(SERVER, "tools.json"))\''
)


@dataclass(frozen=True, slots=True)
class ListedServer:
    """A server of the agent's, with the tools that it has listed."""

    server: Any
    tools: tuple[Any, ...]


async def record_tools(server: Any, file: str | Path) -> None:
    """Write the tools that a server lists to a file, which is what MCP answers to `tools/list`.

    `server` is one of OpenAI's Agents SDK, or a client of MCP's package or FastMCP's, and is
    connected to; or a `ClientSession` that is initialized. To be called once, outside of a shadow
    run.
    """
    if is_session(server):
        tools = await tools_of(server)
    else:
        async with server:
            tools = await server.list_tools()
    told = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in tools]
    Path(file).write_text(json.dumps({"tools": told}, indent=1) + "\n", encoding="utf-8")


def listed(file: str | Path, server: Any = None) -> ListedServer:
    """The server with the tools in a file of `record_tools`, for `shadow_tools`.

    Without a server it is a `ClientSession` of MCP's package, for agents that call one themselves
    or load their tools from it. Raises `CandidateError` where the file is not there, or holds no
    list of tools.
    """
    from mcp.types import ListToolsResult

    try:
        found = ListToolsResult.model_validate_json(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise CandidateError(
            f"`{file}` holds no list of tools: {str(error).splitlines()[0]}",
            code="U220",
            hint=_RECORD,
        ) from None
    return ListedServer(bare_session() if server is None else server, tuple(found.tools))


def rebuilt_client(server: Any, replace: Replace, check: Callable[[list[str]], None]) -> Any:
    """The same server for the agent; `check` hears the names of its tools once they are known."""
    given, tools = server, None
    if isinstance(server, ListedServer):
        given, tools = server.server, list(server.tools)
    if is_session(given):
        return rebuilt_session(given, tools, replace, _called, check)
    if tools is None and isinstance(given, sys.modules["agents.mcp"].MCPServerStdio):
        raise CandidateError(
            f"the tools of the MCP server `{given.name}` are listed by a process, and none may be "
            "started here",
            code="U215",
            hint=f'shadow_tools([listed("tools.json", SERVER)], …), after once: {_RECORD}',
        )
    made = copy.copy(given)
    kind = type(given)
    parts = {"__module__": kind.__module__, "call_tool": _calling(replace)}
    parts |= _listing(kind, check) if tools is None else _listing_these(tools)
    made.__class__ = type(kind.__name__, (kind,), parts)
    return made


def _listing(kind: Any, check: Callable[[list[str]], None]) -> dict[str, Any]:
    async def list_tools(self: Any, run_context: Any = None, agent: Any = None) -> list[Any]:
        tools = list(await kind.list_tools(self, run_context, agent))
        self._shown = list(self.cached_tools or tools)
        check([each.name for each in self._shown])
        return tools

    return {"list_tools": list_tools}


def _listing_these(tools: list[Any]) -> dict[str, Any]:
    async def nothing(self: Any) -> None:
        self._shown = tools

    async def list_tools(self: Any, run_context: Any = None, agent: Any = None) -> list[Any]:
        self._shown = tools
        if getattr(self, "tool_filter", None) is None:
            return list(tools)
        return list(await self._apply_tool_filter(list(tools), run_context, agent))

    return {"connect": nothing, "cleanup": nothing, "list_tools": list_tools}


def _calling(replace: Replace) -> Callable[..., Any]:
    async def call_tool(
        self: Any, tool_name: str, arguments: dict[str, Any] | None, meta: Any = None
    ) -> Any:
        del meta
        tool = next((each for each in getattr(self, "_shown", ()) if each.name == tool_name), None)
        return await _called(replace, tool, tool_name, arguments)

    return call_tool


async def _called(replace: Replace, tool: Any, name: str, arguments: dict[str, Any] | None) -> Any:
    """What a server would answer to a call; `tool` is as it was listed, where it was."""

    async def given(**arguments: Any) -> Any:
        return arguments

    wrong = _wrong(tool, arguments or {})
    if wrong:
        return _result(wrong, tool, failed=True)
    try:
        answer = await replace(name, given, ())(**(arguments or {}))
    except Exception as error:  # a server answers whatever its tool raises
        if hand_at_work() is None:
            raise  # there is no case that it could be an answer in
        return _result(str(error), tool, failed=True)
    return _result(answer, tool)


def _wrong(tool: Any, arguments: dict[str, Any]) -> str:
    """What the server would find wrong with the arguments of a call."""
    import jsonschema

    schema = tool.model_dump(mode="json", by_alias=True)["inputSchema"] if tool else {}
    try:
        jsonschema.validate(arguments, schema)
    except jsonschema.ValidationError as error:
        return f"Invalid arguments for tool {tool.name}: {error.message}"
    return ""


def _result(answer: Any, tool: Any, *, failed: bool = False) -> Any:
    """An answer as servers give it; one that is recorded in that form already stays as it is."""
    from mcp.types import CallToolResult

    answer = plain(answer)
    if isinstance(answer, dict) and isinstance(answer.get("content"), list) and not failed:
        return CallToolResult.model_validate(answer)
    text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
    told: dict[str, Any] = {"content": [{"type": "text", "text": text}], "isError": failed}
    shape = tool.model_dump(mode="json", by_alias=True).get("outputSchema") if tool else None
    if shape and not failed:
        told["structuredContent"] = answer if isinstance(answer, dict) else {"result": answer}
    return CallToolResult.model_validate(told)
