"""The run store: one line per finished case, appended whole, read back without what was torn."""

from __future__ import annotations

import enum
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from understudy.model.errors import RecordingError
from understudy.model.jsonl import encode_line
from understudy.model.proposal import CaseRecord
from understudy.shadow.seal import break_seal
from understudy.shadow.store_index import FileIndex, IndexWriter, read_index

__all__ = ["CaseStore", "Key", "Stored", "Sync", "read_records", "stored_cases"]

Key = tuple[str, int]
"""A case and its repeat."""
_SLOW_MS = 20
"""A case that takes so long does not notice the third of a millisecond that a sync costs."""
_SYNC_SECONDS = 1.0


class Sync(enum.StrEnum):
    """When records are forced to the disk, where a power cut leaves them."""

    NEVER = "never"
    """When the system gets round to it. A kill of the process loses nothing all the same."""
    SECOND = "1s"
    """At most a second's records can be lost."""
    CASE = "case"
    """Each record before the next case begins."""


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

    def read(self) -> CaseRecord:
        """The record; raises `RecordingError` where it cannot be read."""
        with self.path.open("rb") as file:
            line = os.pread(file.fileno(), self.length, self.offset)
        try:
            return msgspec.json.decode(line, type=CaseRecord)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged(self.path, self.offset, error) from None


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
        self._synced = time.monotonic()
        self._file = _open_alone(self.path)
        try:
            self._end = _cut_torn_tail(self._file, self.path)
            break_seal(folder)
            known = _indexed(folder)
            self._done = _first_of_each(folder, known)
        except BaseException:
            self._file.close()
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
        self._write(line, self._sync_of(record))
        self._done[key] = Stored(self.path, self._end, len(line))
        self._index.add((*key, self._end, len(line)))
        self._end += len(line)
        return True

    def close(self) -> None:
        """Let another writer have the shard."""
        if self._file.closed:
            return
        try:
            if self._sync is not Sync.NEVER:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise _cannot_write(self.path, error.strerror or str(error)) from None
        finally:
            self._index.save()
            self._file.close()

    def _sync_of(self, record: CaseRecord) -> Sync:
        if self._sync is not None:
            return self._sync
        return Sync.CASE if (record.proposal.wall_time_ms or 0) > _SLOW_MS else Sync.SECOND

    def _write(self, line: bytes, sync: Sync) -> None:
        number = self._file.fileno()
        try:
            written = os.write(number, line)
            if written == len(line) and self._is_due(sync):
                os.fsync(number)
                self._synced = time.monotonic()
        except OSError as error:
            self._undo()
            raise _cannot_write(self.path, error.strerror or str(error)) from None
        if written != len(line):
            self._undo()
            raise _cannot_write(self.path, "the disk is full")

    def _is_due(self, sync: Sync) -> bool:
        if sync is Sync.SECOND:
            return time.monotonic() - self._synced >= _SYNC_SECONDS
        return sync is Sync.CASE

    def _undo(self) -> None:
        os.ftruncate(self._file.fileno(), self._end)


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


def _completed(path: Path, index: FileIndex) -> FileIndex:
    for line, stored in _lines(path, index.end):
        index.add((*_key(line, stored), stored.offset, stored.length))
    return index


def _first_of_each(folder: Path, known: dict[str, FileIndex]) -> dict[Key, Stored]:
    found: dict[Key, Stored] = {}
    for name, index in known.items():
        path = folder / name
        for case_id, repeat, offset, length in index.entries:
            found.setdefault((case_id, repeat), Stored(path, offset, length))
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
        raise _damaged(stored.path, stored.offset, error) from None
    return read.case_id, read.proposal.repeat


def _open_alone(path: Path) -> IO[bytes]:
    import fcntl

    try:
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise _cannot_write(path, error.strerror or str(error)) from None
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RecordingError(
            f"another run is writing to `{path}`",
            code="U432",
            hint="wait for it to end, or stop it with: understudy stop " + str(path.parent),
        ) from None
    return file


def _cut_torn_tail(file: IO[bytes], path: Path) -> int:
    size = os.fstat(file.fileno()).st_size
    end = size
    while end:
        begin = max(0, end - (1 << 16))
        block = os.pread(file.fileno(), end - begin, begin)
        newline = block.rfind(b"\n")
        if newline >= 0:
            end = begin + newline + 1
            break
        end = begin
    if end != size:
        os.truncate(path, end)
    return end


def _cannot_write(path: Path, reason: str) -> RecordingError:
    return RecordingError(
        f"`{path}` cannot be written: {reason}",
        code="U431",
        hint="make room or choose another folder, then resume the run; no finished case is lost",
    )


def _damaged(path: Path, offset: int, error: Exception) -> RecordingError:
    with path.open("rb") as file:
        line = file.read(offset).count(b"\n") + 1
    return RecordingError(
        f"this record cannot be read: {error}",
        code="U402",
        where=f"{path}:{line}",
        hint="take the line out and resume the run: its case is run again",
    )
