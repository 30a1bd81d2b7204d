"""The kinds of tools that agents have, each opened below the validation of its arguments."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import typing
from collections.abc import Callable, Container
from typing import Any

import orjson

from understudy.candidates.callable_tools import Replace, name_of, rebuilt_callable
from understudy.candidates.mcp_clients import ListedServer, rebuilt_client
from understudy.candidates.mcp_sessions import is_session
from understudy.model.errors import CandidateError

__all__ = ["lists_later", "named", "rebuilt"]

_LANGCHAIN = frozenset({"callbacks", "config", "run_manager", "runtime"})


def named(tool: Any) -> list[str]:
    """The names of a tool, or of all the tools of a server.

    >>> named(len)
    ['len']
    """
    if _is_a(tool, "mcp.server.mcpserver", "MCPServer"):
        return [each.name for each in _tools_of(tool)]
    if _is_a(tool, "fastmcp", "FastMCP"):
        return [each.name for each in _fastmcp_tools(tool)]
    if _is_client(tool):
        return [each.name for each in getattr(tool, "tools", ())]
    name = getattr(tool, "name", None) or (name_of(tool) if callable(tool) else None)
    if not isinstance(name, str):
        raise _no_tool(tool)
    return [name]


def lists_later(tool: Any) -> bool:
    """Whether the names of a server's tools are known only when it is asked for them."""
    return _is_client(tool) and not isinstance(tool, ListedServer)


def _is_client(tool: Any) -> bool:
    client = is_session(tool) or _is_a(tool, "agents.mcp", "MCPServer")
    return client or isinstance(tool, ListedServer)


def rebuilt(tool: Any, replace: Replace, check: Callable[[list[str]], None]) -> Any:
    """The same tool with something else below it; an MCP server is changed in place.

    `check` hears the names of a server's tools where they are known only later.
    """
    if _is_a(tool, "langchain_core.tools", "BaseTool"):
        return _langchain_tool(tool, replace)
    if _is_a(tool, "agents", "FunctionTool"):
        return _function_tool(tool, replace)
    if _is_a(tool, "mcp.server.mcpserver", "MCPServer"):
        return _mcp_server(tool, replace)
    if _is_a(tool, "fastmcp", "FastMCP"):
        return _fastmcp_server(tool, replace)
    if _is_client(tool):
        return rebuilt_client(tool, replace, check)
    if callable(tool):
        return rebuilt_callable(tool, replace)
    raise _no_tool(tool)


