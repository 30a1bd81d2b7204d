"""From ordered exchanges to the world of versions, the cases and the baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import msgspec

from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.interaction import Interaction
from understudy.traffic.claims import Turn
from understudy.traffic.exports.cases import Made
from understudy.traffic.exports.chronicle import Chronicle, Noted, noted
from understudy.traffic.exports.colleagues import Colleagues
from understudy.traffic.exports.customers import Customers
from understudy.traffic.exports.grouping import DEFAULT_GAP
from understudy.traffic.exports.history import Change, Happening, Person, Sighting, Tie
from understudy.traffic.exports.vendors import all_habits
from understudy.traffic.forks import Beside, striped
from understudy.traffic.http.bundling import Key, Sorter
from understudy.traffic.http.group import Group
from understudy.traffic.http.marks import writes
from understudy.traffic.http.memberships import Member, Memberships
from understudy.traffic.http.replaying import HttpReplayer
from understudy.traffic.http.shown import answered_at, shown_by
from understudy.traffic.http.workshop import Finished, Workshop
from understudy.traffic.http.written import made_by, written_by
from understudy.traffic.moment_world import MomentWorlds, whole_rows
from understudy.traffic.progress import Progress, silent
from understudy.traffic.recording import WORLD, write_interactions
from understudy.traffic.rewind import Rewinder
from understudy.traffic.spool import Spool
from understudy.world.versions import Version, write_versions

__all__ = ["HttpCases"]

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
    folder: Path = field(kw_only=True)
    """Where what processes tell each other may lie."""
    processes: int = field(kw_only=True)
    _until: datetime = _START
    _taken: Counter[str] = field(default_factory=Counter)

    def make(self, folder: Path, made: Made) -> tuple[Iterable[Case], Iterable[Baseline]]:
        """Write `world/` into the folder, and give the cases with what people did about each."""
        kept = self._sort(made)
        self._learn(kept, folder)
        staff = Colleagues(self.chronicle.people())
        shop = Workshop(
            MomentWorlds(self.chronicle, Rewinder(all_habits(), staff.works)),
            HttpReplayer(self.spool.systems), staff, Customers(self.chronicle.ties()),
        )  # fmt: skip
        self.chronicle.settle()
        work = partial(self._finished, shop, kept)
        every = ((n, len(group)) for n, group in self.memberships.groups() if n in kept)
        for number, group in self.memberships.groups():
            if number not in kept:
                made.notes["left over: exchanges of groups in which nobody wrote"] += len(group)
        world = Beside(partial(self._world, folder / WORLD, staff))
        finished = striped(self.folder, self.processes, work, world)
        for (number, size), found in zip(every, finished, strict=True):
            self._shelve(found, size, kept[number], made)
        made.notes.update(world.made)
        self.progress("cases", made.cases, made.cases)
        return self.chronicle.cases(), self.chronicle.baselines()

    def _finished(self, shop: Workshop, kept: Container[int], turn: Turn) -> Iterator[Finished]:
        """The cases of one process's share of the groups in which somebody wrote."""
        self.chronicle.mine()
        groups = (group for number, group in self.memberships.groups() if number in kept)
        for place, group in enumerate(groups):
            if turn.takes(place):
                yield shop.work(self._group(group))
                if turn.number == 0:
                    self.progress("cases", place, 0)

    def _shelve(self, found: Finished, size: int, correlated: bool, made: Made) -> None:
        made.notes.update(found.notes)
        if found.case is None:
            made.notes["left over: exchanges of cases without a baseline that works"] += size
            return
        named = "correlation id" if self.key is None else "expression or correlation id"
        made.notes[f"cases, by {named if correlated else 'entity and gap'}"] += 1
        made.notes["exchanges in cases"] += size
        made.cases += 1
        self.chronicle.shelve(*self._named(found.case, found))

    def _named(self, case: Case, found: Finished) -> tuple[Case, list[Baseline]]:
        """A later case about the same has its number behind the name."""
        if found.unnamed:
            self._taken[case.case_id] += 1
            times = self._taken[case.case_id]
            if times > 1:
                return _renamed(case, found.baselines, f"{case.case_id}-{times}")
        return case, found.baselines

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

    def _learn(self, kept: Container[int], folder: Path) -> None:
        """Put everything that the exchanges show into the chronicle; and write them down."""
        self.memberships.settle()
        lines = self.spool.lines(self.memberships.entities())
        beside = Beside(partial(write_interactions, folder, lines))
        for told in striped(self.folder, self.processes, partial(self._told, kept), beside):
            for entry in told:
                self.chronicle.put(entry)

    def _told(self, kept: Container[int], turn: Turn) -> Iterator[list[Noted]]:
        """What each group of a share shows, and then what each exchange without a group does."""
        places = count()
        for number, members in self.memberships.groups():
            if turn.takes(next(places)):
                group = self._group(members if number in kept else list(self._anew(members)))
                yield [*map(noted, self._shown(group, [one for one, _ in group.steps]))]
        for number in self.memberships.alone():
            if turn.takes(next(places)):
                yield [*map(noted, self._shown(None, [self.spool.at(number)]))]

    def _anew(self, members: list[Member]) -> Iterator[Member]:
        """Where nobody wrote, what was asked and answered again as before tells nothing new."""
        before = 0
        for member in members:
            shown = self.spool.shown(member[0])
            if shown == 0 or shown != before:
                yield member
            before = shown

    def _shown(self, group: Group | None, ones: list[Interaction]) -> Iterator[Happening]:
        told = (
            group.told() if group else (t for one in ones for t in shown_by(one, answered_at(one)))
        )
        if not self.spool.timed:
            told = self._in_order(ones)
        yield from _fresh(told)
        for one in ones if self.spool.timed else ():
            if writes(one, self.spool.systems):
                yield from written_by(one)

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

    def _world(self, folder: Path, staff: Colleagues) -> dict[str, int]:
        """Write the world; gives what is to be noted of it."""
        self.chronicle.mine()
        rewinder = Rewinder(all_habits(), staff.works)
        manifest = write_versions(folder, self._versions(rewinder), self._until)
        unsure = {f"objects that cannot be rewound: {why}": n for why, n in rewinder.unsure.items()}
        return {"objects in the recording's world": sum(manifest.row_counts.values()), **unsure}

    def _versions(self, rewinder: Rewinder) -> Iterator[Version]:
        """All states, or where there are no times the first one of what was there before."""
        for past in self.chronicle.past():
            for version in rewinder.versions(whole_rows(past)):
                if self.spool.timed or version.since is None:
                    yield version


def _renamed(case: Case, baselines: list[Baseline], name: str) -> tuple[Case, list[Baseline]]:
    made = [
        msgspec.structs.replace(
            each, case_id=name, baseline_id=f"{name}{each.baseline_id.removeprefix(case.case_id)}"
        )
        for each in baselines
    ]
    return msgspec.structs.replace(case, case_id=name), made


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
