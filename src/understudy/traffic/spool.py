"""Interactions on their way to their order: kept on disk, only their places in memory."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from hashlib import blake2b
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from understudy.model.interaction import Interaction

__all__ = ["Spool"]

_TIMELESS = -(2**62)


class Spool:
    """Takes redacted interactions as they are read and gives them in the order of time.

    Where times are equal the place in the source decides, and where any is missing it alone does,
    for a missing time is never guessed. Memory grows by 40 bytes an interaction.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the spool
        self._times, self._places, self._starts = array("q"), array("q"), array("q")
        self._size = 0
        self._marks = array("q")
        self._untimed = 0
        self._shared: frozenset[int] | None = None
        self._order: npt.NDArray[np.int64] | None = None
        self._decoder = msgspec.json.Decoder(Interaction)

    def __enter__(self) -> Self:
        """Use the spool; its file is gone afterwards."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        """How many interactions are held."""
        return len(self._times)

    @property
    def timed(self) -> bool:
        """Whether every interaction has a time."""
        return self._untimed == 0

    def add(self, interaction: Interaction, place: int) -> None:
        """Take one in; `place` is where it stands in all that is read."""
        at = interaction.started_at
        self._untimed += at is None
        self._times.append(_TIMELESS if at is None else round(at.timestamp() * 1e6))
        self._places.append(place)
        self._marks.append(_mark(interaction.correlation_id))
        self._starts.append(self._size)
        data = msgspec.json.encode(interaction)
        self._file.write(data)
        self._size += len(data)

    def ordered(self) -> Iterator[Interaction]:
        """Every interaction in order, numbered from 1."""
        for number in range(1, len(self) + 1):
            yield self.at(number)

    def at(self, number: int) -> Interaction:
        """The interaction of a number in the order; nothing may be added any more."""
        if self._order is None:
            keys = [self._places, self._times] if self.timed else [self._places]
            self._order = np.lexsort([np.array(key, np.int64) for key in keys])
        place = int(self._order[number - 1])
        start = self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self) else self._size
        self._file.seek(start)
        found = self._decoder.decode(self._file.read(end - start))
        return msgspec.structs.replace(found, interaction_id=f"i{number}", seq=number)

    def shares(self, correlation: str | None) -> bool:
        """Whether several interactions carry this id; one that is unique groups nothing."""
        if self._shared is None:
            marks, counts = np.unique(np.array(self._marks, np.int64), return_counts=True)
            self._shared = frozenset(marks[(counts > 1) & (marks != 0)].tolist())
        return correlation is not None and _mark(correlation) in self._shared


def _mark(correlation: str | None) -> int:
    """A number for an id, 0 for none."""
    if correlation is None:
        return 0
    found = blake2b(correlation.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(found, "big", signed=True)
