"""Exact bounds on the rate of an event that was seen a few times, or never."""

from __future__ import annotations

import math

import numpy as np

from understudy.gate.bets import CRITICAL_BETS
from understudy.gate.evidence import Claim, log_wealth_counted
from understudy.gate.forecast import evidence_floor

__all__ = ["cases_for_rate", "lower_rate", "upper_rate", "upper_rate_at_any_look"]

_CLOSE = 1e-9


def upper_rate(events: int, cases: int, alpha: float = 0.05, *, peeked: bool = False) -> float:
    """The highest rate that `events` in `cases` leave possible: Clopper-Pearson, one-sided (F15).

    Where one has `peeked`, and may have stopped because of what one saw, the bound holds at every
    look.

    >>> f"{upper_rate(0, 2995):.5f} {upper_rate(1, 1000):.5f}"
    '0.00100 0.00473'
    >>> f"{upper_rate(0, 3334, peeked=True):.5f}"
    '0.00100'
    """
    _check(events, cases)
    if events >= cases:
        return 1.0
    if peeked:
        return upper_rate_at_any_look(events, cases, alpha)
    if events == 0:
        return -math.expm1(math.log(alpha) / cases)
    from scipy.special import betaincinv

    return float(betaincinv(events + 1, cases - events, 1 - alpha))


def lower_rate(events: int, cases: int, alpha: float = 0.05, *, peeked: bool = False) -> float:
    """The lowest rate that `events` in `cases` leave possible.

    >>> lower_rate(0, 100), round(lower_rate(100, 100), 4)
    (0.0, 0.9705)
    """
    _check(events, cases)
    return 1.0 - upper_rate(cases - events, cases, alpha, peeked=peeked) if events else 0.0


def upper_rate_at_any_look(events: int, cases: int, alpha: float = 0.05) -> float:
    """The same where one may have looked before, or stopped because of what one saw (F15).

    It inverts the bets on rare events, and holds at all numbers of cases at once.

    >>> f"{upper_rate_at_any_look(0, 3334):.5f} {upper_rate_at_any_look(1, 3334):.5f}"
    '0.00100 0.00226'
    """
    _check(events, cases)
    low, high = 0.0, 1.0
    if events >= cases:
        return high
    seen = [(0.0, cases - events), (1.0, events)]
    values, counts = np.array([each for each in seen if each[1]]).T
    while high - low > _CLOSE * high:
        middle = (low + high) / 2
        log = log_wealth_counted((values, counts), middle, CRITICAL_BETS, Claim.AT_LEAST_LIMIT)
        low, high = (low, middle) if log >= math.log(1 / alpha) else (middle, high)
    return high


def cases_for_rate(rate: float, alpha: float = 0.05, *, peeked: bool = False) -> int:
    """How many cases without the event show that it is rarer than `rate`.

    >>> [cases_for_rate(rate) for rate in (0.05, 0.01, 0.001)]
    [59, 299, 2995]
    >>> [cases_for_rate(rate, peeked=True) for rate in (0.05, 0.01, 0.001)]
    [65, 332, 3334]
    """
    if peeked:
        return evidence_floor(rate, alpha, CRITICAL_BETS)
    return math.ceil(math.log(alpha) / math.log1p(-rate))


def _check(events: int, cases: int) -> None:
    if not 0 <= events <= cases:
        raise ValueError(f"{events} events in {cases} cases")
