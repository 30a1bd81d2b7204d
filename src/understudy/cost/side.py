"""How one side handled its cases: what became of them, how long it took and what it cost."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from understudy.cost.price_list import half_even
from understudy.model.baseline import Outcome
from understudy.model.case_costs import extended
from understudy.model.cost import BusinessMetrics

__all__ = ["Side"]


@dataclass(slots=True)
class _Times:
    """Those that are known, in milliseconds."""

    known: list[int] | array[int] = field(default_factory=lambda: array("q"))

    def add(self, time: int | None) -> None:
        if time is not None:
            self.known = extended(self.known, time)

    def mean(self) -> int | None:
        return half_even(sum(self.known), len(self.known)) if self.known else None

    def p95(self) -> int | None:
        """The shortest of the times that 95 % of all stay within."""
        count = len(self.known)
        return sorted(self.known)[-(-count * 95 // 100) - 1] if count else None


@dataclass(slots=True)
class Side:
    """The candidate or the people, case by case."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    spent: int = 0
    """In minor units of the policy's currency, over all cases."""
    _cycle: _Times = field(default_factory=_Times)
    _wall: _Times = field(default_factory=_Times)

    def add(self, outcome: Outcome, spent: int, cycle: int | None, wall: int | None = None) -> None:
        """One case more; times are in milliseconds, None where they are unknown."""
        self.outcomes[outcome] += 1
        self.spent += spent
        self._cycle.add(cycle)
        self._wall.add(wall)

    def metrics(self) -> BusinessMetrics:
        """The metrics of all cases so far.

        >>> side = Side()
        >>> side.add(Outcome.ACTED, 300, 90), side.add(Outcome.ESCALATED, 350, None)
        (None, None)
        >>> made = side.metrics()
        >>> made.cases, made.cost_per_case_minor, made.mean_cycle_time_ms, made.exception_rate
        (2, 325, 90, 0.5)
        >>> made.p95_cycle_time_ms
        90
        >>> Side().metrics().cost_per_case_minor is None
        True
        """
        cases, acted = self.outcomes.total(), self.outcomes[Outcome.ACTED]
        return BusinessMetrics(
            cases=cases,
            acted=acted,
            escalated=self.outcomes[Outcome.ESCALATED],
            abstained=self.outcomes[Outcome.ABSTAINED],
            failed=self.outcomes[Outcome.FAILED],
            mean_cycle_time_ms=self._cycle.mean(),
            p95_cycle_time_ms=self._cycle.p95(),
            mean_wall_time_ms=self._wall.mean(),
            cost_per_case_minor=half_even(self.spent, cases) if cases else None,
            exception_rate=round(1 - acted / cases, 6) if cases else None,
        )
