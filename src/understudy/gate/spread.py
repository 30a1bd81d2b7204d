"""How unevenly cost is spread over cases: for reports, not for gates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["gini", "tail_mean", "top_share"]


def tail_mean(costs: Sequence[float], level: float = 0.95) -> float:
    """The mean of the worst `1 - level` of the cases: conditional value at risk (F14).

    >>> tail_mean([0] * 95 + [10, 20, 50, 100, 500])
    136.0
    """
    ordered = np.sort(np.asarray(costs, dtype=float))[::-1]
    worst = max(1, round(len(ordered) * (1 - level)))
    return float(np.mean(ordered[:worst])) if len(ordered) else 0.0


def gini(costs: Sequence[float]) -> float:
    """0 where all cases cost the same, towards 1 where one case holds all the cost (F14).

    >>> round(gini([0] * 95 + [10, 20, 50, 100, 500]), 3)
    0.981
    """
    ordered = np.sort(np.asarray(costs, dtype=float))
    total, count = float(np.sum(ordered)), len(ordered)
    if not total:
        return 0.0
    ranks = np.arange(1, count + 1)
    return float(2 * np.sum(ranks * ordered) / (count * total) - (count + 1) / count)


def top_share(costs: Sequence[float], share: float = 0.01) -> float:
    """The part of all cost that the costliest `share` of the cases holds.

    >>> round(top_share([0] * 95 + [10, 20, 50, 100, 500]), 3)
    0.735
    """
    ordered = np.sort(np.asarray(costs, dtype=float))[::-1]
    total = float(np.sum(ordered))
    worst = max(1, round(len(ordered) * share))
    return float(np.sum(ordered[:worst])) / total if total else 0.0
