"""The display interval: which mean costs the evidence has not yet ruled out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from understudy.gate.bets import GO_BETS, NO_GO_BETS
from understudy.gate.evidence import Claim, Floats, log_wealth_counted

__all__ = ["CELLS", "interval"]

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
    target = math.log(1 / alpha)
    counted = np.unique(x, return_counts=True)

    def rules_out_high(cell: int) -> bool:
        wealth = log_wealth_counted(counted, cell / CELLS, GO_BETS, Claim.AT_LEAST_LIMIT)
        return wealth >= target

    def holds_low(cell: int) -> bool:
        wealth = log_wealth_counted(counted, cell / CELLS, NO_GO_BETS, Claim.AT_MOST_LIMIT)
        return wealth < target

    high = _first(rules_out_high)
    low = _first(holds_low) - 1
    return max(low - 1, 0) / CELLS, min(high + 1, CELLS) / CELLS


def _first(holds: Callable[[int], bool]) -> int:
    """The first inner cell from which on `holds`; `CELLS` where it holds in none."""
    low, high = 0, CELLS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
