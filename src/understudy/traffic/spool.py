"""Interactions on their way to their order: kept on disk, only their places in memory."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from understudy.model.interaction import Interaction

__all__ = ["Spool"]

_TIMELESS = -(2**62)


class Spool:
    """Takes redacted interactions as they are read and gives them in the order of time.

    Where times are equal the place in the source decides, and where any is missing it alone does,
    for a missing time is never guessed. Memory grows by 32 bytes an interaction.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the spool
        self._times, self._places, self._starts = array("q"), array("q"), array("q")
        self._size = 0
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
        return _TIMELESS not in self._times

    def add(self, interaction: Interaction, place: int) -> None:
        """Take one in; `place` is where it stands in all that is read."""
        at = interaction.started_at
        self._times.append(_TIMELESS if at is None else round(at.timestamp() * 1e6))
        self._places.append(place)
        self._starts.append(self._size)
        data = msgspec.json.encode(interaction)
        self._file.write(data)
        self._size += len(data)

    def ordered(self) -> Iterator[Interaction]:
        """Every interaction in order, numbered from 1."""
        keys = [self._places, self._times] if self.timed else [self._places]
        order = np.lexsort([np.array(key, np.int64) for key in keys])
        ends = array("q", [*self._starts[1:], self._size])
        for number, place in enumerate(order.tolist(), 1):
            start = self._starts[place]
            self._file.seek(start)
            found = self._decoder.decode(self._file.read(ends[place] - start))
            yield msgspec.structs.replace(found, interaction_id=f"i{number}", seq=number)
