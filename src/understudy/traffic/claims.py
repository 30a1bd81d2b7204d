"""Blocks of records that several processes take, each the next one whenever it is free."""

from __future__ import annotations

import fcntl
import os
import tempfile
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

__all__ = ["RECORDS", "Claims", "Turn"]

RECORDS = 64
"""So many records are a block."""
_SIZE = 8


class Claims:
    """The number of the next block that nobody has taken, in a file that forked processes share."""

    def __init__(self, folder: Path) -> None:
        """The file lies in `folder` under no name, so that a killed process leaves nothing."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed with its owner

    def __enter__(self) -> Self:
        """Use them; the file is gone afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def next(self) -> int:
        """Take the next block; a process that dies meanwhile holds nobody up."""
        number = self._file.fileno()
        fcntl.lockf(number, fcntl.LOCK_EX)
        try:
            taken = int.from_bytes(os.pread(number, _SIZE, 0), "big")
            os.pwrite(number, (taken + 1).to_bytes(_SIZE, "big"), 0)
        finally:
            fcntl.lockf(number, fcntl.LOCK_UN)
        return taken


@dataclass(slots=True)
class Turn:
    """Which records of a source one of several processes works on; all of them without `claims`.

    Each of the processes must ask for every record of the source in order, from 0.
    """

    number: int
    claims: Claims | None = None
    blocks: array[int] = field(default_factory=lambda: array("q"))
    """The blocks that it took."""

    def takes(self, place: int) -> bool:
        """Whether the record at this place is this one's."""
        if self.claims is None:
            return True
        block = place // RECORDS
        if not self.blocks or block > self.blocks[-1]:
            # Whoever comes here has passed all blocks before, so each of them has been taken.
            self.blocks.append(self.claims.next())
        return block == self.blocks[-1]
