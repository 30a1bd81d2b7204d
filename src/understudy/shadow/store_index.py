"""`index.sqlite`: where each record of a run lies, so that nobody reads the store to resume it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["INDEX", "Entry", "FileIndex", "IndexWriter", "read_index"]

INDEX = "index.sqlite"
Entry = tuple[str, int, int, int]
"""Case, repeat, and where its line begins and how long it is, in bytes."""

_SAVE_EVERY = 1_000
_TABLES = """
CREATE TABLE IF NOT EXISTS files(
    name TEXT PRIMARY KEY, entries INTEGER, end INTEGER, chain TEXT, last TEXT);
CREATE TABLE IF NOT EXISTS entries(
    name TEXT, number INTEGER, case_id TEXT, repeat INTEGER, offset INTEGER, length INTEGER,
    PRIMARY KEY(name, number)) WITHOUT ROWID;
"""


@dataclass(slots=True)
class FileIndex:
    """The lines of one store file from its beginning to `end`, in order."""

    entries: list[Entry] = field(default_factory=list)
    end: int = 0
    chain: str = ""
    """The hash over all entries, one after the other; it shows that none was put in or left out."""

    def add(self, entry: Entry) -> None:
        """The next line."""
        self.entries.append(entry)
        self.end = entry[2] + entry[3]
        self.chain = _chained(self.chain, entry)


def read_index(folder: Path) -> dict[str, FileIndex]:
    """What the index says of each store file, as far as it can be trusted.

    A file whose entries do not add up to their own hash, or whose last line is another one than
    the index has seen, is left out: its lines are read from the file itself. So is everything
    where there is no index, or none that SQLite can read.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_opened(path)) as opened:
        rows = opened.execute("SELECT name, entries, end, chain, last FROM files").fetchall()
        return {
            row[0]: found
            for row in rows
            if (found := _trusted(opened, folder / str(row[0]), row)) is not None
        }
    return {}


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _trusted(
    opened: sqlite3.Connection, path: Path, row: tuple[str, int, int, str, str]
) -> FileIndex | None:
    name, count, end, chain, last = row
    found = FileIndex()
    asked = "SELECT case_id, repeat, offset, length FROM entries WHERE name = ? ORDER BY number"
    for entry in opened.execute(asked, (name,)):
        if not _fits(entry) or entry[2] < found.end:
            return None
        found.add(entry)
    if (len(found.entries), found.end, found.chain) != (count, end, chain):
        return None
    return found if found.entries and last == _last_line(path, found.entries) else None


def _fits(entry: Sequence[object]) -> bool:
    case_id, *numbers = entry
    return isinstance(case_id, str) and all(isinstance(one, int) and one >= 0 for one in numbers)


def _last_line(path: Path, entries: Sequence[Entry]) -> str:
    """The hash of the line that the last entry points to, as it is in the file now."""
    if not entries or not path.is_file():
        return ""
    _, _, offset, length = entries[-1]
    with path.open("rb") as file:
        line = os.pread(file.fileno(), length, offset)
    return hashlib.sha256(line).hexdigest() if line.endswith(b"\n") else ""


def _chained(chain: str, entry: Entry) -> str:
    return hashlib.sha256(f"{chain}\0{entry}".encode()).hexdigest()


class IndexWriter:
    """Keeps the index of one store file; the file's only writer has it.

    The index is derived: it is saved now and then and at the end, and where it cannot be written
    the run goes on without it.
    """

    def __init__(self, path: Path, known: FileIndex) -> None:
        self._path, self._chain, self._end = path, known.chain, known.end
        self._pending = list(known.entries)
        """What is not in the database yet; at first nobody knows what is."""
        self._saved = 0
        self._first = True

    def add(self, entry: Entry) -> None:
        """The next line of the file."""
        self._pending.append(entry)
        self._end, self._chain = entry[2] + entry[3], _chained(self._chain, entry)
        if len(self._pending) >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write what came since."""
        try:
            self._save()
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            # What lies there is no database: it is derived, so it is made anew.
            with contextlib.suppress(OSError, sqlite3.Error):
                (self._path.parent / INDEX).unlink()
                self._save()

    def _save(self) -> None:
        if not self._pending:
            return
        name, count = self._path.name, self._saved + len(self._pending)
        with contextlib.closing(sqlite3.connect(self._path.parent / INDEX)) as opened:
            # It may be lost at any time; what may not be lost is in the store.
            opened.execute("PRAGMA synchronous = OFF")
            opened.executescript(_TABLES)
            with opened:
                if self._first:
                    opened.execute("DELETE FROM entries WHERE name = ?", (name,))
                opened.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", self._rows())
                last = _last_line(self._path, self._pending)
                opened.execute(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                    (name, count, self._end, self._chain, last),
                )
        self._first, self._saved = False, count
        self._pending.clear()

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for number, entry in enumerate(self._pending, self._saved):
            yield (self._path.name, number, *entry)
