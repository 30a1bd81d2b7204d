"""Which recorded exchanges are one case: by correlation, by entity and gap, or by whose hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from understudy.model.case import LinkConfidence
from understudy.model.interaction import Interaction
from understudy.systems.system import System
from understudy.traffic.grouping import DEFAULT_GAP
from understudy.traffic.inbound import inbound_of, ticket_in

__all__ = ["Bundle", "Key", "Placed", "Sorter", "ticket_of", "touched_by", "writes"]

_READS = ("GET", "HEAD", "OPTIONS")
_STRIPE_ID = re.compile(r"\b(?:ch|py|pi|in|sub|re|cus|dp|du|cn)_\w{6,64}")
_LOOKS = re.compile(r"(?:ch|py|pi|in|sub|re|cus|dp|du|cn)_\w{6}")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_NUMBER = re.compile(r"\b\d{6,}\b")
_LISTED = 3
_TOLD = ("id", "subject", "description", "external_id", "custom_fields")
_LONGEST = 200_000
_AT_HAND = timedelta(minutes=30)
_CUSTOMER = re.compile(r"\bcus_\w{6,64}")
Key = Callable[[Interaction], str | None]


@dataclass(slots=True)
class Bundle:
    """One case in the making, as far as it has come."""

    number: int
    entity: str
    last: datetime | None
    names: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """What the case's own messages name."""
    wrote: bool = False
    correlated: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an exchange belongs: its bundle, or why to none; and how surely."""

    bundle: Bundle | None
    link: LinkConfidence | None = None
    reason: str = ""


@dataclass(slots=True)
class Sorter:
    """Takes exchanges in order. Memory is held for bundles that may still grow only."""

    systems: Mapping[str, System]
    shares: Callable[[str | None], bool]
    timed: bool
    gap: timedelta = DEFAULT_GAP
    key: Key | None = None
    """What a user says that an exchange belongs to; it goes before everything else."""
    count: int = 0
    kept: dict[int, bool] = field(default_factory=dict)
    """The bundles in which somebody wrote, or of which the source tells, by whether correlated."""
    _open: dict[str, Bundle] = field(default_factory=dict)
    _named: dict[str, Bundle] = field(default_factory=dict)
    _hands: dict[str | None, tuple[Bundle, datetime | None]] = field(default_factory=dict)
    _swept: datetime | None = None

    def place(self, one: Interaction) -> Placed:
        """The bundle of one exchange."""
        self._sweep(one.started_at)
        placed = self._correlated(one) or self._by_entity(one)
        if placed.bundle is not None:
            self._learn(placed.bundle, one)
        return placed

    def _correlated(self, one: Interaction) -> Placed | None:
        """By what a user says, or by an id that several exchanges carry."""
        own = self.key(one) if self.key else None
        if own is None and self.shares(one.correlation_id):
            own = one.correlation_id
        if own is None:
            return None
        entity = self._entity(one) or ""
        bundle = self._at(f"\0{own}", entity, one, False)
        bundle.correlated, bundle.entity = True, bundle.entity or entity
        return Placed(bundle)

    def _by_entity(self, one: Interaction) -> Placed:
        """By the event, the ticket, the customer, or the hand."""
        inbound, entity = inbound_of(one), self._entity(one)
        if inbound is not None:
            entity = entity or inbound.entity
            return Placed(self._at(entity, entity, one, True), LinkConfidence.EXPLICIT_ID)
        if one.system not in self.systems:
            return Placed(None, reason=f"calls to what no system stands for: {one.system}")
        if entity is not None:
            return Placed(self._at(entity, entity, one, False), LinkConfidence.EXPLICIT_ID)
        return self._related(one)

    def _entity(self, one: Interaction) -> str | None:
        ticket = ticket_of(one)
        return None if ticket is None else f"zendesk.tickets/{ticket}"

    def _at(self, key: str, entity: str | None, one: Interaction, begins: bool) -> Bundle:
        """The open bundle of a key; a new one where it is over, or an event begins it anew."""
        found = self._open.get(key)
        if found is None or self._over(found, one) or (begins and found.wrote):
            self.count += 1
            found = self._open[key] = Bundle(self.count, entity or "", one.started_at)
        return found

    def _over(self, bundle: Bundle, one: Interaction) -> bool:
        if bundle.correlated or not self.timed or bundle.last is None or one.started_at is None:
            return False
        return one.started_at - bundle.last > self.gap

    def _related(self, one: Interaction) -> Placed:
        """By what it names, by the hand that did it, or else by its own customer or object."""
        asked = _names(_asked(one))
        hand = self._hand(one)
        found = [self._named[name] for name in asked if name in self._named]
        found = [bundle for bundle in found if not self._over(bundle, one)]
        if found:
            best = hand if hand is not None and hand in found else found[-1]
            return Placed(best, _confidence(asked, best))
        if hand is not None:
            return Placed(hand, LinkConfidence.TIME_ONLY)
        entity = touched_by(one)
        if entity is None:
            return Placed(None, reason="calls that name no ticket, customer or object")
        return Placed(self._at(entity, entity, one, False), LinkConfidence.EXPLICIT_ID)

    def _hand(self, one: Interaction) -> Bundle | None:
        """What the same person was at just before."""
        bundle, at = self._hands.get(one.actor, (None, None))
        if bundle is None or at is None or one.started_at is None:
            return bundle
        return bundle if one.started_at - at <= _AT_HAND else None

    def _learn(self, bundle: Bundle, one: Interaction) -> None:
        bundle.last = one.started_at or bundle.last
        bundle.wrote = bundle.wrote or writes(one, self.systems)
        if bundle.wrote or one.labels is not None:
            self.kept[bundle.number] = bundle.correlated
        if one.actor is not None or not inbound_of(one):
            self._hands[one.actor] = (bundle, one.started_at)
        if bundle.correlated or one.system not in self.systems:
            return
        bundle.told |= _names(_said(one)) | set(_NUMBER.findall(bundle.entity))
        asked, path = _ids(_asked(one)), urlsplit(one.request.url).path
        names = asked | set(_NUMBER.findall(path)) | _ids(_answered(one)) | bundle.told
        bundle.names |= names
        self._named.update(dict.fromkeys(names, bundle))

    def _sweep(self, now: datetime | None) -> None:
        """Forget what is over, now and then."""
        if not self.timed or now is None:
            return
        if self._swept is not None and now - self._swept < self.gap:
            return
        self._swept = now
        since = now - self.gap
        self._open = {k: b for k, b in self._open.items() if _fresh(b, since)}
        self._named = {k: b for k, b in self._named.items() if _fresh(b, since)}


def writes(one: Interaction, systems: Mapping[str, System]) -> bool:
    """Whether a request changes anything, as the operation says, or else its method."""
    system = systems.get(one.system)
    known = system.by_name.get(one.operation or "") if system else None
    if inbound_of(one) is not None:
        return False
    return known.writes if known else one.request.method.upper() not in _READS


def ticket_of(one: Interaction) -> str | None:
    """The ticket that an exchange names: in its path, its body, its metadata, or as the answer."""
    parts = urlsplit(one.request.url).path.removesuffix(".json").strip("/").split("/")
    if one.system == "zendesk" and "tickets" in parts[:-1]:
        following = parts[parts.index("tickets") + 1]
        if following.isdecimal():
            return following
    found = inbound_of(one)
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


def _fresh(bundle: Bundle, since: datetime) -> bool:
    return bundle.last is None or bundle.last >= since


def _confidence(asked: set[str], bundle: Bundle) -> LinkConfidence:
    if asked & bundle.told or bundle.entity.partition("/")[2] in asked:
        return LinkConfidence.EXPLICIT_ID
    return LinkConfidence.CUSTOMER_AND_AMOUNT


def _asked(one: Interaction) -> str:
    return f"{unquote(one.request.url)} {_text(one.request.body)}"


def _answered(one: Interaction) -> str:
    """The answer's text; a long list names everybody, and so nobody."""
    body = one.response.body if one.response else None
    if isinstance(body, dict):
        lists = (body.get(name) for name in ("data", "results"))
        if any(isinstance(each, list) and len(each) > _LISTED for each in lists):
            return ""
    return _text(body)


