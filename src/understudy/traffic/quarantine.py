"""The records of a source that could not be used, however many they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

__all__ = ["Quarantine", "Quarantined"]

_IN_MEMORY = 1 << 20
_encode = msgspec.json.Encoder().encode


class Quarantined(msgspec.Struct, frozen=True):
    """One record that could not be used: where it stands and why."""

    where: str
    reason: str


_decode = msgspec.json.Decoder(Quarantined).decode


class Quarantine(Sequence[Quarantined]):
    """Takes records as they are found, in order; where they are many they lie on the disk.

    >>> held = Quarantine()
    >>> held.add("log.har, entry 2", "no request")
    >>> len(held), held[0].where
    (1, 'log.har, entry 2')
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 -- lives as long
        self._count = 0

    def __del__(self) -> None:
        self._file.close()

    def add(self, where: str, reason: str) -> None:
        """Take one more."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(_encode(Quarantined(where, reason)) + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Quarantined]:
        self._file.seek(0)
        yield from map(_decode, islice(self._file, self._count))

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]
