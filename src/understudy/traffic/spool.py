"""Interactions on their way to their order: kept on disk, only their places in memory."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from understudy.model.interaction import Interaction
from understudy.systems.routes import mounted
from understudy.systems.system import System
from understudy.traffic.http.marks import Answer, Mark, Marker
from understudy.traffic.spool_part import Problem, SpoolPart, number_of

__all__ = ["Spool"]

_HEAD, _ENTITY = b'{"interaction_id":"","seq":0,', b'"entity_key":null,'


class Spool:
    """Takes redacted interactions as they are read and gives them in the order of time.

    Where times are equal the place in the source decides, and where any is missing it alone does,
    for a missing time is never guessed. It is of one part, or of several that were filled by
    processes of their own.
    """

    def __init__(self, folder: Path, systems: Mapping[str, System] | None = None) -> None:
        """What is held lies in `folder`, under no name, so that a killed process leaves nothing.

        `systems` are those that stand for vendors; by default all that are mocked.
        """
        self.systems = systems or mounted()
        self._marker = Marker(self.systems)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._parts = [SpoolPart(folder, self._marker)]
        self._ends: list[int] = []
        self._shared: frozenset[int] | None = None
        self._order: array[int] | None = None
        self._interaction = msgspec.json.Decoder(Interaction)

    def __enter__(self) -> Self:
        """Use the spool; its files are gone afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._parts:
            part.close()

    def __len__(self) -> int:
        """How many interactions are held."""
        return sum(len(part.times) for part in self._parts)

    @property
    def timed(self) -> bool:
        """Whether every interaction has a time."""
        return not any(part.untimed for part in self._parts)

    def parts(self, count: int) -> list[SpoolPart]:
        """The part of this process and others behind it, for other processes to fill."""
        while len(self._parts) < count:
            self._parts.append(SpoolPart(self._folder, self._marker))
        return self._parts[:count]

    def problems(self) -> Iterator[Problem]:
        """The records that could not be used, in the order of their places."""
        every = [part.problems() for part in self._parts]
        return heapq.merge(*every, key=lambda problem: problem.place)

    def add(self, interaction: Interaction, place: int, answer: Answer | None = None) -> None:
        """Take one in, without id and number; `place` is where it stands in all that is read.

        `answer` is what its answer holds, where that is known already.
        """
        self._parts[0].add(interaction, place, answer)

    def marks(self) -> Iterator[Mark]:
        """What decides where each interaction belongs, in order."""
        decode = msgspec.msgpack.Decoder(Mark).decode
        for place in self._ordered():
            part, index = self._at(place)
            yield decode(part.marks.at(index))

    def ordered(self) -> Iterator[Interaction]:
        """Every interaction in order, numbered from 1."""
        for number in range(1, len(self) + 1):
            yield self.at(number)

    def lines(self, entities: Iterable[bytes | None]) -> Iterator[bytes]:
        """The lines of `interactions.jsonl` in order, each with what it is about, given as JSON."""
        places = enumerate(self._ordered(), 1)
        for (number, place), entity in zip(places, entities, strict=True):
            part, index = self._at(place)
            line = part.lines.at(index)
            if entity is not None:
                line = line.replace(_ENTITY, b'"entity_key":%b,' % entity, 1)
            yield b'{"interaction_id":"i%d","seq":%d,%b\n' % (number, number, line[len(_HEAD) :])

    def at(self, number: int) -> Interaction:
        """The interaction of a number in the order; nothing may be added any more."""
        part, index = self._at(self._ordered()[number - 1])
        found = self._interaction.decode(part.lines.at(index))
        return msgspec.structs.replace(found, interaction_id=f"i{number}", seq=number)

    def shown(self, number: int) -> int:
        """What a call and its answer are like, as a number; 0 where there is none."""
        part, index = self._at(self._ordered()[number - 1])
        return part.shown[index]

    def _at(self, place: int) -> tuple[SpoolPart, int]:
        """The part that holds the interaction of a number in all that was read, and where."""
        if len(self._parts) == 1:
            return self._parts[0], place
        number = bisect_right(self._ends, place)
        return self._parts[number], place - (self._ends[number - 1] if number else 0)

    def _ordered(self) -> array[int]:
        if self._order is None:
            self._ends = list(accumulate(len(part.times) for part in self._parts))
            keys = [_joined(part.places for part in self._parts)]
            if self.timed:
                keys.append(_joined(part.times for part in self._parts))
            self._order = array("q", np.lexsort(keys).astype(np.int64).tobytes())
        return self._order

    def shares(self, correlation: str | None) -> bool:
        """Whether several interactions carry this id; one that is unique groups nothing."""
        if self._shared is None:
            every = _joined(part.correlations for part in self._parts)
            marks, counts = np.unique(every, return_counts=True)
            self._shared = frozenset(marks[(counts > 1) & (marks != 0)].tolist())
        return correlation is not None and number_of(correlation) in self._shared


def _joined(columns: Iterable[array[int]]) -> np.ndarray:
    return np.concatenate([np.array(column, np.int64) for column in columns])
