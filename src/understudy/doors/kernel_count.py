"""What the kernel refused, kept in a page that the process which counts shares with this one."""

from __future__ import annotations

import mmap
import struct

__all__ = ["KernelCount"]

_HEAD, _SLOT, _SLOTS = 8, 128, 64


class KernelCount:
    """Refusals in their order: the sort, `network` or `process`, and the place.

    One process writes and another reads. Of more than 64 between two readings the places of the
    first are lost, and none of the count.

    >>> count = KernelCount()
    >>> count.add("network", "native connect 10.0.0.1:443")
    >>> count.take(), count.take()
    ([('network', 'native connect 10.0.0.1:443')], [])
    """

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, _HEAD + _SLOTS * _SLOT)
        self._seen = 0

    def add(self, sort: str, place: str) -> None:
        """Write one down; the number of all comes last, so that nobody reads half of one."""
        number = self._total()
        start = _HEAD + number % _SLOTS * _SLOT
        text = f"{sort}\n{place}".encode("utf-8", "replace")[:_SLOT]
        self._page[start : start + _SLOT] = text.ljust(_SLOT, b"\0")
        self._page[:_HEAD] = struct.pack("=Q", number + 1)

    def take(self) -> list[tuple[str, str]]:
        """What was written since the last call."""
        first, self._seen = self._seen, self._total()
        return [self._read(max(number, self._seen - _SLOTS)) for number in range(first, self._seen)]

    def _total(self) -> int:
        total: int = struct.unpack("=Q", self._page[:_HEAD])[0]
        return total

    def _read(self, number: int) -> tuple[str, str]:
        start = _HEAD + number % _SLOTS * _SLOT
        text = self._page[start : start + _SLOT].rstrip(b"\0").decode("utf-8", "replace")
        sort, _, place = text.partition("\n")
        return sort, place
