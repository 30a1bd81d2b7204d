"""The mixture e-process: evidence on a mean cost that stays valid however often one looks.

An e-value is the wealth of a gambler who bets against a claim. If the claim is true, the chance
that the wealth ever reaches `1 / alpha` is at most `alpha` (Ville's inequality), at every look and
for any distribution of costs between zero and the cap. The form of the bets follows Waudby-Smith
and Ramdas, "Estimating means of bounded random variables by betting" (2024).

Costs come as `x`, the cost divided by the cap, between 0 and 1; the limit as `m0`, likewise.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.gate.bets import GO_BETS, NO_GO_BETS, Bets

__all__ = [
    "BETS_ON",
    "Claim",
    "Floats",
    "e_value",
    "gain_of",
    "log_factors",
    "log_wealth",
    "log_wealth_counted",
    "log_wealth_path",
    "rounded",
]

Floats = NDArray[np.float64]

_DIGITS = 12
_LARGEST = 1e300


class Claim(enum.Enum):
    """The claim that the evidence is collected against."""

    AT_LEAST_LIMIT = "the mean is at least the limit"
    """Evidence against it speaks for GO (F10)."""
    AT_MOST_LIMIT = "the mean is at most the limit"
    """Evidence against it speaks for NO-GO (F11)."""


BETS_ON: Mapping[Claim, Bets] = {Claim.AT_LEAST_LIMIT: GO_BETS, Claim.AT_MOST_LIMIT: NO_GO_BETS}
"""What the gates on cost stake against each claim."""


def log_wealth_path(
    x: Floats, m0: float, bets: Bets, claim: Claim, at: NDArray[Any] | slice = slice(None)
) -> Floats:
    """The logarithm of the wealth after each case, or after the cases at the positions `at`.

    Works along the last axis, so that many streams can be followed at once. Factors of F10 are
    `1 + k / (1 - m0) * (m0 - x)` and of F11 `1 + k / m0 * (x - m0)`; a bet that loses all it has
    stays at zero wealth, and the others go on.

    >>> x = np.array([0.0, 0.0, 0.5, 0.0])
    >>> path = log_wealth_path(x, 0.2, Bets((0.5,), (1.0,)), Claim.AT_LEAST_LIMIT)
    >>> round(float(np.exp(path[-1])), 8)
    1.15686035
    """
    gain = gain_of(x, m0, claim)
    total: Floats | None = None
    for share, weight in zip(bets.shares, bets.weights, strict=True):
        own = np.cumsum(log_factors(gain, share), axis=-1)[..., at] + np.log(weight)
        total = own if total is None else np.logaddexp(total, own)
    return np.asarray(total)


def log_wealth(x: Floats, m0: float, bets: Bets, claim: Claim) -> float:
    """The logarithm of the wealth after all cases; the order of the cases does not matter.

    >>> x = np.array([0.0, 0.0, 0.5, 0.0])
    >>> half = Bets((0.5,), (1.0,))
    >>> round(float(np.exp(log_wealth(x, 0.2, half, Claim.AT_LEAST_LIMIT))), 8)
    1.15686035
    """
    return log_wealth_counted(np.unique(x, return_counts=True), m0, bets, claim)


def log_wealth_counted(
    counted: tuple[Floats, NDArray[Any]], m0: float, bets: Bets, claim: Claim
) -> float:
    """The same from distinct values with their counts, which are few where most cases are free."""
    values, counts = counted
    gain = gain_of(values, m0, claim)
    parts = [
        float(np.sum(log_factors(gain, share) * counts)) + np.log(weight)
        for share, weight in zip(bets.shares, bets.weights, strict=True)
    ]
    return float(np.logaddexp.reduce(parts))


def e_value(log: float) -> float:
    """The e-value of a logarithm, to 12 digits, and finite so that it can be written as JSON.

    >>> e_value(0.0), e_value(1000.0)
    (1.0, 1e+300)
    """
    return rounded(float(np.exp(log))) if log < np.log(_LARGEST) else _LARGEST


def rounded(value: float) -> float:
    """A number to 12 significant digits, the same on every machine.

    >>> rounded(1.15686035156250001)
    1.15686035156
    """
    return float(f"{value:.{_DIGITS}g}")


def gain_of(x: Floats, m0: float, claim: Claim) -> Floats:
    """What one unit of stake wins or loses in each case, scaled so that all of it is the most."""
    if not 0 < m0 < 1:
        raise ValueError(f"the limit must lie between zero and the cap, got {m0} of it")
    if claim is Claim.AT_LEAST_LIMIT:
        return np.asarray((m0 - x) / (1 - m0))
    return np.asarray((x - m0) / m0)


def log_factors(gain: Floats, share: float) -> Floats:
    """The logarithm of the factor by which a bet's wealth grows in each case."""
    # At the cap an all-in bet has factor 0, and rounding may put it just below.
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(np.maximum(share * gain, -1.0)))
