"""Evidence on the mean over production's mix, from strata that were sampled in another mix.

Each stratum bets on its own mean. Which means the strata have is not known, only what they come to
together (F13), so that of all the ways to share the limit among them the one with the least wealth
counts: what is shown against it is shown against each. After Stark and Spertus, "Sweeter than
SUITE: supermartingale stratified union-intersection tests of elections" (2022).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from understudy.gate.bets import CRITICAL_BETS, Bets
from understudy.gate.evidence import BETS_ON, Claim, Floats, log_factors
from understudy.gate.forecast import cases_at_rates

__all__ = ["KEPT", "PARTS", "Weighed"]

PARTS = 128
"""Into how many parts the limit is cut to be shared: finer is closer, coarser is never wrong."""
KEPT = 0.2
"""The part of each stratum's wealth that is not staked: no stratum can lose what others have won.

A stratum that costs more than its share of the limit would, against every split that asks less of
it than it costs, bet against what is true.
"""
_BEYOND = 1 - 1e-9
_CLOSE = 1e-4
"""How closely a bound is told, as a part of it; it lies above what was shown."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The distinct costs of each stratum that has a weight, and how often each was seen.

    >>> half = Weighed.of(np.zeros(400), np.array([0, 1] * 200), (1.0, 1.0))
    >>> from understudy.gate.bets import GO_BETS
    >>> bool(half.log_wealth(0.012, GO_BETS, Claim.AT_LEAST_LIMIT) > np.log(20))
    True
    >>> unseen = Weighed.of(np.zeros(400), np.zeros(400, dtype=int), (1.0, 1.0))
    >>> bool(unseen.log_wealth(0.012, GO_BETS, Claim.AT_LEAST_LIMIT) > 0)
    False
    """

    costs: tuple[Floats, ...]
    counts: tuple[NDArray[Any], ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, x: Floats, strata: NDArray[Any], weights: Sequence[float]) -> Self:
        """Of all units; weights need not add up to 1, and what has none is left out."""
        return next(cls.at(x, strata, weights, [len(x)]))

    @classmethod
    def at(
        cls, x: Floats, strata: NDArray[Any], weights: Sequence[float], ends: Sequence[int]
    ) -> Iterator[Self]:
        """Of the first so many units, for each of the `ends`."""
        total = sum(weights)
        kept = [number for number, weight in enumerate(weights) if weight]
        places = [np.nonzero(strata == number)[0] for number in kept]
        coded = [np.unique(x[place], return_inverse=True) for place in places]
        for end in ends:
            counts = (
                np.bincount(code[: np.searchsorted(place, end)], minlength=len(values))
                for place, (values, code) in zip(places, coded, strict=True)
            )
            yield cls(
                tuple(values for values, _ in coded),
                tuple(counts),
                tuple(weights[number] / total for number in kept),
            )

    def mean(self) -> float:
        """The mean over production's mix (F13), of the strata that were seen.

        >>> seen = Weighed((np.array([0.1]), np.array([0.01])), (np.array([3]), np.array([9])),
        ...     (0.25, 0.75))
        >>> round(seen.mean(), 4)
        0.0325
        """
        known = [
            (weight, float(np.sum(costs * counts)) / int(np.sum(counts)))
            for weight, costs, counts in zip(self.weights, self.costs, self.counts, strict=True)
            if np.sum(counts)
        ]
        whole = sum(weight for weight, _ in known)
        return sum(weight * mean for weight, mean in known) / whole if known else 0.0

    def log_wealth(self, m0: float, bets: Bets, claim: Claim) -> float:
        """The logarithm of the wealth against the claim that the mean over the mix is at the limit.

        Each bet stakes one share in all strata, so that strata sampled in production's own mix cost
        little evidence: what is kept, and the parts that the limit is cut to.
        """
        weights = zip(bets.weights, self.least(m0, bets, claim), strict=True)
        return float(np.logaddexp.reduce([math.log(weight) + least for weight, least in weights]))

    def wealth_by_claim(self, m0: float, claim: Claim) -> float:
        """The same with the bets of the gates on cost."""
        return self.log_wealth(m0, BETS_ON[claim], claim)

    def upper_rate(self, alpha: float) -> float:
        """Where the costs are 0 and 1, the highest rate of a rare event over the mix (F13, F15).

        It holds at every look.

        >>> seen = Weighed.of(np.zeros(3000), np.array([0, 1] * 1500), (0.5, 0.5))
        >>> 0.001 < seen.upper_rate(0.05) < 0.002
        True
        """
        low, high, enough = 0.0, 1.0, math.log(1 / alpha)
        while high - low > _CLOSE * high:
            middle = (low + high) / 2
            shown = self.log_wealth(middle, CRITICAL_BETS, Claim.AT_LEAST_LIMIT) >= enough
            low, high = (low, middle) if shown else (middle, high)
        return high

    def cases_needed(self, m0: float, alpha: float, bets: Bets) -> int | None:
        """In all, how many units like these it takes until GO; None where no number does (F18)."""
        count = sum(int(np.sum(counts)) for counts in self.counts)
        least = self.least(m0, bets, Claim.AT_LEAST_LIMIT)
        return cases_at_rates([each / count for each in least], alpha, bets) if count else None

    def least(self, m0: float, bets: Bets, claim: Claim) -> list[float]:
        """For each bet, the least logarithm of its wealth over all ways to share the limit."""
        by_stratum = [self._curves(place, m0, bets, claim) for place in range(len(self.weights))]
        end = PARTS - len(self.weights) + 1
        if claim is Claim.AT_MOST_LIMIT:
            end = PARTS + len(self.weights) - 1
        found = []
        for bet in range(len(bets.shares)):
            best = by_stratum[0][bet]
            for curves in by_stratum[1:]:
                best = _shared(best, curves[bet])
            found.append(float(best[min(end, len(best) - 1)]))
        return found

    def _curves(self, place: int, m0: float, bets: Bets, claim: Claim) -> Floats:
        """The logarithm of each bet's wealth, by how many parts of the limit the stratum takes.

        The mean that a number of parts stands for is rounded to the side of less wealth: down where
        GO is to be shown, so that a part more or less makes none of the shares wrong.
        """
        own = np.arange(PARTS + len(self.weights)) * m0 / PARTS / self.weights[place]
        costs, counts = self.costs[place], self.counts[place]
        if claim is Claim.AT_LEAST_LIMIT:
            mean = np.minimum(own, _BEYOND)
            gain = (mean[:, None] - costs) / (1 - mean[:, None])
            never = own > 1
        else:
            mean = np.clip(own, 1e-12, 1.0)
            gain = (costs - mean[:, None]) / mean[:, None]
            never = own <= 0
        logs = [np.sum(_times(log_factors(gain, share), counts), 1) for share in bets.shares]
        curves = np.logaddexp(math.log(1 - KEPT) + np.array(logs), math.log(KEPT))
        curves[:, never] = np.inf
        return np.asarray(curves)


def _times(logs: Floats, counts: NDArray[Any]) -> Floats:
    """Each logarithm as often as it counts; what was never seen counts nothing, lost or not."""
    return np.asarray(np.where(counts > 0, logs * np.maximum(counts, 1), 0.0))


def _shared(first: Floats, second: Floats) -> Floats:
    """The least sum of both for each number of parts that they take together."""
    count = len(first)
    padded = np.concatenate((np.full(count - 1, np.inf), second))
    windows = np.lib.stride_tricks.sliding_window_view(padded, count)[:, ::-1]
    with np.errstate(invalid="ignore"):
        sums = windows + first
    return np.asarray(np.nanmin(np.where(np.isnan(sums), np.inf, sums), axis=1))
