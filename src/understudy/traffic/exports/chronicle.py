"""A scratch database for an import: what was read, in any order, given back in the right one.

It holds nothing that was not redacted before, lies beside the recording, and is gone at the end.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Self

import msgspec

from understudy.model.baseline import Baseline
from understudy.model.case import Case, Turn
from understudy.traffic.exports.history import (
    Change,
    Deed,
    Happening,
    Message,
    Person,
    Sighting,
    Tie,
)
from understudy.world.versions import micros

__all__ = ["Chronicle", "Noted", "Past", "noted"]

_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
CREATE TABLE past (tbl TEXT, id TEXT, at INTEGER, seq INTEGER PRIMARY KEY, kind TEXT, body BLOB);
CREATE TABLE deed (key TEXT PRIMARY KEY, at INTEGER, seq INTEGER, body BLOB);
CREATE TABLE message (entity TEXT, at INTEGER, seq INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE tie (one TEXT, other TEXT, sure INTEGER, PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE TABLE person (place TEXT PRIMARY KEY, staff INTEGER, sure INTEGER, name TEXT) WITHOUT ROWID;
CREATE TABLE seen (mark BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE cased (seq INTEGER PRIMARY KEY, at INTEGER, id TEXT, body BLOB);
CREATE VIEW in_time AS
  SELECT seq, body, iif(timed.yes, at, 0) AS at, iif(timed.yes, id, '') AS id
  FROM cased, (SELECT NOT EXISTS (SELECT 1 FROM cased WHERE at IS NULL) AS yes) AS timed;
CREATE TABLE talk (seq INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE handled (seq INTEGER PRIMARY KEY, cased INTEGER, body BLOB);
"""
_END, _PIECE = 1 << 62, 1 << 20
_AT_ONCE, _LARGE, _REMEMBERED = 500, 1 << 16, 10_000
_encode = msgspec.json.Encoder().encode
_sighting = msgspec.json.Decoder(Sighting)
_change = msgspec.json.Decoder(Change)
_deed = msgspec.json.Decoder(Deed)
_message = msgspec.json.Decoder(Message)
_turns = msgspec.json.Decoder(tuple[Turn, ...])

Past = tuple[str, str, list[Sighting], list[Change]]
"""One object's table and id, its sightings and its changes, both in time."""


Noted = tuple[str, str, int, str, bytes] | Happening
"""A sighting or a change as it is kept, of table, id, moment, kind and JSON; others as they are."""


def noted(one: Happening) -> Noted:
    """A happening as it is kept, or sent to who keeps it."""
    if not isinstance(one, Sighting | Change):
        return one
    kind = "s" if isinstance(one, Sighting) else "c"
    return one.table, one.id, micros(one.at) if one.at else _END, kind, _encode(one)


