"""Bytes of any number one after the other in a file that nobody else sees."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Blobs"]

_LEAST_AHEAD, _MOST_AHEAD = 1 << 14, 1 << 20
_BLOCK = 1 << 18


class Blobs:
    """Takes bytes in, all of them before the first is read; memory grows by 8 bytes each.

    The file is shared with a process that is forked: one side fills it, and the other reads it
    with the same `starts`.
    """

    def __init__(self, folder: Path) -> None:
        """The file lies in `folder` under no name, so that a killed process leaves nothing."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed with its owner
        self.starts = array("q", (0,))
        self._waiting: list[bytes] = []
        self._written = 0
        self._held, self._from, self._ahead = b"", 0, _LEAST_AHEAD

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[bytes]:
        """All of them in order."""
        yield from map(self.at, range(len(self)))

    def add(self, data: bytes) -> None:
        """Append one; none may have been read yet."""
        end = self.starts[-1] + len(data)
        self.starts.append(end)
        self._waiting.append(data)
        if end - self._written > _BLOCK:
            self.flush()

    def at(self, number: int) -> bytes:
        """The one of a number, from 0; what lies behind it is at hand afterwards."""
        if self._waiting:
            self.flush()
        start, end = self.starts[number], self.starts[number + 1]
        begin = start - self._from
        if begin < 0 or end - self._from > len(self._held):
            self._read(start, end)
            begin = 0
        return self._held[begin : begin + end - start]

    def flush(self) -> None:
        """Put what waits into the file."""
        self._file.write(b"".join(self._waiting))
        self._file.flush()
        self._waiting.clear()
        self._written = self.starts[-1]

    def resume(self, starts: array[int]) -> None:
        """Take over where another process, which shares the file, stopped adding."""
        self.starts, self._written = starts, starts[-1]

    def _read(self, start: int, end: int) -> None:
        follows = 0 <= start - self._from - len(self._held) < self._ahead
        self._ahead = min(self._ahead * 2, _MOST_AHEAD) if follows else _LEAST_AHEAD
        size = max(end - start, self._ahead)
        self._held, self._from = os.pread(self._file.fileno(), size, start), start

    def close(self) -> None:
        """The file is gone afterwards."""
        self._file.close()
