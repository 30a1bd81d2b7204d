"""The part of a world that one case touches, as it was at the case's moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import orjson

from understudy.model.world import Row, World
from understudy.traffic.exports.chronicle import Chronicle, Past
from understudy.traffic.rewind import Rewinder
from understudy.world.versions import Version, micros

__all__ = ["MomentWorlds", "whole_rows"]

_STEPS = 2
_REMEMBERED = 200
_ID = re.compile(r"(?:[a-z]{2,5}_\w{6,64}|\d{3,20})")
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MomentWorlds:
    """Makes small worlds out of a chronicle, so that memory does not grow with a recording."""

    chronicle: Chronicle
    rewinder: Rewinder
    _known: dict[Place, list[Version]] = field(default_factory=dict)
    """The states of what was asked for last: one case asks for the same objects again."""

    def at(self, moment: datetime | None, places: Iterable[Place], named: Iterable[str]) -> World:
        """The objects at these places, those of these ids, and whom they name themselves."""
        tables: dict[str, dict[str, Row]] = {}
        known: set[Place] = set()
        found = {*places, *self._places(named)}
        for _ in range(_STEPS + 1):
            known |= found
            rows = [(table, row) for table, i in found if (row := self._state(table, i, moment))]
            for table, row in rows:
                tables.setdefault(table, {})[row["id"]] = row
            named = {text for _, row in rows for text in _ids(row)}
            found = set(self._places(named)) - known
        return World(tables, now=0 if moment is None else int(moment.timestamp()))

    def _places(self, named: Iterable[str]) -> Iterator[Place]:
        for row_id in sorted(named):
            yield from ((table, row_id) for table in self.chronicle.tables_of(row_id))

    def row(self, place: Place, moment: datetime | None) -> Row | None:
        """One object as it was at a moment."""
        return self._state(*place, moment)

    def _state(self, table: str, row_id: str, moment: datetime | None) -> Row | None:
        found: Version | None = None
        for version in self._versions((table, row_id)):
            late = version.since is not None and (moment is None or version.since > micros(moment))
            if not late:
                found = version
        return None if found is None else orjson.loads(memoryview(found.row))

    def _versions(self, place: Place) -> list[Version]:
        if place not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            past = whole_rows(self.chronicle.past_of(*place))
            self._known[place] = list(self.rewinder.versions(past))
        return self._known[place]


def whole_rows(past: Past) -> Past:
    """HubSpot shows the properties that were asked for: what one answer leaves out, others tell.

    Answers of one state complete each other; of an earlier state only what was not shown anew.
    """
    table, row_id, sightings, changes = past
    if not table.startswith("hubspot.") or len(sightings) < 2:
        return past
    states: dict[Any, dict[str, Any]] = {}
    for each in sightings:
        states.setdefault(each.row.get("updatedAt"), {}).update(each.row)
    row: dict[str, Any] = {}
    made = []
    for each in sightings:
        row = {**row, **states[each.row.get("updatedAt")], **each.row}
        made.append(msgspec.structs.replace(each, row=row))
    return table, row_id, made, changes


def _ids(row: Row) -> Iterator[str]:
    for value in row.values():
        if isinstance(value, str) and _ID.fullmatch(value):
            yield value
        elif isinstance(value, dict):
            yield from _ids(value)
        elif isinstance(value, list):
            yield from (text for each in value if isinstance(each, dict) for text in _ids(each))
            yield from (text for text in value if isinstance(text, str) and _ID.fullmatch(text))
