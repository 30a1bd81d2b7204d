"""The run store: one line per finished case, appended whole, read back without what was torn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from understudy.model.jsonl import encode_line
from understudy.model.proposal import CaseRecord
from understudy.shadow.appending import AppendedFile, Sync, damaged_line
from understudy.shadow.late_traces import LateTrace, Place, late_path, late_places, with_late
from understudy.shadow.seal import break_seal
from understudy.shadow.store_index import INDEX, FileIndex, IndexWriter, read_index

__all__ = ["CaseStore", "Key", "Stored", "Sync", "index_differs", "read_records", "stored_cases"]

Key = tuple[str, int]
"""A case and its repeat."""
_SLOW_MS = 20
"""A case that takes so long does not notice the third of a millisecond that a sync costs."""


class _Numbered(msgspec.Struct):
    repeat: int = 0


class _Line(msgspec.Struct):
    """As much of a record as tells whose it is."""

    case_id: str
    proposal: _Numbered


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a record lies."""

    path: Path
    offset: int
    length: int
    late: tuple[Place, ...] = ()
    """Where what came later lies, in the file beside."""

    def read(self) -> CaseRecord:
        """The record with what came later; raises `RecordingError` where it cannot be read."""
        with self.path.open("rb") as file:
            line = os.pread(file.fileno(), self.length, self.offset)
        try:
            record = msgspec.json.decode(line, type=CaseRecord)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged_line(self.path, self.offset, error) from None
        return with_late(record, self.path, self.late) if self.late else record


class CaseStore:
    """Appends the records of one shard to `cases-<shard>.jsonl`; one writer at a time.

    A record is written with one call and is there whole or, after a kill, as a tail without a
    newline that the next writer cuts off. A case that has been recorded is never recorded again.
    """

    def __init__(self, folder: Path, shard: str = "0", *, sync: Sync | None = None) -> None:
        """Without `sync`, each record of a slow case is on the disk at once, others in a second."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"cases-{shard}.jsonl"
        self._sync = sync
        self._late: AppendedFile | None = None
        self._file = AppendedFile(self.path)
        try:
            break_seal(folder)
            known = _indexed(folder)
            self._done = _first_of_each(folder, known)
        except BaseException:
            self._file.close(Sync.NEVER)
            raise
        self._index = IndexWriter(self.path, known[self.path.name])

    @property
    def done(self) -> dict[Key, Stored]:
        """The cases that are recorded, by any shard, and where."""
        return self._done

    def append(self, record: CaseRecord) -> bool:
        """Write one record; False where the case has one already."""
        key = (record.case_id, record.proposal.repeat)
        if key in self._done:
            return False
        line = encode_line(record)
        offset = self._file.append(line, self._sync_of(record))
        self._done[key] = Stored(self.path, offset, len(line))
        self._index.add((*key, offset, len(line)))
        return True

    def append_late(self, late: LateTrace) -> bool:
        """Write down what came of a case since; False where this store has no record of it."""
        stored = self._done.get(late.key)
        if stored is None or stored.path != self.path:
            return False
        if self._late is None:
            self._late = AppendedFile(late_path(self.path))
        line = encode_line(late)
        place = (self._late.append(line, Sync.SECOND), len(line))
        self._done[late.key] = replace(stored, late=(*stored.late, place))
        return True

    def close(self) -> None:
        """Let another writer have the shard."""
        if self._file.closed:
            return
        try:
            if self._late is not None:
                self._late.close(self._sync)
        finally:
            self._index.save()
            self._file.close(self._sync)

    def _sync_of(self, record: CaseRecord) -> Sync:
        if self._sync is not None:
            return self._sync
        return Sync.CASE if (record.proposal.wall_time_ms or 0) > _SLOW_MS else Sync.SECOND


def stored_cases(folder: Path) -> dict[Key, Stored]:
    """Where each recorded case of a run lies; the first record of a case counts."""
    return _first_of_each(folder, _indexed(folder))


def read_records(folder: Path, order: Sequence[Key] | None = None) -> Iterator[CaseRecord]:
    """The records of a run one by one, in the given order where there is one.

    Cases without a record are left out, so that the result does not depend on who finished first.
    """
    found = stored_cases(folder)
    for key in found if order is None else order:
        if key in found:
            yield found[key].read()


def _indexed(folder: Path) -> dict[str, FileIndex]:
    """Every line of every store file: by the index as far as it reaches, then by the file."""
    known = read_index(folder)
    return {
        path.name: _completed(path, known.get(path.name, FileIndex()))
        for path in sorted(folder.glob("cases-*.jsonl"))
    }


def index_differs(folder: Path) -> bool:
    """Whether a run's index is there and says anything else than the files of its store do."""
    if not (folder / INDEX).is_file():
        return False
    known = read_index(folder)
    for path in sorted(folder.glob("cases-*.jsonl")):
        entries = _completed(path, FileIndex()).entries
        own = known.get(path.name, FileIndex()).entries
        if own != entries[: len(own)] or (entries and not own):
            return True
    return False


def _completed(path: Path, index: FileIndex) -> FileIndex:
    for line, stored in _lines(path, index.end):
        index.add((*_key(line, stored), stored.offset, stored.length))
    return index


def _first_of_each(folder: Path, known: dict[str, FileIndex]) -> dict[Key, Stored]:
    found: dict[Key, Stored] = {}
    for name, index in known.items():
        path = folder / name
        lates = late_places(path)
        for case_id, repeat, offset, length in index.entries:
            late = tuple(lates.get((case_id, repeat), ())) if lates else ()
            found.setdefault((case_id, repeat), Stored(path, offset, length, late))
    return found


def _lines(path: Path, offset: int) -> Iterator[tuple[bytes, Stored]]:
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if line.endswith(b"\n") and line.strip():
                yield line, Stored(path, offset, len(line))
            offset += len(line)


_line_decoder = msgspec.json.Decoder(_Line)


def _key(line: bytes, stored: Stored) -> Key:
    try:
        read = _line_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged_line(stored.path, stored.offset, error) from None
    return read.case_id, read.proposal.repeat
