"""From an operation's name and parameters to the request that a client would send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from understudy.model.errors import nearest
from understudy.systems.message import Request
from understudy.systems.operation import Operation, Wire
from understudy.systems.routes import mounted
from understudy.systems.system import System

__all__ = ["build_request", "find_operation"]

Systems = Mapping[str, System]
_OWN: dict[str, System] = {}
_PLAIN = re.compile(r"[\w.~-]+", re.ASCII)
"""What stands in a path as it is: most ids."""


def find_operation(name: str, systems: Systems | None = None) -> Operation:
    """The operation of that name; `LookupError` with the nearest name where there is none.

    >>> find_operation("stripe.refunds.create").method
    'POST'
    """
    known = systems or _built_in()
    system = known.get(name.partition(".")[0])
    found = system.by_name.get(name) if system else None
    if found is None:
        names = [each for system in known.values() for each in system.by_name]
        raise LookupError(f"no operation `{name}`{nearest(name, names)}")
    return found


def build_request(
    operation: Operation,
    params: Mapping[str, Any],
    credentials: Mapping[str, Mapping[str, str]],
    systems: Systems | None = None,
    *,
    strict: bool = True,
) -> Request:
    """The request of one call. `credentials` are a case's, by system.

    `systems` are an engine's, where it has others than the built-in ones. What was captured of a
    request is made again without being `strict`: its fields need not be parameters. Raises
    `ValueError` where a parameter of the path is missing: without it there is no path to send to;
    and where one is unknown that has no place in the request. Anything else is left to the system
    to refuse.
    """
    system = (systems or _built_in())[operation.system]
    path, rest = _filled(operation, params)
    query, body, kind = system.encode(_wire(operation, rest, strict), operation.method)
    own = credentials.get(operation.system)
    headers = {**(system.authorization(own) if own else {}), "accept": "application/json", **kind}
    host = system.base_url.partition("://")[2]
    return Request(operation.method, host, path, query, headers, body)


def _filled(operation: Operation, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    path, rest = operation.template, dict(params)
    names = _names(path)
    missing = [name for name in names if rest.get(name) in (None, "")]
    if missing:
        raise ValueError(f"{operation.name} needs `{'`, `'.join(missing)}`")
    for name in names:
        given = str(rest.pop(name))
        written = given if _PLAIN.fullmatch(given) else quote(given, safe="")
        path = path.replace(f"{{{name}}}", written)
    return path, rest


@cache
def _names(template: str) -> tuple[str, ...]:
    return tuple(part[1:-1] for part in template.split("/") if part.startswith("{"))


def _wire(operation: Operation, rest: dict[str, Any], strict: bool) -> Wire:
    if operation.wire is not None:
        # It would be dropped or misplaced, so the system could not refuse it.
        taken = operation.params["properties"]
        for name in rest:
            if strict and name not in taken and name not in operation.accepts:
                raise ValueError(
                    f"{operation.name} takes no `{name}`"
                    f"{nearest(name, {*taken, *operation.accepts})}; it takes {', '.join(taken)}"
                )
        return operation.wire(rest)
    return Wire(query=rest) if operation.method == "GET" else Wire(body=rest or None)


def _built_in() -> Systems:
    if not _OWN:
        _OWN.update(mounted())
    return _OWN
