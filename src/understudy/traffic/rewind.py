"""From sightings and changes of one object to all its states, later values undone by history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from understudy.traffic.exports.chronicle import Past
from understudy.traffic.exports.history import TOUCHED, UNKNOWN, Change, Sighting, later
from understudy.traffic.moments import moment_of
from understudy.world.versions import Version, micros

__all__ = ["Habits", "Rewinder"]

_encode = msgspec.json.Encoder().encode
_SLACK = timedelta(seconds=2)
_LIST_ITEM = "custom_fields:"
State = tuple[datetime | None, dict[str, Any]]
"""From when on an object looked so; None for from its beginning."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a vendor's table tells of its own past.

    `stamp` is the column that holds the time of the last change. `telling` are the columns whose
    later value would give an answer away, with the value that gives nothing away: where they may
    have changed unseen, they are left out, or cut down to that value where a function gives it
    from the later one. `along` gives what follows from a column's new value.
    """

    stamp: str | None = None
    millis: bool = False
    telling: Mapping[str, Any] = field(default_factory=dict)
    along: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = field(default_factory=dict)


@dataclass(slots=True)
class Rewinder:
    """Makes versions; `unsure` counts what could not be rewound, by table and reason."""

    habits: Mapping[str, Habits]
    staff: Callable[[str], bool]
    unsure: Counter[str] = field(default_factory=Counter)
    objects: int = 0

    def versions(self, past: Past) -> Iterator[Version]:
        """The states of one object in time; the first one says from when on it is there."""
        table, row_id, sightings, changes = past
        habits = self.habits.get(table, Habits())
        self.objects += 1
        states = list(self._states(table, sightings, _told(changes, sightings), habits))
        seen = {micros(later(each.at)) for each in sightings if each.at is not None}
        start = self._birth(sightings, changes)
        yield from _written(table, row_id, states, _Span(start, seen), habits)

    def _birth(self, sightings: Sequence[Sighting], changes: Sequence[Change]) -> datetime | None:
        known = next((each for each in sightings if each.born is not None), None)
        if known is not None and known.born is not None:
            return self._seen_at(known.born, known.by)
        return None if sightings or not changes else changes[0].at

    def _seen_at(self, moment: datetime, by: str) -> datetime:
        """From when on something is to be seen: what staff did, only just after they did it."""
        return moment if by and not self.staff(by) else later(moment)

    def _states(
        self, table: str, sightings: list[Sighting], changes: list[Change], habits: Habits
    ) -> Iterator[State]:
        """Back from the first sighting, and on from it."""
        if sightings:
            first = sightings[0]
            early = [each for each in changes if first.at is None or each.at <= first.at]
            row = self._without_the_unseen(table, first, early, habits)
        else:
            early, row = changes, _outcome(changes)
        back = list(self._back(table, row, early, habits))
        yield from reversed(back)
        if sightings and sightings[0].at is not None and (early or habits.stamp):
            yield later(sightings[0].at), row
        rest = changes[len(early) :]
        for place, sighting in enumerate(sightings):
            if place and sighting.at is None:
                self._compare(table, row, sighting.row)
            elif place and sighting.at is not None:
                row = dict(sighting.row)
                yield later(sighting.at), row
            until = sightings[place + 1].at if place + 1 < len(sightings) else None
            while rest and (until is None or rest[0].at <= until):
                change = rest.pop(0)
                row = _moved(row, change.field, change.after, habits)
                yield self._seen_at(change.at, change.by), row

    def _back(
        self, table: str, row: dict[str, Any], changes: list[Change], habits: Habits
    ) -> Iterator[State]:
        """The states before a sighting, the last one first.

        A value that its last change does not explain came later, at a time that nobody knows.
        """
        for change in reversed(changes):
            if change.field != TOUCHED and _value(row, change.field) != change.after:
                odd = bool(_value(row, change.field) or change.after) and not change.derived
                if odd:
                    self.unsure[f"{table}: `{change.field}` does not fit its own history"] += 1
                row = _moved(row, change.field, change.after, habits)
            yield self._seen_at(change.at, change.by), row
            if change.field == TOUCHED:
                continue
            if change.before == UNKNOWN:
                self.unsure[f"{table}: `{change.field}` has no value before"] += 1
            before = None if change.before == UNKNOWN else change.before
            row = _moved(row, change.field, before, habits)
        yield None, row

    def _compare(self, table: str, row: Mapping[str, Any], last: Mapping[str, Any]) -> None:
        """What is otherwise at the end, nobody knows since when; the earlier state stands."""
        if any(row[name] != last[name] for name in row.keys() & last.keys()):
            self.unsure[f"{table}: changed at an unknown time; shown as it was before"] += 1

    def _without_the_unseen(
        self, table: str, sighting: Sighting, changes: Sequence[Change], habits: Habits
    ) -> dict[str, Any]:
        """The row without what may have changed and is not told of."""
        row = dict(sighting.row)
        if habits.stamp is None and sighting.at is not None:
            return row
        stamp = moment_of(row.get(habits.stamp)) if habits.stamp else None
        told = max((change.at for change in changes), default=sighting.born)
        if habits.stamp and (stamp is None or told is None or stamp - told <= _SLACK):
            return row
        known = {change.field.partition(":")[0] for change in changes}
        known |= {name for each in known & habits.along.keys() for name in habits.along[each](row)}
        silent = {
            name: quiet(row[name]) if callable(quiet) else quiet
            for name, quiet in habits.telling.items()
            if name in row and name not in known
        }
        lost = sorted(name for name, quiet in silent.items() if row[name] != quiet)
        if lost:
            names = ", ".join(lost)
            self.unsure[f"{table}: no history of `{names}`, so it is left out"] += 1
        kept = {name: silent[name] for name in lost if callable(habits.telling[name])}
        return {name: value for name, value in row.items() if name not in lost} | kept


def _value(row: Mapping[str, Any], name: str) -> Any:
    if not name.startswith(_LIST_ITEM):
        return row.get(name)
    items = row.get("custom_fields")
    number = name.removeprefix(_LIST_ITEM)
    return next((i.get("value") for i in items or () if str(i.get("id")) == number), None)


def _with(row: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The row with another value of one field; None takes the field away."""
    if name.startswith(_LIST_ITEM):
        number = name.removeprefix(_LIST_ITEM)
        items = [i for i in row.get("custom_fields") or () if str(i.get("id")) != number]
        return {**row, "custom_fields": [*items, {"id": int(number), "value": value}]}
    rest = {key: each for key, each in row.items() if key != name}
    return rest if value is None else {**rest, name: value}


