"""How many cases a verdict takes: the least possible before a run, and how many more during it."""

from __future__ import annotations

import math

import numpy as np

from understudy.gate.bets import GO_BETS, Bets
from understudy.gate.evidence import Claim, Floats, gain_of, log_factors
from understudy.gate.recorded import log_wealth_recorded

__all__ = [
    "NEVER",
    "cases_at_rates",
    "cases_needed",
    "evidence_floor",
    "floor_of_recording",
    "least_floor",
]

NEVER = 10_000_000
"""Beyond this many cases a forecast is no forecast."""


def least_floor(m0: float, alpha: float) -> int:
    """The cases without any cost that no method of this kind can do without (F12).

    It is `ln(1 / alpha) / -ln(1 - m0)`: the rule of three, in money.

    >>> least_floor(6 / 500, 0.05)
    249
    """
    return math.ceil(math.log(1 / alpha) / -math.log1p(-m0))


def evidence_floor(m0: float, alpha: float, bets: Bets = GO_BETS) -> int:
    """The cases without any cost after which this mixture of bets can say GO (F12).

    >>> evidence_floor(6 / 500, 0.05)
    326
    """
    needed = cases_needed(np.zeros(1), m0, alpha, bets)
    return NEVER if needed is None else needed


def floor_of_recording(m0: float, alpha: float, population: int, bets: Bets = GO_BETS) -> int:
    """The same for a claim about one recording of so many units; never more than all of them.

    >>> floor_of_recording(6 / 500, 0.05, 1_000), floor_of_recording(6 / 500, 0.05, 100)
    (278, 97)
    """
    path = log_wealth_recorded(np.zeros(population), m0, population, bets, Claim.AT_LEAST_LIMIT)
    enough = np.nonzero(path >= math.log(1 / alpha))[0]
    return int(enough[0]) + 1 if len(enough) else population


def cases_needed(x: Floats, m0: float, alpha: float, bets: Bets = GO_BETS) -> int | None:
    """In all, how many cases like those so far it takes until GO; None where no number does (F18).

    Each bet is taken to keep growing at its mean rate `g = ln(wealth) / n`; with one bet alone
    this is `ln(1 / alpha) / g`.

    >>> x = np.array([0.0, 0.0, 0.5, 0.0])
    >>> cases_needed(x, 0.2, 0.05, Bets((0.5,), (1.0,)))  # g = ln(1.15686) / 4 = 0.03643
    83
    """
    gain = gain_of(x, m0, Claim.AT_LEAST_LIMIT)
    rates = [float(np.mean(log_factors(gain, share))) for share in bets.shares]
    return cases_at_rates(rates, alpha, bets)


def cases_at_rates(rates: list[float], alpha: float, bets: Bets = GO_BETS) -> int | None:
    """In all, how many cases until GO where each bet's wealth grows by its mean rate a case.

    >>> cases_at_rates([0.03643], 0.05, Bets((0.5,), (1.0,)))
    83
    """
    if max(rates) <= 0:
        return None
    target = math.log(1 / alpha)
    low, high = 0, 1
    while _projected(rates, bets, high) < target:
        low, high = high, high * 2
        if low > NEVER:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _projected(rates, bets, middle) >= target else (middle, high)
    return high


def _projected(rates: list[float], bets: Bets, cases: int) -> float:
    parts = [
        math.log(weight) + rate * cases for rate, weight in zip(rates, bets.weights, strict=True)
    ]
    return float(np.logaddexp.reduce(parts))
