"""The display interval: which mean costs the evidence has not yet ruled out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from understudy.gate.evidence import BETS_ON, Claim, Floats, log_wealth_counted
from understudy.gate.recorded import log_wealth_recorded
from understudy.gate.strata import Weighed
from understudy.gate.units import Units

__all__ = ["CELLS", "bounds", "interval"]

CELLS = 50_000


def interval(x: Floats, alpha: float) -> tuple[float, float]:
    """Bounds on the mean of `x` by inverting F10 and F11 on a grid, widened by one cell.

    Each bound holds at every look with confidence `1 - alpha`, and the upper bound falls below a
    limit exactly where the evidence for GO against that limit suffices. Wealth is monotone in the
    limit that is bet against, so that the grid is searched by halving.

    >>> low, high = interval(np.zeros(326), 0.05)
    >>> low, round(high, 4)
    (0.0, 0.012)
    """
    if x.size == 0:
        return 0.0, 1.0
    counted = np.unique(x, return_counts=True)

    def wealth(m0: float, claim: Claim) -> float:
        return log_wealth_counted(counted, m0, BETS_ON[claim], claim)

    return _searched(wealth, alpha)


def bounds(units: Units, alpha: float) -> tuple[float, float]:
    """Bounds on the mean that the gate is about: of a recording alone, or over weighed strata.

    >>> from understudy.gate.units import Units
    >>> seen = Units(np.zeros(90), np.arange(1, 91), np.zeros(90, dtype=bool), population=100)
    >>> low, high = bounds(seen, 0.05)  # ten are to come, and cost at most all of the cap
    >>> low, 0.01 < high < 0.03
    (0.0, True)
    """
    if not len(units.x):
        return 0.0, 1.0
    if units.strata is not None:
        return _searched(Weighed.of(units.x, units.strata, units.weights).wealth_by_claim, alpha)
    if units.population is None:
        return interval(units.x, alpha)
    population, seen = units.population, float(np.sum(units.x))
    least, most = seen / population, (seen + population - len(units.x)) / population

    def wealth(m0: float, claim: Claim) -> float:
        # What the cases to come cannot break any more is true, whatever was bet before.
        if m0 <= least if claim is Claim.AT_LEAST_LIMIT else m0 >= most:
            return -math.inf
        return float(log_wealth_recorded(units.x, m0, population, BETS_ON[claim], claim)[-1])

    return _searched(wealth, alpha)


def _searched(wealth: Callable[[float, Claim], float], alpha: float) -> tuple[float, float]:
    target = math.log(1 / alpha)
    high = _first(lambda cell: wealth(cell / CELLS, Claim.AT_LEAST_LIMIT) >= target)
    low = _first(lambda cell: wealth(cell / CELLS, Claim.AT_MOST_LIMIT) < target) - 1
    return max(low - 1, 0) / CELLS, min(high + 1, CELLS) / CELLS


def _first(holds: Callable[[int], bool]) -> int:
    """The first inner cell from which on `holds`; `CELLS` where it holds in none."""
    low, high = 0, CELLS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
