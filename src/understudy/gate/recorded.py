"""Evidence about one recording of known size, drawn from without replacement.

A claim that is shown here holds for this recorded log, not for future traffic. The mean that the
claim leaves for the cases still to come moves with each case, so that the evidence depends on the
order: it may be used with the registered order only.
"""

from __future__ import annotations

import numpy as np

from understudy.gate.bets import Bets
from understudy.gate.evidence import Claim, Floats

__all__ = ["log_wealth_recorded"]

_EDGE = 1e-9


def log_wealth_recorded(x: Floats, m0: float, population: int, bets: Bets, claim: Claim) -> Floats:
    """The logarithm of the wealth after each case of a population of `population` cases.

    Before case t the claim leaves `m = (N * m0 - sum so far) / (N - t + 1)` as the limit on the
    mean of the remaining cases. Where the cases after one cannot satisfy the claim any more it is
    ruled out for sure; where they cannot break it any more, betting stops.

    >>> from understudy.gate.bets import FIVE_BETS
    >>> path = log_wealth_recorded(np.zeros(4), 0.5, 4, FIVE_BETS, Claim.AT_LEAST_LIMIT)
    >>> bool(np.isinf(path[-1]))  # three free cases of four: a mean of one half is out of reach
    True
    """
    count = x.shape[-1]
    if count > population:
        raise ValueError(f"{count} cases were drawn from a population of {population}")
    seen = np.cumsum(x, axis=-1) - x
    left = population - np.arange(count)
    mean = (population * m0 - seen) / left
    owed = population * m0 - seen - x
    if claim is Claim.AT_LEAST_LIMIT:
        impossible, idle = owed > left - 1 + _EDGE, mean <= 0
        gain = (mean - x) / np.maximum(1 - mean, _EDGE)
    else:
        impossible, idle = owed < -_EDGE, mean >= 1
        gain = (x - mean) / np.maximum(mean, _EDGE)
    gain = np.where(idle | impossible, 0.0, gain)
    path = _mixed(gain, bets)
    return np.where(np.logical_or.accumulate(impossible, axis=-1), np.inf, path)


def _mixed(gain: Floats, bets: Bets) -> Floats:
    total: Floats | None = None
    for share, weight in zip(bets.shares, bets.weights, strict=True):
        with np.errstate(divide="ignore"):
            factors = np.log1p(np.maximum(share * gain, -1.0))
        own = np.cumsum(factors, axis=-1) + np.log(weight)
        total = own if total is None else np.logaddexp(total, own)
    return np.asarray(total)
