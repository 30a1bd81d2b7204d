"""Records that stay on the disk: sequences and mappings that decode what they are asked for."""

from __future__ import annotations

import os
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import msgspec

from understudy.model.jsonl import decode_line, read_placed
from understudy.model.names import Names

__all__ = ["Derived", "Grouped", "Single", "held", "open_lines"]

HELD_BYTES = 16_000_000
"""Up to so many bytes a file's records are held decoded, about five times as large."""

Record = TypeVar("Record")
Item = TypeVar("Item")
Made = TypeVar("Made")
Check = Callable[[Iterable[Record]], Iterable[Record]]


def open_lines(path: Path, kind: type[Record], check: Check[Record] = iter) -> Sequence[Record]:
    """The records of a file of one JSON object a line, every one of which is read now.

    `check` lets all records pass, in order, or raises. Those of a small file are held, those of a
    large one decoded when they are asked for. Raises `RecordingError` where the file is missing or
    a line is damaged.
    """
    starts = array("Q")

    def placed() -> Iterator[Record]:
        for start, record in read_placed(path, kind):
            starts.append(start)
            yield record

    kept = []
    for record in check(placed()):
        if starts[-1] <= HELD_BYTES:
            kept.append(record)
    if len(kept) == len(starts):
        return tuple(kept)
    return Derived(range(len(starts)), _Lines(path, kind, starts).read)


class _Lines(Generic[Record]):
    """The lines of a file; only where each begins is held, eight bytes a line."""

    def __init__(self, path: Path, kind: type[Record], starts: array[int]) -> None:
        self._path, self._starts = path, starts
        self._decoder = msgspec.json.Decoder(kind)
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._end = os.fstat(self._file).st_size

    def read(self, place: int) -> Record:
        start = self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self._starts) else self._end
        line = os.pread(self._file, end - start, start)
        return decode_line(self._decoder, line, f"{self._path}, byte {start}")


def held(records: Sequence[Record], size: int) -> Sequence[Record]:
    """The records, decoded for good where they take no more than a few bytes on the disk."""
    return tuple(records) if size <= HELD_BYTES else records


class Derived(Sequence[Made], Generic[Item, Made]):
    """A sequence that makes each item when it is asked for, from that in its place in another.

    >>> doubled = Derived(range(3), lambda number: number * 2)
    >>> list(doubled), doubled[-1], doubled[1:], len(doubled)
    ([0, 2, 4], 4, [2, 4], 3)
    """

    def __init__(self, items: Sequence[Item], make: Callable[[Item], Made]) -> None:
        self._items, self._make = items, make

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Made]:
        return map(self._make, self._items)

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        if isinstance(index, slice):
            return [*map(self._make, self._items[index])]
        return self._make(self._items[index])


class Grouped(Mapping[str, tuple[Record, ...]]):
    """Records by a key that several may share; only their places are held.

    >>> words = Grouped(["ant", "bee", "asp"], lambda word: word[0])
    >>> words["a"], words.get("z", ()), words.shared()
    (('ant', 'asp'), (), ['a'])
    """

    def __init__(self, records: Sequence[Record], key: Callable[[Record], str]) -> None:
        self._records, self._key = records, key
        self._names = Names()
        self._first, self._next = array("Q"), array("Q")
        """Where a key's first record stands, and after each record the next of its key, or 0."""
        last = array("Q")
        for place, record in enumerate(records):
            number = self._names.number(key(record))
            self._next.append(0)
            if number == len(last):
                self._first.append(place)
                last.append(place)
            else:
                self._next[last[number]] = last[number] = place

    def __len__(self) -> int:
        return len(self._first)

    def __iter__(self) -> Iterator[str]:
        return (self._key(self._records[place]) for place in self._first)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._names.find(name) is not None

    def __getitem__(self, name: str) -> tuple[Record, ...]:
        return tuple(self._records[place] for place in self.places(name))

    def places(self, name: str) -> list[int]:
        """Where a key's records stand among all; raises `KeyError` for an unknown one."""
        number = self._names.find(name)
        if number is None:
            raise KeyError(name)
        found = [self._first[number]]
        while place := self._next[found[-1]]:
            found.append(place)
        return found

    def last(self, name: str) -> Record:
        """The last of a key's records; raises `KeyError` for an unknown one."""
        return self._records[self.places(name)[-1]]

    def shared(self) -> list[str]:
        """The keys that have several records."""
        return [self._key(self._records[each]) for each in self._first if self._next[each]]


class Single(Mapping[str, Made]):
    """One thing for each key, made of the last of its records.

    >>> Single(Grouped(["ant", "bee"], lambda word: word[0]), len)["b"]
    3
    """

    def __init__(self, records: Grouped[Any], make: Callable[[Any], Made]) -> None:
        self._records, self._make = records, make

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __getitem__(self, name: str) -> Made:
        return self._make(self._records.last(name))
