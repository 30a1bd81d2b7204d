"""From an operation's name and parameters to the request that a client would send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from understudy.model.errors import nearest
from understudy.systems.message import Request
from understudy.systems.operation import Operation, Wire
from understudy.systems.routes import KNOWN, operations
from understudy.systems.system import System

__all__ = ["build_request", "find_operation", "tool_schemas"]

_SYSTEMS: dict[str, System] = {}


def find_operation(name: str) -> Operation:
    """The operation of that name; `LookupError` with the nearest name where there is none.

    >>> find_operation("stripe.refunds.create").method
    'POST'
    """
    found = _system(name.partition(".")[0], name).by_name.get(name)
    if found is None:
        raise LookupError(f"no operation `{name}`{nearest(name, _names())}")
    return found


def build_request(
    operation: Operation,
    params: Mapping[str, Any],
    credentials: Mapping[str, Mapping[str, str]],
    base_urls: Mapping[str, str] | None = None,
) -> Request:
    """The request of one call. `credentials` are a case's, by system.

    Raises `ValueError` where a parameter of the path is missing: without it there is no path to
    send to. Anything else is left to the system to refuse.
    """
    system = _system(operation.system, operation.name)
    base = (base_urls or {}).get(operation.system, system.base_url)
    names = [p[1:-1] for p in operation.template.split("/") if p.startswith("{")]
    missing = [name for name in names if params.get(name) in (None, "")]
    if missing:
        raise ValueError(f"{operation.name} needs `{'`, `'.join(missing)}`")
    path = operation.template
    for name in names:
        path = path.replace(f"{{{name}}}", quote(str(params[name]), safe=""))
    rest = {name: value for name, value in params.items() if name not in names}
    query, body, kind = system.encode(_wire(operation, rest), operation.method)
    own = credentials.get(operation.system)
    headers = {**(system.authorization(own) if own else {}), "accept": "application/json", **kind}
    return Request(operation.method, base.partition("://")[2], path, query, headers, body)


def tool_schemas(systems: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    """What a model may call: name, description and JSON Schema of the parameters."""
    return [
        {"name": each.name, "description": each.description, "parameters": dict(each.params)}
        for each in operations(systems)
    ]


def _wire(operation: Operation, rest: dict[str, Any]) -> Wire:
    if operation.wire is not None:
        return operation.wire(rest)
    return Wire(query=rest) if operation.method == "GET" else Wire(body=rest or None)


def _system(name: str, asked: str) -> System:
    if name not in KNOWN:
        raise LookupError(f"no operation `{asked}`{nearest(asked, _names())}")
    if name not in _SYSTEMS:
        _SYSTEMS[name] = KNOWN[name]()
    return _SYSTEMS[name]


def _names() -> list[str]:
    return [each.name for each in operations()]
