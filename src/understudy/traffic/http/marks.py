"""What of an exchange decides to which case it belongs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec
import orjson

from understudy.model.interaction import Interaction
from understudy.redact.search import finder_for, search_for
from understudy.systems.system import System
from understudy.traffic.http.address import address_of, segments_of
from understudy.traffic.http.inbound import Inbound, inbound_of, is_inbound, ticket_in

__all__ = [
    "HINTS",
    "NUMBER",
    "Answer",
    "Mark",
    "Marker",
    "hints_in",
    "ticket_of",
    "touched_by",
    "writes",
]

_READS = ("GET", "HEAD", "OPTIONS")
_PREFIX = r"\b(?:ch|py|pi|in|sub|re|cus|dp|du|cn)_"
_STRIPE_ID = re.compile(rf"{_PREFIX}\w{{6,64}}")
_find_numbers = re.compile(rb"[0-9](?<![0-9A-Za-z_].)[0-9]{5,}(?![A-Za-z_])").findall
_DOMAIN = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[\w.+-]+")
NUMBER = re.compile(r"\b\d{6,}\b")
"""Numbers that may be an id; shorter ones are counts and amounts as often."""
HINTS = (rf"{_PREFIX}[\w\x80-\xff]{{6}}", "@", r"[0-9\x80-\xff]{6}")
"""What a value holds that names anything: ids of Stripe's, addresses, long numbers."""
_LISTED = 3
_TOLD = ("subject", "description", "external_id", "custom_fields")
_LONGEST = 200_000
_CUSTOMER = re.compile(r"\bcus_\w{6,64}")
_STRIPE, _MAIL, _LONG = range(3)


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """One exchange as the sorting into cases needs it; small, for all of them are read again."""

    at: datetime | None
    system: str
    correlation: str | None
    actor: str | None
    writes: bool
    labelled: bool
    ticket: str | None = None
    """The ticket that it names, as a place."""
    inbound: str | None = None
    """What an event that it delivered is about."""
    asked: tuple[str, ...] = ()
    """What the request names; told only where no ticket and no event says where it belongs."""
    touched: str | None = None
    """What it is about where nothing else says so; told like `asked`."""
    names: tuple[str, ...] = ()
    """What a later exchange may name to show that it belongs here."""
    told: tuple[str, ...] = ()
    """What the case's own messages name."""


@dataclass(slots=True, eq=False)
class Answer:
    """An answer's body as JSON, and which of the `HINTS` it may hold; many come again."""

    data: bytes
    hinted: tuple[int, ...]
    _ids: frozenset[str] | None = None
    _told: frozenset[str] | None = None

    def ids(self) -> frozenset[str]:
        """The ids and addresses in it."""
        if self._ids is None:
            self._ids = frozenset(_ids_in(self.data[:_LONGEST], self.hinted))
        return self._ids

    def told(self, ticket: Mapping[str, Any]) -> frozenset[str]:
        """What the words of the ticket that it shows name."""
        if self._told is None:
            data = _json([ticket.get("id"), *(ticket.get(name) for name in _TOLD)])
            numbers = _find_numbers(data) if _LONG in self.hinted else ()
            self._told = frozenset(_ids_in(data, self.hinted)) | {n.decode() for n in numbers}
        return self._told


_NOTHING = Answer(b"", ())


@dataclass(frozen=True, slots=True)
class Marker:
    """Makes marks of redacted exchanges."""

    systems: Mapping[str, System]

    def mark(self, one: Interaction, answer: Answer | None = None) -> Mark:
        """The mark of one exchange; `answer` spares looking at what was looked at before."""
        inbound = inbound_of(one)
        ticket = _ticket_of(one, inbound)
        known = one.system in self.systems
        alone = known and inbound is None and ticket is None
        shown = (answer or self._answer(one)) if known else _NOTHING
        return Mark(
            at=one.started_at,
            system=one.system,
            correlation=one.correlation_id,
            actor=one.actor,
            writes=writes(one, self.systems),
            labelled=one.labels is not None,
            ticket=None if ticket is None else f"zendesk.tickets/{ticket}",
            inbound=None if inbound is None else inbound.entity,
            asked=tuple(sorted(_names(_asked(one)))) if alone else (),
            touched=touched_by(one) if alone else None,
            names=tuple(sorted(_named(one, shown))) if known else (),
            told=tuple(sorted(_told(one, shown))) if shown.hinted else (),
        )

    def _answer(self, one: Interaction) -> Answer:
        """An answer that nobody has looked at."""
        data = _json(one.response.body) if one.response else b""
        return Answer(data, hints_in(data))


def hints_in(data: bytes) -> tuple[int, ...]:
    """Which of the `HINTS` an answer may hold; most hold none."""
    found = search_for(HINTS).matches(data)
    return (_STRIPE, _MAIL, _LONG) if found is None else tuple(n - 1 for n in found[1:])


