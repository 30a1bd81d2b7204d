"""Two candidates on the same cases: evidence that one costs more than the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from understudy.gate.bets import NO_GO_BETS
from understudy.gate.evidence import Claim, Floats, e_value, log_wealth, log_wealth_path
from understudy.gate.forecast import cases_needed
from understudy.gate.interval import interval

__all__ = ["PairedEvidence", "log_wealth_of_pairs", "paired_evidence"]


@dataclass(frozen=True, slots=True)
class PairedEvidence:
    """What common cases say about two candidates; costs per unit, in the unit of the costs given.

    `first_dearer` and `second_dearer` are e-values against the claim that the other is no cheaper;
    either decides at `threshold`, which counts both directions. `difference` is the clipped cost of
    the first less that of the second. `units_needed` is how many units in all it takes if the rest
    are like these, None where no number does.
    """

    units: int
    difference: float
    interval: tuple[float, float]
    first_dearer: float
    second_dearer: float
    threshold: float
    units_needed: int | None

    @property
    def decided(self) -> bool:
        """Whether one of the two is shown to be dearer."""
        return max(self.first_dearer, self.second_dearer) >= self.threshold


def log_wealth_of_pairs(costs_a: Floats, costs_b: Floats, cap: float) -> Floats:
    """Evidence after each case against the claim that A costs no more than B (F17).

    The difference of clipped costs is moved to `u = (D / cap + 1) / 2`, whose mean is one half
    where both cost the same.

    >>> path = log_wealth_of_pairs(np.array([500.0, 0.0]), np.array([0.0, 0.0]), 500.0)
    >>> round(float(np.exp(path[0])), 2)  # the mean of 1 + share over seven bets
    1.31
    """
    return log_wealth_path(_moved(costs_a, costs_b, cap), 0.5, NO_GO_BETS, Claim.AT_MOST_LIMIT)


def paired_evidence(
    costs_a: Floats, costs_b: Floats, cap: float, alpha: float = 0.05
) -> PairedEvidence:
    """Both directions of F17 at once, each at half of the error, with an interval.

    >>> dear, cheap = np.full(200, 40.0), np.zeros(200)
    >>> found = paired_evidence(dear, cheap, 500.0)
    >>> found.decided, round(found.difference, 6), found.first_dearer > 40 > found.second_dearer
    (True, 40.0, True)
    >>> paired_evidence(cheap, cheap, 500.0).units_needed is None
    True
    """
    u = _moved(costs_a, costs_b, cap)
    low, high = interval(u, alpha / 2)
    mean = float(np.mean(u)) if u.size else 0.5
    toward = u if mean > 0.5 else 1 - u
    needed = None
    if u.size and not math.isclose(mean, 0.5):
        needed = cases_needed(1 - toward, 0.5, alpha / 2, NO_GO_BETS)
    return PairedEvidence(
        units=int(u.size),
        difference=(2 * mean - 1) * cap,
        interval=((2 * low - 1) * cap, (2 * high - 1) * cap),
        first_dearer=e_value(log_wealth(u, 0.5, NO_GO_BETS, Claim.AT_MOST_LIMIT)),
        second_dearer=e_value(log_wealth(1 - u, 0.5, NO_GO_BETS, Claim.AT_MOST_LIMIT)),
        threshold=2 / alpha,
        units_needed=needed,
    )


def _moved(costs_a: Floats, costs_b: Floats, cap: float) -> Floats:
    if costs_a.shape != costs_b.shape:
        raise ValueError("pairs need the same cases on both sides")
    difference = np.clip(costs_a, 0, cap) - np.clip(costs_b, 0, cap)
    return np.asarray((difference / cap + 1) / 2)
