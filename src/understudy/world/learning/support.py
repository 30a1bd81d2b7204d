"""The privacy rule: what too few rows share stays out of a profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

__all__ = ["SUPPORT", "counted", "rounded", "supported", "weights"]

SUPPORT = 20
"""How many rows must share a literal before a profile may hold it."""

Key = TypeVar("Key")


def supported(counts: Mapping[Key, int], least: int = SUPPORT) -> dict[Key, int]:
    """What at least `least` rows share, commonest first.

    >>> supported({"N/A": 25, "Jane Roe": 1})
    {'N/A': 25}
    """
    kept = [(key, count) for key, count in counts.items() if count >= least]
    return dict(sorted(kept, key=lambda item: (-item[1], str(item[0]))))


def weights(counts: Mapping[str, int]) -> dict[str, float]:
    """Counts as shares with three digits."""
    total = sum(counts.values()) or 1
    return {key: round(count / total, 3) or 0.001 for key, count in counts.items()}


def counted(pairs: Iterable[tuple[Key, int]]) -> Counter[Key]:
    """Counts of keys that may stand more than once."""
    found: Counter[Key] = Counter()
    for key, count in pairs:
        found[key] += count
    return found


def rounded(value: float) -> float:
    """Two digits of a number, so that no quantile is somebody's amount.

    >>> rounded(1234.0), rounded(-0.0456)
    (1200.0, -0.046)
    """
    return float(f"{value:.2g}")
