"""Which case a deed in another system belongs to, and how surely."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from understudy.model.case import LinkConfidence, Turn
from understudy.model.world import World
from understudy.traffic.exports.customers import Customers
from understudy.traffic.exports.grouping import APART, DEFAULT_GAP, Act, Draft, Grouping
from understudy.traffic.exports.history import Deed
from understudy.traffic.exports.naming import documents_in, texts_in, tickets_in

__all__ = ["Linker", "link_deeds"]

_IDS = re.compile(r"\b(?:ch|py|pi|in|sub|re|cus|dp|du|cn)_\w{6,64}")
_NUMBER = re.compile(r"\d[\d.,'\u00a0 ]*")
_SHORTEST = 3
_NEAR = timedelta(minutes=30)
_OWNED = {"charge": "charges", "invoice": "invoices", "payment_intent": "payment_intents"}
_AMOUNTS = ("amount", "amount_due", "total", "amount_remaining")


@dataclass(slots=True)
class Linker:
    """Knows the cases by customer, by named id and by time."""

    drafts: Sequence[Draft]
    customers: Customers
    world: World
    turns: Callable[[int], Sequence[Turn]]
    """What was said in a case, by the number of its talk."""
    actors: Mapping[str, str] = field(default_factory=dict)
    gap: timedelta = DEFAULT_GAP
    _by_customer: dict[str, list[Draft]] = field(default_factory=dict)
    _by_name: dict[str, list[Draft]] = field(default_factory=dict)
    _times: list[tuple[datetime, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for place, draft in enumerate(self.drafts):
            if draft.message.customer:
                root = self.customers.of(self.owner(draft.message.customer))
                self._by_customer.setdefault(root, []).append(draft)
            for name in self._names(draft):
                self._by_name.setdefault(name, []).append(draft)
            self._times += [(act.at, place) for act in draft.acts]
        self._times.sort()

    def link(self, deed: Deed) -> tuple[Draft, LinkConfidence] | None:
        """The case, and what says so; None where no case was open that it could belong to."""
        named = {f"told {name}" for name in deed.named}
        named |= {f"id {place.partition('/')[2]}" for place in (deed.entity, *deed.needs)}
        written = " ".join(texts_in(deed.params))
        named |= {f"told {number}" for number in tickets_in(written)}
        named |= {f"document {number}" for number in self._documents(deed, written)}
        explicit = self._open(deed, [d for name in named for d in self._by_name.get(name, ())])
        if explicit:
            return self._nearest(deed, explicit), LinkConfidence.EXPLICIT_ID
        owner = self.owner(deed.customer)
        known = self._open(deed, self._by_customer.get(self.customers.of(owner), ()))
        if known:
            fitting = [draft for draft in known if self._amount_fits(deed, draft)]
            best = self._nearest(deed, fitting or known)
            if self.customers.surely_same(owner, self.owner(best.message.customer)):
                return best, LinkConfidence.METADATA
            return best, _CUSTOMER if fitting else LinkConfidence.TIME_ONLY
        near = self._near(deed)
        return None if near is None else (near, LinkConfidence.TIME_ONLY)

    def owner(self, place: str) -> str:
        """The customer behind an object, as far as the objects tell."""
        for _ in range(4):
            table, _, row_id = place.partition("/")
            row = self.world.get(table, row_id)
            above = next((n for n in ("customer", *_OWNED) if row and row.get(n)), None)
            if row is None or above is None or table.endswith("customers"):
                return place
            place = f"stripe.{'customers' if above == 'customer' else _OWNED[above]}/{row[above]}"
        return place

    def _names(self, draft: Draft) -> set[str]:
        """Stripe's ids that the case names, and what others may name it by."""
        texts = " ".join([self._said(draft), *draft.named])
        spoken = documents_in(texts).union(*(act.documents for act in draft.acts))
        own = {draft.message.entity.partition("/")[2], *draft.named}
        told = {f"told {name}" for name in own if len(name) >= _SHORTEST}
        told |= {f"document {number}" for number in spoken}
        return told | {f"id {name}" for name in _IDS.findall(texts)}

    def _said(self, draft: Draft) -> str:
        return " ".join(turn.text for turn in self.turns(draft.talk))

    def _documents(self, deed: Deed, written: str) -> set[str]:
        """The numbers of the invoices that a deed is about, and what it speaks of itself."""
        found, waiting = documents_in(written), [deed.entity, *deed.needs]
        for _ in range(_FARTHEST):
            rows = [(p, self.world.get(*_row(p))) for p in waiting]
            waiting = []
            for place, row in rows:
                number = row.get("number") if row and place.startswith("stripe.invoices/") else None
                found |= {number.upper()} if isinstance(number, str) else set()
                waiting += [
                    f"stripe.{_OWNED[name]}/{row[name]}" for name in _OWNED if row and row.get(name)
                ]
        return found

    def _open(self, deed: Deed, drafts: Iterable[Draft]) -> list[Draft]:
        """The cases that were open at the deed's time."""
        return [
            draft
            for draft in drafts
            if draft.received_at <= deed.at <= draft.last + self.gap
            and (draft.next_at is None or deed.at < draft.next_at)
        ]

    def _nearest(self, deed: Deed, drafts: Sequence[Draft]) -> Draft:
        return min(drafts, key=lambda draft: _distance(draft, deed.at))

    def _amount_fits(self, deed: Deed, draft: Draft) -> bool:
        """Whether the case speaks of the amount, or the deed is about a whole object's."""
        if deed.amount is None or deed.amount in self._wholes(deed):
            return True
        said = _numbers(self._said(draft))
        return any(abs(deed.amount) == number * scale for number in said for scale in _SCALES)

    def _wholes(self, deed: Deed) -> set[int]:
        found = set()
        for place in deed.needs:
            table, _, row_id = place.partition("/")
            row = self.world.get(table, row_id) or {}
            found |= {row[name] for name in _AMOUNTS if isinstance(row.get(name), int)}
        return found

    def _near(self, deed: Deed) -> Draft | None:
        """The case that somebody worked on next to the deed's time, by the same person if told."""
        place = bisect_left(self._times, (deed.at - _NEAR, -1))
        found: list[tuple[bool, timedelta, int]] = []
        wanted = self.actors.get(deed.actor or "", "")
        for at, index in self._times[place:]:
            if at > deed.at + _NEAR:
                break
            if self._open(deed, [self.drafts[index]]):
                other = not wanted or wanted not in self._workers(self.drafts[index])
                found.append((other, abs(at - deed.at), index))
        return self.drafts[min(found)[2]] if found else None

    def _workers(self, draft: Draft) -> set[str]:
        return {self.actors.get(act.actor or "", "") for act in draft.acts}


