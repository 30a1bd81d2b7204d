"""Which operation of which system a recorded request was, by the table that the systems serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from understudy.model.errors import ConfigurationError, nearest
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.operation import Call, Refusal
from understudy.systems.session import CaseSession
from understudy.systems.system import System
from understudy.traffic.http.address import Address, address_of
from understudy.traffic.pairs import parse_pairs
from understudy.traffic.raw_record import Malformed

__all__ = ["Recognised", "Recogniser", "parse_bases", "place_of_call", "shape_of"]


_EXAMPLE = "--map http://127.0.0.1:8080/stripe=stripe"
_VERSION_LENGTH, _LONGEST_WORD = 3, 40


@dataclass(frozen=True, slots=True)
class Recognised:
    """The system that a request reached, the operation where it serves one, and the vendor's URL.

    `url` is the request's own, but where a base URL of the user's stands for the vendor's.
    """

    system: str
    url: str
    operation: str | None = None


@dataclass(slots=True)
class Recogniser:
    """Looks requests up in the route table; counts what it does not find by host and path.

    `bases` maps base URLs of the user's own, such as a gateway's or a staging copy's, to a
    system's name or to the vendor's base URL; the longest that fits is meant.
    """

    bases: Mapping[str, str] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    _systems: Mapping[str, System] = field(init=False)
    _session: CaseSession = field(init=False)
    _places: list[tuple[str, str]] = field(init=False)
    _hosts: dict[str, System | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        engine = Engine(World({}))
        self._systems = engine.systems
        self._session = engine.open_case("recognising")
        places = [(_place(own), self._base(vendor)) for own, vendor in self.bases.items()]
        self._places = sorted(places, key=lambda pair: -len(pair[0]))

    def recognise(self, method: str, url: str, body: Any) -> Recognised:
        """The operation of a request; raises `Malformed` where the URL names no host."""
        try:
            meant = self._meant(url)
            parts = address_of(meant)
        except ValueError:
            raise Malformed("the URL names no host") from None
        host = parts.host
        if not host:
            raise Malformed("the URL names no host")
        if host not in self._hosts:
            self._hosts[host] = self._at(host)
        system = self._hosts[host]
        operation = self._operation(system, method.upper(), parts, body) if system else None
        if operation is None:
            self.unknown[place_of_call(method, meant)] += 1
        return Recognised(system.name if system else host, meant, operation)

    def _base(self, vendor: str) -> str:
        """The vendor's base URL, given as it is or by the system's name."""
        known = self._systems.get(vendor)
        if known is None and "://" not in vendor:
            raise ConfigurationError(
                f"`{vendor}` is neither a system{nearest(vendor, self._systems)} nor a base URL;"
                f" systems are {', '.join(self._systems)}",
                code="U122",
                hint=_EXAMPLE,
            )
        return (known.base_url if known else vendor).rstrip("/")

    def _meant(self, url: str) -> str:
        """The URL at the vendor's that stands behind one at a base of the user's own."""
        if not self._places:
            return url
        parts = urlsplit(url)
        asked = f"{parts.netloc.rpartition('@')[2].lower()}{parts.path}"
        for place, vendor in self._places:
            if asked == place or asked.startswith(f"{place}/"):
                rest = asked[len(place) :] + (f"?{parts.query}" if parts.query else "")
                return vendor + rest
        return url

    def _at(self, host: str) -> System | None:
        for system in self._systems.values():
            suffix = system.host.removeprefix("*")
            if host == system.host or (suffix != system.host and host.endswith(suffix)):
                return system
        return None

    def _operation(self, system: System, method: str, url: Address, body: Any) -> str | None:
        segments = system.segments(url.path)
        route = system.dispatcher.find(method, segments)
        if route is None:
            return None
        if len(route.operations) == 1:
            return route.operations[0].name
        request = Request(method, url.host, url.path, url.query, {}, _bytes(body))
        try:
            query = system.query(request)
        except Refusal:
            query = {}
        sent = request.body and orjson.loads(request.body)
        return route.pick(Call(self._session, request, route.path(segments), query, sent)).name


def parse_bases(given: Sequence[str]) -> dict[str, str]:
    """Base URLs of the user's own with what they stand for, from `URL=SYSTEM` each.

    >>> parse_bases(["http://127.0.0.1:8080/stripe=stripe"])
    {'http://127.0.0.1:8080/stripe': 'stripe'}
    """
    return parse_pairs(given, "URL=SYSTEM", _EXAMPLE)


def _place(base: str) -> str:
    """Host, port and path of a base URL of the user's own."""
    parts = urlsplit(base if "//" in base else f"//{base}")
    if not parts.hostname:
        raise ConfigurationError(
            f"`{base}` names no host; a base URL is mapped as http://HOST:PORT/PATH=SYSTEM",
            code="U122",
            hint=_EXAMPLE,
        )
    return parts.netloc.lower() + parts.path.rstrip("/")


def place_of_call(method: str, url: str) -> str:
    """Method, host and path of a call, its ids left open.

    >>> place_of_call("get", "https://api.stripe.com/v1/charges/ch_1?limit=3")
    'GET api.stripe.com/v1/charges/{id}'
    """
    parts = address_of(url)
    return f"{method.upper()} {parts.host}{shape_of(parts.path)}"


def _bytes(body: Any) -> bytes:
    try:
        return orjson.dumps(body) if isinstance(body, dict | list) else b""
    except TypeError:
        return b""


def shape_of(path: str) -> str:
    """The path with what looks like an id left open, so that calls of one kind count as one.

    >>> shape_of("/v1/charges/ch_1/refunds")
    '/v1/charges/{id}/refunds'
    """
    return "/".join("{id}" if _is_id(part) else part for part in path.split("/"))


def _is_id(part: str) -> bool:
    version = len(part) <= _VERSION_LENGTH and part.startswith("v")
    return not version and (any(char.isdigit() for char in part) or len(part) > _LONGEST_WORD)
