"""Texts numbered as they come: what tells a million ids apart without holding them."""

from __future__ import annotations

from array import array

__all__ = ["Names"]

_WORD = (1 << 64) - 1


class Names:
    """Numbers texts from 0 on; a text that came before has its number still.

    Held are two independent hashes of each, 64 bits each, and a table to find them by: about 30
    bytes a text, whatever its length. That two texts of a million are taken for one has a chance
    of less than one in 10^26.

    >>> names = Names()
    >>> names.number("ant"), names.number("bee"), names.number("ant"), names.find("asp"), len(names)
    (0, 1, 0, None, 2)
    """

    def __init__(self) -> None:
        self._one, self._other = array("Q"), array("Q")
        self._slots = array("I", bytes(4 * 64))

    def __len__(self) -> int:
        return len(self._one)

    def number(self, name: str) -> int:
        """The number of a text, given to it now where it has none."""
        one, other = _hashes(name)
        slot = self._slot(one, other)
        if not self._slots[slot]:
            if 3 * len(self._one) >= 2 * len(self._slots):
                self._grow()
                slot = self._slot(one, other)
            self._one.append(one)
            self._other.append(other)
            self._slots[slot] = len(self._one)
        return self._slots[slot] - 1

    def find(self, name: str) -> int | None:
        """The number of a text; None where it has none."""
        number = self._slots[self._slot(*_hashes(name))]
        return number - 1 if number else None

    def _slot(self, one: int, other: int) -> int:
        """Where the text stands in the table, or where it would stand."""
        slots, mask = self._slots, len(self._slots) - 1
        slot = one & mask
        while number := slots[slot]:
            if self._one[number - 1] == one and self._other[number - 1] == other:
                break
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        size = 2 * len(self._slots)
        slots, mask = array("I", bytes(4 * size)), size - 1
        for number, one in enumerate(self._one, 1):
            slot = one & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = number
        self._slots = slots


def _hashes(name: str) -> tuple[int, int]:
    return hash(name) & _WORD, hash(f"{name}\0") & _WORD
