"""What the kernel refused, kept in a page that the process which counts shares with this one."""

from __future__ import annotations

import mmap
import struct

__all__ = ["KernelCount"]

_HEAD, _SLOT, _SLOTS = 16, 296, 64
_NUMBER = struct.Struct("=Q")
_OTHERS = "further ones"


class KernelCount:
    """Refusals by sort, `network` or `process`, and place, each with how many there were.

    One process writes and another reads. Of more than 62 places the further ones are counted
    without their names.

    >>> count = KernelCount()
    >>> count.add("network", "connect 10.0.0.1:443")
    >>> count.add("network", "connect 10.0.0.1:443")
    >>> count.take(), count.take()
    ([('network', 'connect 10.0.0.1:443', 2)], [])
    """

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, _HEAD + _SLOTS * _SLOT)
        self._slots: dict[tuple[str, str], int] = {}
        self._taken = [0] * _SLOTS

    @property
    def watching(self) -> bool:
        """Whether the kernel was told to ask about the calls of a program."""
        return self._page[8] == 1

    def watch(self) -> None:
        """The kernel will ask from now on; said by the process that the program is run in."""
        self._page[8] = 1

    @property
    def done(self) -> bool:
        """Whether the one who counts has left because nobody was there any more."""
        return self._page[9] == 1

    def leave(self) -> None:
        """Nobody is left that anything could be counted of; said by the one who counts."""
        self._page[9] = 1

    def add(self, sort: str, place: str) -> None:
        """Write one down; a new place is there as a whole before anybody can read of it."""
        slot = self._slots.get((sort, place))
        if slot is None:
            slot = self._new_slot(sort, place)
        start = _HEAD + slot * _SLOT
        self._put(start, self._get(start) + 1)

    def take(self) -> list[tuple[str, str, int]]:
        """What was written since the last call, in the order in which it came first."""
        found = []
        for slot in range(self._get(0)):
            start = _HEAD + slot * _SLOT
            total, before = self._get(start), self._taken[slot]
            self._taken[slot] = total
            if total > before:
                text = self._page[start + 8 : start + _SLOT].rstrip(b"\0")
                sort, _, place = text.decode("utf-8", "replace").partition("\n")
                found.append((sort, place, total - before))
        return found

    def _new_slot(self, sort: str, place: str) -> int:
        slot = len(self._slots)
        if slot >= _SLOTS - 2:
            place = _OTHERS
            slot = self._slots.get((sort, place), slot)
        if (sort, place) not in self._slots:
            start = _HEAD + slot * _SLOT + 8
            text = f"{sort}\n{place}".encode("utf-8", "replace")[: _SLOT - 8]
            self._page[start : start + len(text)] = text
            self._slots[sort, place] = slot
            self._put(0, slot + 1)
        return slot

    def _get(self, start: int) -> int:
        number: int = _NUMBER.unpack_from(self._page, start)[0]
        return number

    def _put(self, start: int, number: int) -> None:
        _NUMBER.pack_into(self._page, start, number)
