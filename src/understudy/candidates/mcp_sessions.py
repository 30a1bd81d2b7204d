"""Sessions and clients of MCP's own package and of FastMCP, whose calls are replaced.

What such a session lists is what its server has told of; whatever else it is asked for, where it
has a list in place of a server, is refused and told as a coverage gap.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from understudy.candidates.callable_tools import Replace

__all__ = ["Called", "bare_session", "is_session", "rebuilt_session", "tools_of"]

Called = Callable[[Replace, Any, str, dict[str, Any] | None], Awaitable[Any]]
"""Answers a call in place of a server: the tool as it was listed, its name and the arguments."""


class _Kind(NamedTuple):
    module: str
    name: str
    listing: str
    calling: str


_FOR_ITS_LIST = ("initialize", "ping", "server/discover", "tools/list")
_SESSION = _Kind("mcp.client.session", "ClientSession", "list_tools", "call_tool")
_KINDS = (
    _SESSION,
    _Kind("mcp.client.client", "Client", "list_tools", "call_tool"),
    _Kind("fastmcp.client.client", "Client", "list_tools_mcp", "call_tool_mcp"),
)


def is_session(tool: Any) -> bool:
    """Whether it is a session or a client; of a package that nobody has imported there is none."""
    return _kind_of(tool) is not None


def _kind_of(tool: Any) -> _Kind | None:
    return next((each for each in _KINDS if _is_of(tool, each)), None)


def _is_of(tool: Any, kind: _Kind) -> bool:
    found = getattr(sys.modules.get(kind.module), kind.name, None)
    return found is not None and isinstance(tool, found)


def bare_session() -> Any:
    """A session that is connected to nothing."""
    import anyio
    from mcp.client.session import ClientSession

    send, receive = anyio.create_memory_object_stream[Any](0)
    made = ClientSession(receive, send)
    send.close()
    receive.close()
    return made


async def tools_of(session: Any) -> list[Any]:
    """All that its server lists, page by page; a session is entered already, a client is not."""
    if _is_of(session, _SESSION):
        return await _pages(session)
    async with session:
        return await _pages(session)


async def _pages(session: Any) -> list[Any]:
    kind, found, cursor = _kind_of(session), [], None
    while kind is not None:
        page = await getattr(session, kind.listing)(**_asking(kind, cursor))
        found += page.tools
        cursor = _next(page)
        if not cursor:
            break
    return found


def _asking(kind: _Kind, cursor: str | None) -> dict[str, Any]:
    if cursor is None:
        return {}
    if kind is not _SESSION:
        return {"cursor": cursor}
    from mcp.types import PaginatedRequestParams

    return {"params": PaginatedRequestParams(cursor=cursor)}


def _next(page: Any) -> str | None:
    cursor = page.model_dump(by_alias=True).get("nextCursor")
    return cursor if isinstance(cursor, str) else None


def rebuilt_session(
    given: Any,
    tools: list[Any] | None,
    replace: Replace,
    called: Called,
    check: Callable[[list[str]], None],
) -> Any:
    """The same session for the agent, with these tools or those that its server lists.

    `check` hears the names of the server's tools once they are known.
    """
    kind, own = _kind_of(given), type(given)
    if kind is None:
        raise TypeError(f"{own.__name__} is no session")
    shown = {each.name: each for each in tools or ()}

    async def call(
        self: Any, name: str, arguments: dict[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        del self, args, kwargs
        return await called(replace, shown.get(name), name, arguments)

    async def listing(self: Any, *args: Any, **kwargs: Any) -> Any:
        page = await getattr(own, kind.listing)(self, *args, **kwargs)
        shown.update({each.name: each for each in page.tools})
        if not _next(page):
            check(list(shown))
        return page

    parts: dict[str, Any] = {"__module__": own.__module__, kind.calling: call}
    parts |= {kind.listing: listing} if tools is None else _in_place(kind, tools, replace)
    if kind is _SESSION and tools is None:
        parts["send_request"] = _only_listing(own, replace)
    if kind is not _SESSION:
        parts["session"] = property(_inner(own, tools, replace, called, check))
    made: Any = object.__new__(type(own.__name__, (own,), parts))
    # What is agreed with a server is agreed at the first request, and is known to both.
    made.__dict__ = given.__dict__
    return made


def _only_listing(own: Any, replace: Replace) -> Callable[..., Awaitable[Any]]:
    """A server that can be reached is asked for its list; every other request is refused."""

    async def request(self: Any, asked: Any, *args: Any, **kwargs: Any) -> Any:
        method = getattr(asked, "root", asked).method
        if method in _FOR_ITS_LIST:
            return await own.send_request(self, asked, *args, **kwargs)
        return await _refusing(replace, method)

    return request


def _inner(
    own: Any,
    tools: list[Any] | None,
    replace: Replace,
    called: Called,
    check: Callable[[list[str]], None],
) -> Callable[[Any], Any]:
    """A client's session is no way past it."""

    def session(self: Any) -> Any:
        inner = bare_session() if tools is not None else own.session.fget(self)
        return rebuilt_session(inner, tools, replace, called, check)

    return session


def _in_place(kind: _Kind, tools: list[Any], replace: Replace) -> dict[str, Any]:
    """What stands in place of a server that is not there."""

    async def enter(self: Any) -> Any:
        return self

    async def leave(self: Any, *args: Any) -> None:
        del self, args

    async def initialize(self: Any, *args: Any, **kwargs: Any) -> Any:
        del self, args, kwargs
        return _greeting()

    async def listing(self: Any, *args: Any, **kwargs: Any) -> Any:
        from mcp.types import ListToolsResult

        del self, args, kwargs
        return ListToolsResult(tools=list(tools))

    async def request(self: Any, asked: Any, *args: Any, **kwargs: Any) -> Any:
        del self, args, kwargs
        return await _refusing(replace, getattr(asked, "root", asked).method)

    parts = {"__aenter__": enter, "__aexit__": leave, kind.listing: listing}
    return parts | ({"initialize": initialize, "send_request": request} if kind is _SESSION else {})


def _refusing(replace: Replace, method: str) -> Awaitable[Any]:
    """A request that no tool answers is mapped to nothing, whatever its name."""

    async def nothing() -> None:
        """What a server would have done."""

    answer: Awaitable[Any] = replace(f"MCP {method}", nothing, ())()
    return answer


def _greeting() -> Any:
    from mcp.types import InitializeResult

    return InitializeResult.model_validate(
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "server", "version": "1"},
        }
    )