def writes(one: Interaction, systems: Mapping[str, System]) -> bool:
    """Whether a request changes anything, as the operation says, or else its method."""
    system = systems.get(one.system)
    known = system.by_name.get(one.operation or "") if system else None
    if is_inbound(one.request.headers) and inbound_of(one) is not None:
        return False
    return known.writes if known else one.request.method.upper() not in _READS


def ticket_of(one: Interaction) -> str | None:
    """The ticket that an exchange names: in its path, its body, its metadata, or as the answer."""
    return _ticket_of(one, inbound_of(one))


def _ticket_of(one: Interaction, found: Inbound | None) -> str | None:
    parts = segments_of(one.request.url)
    if one.system == "zendesk" and "tickets" in parts[:-1]:
        following = parts[parts.index("tickets") + 1]
        if following.isdecimal():
            return following
    if found is not None:
        table, _, row_id = found.entity.partition("/")
        return row_id if table == "zendesk.tickets" else None
    found_in_body = ticket_in(one.request.body)
    if found_in_body is None and one.system == "zendesk" and one.response is not None:
        body = one.response.body
        single = body.get("ticket") if isinstance(body, dict) else None
        if isinstance(single, dict) and single.get("id") is not None:
            return str(single["id"])
    return found_in_body


def _asked(one: Interaction) -> str:
    url, body = one.request.url, one.request.body
    asked = unquote(url) if "%" in url else url
    return asked if body is None else f"{asked} {_text(body)}"


def _named(one: Interaction, shown: Answer) -> set[str]:
    """Ids and addresses in the request and in an answer that is no long list."""
    found = _ids(_asked(one)) | set(NUMBER.findall(address_of(one.request.url).path))
    if (_STRIPE in shown.hinted or _MAIL in shown.hinted) and _lists_few(one):
        found |= shown.ids()
    return found


def _told(one: Interaction, shown: Answer) -> frozenset[str]:
    """What a ticket's own words name, where the exchange shows it."""
    body = one.response.body if one.response else None
    ticket = body.get("ticket") if isinstance(body, dict) else None
    if one.system != "zendesk" or not isinstance(ticket, dict):
        return frozenset()
    return shown.told(ticket)


def _lists_few(one: Interaction) -> bool:
    """Whether an answer names something: a long list names everybody, and so nobody."""
    body = one.response.body if one.response else None
    lists = (body.get(name) for name in ("data", "results")) if isinstance(body, dict) else ()
    return not any(isinstance(each, list) and len(each) > _LISTED for each in lists)


def _text(value: Any) -> str:
    return _json(value).decode("utf-8", "replace")


def _json(value: Any) -> bytes:
    try:
        return b"" if value is None else orjson.dumps(value)[:_LONGEST]
    except TypeError:
        return b""


def _ids_in(data: bytes, hinted: tuple[int, ...]) -> set[str]:
    """The same of what may be long, where it was seen that it may hold them."""
    found: set[str] = set()
    if _STRIPE in hinted:
        find = finder_for(_STRIPE_ID.pattern.encode())
        found.update(each.decode("ascii", "replace") for each in find(data))
    return found | _addresses(data.decode("utf-8", "replace")) if _MAIL in hinted else found


def _addresses(text: str) -> set[str]:
    """Addresses, each sought from its `@`."""
    found = set()
    for domain in _DOMAIN.finditer(text):
        begin = domain.start()
        local = _LOCAL.match(text[max(0, begin - _LONGEST_LOCAL) : begin][::-1])
        if local:
            found.add(f"{local[0][::-1]}{domain[0]}".lower())
    return found


def _ids(text: str) -> set[str]:
    """Stripe's ids and addresses."""
    found = set(_STRIPE_ID.findall(text)) if "_" in text else set()
    return found | _addresses(text) if "@" in text else found


def _names(text: str) -> set[str]:
    """Ids, addresses and long numbers: what an answer counts or times is no name of anything."""
    return _ids(text) | set(NUMBER.findall(text))


def touched_by(one: Interaction) -> str | None:
    """The customer that a call names, else the object at the end of its path."""
    asked = _asked(one)
    shown = _json(one.response.body) if one.response and _single(one) else b""
    customer = _CUSTOMER.search(asked)
    if customer is None and b"cus_" in shown:
        customer = _CUSTOMER.search(shown.decode("utf-8", "replace"))
    if customer:
        return f"stripe.customers/{customer[0]}"
    parts = segments_of(one.request.url)
    for kind, row_id in zip(reversed(parts[:-1]), reversed(parts[1:]), strict=True):
        if any(char.isdigit() for char in row_id) and not kind.startswith("v"):
            return f"{one.system}.{kind}/{row_id}"
    named = sorted(_STRIPE_ID.findall(asked))
    return f"stripe.objects/{named[0]}" if named else None


def _single(one: Interaction) -> bool:
    """Whether the answer shows one object and no list."""
    body = one.response.body if one.response else None
    return isinstance(body, dict) and body.get("object") not in ("list", "search_result", None)
