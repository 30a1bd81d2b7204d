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

__all__ = ["Derived", "Grouped", "LineFile", "Single", "held", "open_lines"]

HELD_BYTES = 16_000_000
"""Up to so many bytes a file's records are held decoded, about five times as large."""

Record = TypeVar("Record")
Made = TypeVar("Made")
Check = Callable[[Iterable[Record]], Iterable[Record]]


def open_lines(path: Path, kind: type[Record], check: Check[Record] = iter) -> Sequence[Record]:
    """The records of a file of one JSON object a line, every one of which is read now.

    `check` lets all records pass, in order, or raises. Those of a small file are held; a large one
    stays a `LineFile`. Raises `RecordingError` where the file is missing or a line is damaged.
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
    return tuple(kept) if len(kept) == len(starts) else LineFile(path, kind, starts)


class LineFile(Sequence[Record]):
    """Records of a file, decoded when they are asked for.

    Only where each begins is held, eight bytes a record, so that memory does not grow with what
    they hold.
    """

    def __init__(self, path: Path, kind: type[Record], starts: array[int]) -> None:
        self.path, self._kind, self._starts = path, kind, starts
        self._decoder = msgspec.json.Decoder(kind)
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._end = os.fstat(self._file).st_size

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Record]:
        return (record for _, record in read_placed(self.path, self._kind))

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        chosen = range(len(self._starts))[index]
        return self._read(chosen) if isinstance(chosen, int) else [*map(self._read, chosen)]

    def _read(self, place: int) -> Record:
        start = self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self._starts) else self._end
        line = os.pread(self._file, end - start, start)
        return decode_line(self._decoder, line, f"{self.path}, byte {start}")


def held(records: Sequence[Record], size: int) -> Sequence[Record]:
    """The records, decoded for good where they take no more than a few bytes on the disk."""
    return tuple(records) if size <= HELD_BYTES else records


class Derived(Sequence[Made], Generic[Made]):
    """A sequence that makes each item when it is asked for, from its place in another.

    >>> doubled = Derived(3, lambda place: place * 2)
    >>> list(doubled), doubled[-1], len(doubled)
    ([0, 2, 4], 4, 3)
    """

    def __init__(self, size: int, make: Callable[[int], Made]) -> None:
        self._size, self._make = size, make

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        places = range(self._size)[index]
        return self._make(places) if isinstance(places, int) else [*map(self._make, places)]


class Grouped(Mapping[str, tuple[Record, ...]]):
    """Records by a key that several may share; only their places are held.

    >>> words = Grouped(["ant", "bee", "asp"], lambda word: word[0])
    >>> words["a"], words.get("z", ()), words.shared()
    (('ant', 'asp'), (), ['a'])
    """

    def __init__(self, records: Sequence[Record], key: Callable[[Record], str]) -> None:
        self._records = records
        self._places: dict[str, int | array[int]] = {}
        for place, record in enumerate(records):
            name = key(record)
            known = self._places.setdefault(name, place)
            if known is place:
                continue
            if isinstance(known, int):
                known = self._places[name] = array("Q", [known])
            known.append(place)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> tuple[Record, ...]:
        return tuple(self._records[place] for place in self.places(name))

    def places(self, name: str) -> Sequence[int]:
        """Where a key's records stand among all; raises `KeyError` for an unknown one."""
        known = self._places[name]
        return (known,) if isinstance(known, int) else known

    def shared(self) -> list[str]:
        """The keys that have several records."""
        return [name for name, known in self._places.items() if not isinstance(known, int)]


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
        return self._make(self._records[name][-1])
