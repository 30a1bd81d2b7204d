"""The exchanges of one case: what came in, what was said by then, and who answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from understudy.model.action import ESCALATION_OPERATION
from understudy.model.case import Case, Turn
from understudy.model.interaction import Interaction
from understudy.systems.system import System
from understudy.traffic.exports.colleagues import Colleagues
from understudy.traffic.exports.history import Happening, Message, Sighting
from understudy.traffic.http.inbound import Inbound, inbound_of, is_inbound
from understudy.traffic.http.marks import ticket_of, touched_by, writes
from understudy.traffic.http.replaying import Linked, ids_asked
from understudy.traffic.http.shown import shown_in
from understudy.traffic.labels import Labels, labels_in
from understudy.traffic.moments import moment_of

__all__ = ["Group", "Handling"]

_SLACK = timedelta(seconds=2)
_JUST_BEFORE = timedelta(microseconds=1)
_ENDS = ("solved", "closed")


class Said(NamedTuple):
    """One public message on a ticket."""

    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Handling:
    """One answer to the case: who gave it, and the writes that it was made of."""

    name: str
    actor: str | None
    steps: tuple[Linked, ...]
    last: datetime | None
    reads: tuple[int, ...] = ()
    """How much had been read before each of them."""


@dataclass(slots=True)
class Group:
    """One case's exchanges in order, `links` beside them."""

    steps: Sequence[Linked]
    systems: Mapping[str, System]
    timed: bool
    ticket: str | None = field(init=False, default=None)
    inbound: Inbound | None = field(init=False, default=None)
    labels: Labels | None = field(init=False, default=None)
    received_at: datetime | None = field(init=False, default=None)
    row: dict[str, Any] = field(init=False, default_factory=dict)
    """The ticket as it was seen first."""
    said: list[Said] = field(init=False, default_factory=list)
    shown: list[list[Happening]] = field(init=False, default_factory=list)
    """What each exchange tells, seen when it was answered."""

    def __post_init__(self) -> None:
        ones = [one for one, _ in self.steps]
        self.inbound = next(filter(None, map(inbound_of, ones)), None)
        self.labels = next(filter(None, (labels_in(one.labels) for one in ones)), None)
        self.ticket = next(filter(None, map(ticket_of, ones)), None)
        self.shown = shown_in(ones)
        self._read()
        self.received_at = self._began(ones)

    @property
    def case(self) -> Case | None:
        """The case as the source itself tells it."""
        return self.labels.case if self.labels else None

    def told(self) -> Iterator[Happening]:
        """Everything that the group's exchanges show, each at the time at which it was so.

        What was read before anybody wrote, and had not changed since the event, was so at it.
        """
        wrote: dict[str | None, bool] = {}
        if self.labels is not None and self.received_at is not None:
            at = self.received_at - _JUST_BEFORE
            for each in self.labels.state:
                yield Sighting(table=each.table, id=each.id, row=each.row, at=at)
        for (one, _), shown in zip(self.steps, self.shown, strict=True):
            fresh = not wrote.get(one.handling, False)
            wrote[one.handling] = not fresh or writes(one, self.systems)
            for told in shown:
                if isinstance(told, Sighting) and fresh and not wrote[one.handling]:
                    yield self._dated_back(told)
                else:
                    yield told

    @property
    def entity(self) -> str:
        """What the case is about: its ticket, what the event names, or what was touched first."""
        if self.ticket is not None:
            return f"zendesk.tickets/{self.ticket}"
        if self.inbound is not None:
            return self.inbound.entity
        touched = (touched_by(one) for one, _ in self.steps)
        return next((found for found in touched if found), f"{self.steps[0][0].system}.calls/1")

    @property
    def customer(self) -> str | None:
        """Whose ticket it is."""
        requester = self.row.get("requester_id")
        return f"zendesk.users/{requester}" if requester else None

    @property
    def again(self) -> bool:
        """Whether the customer wrote anew on a ticket that was there already."""
        return sum(1 for said in self.said if not self._later(said)) > 1

    def observed(self) -> tuple[str, ...]:
        """The systems that the case's own exchanges show, among those that are served."""
        return tuple(sorted({one.system for one, _ in self.steps} & self.systems.keys()))

    def places(self) -> set[tuple[str, str]]:
        """The objects that the exchanges show."""
        seen = {
            (each.table, each.id)
            for shown in self.shown
            for each in shown
            if isinstance(each, Sighting)
        }
        return seen | {(each.table, each.id) for each in self.labels.state} if self.labels else seen

    def named(self) -> set[str]:
        """The ids that people's requests name."""
        return {name for one, _ in self.steps if self._written(one) for name in ids_asked(one)}

    def _later(self, said: Said) -> bool:
        return self.received_at is not None and said.at > self.received_at

    def turns(self, staff: Colleagues) -> tuple[Turn, ...]:
        """What was said on the ticket up to the event."""
        requester = str(self.row.get("requester_id"))
        return tuple(
            Turn(role="customer" if s.author == requester or not staff.works(
                f"zendesk.users/{s.author}") else "agent", text=s.text, at=s.at)
            for s in sorted(self.said)
            if s.text and not self._later(s)
        )  # fmt: skip

    def handlings(self) -> list[Handling]:
        """The answers given: as the source tells them apart, or as people each ended the case."""
        acts = [
            (one, link) for one, link in self.steps
            if inbound_of(one) is None and not (one.labels and is_inbound(one.request.headers))
        ]  # fmt: skip
        if any(one.handling is not None for one, _ in acts):
            told = self.labels.handlings if self.labels else {}
            present = {one.handling or "" for one, _ in acts}
            names = [name for name in told if name in present]
            names += [n for n in dict.fromkeys(o.handling or "" for o, _ in acts) if n not in told]
            return [
                self._handling(n, [s for s in acts if (s[0].handling or "") == n]) for n in names
            ]
        return [self._handling("", steps) for steps in self._by_people(acts)]

    def _handling(self, name: str, steps: Sequence[Linked]) -> Handling:
        written = tuple(step for step in steps if self._written(step[0]))
        reads = [0]
        for one, _ in steps:
            if self._written(one):
                reads.append(reads[-1])
            elif one.operation is not None and one.system in self.systems:
                reads[-1] += 1
        times = [one.started_at for one, _ in steps if one.started_at is not None]
        people = dict.fromkeys(one.actor for one, _ in written or steps if one.actor)
        return Handling(
            name, ", ".join(people) or None, written, max(times, default=None), tuple(reads[:-1])
        )

    def _written(self, one: Interaction) -> bool:
        return one.system in self.systems and writes(one, self.systems)

    def _by_people(self, acts: Sequence[Linked]) -> list[list[Linked]]:
        """Who ended the case on their own gave an answer; others' work belongs to the next one."""
        enders = list(dict.fromkeys(
            one.actor for one, _ in acts if one.actor is not None and self._concludes(one)
        ))  # fmt: skip
        if len(enders) < 2:
            return [list(acts)]
        parts: dict[str, list[Linked]] = {actor: [] for actor in enders}
        loose: list[Linked] = []
        done: set[str] = set()
        for step in acts:
            actor = step[0].actor
            if actor is None or actor not in parts:
                loose.append(step)
                continue
            parts[actor].append(step)
            if self._concludes(step[0]) and actor not in done:
                done.add(actor)
                parts[actor] = [*loose, *parts[actor]]
                loose = []
        parts[enders[-1]] += loose
        return [sorted(steps, key=lambda step: step[0].seq) for steps in parts.values()]

    def _concludes(self, one: Interaction) -> bool:
        if one.operation == ESCALATION_OPERATION:
            return True
        ticket = one.request.body.get("ticket") if isinstance(one.request.body, dict) else None
        ends = isinstance(ticket, dict) and ticket.get("status") in _ENDS
        return one.system == "zendesk" and self._written(one) and ends

    def _read(self) -> None:
        """The ticket as first seen, and what was said on it."""
        comments: dict[str, Said] = {}
        first: Said | None = None
        for told in (each for shown in self.shown for each in shown):
            if isinstance(told, Message):
                if told.type == "ticket.created" and told.entity == self.entity:
                    first = first or Said(told.at, told.author.partition("/")[2], told.text)
            elif isinstance(told, Sighting) and told.table == "zendesk.comments":
                if told.row.get("ticket_id") == self.ticket and (said := _said(told.row)):
                    comments[told.id] = said
            elif isinstance(told, Sighting) and self._is_ticket(told):
                self.row = self.row or told.row
        self.said = list(comments.values())
        again = any(first and s.text == first.text and s.at - first.at <= _SLACK for s in self.said)
        if first is not None and not again:
            self.said.append(first)

    def _is_ticket(self, told: Sighting) -> bool:
        return told.table == "zendesk.tickets" and told.id == self.ticket

    def _began(self, ones: Sequence[Interaction]) -> datetime | None:
        """When what had to be answered came in."""
        if self.case is not None:
            return self.case.received_at
        if not self.timed:
            return None
        if self.inbound is not None and self.inbound.at is not None:
            return self.inbound.at
        first = ones[0].started_at
        created, changed = (moment_of(self.row.get(n)) for n in ("created_at", "updated_at"))
        if self.ticket is None or created is None or first is None:
            return first
        requester = str(self.row.get("requester_id"))
        asked = [s.at for s in self.said if s.author == requester and s.at <= first]
        if asked and (len(self.said) > 1 or changed is None or changed - created <= _SLACK):
            return max(asked)
        return min(first, created) if changed is None or changed - created <= _SLACK else first

    def _dated_back(self, sighting: Sighting) -> Sighting:
        at, began = sighting.at, self.received_at
        if at is None or began is None or at < began:
            return sighting
        stamp = moment_of(sighting.row.get("updated_at") or sighting.row.get("updatedAt"))
        changed = max((t for t in (stamp, sighting.born) if t is not None), default=None)
        if changed is not None and changed > began:
            return sighting
        return msgspec.structs.replace(sighting, at=began - 2 * _JUST_BEFORE)


def _said(row: Mapping[str, Any]) -> Said | None:
    at = moment_of(row.get("created_at"))
    if at is None or row.get("public") is False:
        return None
    return Said(at, str(row.get("author_id")), str(row.get("body") or ""))
