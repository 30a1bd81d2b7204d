"""Counting what a run leaves behind, record by record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from understudy.model.drill import Halt
from understudy.model.proposal import CaseRecord, WallCount

__all__ = ["Tally"]

_MOST_PLACES = 50


class Tally:
    """Failures by reason and what the wall refused, summed up."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self._places: dict[str, None] = {}
        self.network = 0
        self.process = 0
        self.expected = 0
        self.halts: list[Halt] = []
        """The cases that did anything after the kill switch was pressed."""

    @property
    def failures(self) -> Mapping[str, int]:
        """Failed cases by reason."""
        return dict(sorted(self._failures.items()))

    @property
    def places(self) -> tuple[str, ...]:
        """What was tried, each place once."""
        return tuple(sorted(self._places))

    def record(self, record: CaseRecord) -> None:
        """Count one finished case."""
        if record.proposal.failure is not None:
            self._failures[record.proposal.failure.reason] += 1
        self.refused(record.wall)

    def refused(self, wall: WallCount) -> None:
        """Count what was refused outside of any case, as while the candidate was imported."""
        self.network += wall.network
        self.process += wall.process
        self.expected += wall.expected
        for place in wall.places:
            if len(self._places) < _MOST_PLACES:
                self._places[place] = None
