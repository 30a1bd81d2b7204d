"""A scratch database for an import: what was read, in any order, given back in the right one.

It holds nothing that was not redacted before, lies beside the recording, and is gone at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from understudy.traffic.history import Change, Deed, Happening, Message, Person, Sighting
from understudy.world.versions import micros

__all__ = ["Chronicle", "Past"]

_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;
CREATE TABLE past (tbl TEXT, id TEXT, at INTEGER, seq INTEGER PRIMARY KEY, kind TEXT, body BLOB);
CREATE TABLE deed (key TEXT PRIMARY KEY, at INTEGER, seq INTEGER, body BLOB);
CREATE TABLE message (entity TEXT, at INTEGER, seq INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE tie (one TEXT, other TEXT, sure INTEGER, PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE TABLE person (place TEXT PRIMARY KEY, staff INTEGER, sure INTEGER, name TEXT) WITHOUT ROWID;
CREATE TABLE seen (mark BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_END = 1 << 62
_encode = msgspec.json.Encoder().encode
_sighting = msgspec.json.Decoder(Sighting)
_change = msgspec.json.Decoder(Change)
_deed = msgspec.json.Decoder(Deed)
_message = msgspec.json.Decoder(Message)

Past = tuple[str, str, list[Sighting], list[Change]]
"""One object's table and id, its sightings and its changes, both in time."""


class Chronicle:
    """Takes happenings as they come; memory does not grow with their number."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.executescript(_TABLES)
        self._base.execute("BEGIN")
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()
        self._path.unlink(missing_ok=True)

    def first(self, mark: bytes) -> bool:
        """Whether this is the first record with a mark."""
        return self._base.execute("INSERT OR IGNORE INTO seen VALUES (?)", (mark,)).rowcount > 0

    def take(self, one: Happening) -> None:
        """Keep a happening. Of several tellings of one deed, the one that says who did it wins."""
        self._count += 1
        if isinstance(one, Sighting | Change):
            kind = "s" if isinstance(one, Sighting) else "c"
            at = micros(one.at) if one.at else _END
            row = (one.table, one.id, at, self._count, kind, _encode(one))
            self._base.execute("INSERT INTO past VALUES (?, ?, ?, ?, ?, ?)", row)
        elif isinstance(one, Deed):
            self._take_deed(one)
        elif isinstance(one, Message):
            told = (one.entity, micros(one.at), self._count, _encode(one))
            self._base.execute("INSERT INTO message VALUES (?, ?, ?, ?)", told)
        elif isinstance(one, Person):
            self._base.execute(
                "INSERT INTO person VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " staff = excluded.staff, name = excluded.name, sure = excluded.sure"
                " WHERE excluded.sure >= sure",
                (one.place, one.staff, one.sure, one.name),
            )
        else:
            self._base.execute(
                "INSERT INTO tie VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sure = max(sure, ?)",
                (one.one, one.other, one.sure, one.sure),
            )

    def _take_deed(self, deed: Deed) -> None:
        row = self._base.execute("SELECT body FROM deed WHERE key = ?", (deed.key,)).fetchone()
        if row is None or _deed.decode(row[0]).maker == "untold":
            body = (deed.key, micros(deed.at), self._count, _encode(deed))
            self._base.execute("INSERT OR REPLACE INTO deed VALUES (?, ?, ?, ?)", body)

    def past(self) -> Iterator[Past]:
        """Each object's history, by table and id."""
        self._base.execute("CREATE INDEX IF NOT EXISTS by_object ON past (tbl, id, at, seq)")
        rows = self._base.execute("SELECT tbl, id, kind, body FROM past ORDER BY tbl, id, at, seq")
        for (table, row_id), group in groupby(rows, key=itemgetter(0, 1)):
            told = [(kind, body) for _, _, kind, body in group]
            sightings = [_sighting.decode(body) for kind, body in told if kind == "s"]
            changes = [_change.decode(body) for kind, body in told if kind == "c"]
            yield table, row_id, sightings, changes

    def deeds(self) -> Iterator[Deed]:
        """All deeds in time, then as they were told."""
        for (body,) in self._base.execute("SELECT body FROM deed ORDER BY at, seq"):
            yield _deed.decode(body)

    def deed(self, key: str) -> Deed:
        """The deed of a key."""
        row = self._base.execute("SELECT body FROM deed WHERE key = ?", (key,)).fetchone()
        return _deed.decode(row[0])

    def messages(self) -> Iterator[Message]:
        """All messages by entity, in time."""
        for (body,) in self._base.execute("SELECT body FROM message ORDER BY entity, at, seq"):
            yield _message.decode(body)

    def ties(self) -> Iterator[tuple[str, str, bool]]:
        """All ties, the sure ones first."""
        rows = self._base.execute("SELECT one, other, sure FROM tie ORDER BY sure DESC, one, other")
        for one, other, sure in rows:
            yield one, other, bool(sure)

    def people(self) -> Iterator[tuple[str, bool, str]]:
        """Everybody who is told of: place, whether staff, and name."""
        for place, staff, name in self._base.execute("SELECT place, staff, name FROM person"):
            yield place, bool(staff), name

    def knows(self, place: str) -> bool:
        """Whether anything is told of an object."""
        self._base.execute("CREATE INDEX IF NOT EXISTS by_object ON past (tbl, id, at, seq)")
        table, _, row_id = place.partition("/")
        query = "SELECT 1 FROM past WHERE tbl = ? AND id = ? LIMIT 1"
        return self._base.execute(query, (table, row_id)).fetchone() is not None
