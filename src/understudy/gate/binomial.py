"""Exact bounds on the rate of an event that was seen a few times, or never."""

from __future__ import annotations

import math

__all__ = ["cases_for_rate", "lower_rate", "upper_rate"]


def upper_rate(events: int, cases: int, alpha: float = 0.05) -> float:
    """The highest rate that `events` in `cases` leave possible: Clopper-Pearson, one-sided (F15).

    >>> f"{upper_rate(0, 2995):.5f} {upper_rate(1, 1000):.5f}"
    '0.00100 0.00473'
    """
    _check(events, cases)
    if events >= cases:
        return 1.0
    if events == 0:
        return -math.expm1(math.log(alpha) / cases)
    from scipy.special import betaincinv

    return float(betaincinv(events + 1, cases - events, 1 - alpha))


def lower_rate(events: int, cases: int, alpha: float = 0.05) -> float:
    """The lowest rate that `events` in `cases` leave possible.

    >>> lower_rate(0, 100), round(lower_rate(100, 100), 4)
    (0.0, 0.9705)
    """
    _check(events, cases)
    return 1.0 - upper_rate(cases - events, cases, alpha) if events else 0.0


def cases_for_rate(rate: float, alpha: float = 0.05) -> int:
    """How many cases without the event show that it is rarer than `rate`.

    >>> [cases_for_rate(rate) for rate in (0.05, 0.01, 0.001)]
    [59, 299, 2995]
    """
    return math.ceil(math.log(alpha) / math.log1p(-rate))


def _check(events: int, cases: int) -> None:
    if not 0 <= events <= cases:
        raise ValueError(f"{events} events in {cases} cases")
