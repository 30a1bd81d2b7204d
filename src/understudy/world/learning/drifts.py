"""Numbers and times of day that are off: by how much, and with how many digits they are written."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from understudy.world.learning.support import SUPPORT, rounded, supported, weights
from understudy.world.operators.otherwise import clock_minutes
from understudy.world.step import Step

__all__ = ["deltas", "distance", "drift", "number", "same_digits"]

Pair = tuple[str | None, str | None]
_DECILES = np.linspace(0.05, 0.95, 19)
_MOST = 0.2
_HALF, _SURE = 0.5, 3.0
_PLAIN = re.compile(r"[-+]?(\d+)(?:\.(\d+))?")


def number(text: str) -> float | None:
    """The finite number that a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def distance(before: str, after: str) -> float | None:
    """How far two times of day or numbers are apart; None where they are neither.

    >>> distance("23:50", "00:10"), distance("1.5", "1"), distance("1", "one")
    (20.0, -0.5, None)
    """
    one, two = clock_minutes(before), clock_minutes(after)
    if one is not None and two is not None:
        return float((two - one + 720) % 1440 - 720)
    first, second = number(before), number(after)
    return None if first is None or second is None else second - first


def same_digits(before: str, after: str) -> bool:
    """Whether two numbers have as many decimals; times of day always do.

    >>> same_digits("-0.52", "0.47"), same_digits("12", "12.5"), same_digits("9:00", "9:30")
    (True, False, True)
    """
    one, two = _PLAIN.fullmatch(before), _PLAIN.fullmatch(after)
    return one is None or two is None or len(one[2] or "") == len(two[2] or "")


def deltas(pairs: Iterable[tuple[Pair, int]]) -> tuple[float, ...] | None:
    """How far values are off, as rounded quantiles; None where fewer than 20 rows tell."""
    found = [
        delta
        for (before, after), count in pairs
        if before and after and (delta := distance(before, after))
        for _ in range(count)
    ]
    if len(found) < SUPPORT:
        return None
    return _quantiles(found)


def _quantiles(values: Sequence[float]) -> tuple[float, ...]:
    """Every twentieth part of the values; the ends go on from there, so that they are nobody's."""
    edges = np.quantile(values, _DECILES).tolist()
    ends = (2 * edges[0] - edges[1], 2 * edges[-1] - edges[-2])
    return tuple(rounded(edge) for edge in (ends[0], *edges, ends[1]))


def drift(pairs: Mapping[Pair, int]) -> Step:
    """What makes these values of the clean ones: how far off, and how written if otherwise."""
    quantiles = deltas(pairs.items())
    if not quantiles:
        return Step(op="value_drift")
    other = {pair: n for pair, n in pairs.items() if not same_digits(pair[0] or "", pair[1] or "")}
    options: dict[str, Any] = {"quantiles": quantiles}
    values = _unrelated(pairs)
    if values is not None:
        options = {"quantiles": _quantiles(values), "instead": True}
    if 2 * sum(other.values()) > sum(pairs.values()):
        options |= _writing(other)
    return Step(op="value_drift", options=options)


def _unrelated(pairs: Mapping[Pair, int]) -> list[float] | None:
    """The numbers that came instead, where they do not go with those before.

    The slope of the line through (before, after) is 1 where values are somewhat off, 0 where they
    are others: the first must be three standard errors away, and the second nearer.
    """
    rows = [
        (one, two)
        for (before, after), count in pairs.items()
        if (one := number(before or "")) is not None and (two := number(after or "")) is not None
        for _ in range(count)
    ]
    if len(rows) < SUPPORT or 2 * len(rows) < sum(pairs.values()):
        return None
    before, after = np.array(rows).T
    spread = float(before.std())
    if not spread:
        return None
    slope = float(np.cov(before, after, bias=True)[0, 1]) / spread**2
    error = float((after - after.mean() - slope * (before - before.mean())).std())
    sure = 1.0 - slope > _SURE * error / (spread * math.sqrt(len(rows)))
    return after.tolist() if sure and slope < _HALF else None


def _writing(pairs: Mapping[Pair, int]) -> dict[str, Any]:
    """Either how many decimals the values have, or how many digits: what differs less.

    Where no value ends in a zero, as programs print numbers, fewer digits are not another writing.
    """
    decimals: Counter[int] = Counter()
    digits: Counter[int] = Counter()
    for (_, after), count in pairs.items():
        match = _PLAIN.fullmatch(after or "")
        if match:
            size = len(match[2] or "")
            decimals[size] += count
            digits[len(match[1]) + size] += count
    name, found = min(("decimals", decimals), ("digits", digits), key=lambda one: _spread(one[1]))
    ends = [after for _, after in pairs if after and "." in after]
    bare = len(ends) >= SUPPORT and not any(after.endswith("0") for after in ends)
    kept = supported(found, max(SUPPORT, int(_MOST * found.total())) if bare else SUPPORT)
    return {name: _shares(kept), **({"zeros": False} if bare else {})} if kept else {}


def _shares(counts: Mapping[int, int]) -> dict[int, float]:
    named = weights({str(size): n for size, n in counts.items()})
    return {int(size): share for size, share in named.items()}


def _spread(counts: Counter[int]) -> float:
    """The entropy of the counts."""
    total = counts.total() or 1
    return -sum(n / total * math.log(n / total) for n in counts.values() if n)
