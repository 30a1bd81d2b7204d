"""Two candidates on the same cases: evidence that one costs more than the other."""

from __future__ import annotations

import numpy as np

from understudy.gate.bets import NO_GO_BETS
from understudy.gate.evidence import Claim, Floats, log_wealth_path

__all__ = ["log_wealth_of_pairs"]


def log_wealth_of_pairs(costs_a: Floats, costs_b: Floats, cap: float) -> Floats:
    """Evidence after each case against the claim that A costs no more than B (F17).

    The difference of clipped costs is moved to `u = (D / cap + 1) / 2`, whose mean is one half
    where both cost the same.

    >>> path = log_wealth_of_pairs(np.array([500.0, 0.0]), np.array([0.0, 0.0]), 500.0)
    >>> round(float(np.exp(path[0])), 2)  # the mean of 1 + share over seven bets
    1.31
    """
    if costs_a.shape != costs_b.shape:
        raise ValueError("pairs need the same cases on both sides")
    difference = np.clip(costs_a, 0, cap) - np.clip(costs_b, 0, cap)
    return log_wealth_path((difference / cap + 1) / 2, 0.5, NO_GO_BETS, Claim.AT_MOST_LIMIT)
