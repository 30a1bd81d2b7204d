"""Which recorded exchanges are one case: by correlation, by entity and gap, or by whose hand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from understudy.model.case import LinkConfidence
from understudy.model.interaction import Interaction
from understudy.traffic.exports.grouping import DEFAULT_GAP
from understudy.traffic.http.marks import NUMBER, Mark

__all__ = ["Bundle", "Key", "Placed", "Sorter"]

_AT_HAND = timedelta(minutes=30)
Key = Callable[[Interaction], str | None]


@dataclass(slots=True)
class Bundle:
    """One case in the making, as far as it has come."""

    number: int
    entity: str
    last: datetime | None
    told: tuple[str, ...] = ()
    """What the case's own messages name; there are many cases, so it is held as it is smallest."""
    named: bool = False
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

    systems: Collection[str]
    shares: Callable[[str | None], bool]
    timed: bool
    gap: timedelta = DEFAULT_GAP
    count: int = 0
    kept: dict[int, bool] = field(default_factory=dict)
    """The bundles in which somebody wrote, or of which the source tells, by whether correlated."""
    _open: dict[str, Bundle] = field(default_factory=dict)
    _named: dict[str, Bundle] = field(default_factory=dict)
    _hands: dict[str | None, tuple[Bundle, datetime | None]] = field(default_factory=dict)
    _swept: datetime | None = None

    def place(self, one: Mark, own: str | None = None) -> Placed:
        """The bundle of one exchange; `own` is what a user says that it belongs to."""
        self._sweep(one.at)
        placed = self._correlated(one, own) or self._by_entity(one)
        if placed.bundle is not None:
            self._learn(placed.bundle, one)
        return placed

    def _correlated(self, one: Mark, own: str | None) -> Placed | None:
        """By what a user says, or by an id that several exchanges carry."""
        if own is None and self.shares(one.correlation):
            own = one.correlation
        if own is None:
            return None
        entity = one.ticket or ""
        bundle = self._at(f"\0{own}", entity, one, False)
        bundle.correlated, bundle.entity = True, bundle.entity or entity
        return Placed(bundle)

    def _by_entity(self, one: Mark) -> Placed:
        """By the event, the ticket, the customer, or the hand."""
        if one.inbound is not None:
            entity = one.ticket or one.inbound
            return Placed(self._at(entity, entity, one, True), LinkConfidence.EXPLICIT_ID)
        if one.system not in self.systems:
            return Placed(None, reason=f"calls to what no system stands for: {one.system}")
        if one.ticket is not None:
            return Placed(self._at(one.ticket, one.ticket, one, False), LinkConfidence.EXPLICIT_ID)
        return self._related(one)

    def _at(self, key: str, entity: str | None, one: Mark, begins: bool) -> Bundle:
        """The open bundle of a key; a new one where it is over, or an event begins it anew."""
        found = self._open.get(key)
        if found is None or self._over(found, one) or (begins and found.wrote):
            self.count += 1
            found = self._open[key] = Bundle(self.count, entity or "", one.at)
        return found

    def _over(self, bundle: Bundle, one: Mark) -> bool:
        if bundle.correlated or not self.timed or bundle.last is None or one.at is None:
            return False
        return one.at - bundle.last > self.gap

    def _related(self, one: Mark) -> Placed:
        """By what it names, by the hand that did it, or else by its own customer or object."""
        hand = self._hand(one)
        found = [self._named[name] for name in one.asked if name in self._named]
        found = [bundle for bundle in found if not self._over(bundle, one)]
        if found:
            best = hand if hand is not None and hand in found else found[-1]
            return Placed(best, _confidence({*one.asked}, best))
        if hand is not None:
            return Placed(hand, LinkConfidence.TIME_ONLY)
        if one.touched is None:
            return Placed(None, reason="calls that name no ticket, customer or object")
        return Placed(self._at(one.touched, one.touched, one, False), LinkConfidence.EXPLICIT_ID)

    def _hand(self, one: Mark) -> Bundle | None:
        """What the same person was at just before."""
        bundle, at = self._hands.get(one.actor, (None, None))
        if bundle is None or at is None or one.at is None:
            return bundle
        return bundle if one.at - at <= _AT_HAND else None

    def _learn(self, bundle: Bundle, one: Mark) -> None:
        bundle.last = one.at or bundle.last
        bundle.wrote = bundle.wrote or one.writes
        if bundle.wrote or one.labelled:
            self.kept[bundle.number] = bundle.correlated
        if one.actor is not None or one.inbound is None:
            self._hands[one.actor] = (bundle, one.at)
        if bundle.correlated or one.system not in self.systems:
            return
        told = one.told if bundle.named else (*NUMBER.findall(bundle.entity), *one.told)
        bundle.named = bundle.named or bool(one.names or told)
        if not set(bundle.told).issuperset(told):
            bundle.told = tuple(dict.fromkeys((*bundle.told, *told)))
        self._named.update(dict.fromkeys((*one.names, *bundle.told), bundle))

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


def _fresh(bundle: Bundle, since: datetime) -> bool:
    return bundle.last is None or bundle.last >= since


def _confidence(asked: set[str], bundle: Bundle) -> LinkConfidence:
    if not asked.isdisjoint(bundle.told) or bundle.entity.partition("/")[2] in asked:
        return LinkConfidence.EXPLICIT_ID
    return LinkConfidence.CUSTOMER_AND_AMOUNT