def _is_a(tool: Any, module: str, name: str) -> bool:
    """Whether it is of a class of a library; one that nobody has imported has made no tools."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(tool, kind)


def _no_tool(tool: Any) -> CandidateError:
    return CandidateError(
        f"`{tool!r:.80}` is no tool that can be shadowed",
        code="U215",
        hint="LangChain tools, function tools of OpenAI's Agents SDK, MCP servers, sessions of "
        "their clients, callables",
    )


def _langchain_tool(tool: Any, replace: Replace) -> Any:
    schema = tool.tool_call_schema
    known = schema["properties"] if isinstance(schema, dict) else schema.model_fields
    own = [part for part in ("func", "coroutine") if getattr(tool, part, None) is not None]
    made_of = [getattr(tool, part) for part in own] or [type(tool)._run, type(tool)._arun]
    aside = _LANGCHAIN - {"self", *known} | {"self"} | _injected(made_of)
    change = _replacing(replace, tool.name, aside)
    if tool.response_format == "content_and_artifact":
        change = _in_pairs(change)
    if hasattr(tool, "func"):
        parts = {part: getattr(tool, part, None) for part in ("func", "coroutine")}
        return tool.model_copy(
            update={part: change(each) for part, each in parts.items() if each is not None}
        )
    kind = type(tool)
    # A class of its own: what is below a tool is found on its class.
    methods = {"_run": _method(kind._run, change), "_arun": _method(kind._arun, change)}
    made = tool.model_copy()
    made.__class__ = type(kind.__name__, (kind,), {"__module__": kind.__module__, **methods})
    return made


def _injected(functions: list[Callable[..., Any]]) -> set[str]:
    """The arguments that LangGraph fills in: its state, its store, the call's id, the runtime.

    What is injected by a team's own code is an argument as any other.
    """
    from langchain_core.tools import base

    plain = base.InjectedToolArg
    filled = (plain, getattr(base, "_DirectlyInjectedToolArg", plain))
    found = set()
    for function in functions:
        try:
            hints = typing.get_type_hints(function, include_extras=True)
        except (NameError, TypeError):
            hints = getattr(function, "__annotations__", {})
        for name, hint in hints.items():
            marks = [typing.get_origin(hint) or hint, *getattr(hint, "__metadata__", ())]
            kinds = [each if isinstance(each, type) else type(each) for each in marks]
            if any(issubclass(kind, filled) and kind is not plain for kind in kinds):
                found.add(name)
    return found


def _replacing(
    replace: Replace, name: str, aside: Container[str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lambda original: replace(name, original, aside)


def _in_pairs(change: Callable[..., Any]) -> Callable[..., Any]:
    """As what tools give that keep what they found beside what the model is told."""

    def changed(original: Callable[..., Any]) -> Callable[..., Any]:
        called = change(original)
        if not inspect.iscoroutinefunction(called):
            return functools.wraps(called)(lambda *args, **kwargs: _pair(called(*args, **kwargs)))

        @functools.wraps(called)
        async def later(*args: Any, **kwargs: Any) -> Any:
            return _pair(await called(*args, **kwargs))

        return later

    return changed


def _pair(answer: Any) -> Any:
    """What is a pair stays one; what is recorded as MCP answers it is taken apart.

    >>> _pair({"id": 1})
    ({'id': 1}, {'id': 1})
    >>> _pair({"content": [{"type": "text", "text": "paid"}]})
    ([{'type': 'text', 'text': 'paid'}], {'structured_content': None})
    """
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer
    if isinstance(answer, dict) and isinstance(answer.get("content"), list):
        return answer["content"], {"structured_content": answer.get("structuredContent")}
    return answer, answer


def _method(original: Callable[..., Any], change: Callable[..., Any]) -> Callable[..., Any]:
    changed = change(original)
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def later(self: Any, *args: Any, **kwargs: Any) -> Any:
            return await changed(self, *args, **kwargs)

        return later

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return changed(self, *args, **kwargs)

    return method


def _function_tool(tool: Any, replace: Replace) -> Any:
    made = copy.copy(tool)
    original = getattr(tool, "__wrapped__", None)
    if original is None:
        made.on_invoke_tool = _invoked(_replacing(replace, tool.name, ()))
    else:
        known = tool.params_json_schema.get("properties", {})
        aside = {name for name in inspect.signature(original).parameters if name not in known}
        change = _replacing(replace, tool.name, aside)
        again = sys.modules["agents"].function_tool(
            change(original), name_override=tool.name, strict_mode=tool.strict_json_schema
        )
        made.on_invoke_tool = again.on_invoke_tool
    # Copied again, because a copy takes its invoker over: failures go the way of the tool's own.
    return copy.copy(made)


def _invoked(change: Callable[..., Any]) -> Callable[..., Any]:
    """A tool whose function is its own: all that can be known of a call is its JSON."""

    async def given(**arguments: Any) -> Any:
        return arguments

    changed = change(given)

    async def invoked(context: Any, text: str) -> Any:
        del context
        return await changed(**orjson.loads(text or "{}"))

    return invoked


def _mcp_server(server: Any, replace: Replace) -> Any:
    for tool in _tools_of(server):
        tool.fn = replace(tool.name, tool.fn, (tool.context_kwarg,))
    return server


def _tools_of(server: Any) -> list[Any]:
    return list(server._tool_manager.list_tools())


def _fastmcp_server(server: Any, replace: Replace) -> Any:
    for tool in _fastmcp_tools(server):
        known = tool.parameters.get("properties", {})
        aside = {name for name in inspect.signature(tool.fn).parameters if name not in known}
        tool.fn = replace(tool.name, tool.fn, aside)
    return server


def _fastmcp_tools(server: Any) -> list[Any]:
    """The tools of a server made with FastMCP, those of servers mounted in it included.

    Raises `CandidateError` where some come from elsewhere, as a proxy's do: what lies below those
    is not here to be replaced.
    """
    found: list[Any] = []
    for provider in server.providers:
        inner = provider
        while hasattr(inner, "_inner"):
            inner = inner._inner
        if inner is server.local_provider:
            found += [each for each in inner._components.values() if each.KEY_PREFIX == "tool"]
        elif hasattr(inner, "server"):
            found += _fastmcp_tools(inner.server)
        else:
            raise _no_tool(provider)
    odd = next((each for each in found if not hasattr(each, "fn")), None)
    if odd is not None:
        raise _no_tool(odd)
    return found