_FARTHEST = 3
_CUSTOMER = LinkConfidence.CUSTOMER_AND_AMOUNT
_SCALES = (1, 100, 1000)


def link_deeds(
    grouping: Grouping, deeds: Callable[[], Iterable[Deed]], linker: Linker
) -> Counter[str]:
    """Give the deeds in other systems to their cases; returns how many of each confidence."""
    links: Counter[str] = Counter()
    told = set[tuple[object, ...]]()
    for deed in (each for hint in (False, True) for each in deeds() if each.hint is hint):
        if deed.maker in APART or deed.entity.startswith("zendesk.tickets/"):
            continue
        # As text, because a broken export may hold anything in their place.
        mark = (deed.operation, str(deed.params.get("charge")), str(deed.params.get("amount")))
        request = ("request", str(deed.request))
        if deed.hint and (mark in told or (deed.request and request in told)):
            continue
        told |= {mark, request}
        found = linker.link(deed)
        if found is None:
            grouping.left[f"{deed.system}: deeds of people that no open case fits"] += 1
            continue
        draft, link = found
        link = LinkConfidence.TIME_ONLY if deed.maker == "untold" else link
        if draft.message.system == deed.system and draft.message.entity == deed.entity:
            link = LinkConfidence.EXPLICIT_ID
        links[link.value] += 1
        draft.acts.append(Act(deed.at, deed.key, deed.actor, deed.concludes, link))
    return links


def _row(place: str) -> tuple[str, str]:
    table, _, row_id = place.partition("/")
    return table, row_id


def _distance(draft: Draft, at: datetime) -> tuple[timedelta, datetime]:
    """How far a time lies from the nearest act of a case."""
    near = min((abs(act.at - at) for act in draft.acts), default=abs(at - draft.received_at))
    return near, draft.received_at


def _numbers(text: str) -> set[int]:
    """The amounts in a text without their separators, so that 12.50 is 1250 and 1,250 too.

    >>> sorted(_numbers("I was charged 12.50 EUR, not 1.250,00"))
    [1250, 125000]
    """
    return {int(digits) for each in _NUMBER.findall(text) if (digits := re.sub(r"\D", "", each))}
