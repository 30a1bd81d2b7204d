"""Which operation of which system a recorded request was, by the table that the systems serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.operation import Call, Refusal
from understudy.systems.session import CaseSession
from understudy.systems.system import System
from understudy.traffic.raw_record import Malformed

__all__ = ["Recognised", "Recogniser"]


_VERSION_LENGTH, _LONGEST_WORD = 3, 40


@dataclass(frozen=True, slots=True)
class Recognised:
    """The system that a request reached, and the operation where it serves one."""

    system: str
    operation: str | None = None


@dataclass(slots=True)
class Recogniser:
    """Looks requests up in the route table; counts what it does not find by host and path.

    `hosts` maps a host of the user's own, such as a gateway or a staging copy, to the vendor's.
    """

    hosts: Mapping[str, str] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    _systems: Mapping[str, System] = field(init=False)
    _session: CaseSession = field(init=False)

    def __post_init__(self) -> None:
        engine = Engine(World({}))
        self._systems = engine.systems
        self._session = engine.open_case("recognising")

    def recognise(self, method: str, url: str, body: Any) -> Recognised:
        """The operation of a request; raises `Malformed` where the URL names no host."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            host = ""
            parts = urlsplit("")
        if not host:
            raise Malformed("the URL names no host")
        system = self._at(self.hosts.get(host, host))
        request = Request(method.upper(), host, parts.path, parts.query, {}, _bytes(body))
        operation = self._operation(system, request) if system else None
        if operation is None:
            self.unknown[f"{method.upper()} {host}{_shape(parts.path)}"] += 1
        return Recognised(system.name if system else host, operation)

    def _at(self, host: str) -> System | None:
        for system in self._systems.values():
            suffix = system.host.removeprefix("*")
            if host == system.host or (suffix != system.host and host.endswith(suffix)):
                return system
        return None

    def _operation(self, system: System, request: Request) -> str | None:
        segments = system.segments(request.path)
        route = system.dispatcher.find(request.method, segments)
        if route is None:
            return None
        try:
            query = system.query(request)
        except Refusal:
            query = {}
        body = request.body and orjson.loads(request.body)
        call = Call(self._session, request, route.path(segments), query, body)
        return route.pick(call).name


def _bytes(body: Any) -> bytes:
    try:
        return orjson.dumps(body) if isinstance(body, dict | list) else b""
    except TypeError:
        return b""


def _shape(path: str) -> str:
    """The path with what looks like an id left open, so that calls of one kind count as one.

    >>> _shape("/v1/charges/ch_1/refunds")
    '/v1/charges/{id}/refunds'
    """
    return "/".join("{id}" if _is_id(part) else part for part in path.split("/"))


def _is_id(part: str) -> bool:
    version = len(part) <= _VERSION_LENGTH and part.startswith("v")
    return not version and (any(char.isdigit() for char in part) or len(part) > _LONGEST_WORD)
