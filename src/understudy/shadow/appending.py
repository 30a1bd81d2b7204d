"""A file of lines that one writer appends to: each line is there whole, or not at all."""

from __future__ import annotations

import enum
import os
import time
from pathlib import Path
from typing import IO

from understudy.model.errors import RecordingError

__all__ = ["AppendedFile", "Sync", "damaged_line"]

_SYNC_SECONDS = 1.0


class Sync(enum.StrEnum):
    """When records are forced to the disk, where a power cut leaves them."""

    NEVER = "never"
    """When the system gets round to it. A kill of the process loses nothing all the same."""
    SECOND = "1s"
    """At most a second's records can be lost."""
    CASE = "case"
    """Each record before the next case begins."""


class AppendedFile:
    """Lines are written with one call each; what a kill left torn is cut off by the next writer.

    Raises `RecordingError` where another writer has the file, or where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = time.monotonic()
        self._file = _open_alone(path)
        try:
            self.end = _cut_torn_tail(self._file, path)
        except BaseException:
            self._file.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether another writer may have it."""
        return self._file.closed

    def append(self, line: bytes, sync: Sync = Sync.SECOND) -> int:
        """Write one line whole; gives where it begins."""
        number, offset = self._file.fileno(), self.end
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
        self.end += len(line)
        return offset

    def close(self, sync: Sync | None = None) -> None:
        """Let another writer have it, with everything on the disk unless `sync` says never."""
        try:
            if sync is not Sync.NEVER:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise _cannot_write(self.path, error.strerror or str(error)) from None
        finally:
            self._file.close()

    def _is_due(self, sync: Sync) -> bool:
        if sync is Sync.SECOND:
            return time.monotonic() - self._synced >= _SYNC_SECONDS
        return sync is Sync.CASE

    def _undo(self) -> None:
        os.ftruncate(self._file.fileno(), self.end)


def damaged_line(path: Path, offset: int, error: Exception) -> RecordingError:
    """The error for a line that begins at `offset` and is no record."""
    with path.open("rb") as file:
        line = file.read(offset).count(b"\n") + 1
    return RecordingError(
        f"this record cannot be read: {error}",
        code="U402",
        where=f"{path}:{line}",
        hint="take the line out and resume the run: its case is run again",
    )


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