def _said(one: Interaction) -> str:
    """What a ticket's own words are, where the exchange shows it."""
    body = one.response.body if one.response else None
    ticket = body.get("ticket") if isinstance(body, dict) else None
    if one.system != "zendesk" or not isinstance(ticket, dict):
        return ""
    named = [
        ticket.get(name) for name in ("subject", "description", "external_id", "custom_fields")
    ]
    return _text([ticket.get("id"), *named])


def _text(value: Any) -> str:
    if value is None:
        return ""
    try:
        return orjson.dumps(value)[:_LONGEST].decode("utf-8", "replace")
    except TypeError:
        return ""


def _ids(text: str) -> set[str]:
    """Stripe's ids and addresses; most texts have neither, which is quickly seen."""
    found = set(_STRIPE_ID.findall(text)) if _LOOKS.search(text) else set()
    return found | {each.lower() for each in _EMAIL.findall(text)} if "@" in text else found


def _names(text: str) -> set[str]:
    """Ids, addresses and long numbers: what an answer counts or times is no name of anything."""
    return _ids(text) | set(_NUMBER.findall(text))


def touched_by(one: Interaction) -> str | None:
    """The customer that a call names, else the object at the end of its path."""
    asked = _asked(one)
    shown = one.response.body if one.response and _single(one) else None
    customer = _CUSTOMER.search(asked) or _CUSTOMER.search(_text(shown))
    if customer:
        return f"stripe.customers/{customer[0]}"
    parts = urlsplit(one.request.url).path.removesuffix(".json").strip("/").split("/")
    for kind, row_id in zip(reversed(parts[:-1]), reversed(parts[1:]), strict=True):
        if any(char.isdigit() for char in row_id) and not kind.startswith("v"):
            return f"{one.system}.{kind}/{row_id}"
    named = sorted(_STRIPE_ID.findall(asked))
    return f"stripe.objects/{named[0]}" if named else None


def _single(one: Interaction) -> bool:
    """Whether the answer shows one object and no list."""
    body = one.response.body if one.response else None
    return isinstance(body, dict) and body.get("object") not in ("list", "search_result", None)