def _moved(row: Mapping[str, Any], name: str, value: Any, habits: Habits) -> dict[str, Any]:
    if name == TOUCHED:
        return dict(row)
    made = _with(row, name, value)
    return {**made, **habits.along[name](made)} if name in habits.along else made


def _told(changes: list[Change], sightings: Sequence[Sighting]) -> list[Change]:
    """Each change once; what is derived only where nothing is told of the same field."""
    told = {change.field for change in changes if not change.derived}
    seen: set[bytes] = set()
    kept = []
    for change in changes:
        mark = _encode([change.field, change.at, change.after])
        if mark not in seen and not (change.derived and change.field.lstrip("+") in told):
            seen.add(mark)
            kept.append(change)
    return _summed(kept, sightings[0].row if sightings else {})


def _summed(changes: list[Change], row: Mapping[str, Any]) -> list[Change]:
    """Growing sums as plain changes, reckoned back from what the sum was when it was seen."""
    sums: dict[str, Any] = {}
    made = []
    for change in reversed(changes):
        if not change.field.startswith("+"):
            made.append(change)
            continue
        name = change.field[1:]
        shown = row.get(name)
        after = sums.get(name, shown if isinstance(shown, int | float) else 0)
        # A sum that does not tell of its parts, as lists of different days give it, was never less.
        sums[name] = before = max(0, after - change.after)
        made.append(msgspec.structs.replace(change, field=name, before=before, after=after))
    return made[::-1]


def _outcome(changes: Sequence[Change]) -> dict[str, Any]:
    """What an object that was never seen looks like after all its changes."""
    row: dict[str, Any] = {}
    for change in changes:
        if change.field != TOUCHED:
            row = _with(row, change.field, change.after)
    return row


class _Span(NamedTuple):
    """From when on an object is there, and when it was seen, in microseconds."""

    start: datetime | None
    seen: set[int]


def _written(
    table: str, row_id: str, states: Sequence[State], span: _Span, habits: Habits
) -> Iterator[Version]:
    """The states from birth on; of those with one time only the last one stands."""
    start, lasting = span.start, dict[int | None, dict[str, Any]]()
    for since, row in states:
        at = start if since is None or (start is not None and since < start) else since
        lasting[None if at is None else micros(at)] = row
    previous: dict[str, Any] | None = None
    for moment, row in lasting.items():
        own = len(lasting) == 1 or (moment in span.seen and habits.stamp in row)
        stamped = row if own else _stamped(row, moment, habits)
        if stamped != previous:
            raw = msgspec.Raw(_encode({**stamped, "id": row_id}))
            yield Version(table=table, id=row_id, since=moment, row=raw)
        previous = stamped


def _stamped(row: dict[str, Any], moment: int | None, habits: Habits) -> dict[str, Any]:
    """The row with the time of its last change up to then."""
    if habits.stamp is None or moment is None:
        return row
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    if habits.millis:
        part = f".{at.microsecond // 1000:03d}" if at.microsecond >= 1000 else ""
        return {**row, habits.stamp: f"{at:%Y-%m-%dT%H:%M:%S}{part}Z"}
    return {**row, habits.stamp: at.strftime("%Y-%m-%dT%H:%M:%SZ")}
