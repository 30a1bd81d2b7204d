"""Several tests at once: when each may pass on its own, and when the bar must rise.

GO needs every gate to pass, so that each may be tested at the full level and no correction is due
(intersection-union). NO-GO by any of m gates must reach m times the evidence (F16).
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["harm_threshold", "holm"]


def harm_threshold(tests: int, alpha: float) -> float:
    """The e-value at which one of several harm tests stops a run.

    >>> harm_threshold(6, 0.1)
    60.0
    """
    return max(tests, 1) / alpha


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted so that all of them hold together (Holm 1979).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
