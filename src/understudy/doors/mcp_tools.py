"""The operations as tools of the Model Context Protocol: names, schemas, hints and calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from understudy.model.action import Effect
from understudy.model.errors import ConfigurationError, nearest
from understudy.systems.calling import build_request
from understudy.systems.message import Request, Response
from understudy.systems.operation import Operation
from understudy.systems.session import CaseSession
from understudy.systems.system import System

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import Tool

__all__ = ["CaseAtHand", "Offer", "hints", "offered", "tool_name", "tool_server"]

_REPEATABLE = ("PUT", "DELETE")
_TAKES_AWAY = (Effect.DELETE, Effect.PAY)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an agent is offered: operations, the credentials of its case, and who answers.

    A client that sends a credential itself, which it can where the tools are served over HTTP, is
    at the case of that one: `Authorization`, or `Stripe-Authorization` and the like where it
    talks to several systems.
    """

    operations: Sequence[Operation]
    credentials: Mapping[str, Mapping[str, str]]
    ask: Callable[[Request], Response]
    systems: Mapping[str, System]


class CaseAtHand(Mapping[str, Mapping[str, str]]):
    """The credentials of whichever case is open when they are asked for."""

    def __init__(self, present: Callable[[], CaseSession | None]) -> None:
        self._present = present

    def _held(self) -> Mapping[str, Mapping[str, str]]:
        session = self._present()
        return {} if session is None else session.credentials

    def __getitem__(self, system: str) -> Mapping[str, str]:
        return self._held()[system]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held())

    def __len__(self) -> int:
        return len(self._held())


def offered(systems: Mapping[str, System], wanted: Collection[str] = ()) -> list[Operation]:
    """The operations of the systems that fit the `wanted` names and patterns.

    Without any it is all that do not stand aside, as models and their clients take no more than
    about a hundred tools. Raises `ConfigurationError` for a pattern that fits none.
    """
    known = {each.name: each for system in systems.values() for each in system.operations}
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise ConfigurationError(
                f"no operation is named `{pattern}`{nearest(pattern, known)}",
                hint="understudy systems operations",
            )
    return [
        operation
        for name, operation in known.items()
        if (any(fnmatchcase(name, each) for each in wanted) if wanted else not operation.aside)
    ]


def tool_name(operation: Operation) -> str:
    """The operation's name with the letters that every model's interface takes."""
    return operation.name.replace(".", "_")


def hints(operation: Operation) -> dict[str, bool]:
    """What the protocol lets a server say of a tool, from the operation's class and effect.

    Destructive is what deletes, moves money, or cannot be undone.
    """
    reads = not operation.writes
    return {
        "read_only_hint": reads,
        "destructive_hint": operation.destructive or operation.effect in _TAKES_AWAY,
        "idempotent_hint": reads or operation.method in _REPEATABLE,
        "open_world_hint": operation.customer_visible,
    }


def tool_server(offer: Offer) -> Server[Any]:
    """A server that offers the operations; every call is a request with a case's credentials."""
    import anyio.to_thread
    import mcp_types as types
    from mcp.server.lowlevel import Server

    tools = [_tool(operation) for operation in offer.operations]
    by_tool = {tool_name(operation): operation for operation in offer.operations}

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        del context, params
        return types.ListToolsResult(tools=tools)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        arguments = params.arguments or {}
        # Over standard input there is no request beneath, so there are no headers.
        headers: Mapping[str, str] = getattr(context.request, "headers", {})
        text, failed = await anyio.to_thread.run_sync(
            _called, offer, by_tool, params.name, arguments, headers
        )
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
        return types.CallToolResult(content=content, is_error=failed)

    return Server("systems", on_list_tools=list_tools, on_call_tool=call_tool)


def _tool(operation: Operation) -> Tool:
    import mcp_types as types

    return types.Tool(
        name=tool_name(operation),
        description=operation.description,
        input_schema=dict(operation.params),
        annotations=types.ToolAnnotations(title=operation.name, **hints(operation)),
    )


def _called(
    offer: Offer,
    by_tool: Mapping[str, Operation],
    name: str,
    arguments: Mapping[str, Any],
    headers: Mapping[str, str],
) -> tuple[str, bool]:
    operation = by_tool.get(name)
    if operation is None:
        return f"there is no tool `{name}`{nearest(name, by_tool)}", True
    try:
        request = build_request(operation, arguments, offer.credentials, offer.systems)
    except ValueError as error:
        return str(error), True
    answer = offer.ask(_named(request, operation.system, offer, headers))
    body = answer.body.decode("utf-8", "replace")
    if answer.status >= 400:
        return f"HTTP {answer.status}: {body}", True
    return body or f"HTTP {answer.status}", False


def _named(request: Request, system: str, offer: Offer, headers: Mapping[str, str]) -> Request:
    """The request with the client's own credential in place of the offer's, where it sent one.

    It goes to the system as it is: one of another system's is refused there, as in life.
    """
    given = headers.get(f"{system}-authorization") or headers.get("authorization")
    if not given or given in _known(offer):
        return request
    return msgspec.structs.replace(request, headers={**request.headers, "authorization": given})


def _known(offer: Offer) -> set[str]:
    """How the offer's own credentials are presented: any of them names the case of all."""
    given = [(offer.systems[name], own) for name, own in offer.credentials.items()]
    return {system.authorization(own)["authorization"] for system, own in given}
