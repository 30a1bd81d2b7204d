"""A world of versions: each object with all its states, so that it can be read as of any moment."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson

from understudy.model.errors import RecordingError
from understudy.model.jsonl import write_json
from understudy.model.line_file import open_lines
from understudy.model.manifest import WorldManifest
from understudy.model.world import Row, World

__all__ = ["VERSIONS", "TimedWorld", "Version", "load_versions", "micros", "write_versions"]

VERSIONS = "versions.jsonl"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED = 2000
"""So many rows are held decoded; a case asks for few, and for the same ones again."""
_FIRST = -(1 << 62)
_encoder = msgspec.json.Encoder()
_Known = dict[str, dict[str, tuple["array[int]", "array[int]"]]]
"""By table and id: since when each version is good, and its place among all."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One state of one object, good from `since` (microseconds since the epoch) to the next.

    Without `since` it is the state from the beginning.
    """

    table: str
    id: str
    since: int | None = None
    row: msgspec.Raw


def micros(moment: datetime) -> int:
    """A moment as `Version.since` counts it.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (moment - _EPOCH) // timedelta(microseconds=1)


def write_versions(path: Path, versions: Iterable[Version], now: datetime) -> WorldManifest:
    """Write a world of versions; those of one object must follow each other in time."""
    path.mkdir(parents=True, exist_ok=True)
    state, counts = hashlib.sha256(), dict[str, set[str]]()
    with (path / VERSIONS).open("wb") as file:
        for version in versions:
            line = _encoder.encode(version) + b"\n"
            state.update(line)
            file.write(line)
            counts.setdefault(version.table, set()).add(version.id)
    manifest = WorldManifest(
        seed=0,
        recipe_hash="",
        profile_hash="",
        pool_hashes={},
        row_counts={table: len(ids) for table, ids in sorted(counts.items())},
        content_digest=state.hexdigest(),
        now=int(now.timestamp()),
    )
    write_json(path / "manifest.json", manifest)
    return manifest


def load_versions(path: Path, manifest: WorldManifest) -> TimedWorld:
    """Read a world of versions; `RecordingError` where it is not the one that was written."""
    known: _Known = {}
    versions = open_lines(path / VERSIONS, Version, lambda every: _placed(every, known))
    found = {table: len(ids) for table, ids in sorted(known.items())}
    if found != manifest.row_counts:
        raise RecordingError(
            f"`{path / VERSIONS}` does not hold the objects that the manifest names",
            code="U451",
            hint="import the recording again",
        )
    return TimedWorld(versions, known, content_digest=manifest.content_digest, now=manifest.now)


def _placed(versions: Iterable[Version], known: _Known) -> Iterator[Version]:
    """The versions as they pass, each one's moment and place kept by object."""
    for place, version in enumerate(versions):
        times, places = known.setdefault(version.table, {}).setdefault(
            version.id, (array("q"), array("q"))
        )
        times.append(_FIRST if version.since is None else version.since)
        places.append(place)
        yield version


class TimedWorld(World):
    """All versions of all objects. By itself it shows their last state; `as_of` shows an earlier.

    Those of a large file stay on the disk: what is held of each is its moment and its place.

    >>> late = Version(table="t", id="1", since=2_000_000, row=msgspec.Raw(b'{"id":"1"}'))
    >>> world = TimedWorld([late])
    >>> world.get("t", "1"), world.as_of(_EPOCH).get("t", "1")
    ({'id': '1'}, None)
    """

    def __init__(
        self,
        versions: Sequence[Version],
        known: _Known | None = None,
        *,
        content_digest: str = "",
        now: int = 0,
    ) -> None:
        """`known` is where each object's versions stand in time, where that was seen already."""
        if known is None:
            known = {}
            deque(_placed(versions, known), maxlen=0)
        self._versions, self._known = versions, known
        self._rows: dict[int, Row] = {}
        self._values: dict[tuple[str, str], dict[Any, dict[str, None]]] = {}
        super().__init__(
            {table: _Table(self, table, None) for table in known},
            content_digest=content_digest,
            now=now,
        )

    def as_of(self, moment: datetime) -> World:
        """The world at a moment, what happened at that very moment included."""
        return _Past(self, moment)

    def find(self, table: str, column: str, value: Any) -> tuple[str, ...]:
        """The ids of the rows whose `column` equals `value`, in table order."""
        return self.holders(self.table(table), table, column, value)

    def ever(self, table: str, column: str, value: Any) -> bool:
        """Whether an object has a value, or had it at any time."""
        return value in self._ever(table, column)

    def holders(
        self, rows: Mapping[str, Row], table: str, column: str, value: Any
    ) -> tuple[str, ...]:
        """Who of `rows` has a value, looked up among all who ever had it."""
        ever = self._ever(table, column).get(value, ())
        return tuple(
            i for i in ever if (row := rows.get(i)) is not None and row.get(column) == value
        )

    def ids(self, table: str) -> Iterable[str]:
        """All ids that a table ever had."""
        return self._known[table]

    def state(self, table: str, row_id: str, at: int | None) -> Row | None:
        """One object at a moment in microseconds, or at the end."""
        found = self._known[table].get(row_id)
        if found is None:
            return None
        times, places = found
        count = len(times) if at is None else bisect_right(times, at)
        return self._row(places[count - 1]) if count else None

    def _row(self, place: int) -> Row:
        if place not in self._rows:
            if len(self._rows) >= _REMEMBERED:
                self._rows.clear()
            self._rows[place] = orjson.loads(memoryview(self._versions[place].row))
        return self._rows[place]

    def _ever(self, table: str, column: str) -> dict[Any, dict[str, None]]:
        index = self._values.get((table, column))
        if index is None:
            index = self._values[table, column] = {}
            for row_id, (_, places) in self._known.get(table, {}).items():
                for place in places:
                    value = self._row(place).get(column)
                    if value is not None and not isinstance(value, list | dict):
                        index.setdefault(value, {})[row_id] = None
        return index


class _Past(World):
    """A timed world at one moment."""

    def __init__(self, world: TimedWorld, moment: datetime) -> None:
        at = micros(moment)
        self._whole = world
        super().__init__(
            {table: _Table(world, table, at) for table in world.tables},
            content_digest=world.content_digest,
            now=at // 1_000_000,
        )

    def as_of(self, moment: datetime) -> World:
        return self._whole.as_of(moment)

    def find(self, table: str, column: str, value: Any) -> tuple[str, ...]:
        return self._whole.holders(self.table(table), table, column, value)

    def ever(self, table: str, column: str, value: Any) -> bool:
        return self._whole.ever(table, column, value)


class _Table(Mapping[str, Row]):
    """One table at one moment."""

    def __init__(self, world: TimedWorld, name: str, at: int | None) -> None:
        self._world, self._name, self._at = world, name, at

    def get(self, row_id: str, default: Any = None) -> Any:
        row = self._world.state(self._name, row_id, self._at)
        return default if row is None else row

    def __getitem__(self, row_id: str) -> Row:
        row = self._world.state(self._name, row_id, self._at)
        if row is None:
            raise KeyError(row_id)
        return row

    def __contains__(self, row_id: object) -> bool:
        return isinstance(row_id, str) and self.get(row_id) is not None

    def __iter__(self) -> Iterator[str]:
        return (row_id for row_id in self._world.ids(self._name) if row_id in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