class Chronicle:
    """Takes happenings as they come; memory does not grow with their number."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        self._owner = os.getpid()
        self._path, self._file = path, os.open(path, os.O_RDONLY)
        # Under no name any more, it is gone with the process, however that ends.
        path.unlink()
        self._base.executescript(_TABLES)
        self._base.execute("BEGIN")
        self._count = 0
        self._waiting: list[tuple[str, str, int, int, str, bytes]] = []
        self._told: dict[str, Person] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()
        os.close(self._file)

    def settle(self) -> None:
        """Everything is told: from now on a forked process may read it too."""
        self._index()
        self._base.execute("COMMIT")
        self._base.execute("BEGIN")

    def mine(self) -> None:
        """Read on in this process; in a forked one that is a copy, made once.

        A parent's connection must not be used there.
        """
        if self._owner == os.getpid():
            return
        self._owner = os.getpid()
        path = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with path.open("wb") as copy:
            size = os.fstat(self._file).st_size
            while copy.tell() < size:
                copy.write(os.pread(self._file, _PIECE, copy.tell()))
        self._base = sqlite3.connect(path, isolation_level=None)
        path.unlink()

    def first(self, mark: bytes) -> bool:
        """Whether this is the first record with a mark."""
        return self._base.execute("INSERT OR IGNORE INTO seen VALUES (?)", (mark,)).rowcount > 0

    def take(self, one: Happening) -> None:
        """Keep a happening. Of several tellings of one deed, the one that says who did it wins."""
        self.put(noted(one))

    def put(self, one: Noted) -> None:
        """The same of one that is noted already."""
        self._count += 1
        if isinstance(one, tuple):
            table, row_id, at, kind, body = one
            self._waiting.append((table, row_id, at, self._count, kind, body))
            if len(self._waiting) >= _AT_ONCE or len(body) >= _LARGE:
                self._write()
        elif isinstance(one, Deed):
            self._take_deed(one)
        elif isinstance(one, Message):
            told = (one.entity, micros(one.at), self._count, _encode(one))
            self._base.execute("INSERT INTO message VALUES (?, ?, ?, ?)", told)
        elif isinstance(one, Person):
            self._take_person(one)
        elif isinstance(one, Tie):
            self._base.execute(
                "INSERT INTO tie VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sure = max(sure, ?)",
                (one.one, one.other, one.sure, one.sure),
            )

    def _take_person(self, one: Person) -> None:
        if self._told.get(one.place) == one:
            return
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told[one.place] = one
        self._base.execute(
            "INSERT INTO person VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " staff = excluded.staff, name = excluded.name, sure = excluded.sure"
            " WHERE excluded.sure >= sure",
            (one.place, one.staff, one.sure, one.name),
        )

    def _take_deed(self, deed: Deed) -> None:
        row = self._base.execute("SELECT body FROM deed WHERE key = ?", (deed.key,)).fetchone()
        if row is None or _deed.decode(row[0]).maker == "untold":
            body = (deed.key, micros(deed.at), self._count, _encode(deed))
            self._base.execute("INSERT OR REPLACE INTO deed VALUES (?, ?, ?, ?)", body)

    def past(self) -> Iterator[Past]:
        """Each object's history, by table and id."""
        self._index()
        rows = self._base.execute("SELECT tbl, id, kind, body FROM past ORDER BY tbl, id, at, seq")
        for (table, row_id), group in groupby(rows, key=itemgetter(0, 1)):
            yield _past(table, row_id, [(kind, body) for _, _, kind, body in group])

    def past_of(self, table: str, row_id: str) -> Past:
        """One object's history."""
        self._index()
        query = "SELECT kind, body FROM past WHERE tbl = ? AND id = ? ORDER BY at, seq"
        return _past(table, row_id, self._base.execute(query, (table, row_id)).fetchall())

    def tables_of(self, row_id: str) -> list[str]:
        """The tables in which anything has this id."""
        self._index()
        query = "SELECT DISTINCT tbl FROM past WHERE id = ? ORDER BY tbl"
        return [table for (table,) in self._base.execute(query, (row_id,))]

    def _write(self) -> None:
        """Put what waits into the database, many at once."""
        self._base.executemany("INSERT INTO past VALUES (?, ?, ?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    def _index(self) -> None:
        if self._waiting:
            self._write()
        self._base.execute("CREATE INDEX IF NOT EXISTS by_object ON past (tbl, id, at, seq)")
        self._base.execute("CREATE INDEX IF NOT EXISTS by_id ON past (id, tbl)")

    def deeds(self) -> Iterator[Deed]:
        """All deeds in time, then as they were told."""
        for (body,) in self._base.execute("SELECT body FROM deed ORDER BY at, seq"):
            yield _deed.decode(body)

    def deed(self, key: str) -> Deed:
        """The deed of a key."""
        row = self._base.execute("SELECT body FROM deed WHERE key = ?", (key,)).fetchone()
        return _deed.decode(row[0])

    def shelve(self, case: Case, baselines: Iterable[Baseline]) -> None:
        """Keep a finished case with what people did about it."""
        at = None if case.received_at is None else micros(case.received_at)
        row = (at, case.case_id, _encode(case))
        number = self._base.execute("INSERT INTO cased VALUES (NULL, ?, ?, ?)", row).lastrowid
        for each in baselines:
            self._base.execute("INSERT INTO handled VALUES (NULL, ?, ?)", (number, _encode(each)))

    def cases(self) -> Iterator[Case]:
        """The finished cases in time; as they were kept where any has no time."""
        decode = msgspec.json.Decoder(Case).decode
        for (body,) in self._base.execute("SELECT body FROM in_time ORDER BY at, id, seq"):
            yield decode(body)

    def baselines(self) -> Iterator[Baseline]:
        """What people did, in the order of the cases."""
        decode = msgspec.json.Decoder(Baseline).decode
        rows = self._base.execute(
            "SELECT handled.body FROM in_time JOIN handled ON handled.cased = in_time.seq"
            " ORDER BY in_time.at, in_time.id, in_time.seq, handled.seq"
        )
        for (body,) in rows:
            yield decode(body)

    def messages(self) -> Iterator[Message]:
        """All messages by entity, in time."""
        for (body,) in self._base.execute("SELECT body FROM message ORDER BY entity, at, seq"):
            yield _message.decode(body)

    def keep_turns(self, turns: Sequence[Turn]) -> int:
        """Keep what was said in a case; its number."""
        made = self._base.execute("INSERT INTO talk VALUES (NULL, ?)", (_encode(turns),))
        return made.lastrowid or 0

    def turns(self, number: int) -> tuple[Turn, ...]:
        """What was said in a case."""
        row = self._base.execute("SELECT body FROM talk WHERE seq = ?", (number,)).fetchone()
        return _turns.decode(row[0])

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
        self._index()
        table, _, row_id = place.partition("/")
        query = "SELECT 1 FROM past WHERE tbl = ? AND id = ? LIMIT 1"
        return self._base.execute(query, (table, row_id)).fetchone() is not None


def _past(table: str, row_id: str, told: list[tuple[str, bytes]]) -> Past:
    sightings = [_sighting.decode(body) for kind, body in told if kind == "s"]
    changes = [_change.decode(body) for kind, body in told if kind == "c"]
    return table, row_id, sightings, changes
