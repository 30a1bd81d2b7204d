"""From ordered exchanges to the world of versions, the cases and the baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, LinkConfidence, Trigger
from understudy.model.interaction import Interaction
from understudy.traffic.bundling import Key, Sorter
from understudy.traffic.chronicle import Chronicle
from understudy.traffic.colleagues import Colleagues
from understudy.traffic.customers import Customers
from understudy.traffic.export_cases import Made, outcome_of, ticket_payload
from understudy.traffic.grouping import DEFAULT_GAP
from understudy.traffic.history import Change, Happening, Person, Sighting, Tie
from understudy.traffic.http_group import Group, Handling
from understudy.traffic.http_replaying import HttpReplayer
from understudy.traffic.marks import writes
from understudy.traffic.memberships import Member, Memberships
from understudy.traffic.moment_world import MomentWorlds, whole_rows
from understudy.traffic.progress import Progress, silent
from understudy.traffic.recording import WORLD
from understudy.traffic.replaying import Replayed
from understudy.traffic.rewind import Rewinder
from understudy.traffic.shown import answered_at, shown_by
from understudy.traffic.spool import Spool
from understudy.traffic.vendors import all_habits
from understudy.traffic.written import made_by, written_by
from understudy.world.versions import Version, write_versions

__all__ = ["HttpCases"]

_LINKS = tuple(LinkConfidence)
_UNSEEN = "handlings with objects that the recording does not show, judged by actions only"
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class HttpCases:
    """Makes cases and baselines of spooled exchanges, with a chronicle for what they show."""

    spool: Spool
    chronicle: Chronicle
    memberships: Memberships
    gap: timedelta = DEFAULT_GAP
    key: Key | None = None
    progress: Progress = silent
    _until: datetime = _START
    _ids: Counter[str] = field(default_factory=Counter)

    def make(self, folder: Path, made: Made) -> tuple[Iterable[Case], Iterable[Baseline]]:
        """Write `world/` into the folder, and give the cases with what people did about each."""
        kept = self._sort(made)
        self._learn(kept)
        staff = Colleagues(self.chronicle.people())
        self._world(folder / WORLD, staff, made)
        shop = _Workshop(
            MomentWorlds(self.chronicle, Rewinder(all_habits(), staff.works)),
            HttpReplayer(self.spool.systems), staff, Customers(self.chronicle.ties()), made.notes,
        )  # fmt: skip
        for number, group in self.memberships.groups():
            if number not in kept:
                made.notes["left over: exchanges of groups in which nobody wrote"] += len(group)
                continue
            found = shop.work(self._group(group))
            if found is None:
                made.notes["left over: exchanges of cases without a baseline that works"] += len(
                    group
                )
                continue
            named = "correlation id" if self.key is None else "expression or correlation id"
            way = named if kept[number] else "entity and gap"
            made.notes[f"cases, by {way}"] += 1
            made.notes["exchanges in cases"] += len(group)
            made.cases += 1
            self.chronicle.shelve(*found)
            self.progress("cases", made.cases, 0)
        self.progress("cases", made.cases, made.cases)
        return self.chronicle.cases(), self.chronicle.baselines()

    def _sort(self, made: Made) -> Mapping[int, bool]:
        """Give each exchange to its group, or count why it has none."""
        sorter = Sorter(self.spool.systems, self.spool.shares, self.spool.timed, self.gap)
        for number, mark in enumerate(self.spool.marks(), 1):
            own = self.key(self.spool.at(number)) if self.key else None
            placed = sorter.place(mark, own)
            bundle = placed.bundle
            if bundle is None:
                self.memberships.put(None, None, placed.link)
                made.notes[f"left over: {placed.reason}"] += 1
            else:
                self.memberships.put(bundle.number, bundle.entity or None, placed.link)
            if mark.at is not None and mark.at > self._until:
                self._until = mark.at
        return sorter.kept

    def _group(self, members: list[Member]) -> Group:
        ones = [(self.spool.at(number), link) for number, link in members]
        return Group(ones, self.spool.systems, self.spool.timed)

    def _learn(self, kept: Container[int]) -> None:
        """Put everything that the exchanges show into the chronicle."""
        for number, members in self.memberships.groups():
            group = self._group(members if number in kept else list(self._anew(members)))
            self._take(group, [one for one, _ in group.steps])
        for number in self.memberships.alone():
            self._take(None, [self.spool.at(number)])

    def _anew(self, members: list[Member]) -> Iterator[Member]:
        """Where nobody wrote, what was asked and answered again as before tells nothing new."""
        before = 0
        for member in members:
            shown = self.spool.shown(member[0])
            if shown == 0 or shown != before:
                yield member
            before = shown

    def _take(self, group: Group | None, ones: list[Interaction]) -> None:
        told = (
            group.told() if group else (t for one in ones for t in shown_by(one, answered_at(one)))
        )
        if not self.spool.timed:
            told = self._in_order(ones)
        for happening in _fresh(told):
            self.chronicle.take(happening)
        for one in ones if self.spool.timed else ():
            if writes(one, self.spool.systems):
                for change in written_by(one):
                    self.chronicle.take(change)

    def _in_order(self, ones: list[Interaction]) -> Iterator[Happening]:
        """Without times the order stands for them, and what somebody made was not there before."""
        for one in ones:
            at = _START + timedelta(seconds=one.seq)
            made = made_by(one) if writes(one, self.spool.systems) else set()
            for told in shown_by(one, at):
                if not isinstance(told, Sighting):
                    if not isinstance(told, Change):
                        yield told
                elif (told.table, told.id) in made:
                    yield msgspec.structs.replace(told, born=at, by="")
                else:
                    yield msgspec.structs.replace(told, born=None)

    def _world(self, folder: Path, staff: Colleagues, made: Made) -> None:
        rewinder = Rewinder(all_habits(), staff.works)
        manifest = write_versions(folder, self._versions(rewinder), self._until)
        made.notes["objects in the recording's world"] = sum(manifest.row_counts.values())
        for reason, count in rewinder.unsure.items():
            made.notes[f"objects that cannot be rewound: {reason}"] = count

    def _versions(self, rewinder: Rewinder) -> Iterator[Version]:
        """All states, or where there are no times the first one of what was there before."""
        for past in self.chronicle.past():
            for version in rewinder.versions(whole_rows(past)):
                if self.spool.timed or version.since is None:
                    yield version


@dataclass(slots=True)
class _Workshop:
    """What cases are made with."""

    worlds: MomentWorlds
    replayer: HttpReplayer
    staff: Colleagues
    customers: Customers
    notes: Counter[str]
    _taken: Counter[str] = field(default_factory=Counter)

    def work(self, group: Group) -> tuple[Case, list[Baseline]] | None:
        """The case of a group with its baselines; None where none of them works."""
        found = [pair for one in group.handlings() if (pair := self._played(group, one))]
        if not found:
            return None
        case = group.case or self._case(group, found)
        made = []
        for number, (handling, played) in enumerate(found, 1):
            plain = self._baseline(case, handling, played, number, len(found))
            made.append(group.labels.whole(handling.name, plain) if group.labels else plain)
        return case, made

    def _played(self, group: Group, handling: Handling) -> tuple[Handling, Replayed] | None:
        world = self.worlds.at(group.received_at, group.places(), group.named())
        played = self.replayer.replay(world, group.received_at, handling.steps, handling.reads)
        _count(self.notes, played)
        genuine = group.labels is not None and not handling.steps
        reason = played.broken or ("it does nothing" if not played.actions else None)
        if reason is None and len(played.actions) == played.idle:
            reason = "it changes nothing"
        if reason is None or genuine:
            return handling, played
        self.notes[f"baselines quarantined: {reason}"] += 1
        return None

    def _baseline(
        self, case: Case, handling: Handling, played: Replayed, number: int, of: int
    ) -> Baseline:
        began, last = case.received_at, handling.last
        spent = None if began is None or last is None else (last - began).total_seconds()
        return Baseline(
            case_id=case.case_id, baseline_id=f"{case.case_id}/{number}",
            actor=handling.actor, weight=1 / of,
            outcome=outcome_of(played.actions) if played.actions else Outcome.ABSTAINED,
            cycle_time_ms=None if spent is None else max(0, round(spent * 1000)),
            actions=tuple(played.actions),
        )  # fmt: skip

    def _case(self, group: Group, found: list[tuple[Handling, Replayed]]) -> Case:
        trigger = self._trigger(group)
        links = [action.link for _, played in found for action in played.actions if action.link]
        payload = trigger.payload
        return Case(
            case_id=self._name(group.entity),
            scenario=f"{trigger.system}.{trigger.type}",
            cluster_id=self.customers.of(group.customer or group.entity),
            trigger=trigger,
            segment={"channel": str(payload["channel"])} if "channel" in payload else {},
            received_at=group.received_at,
            turns=group.turns(self.staff),
            observed_systems=group.observed(),
            link_confidence=max(links, key=_LINKS.index, default=LinkConfidence.EXPLICIT_ID),
        )  # fmt: skip

    def _name(self, entity: str) -> str:
        """The system and the id of what the case is about; a later one has its number."""
        table, _, row_id = entity.partition("/")
        system, _, kind = table.partition(".")
        name = f"{system}-{row_id}" if kind == "tickets" else f"{system}-{kind}-{row_id}"
        self._taken[name] += 1
        return name if self._taken[name] == 1 else f"{name}-{self._taken[name]}"

    def _trigger(self, group: Group) -> Trigger:
        came, table = group.inbound, group.entity.partition("/")[0]
        if group.ticket is not None and (came is None or came.system == "zendesk"):
            kind = came.type if came else ("ticket.comment" if group.again else "ticket.created")
            row = self._ticket(group)
            payload = ticket_payload(group.ticket, row)
            return Trigger(system="zendesk", type=kind, payload=payload)
        if came is not None:
            return Trigger(system=came.system, type=came.type, payload=came.payload)
        system, _, kind = table.partition(".")
        payload = {"object": kind, "object_id": group.entity.partition("/")[2]}
        return Trigger(system=system, type=f"{kind}.touched", payload=payload)

    def _ticket(self, group: Group) -> Mapping[str, Any]:
        place = ("zendesk.tickets", group.ticket or "")
        return self.worlds.row(place, group.received_at) or {}


def _fresh(told: Iterable[Happening]) -> Iterator[Happening]:
    """What is told of objects and people; not what was read again and found the same as of then."""
    last: dict[tuple[str, str], Happening] = {}
    for one in told:
        if isinstance(one, Sighting | Person):
            place = (one.table, one.id) if isinstance(one, Sighting) else ("", one.place)
            if last.get(place) == one:
                continue
            last[place] = one
        if isinstance(one, Sighting | Person | Change | Tie):
            yield one


def _count(notes: Counter[str], played: Replayed) -> None:
    for operation in played.unserved:
        notes[f"writes that no operation serves: {operation}"] += 1
    if played.unseen:
        notes[_UNSEEN] += 1
    if played.idle:
        notes["writes that change nothing when played again"] += played.idle
