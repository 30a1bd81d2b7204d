"""What confidence is worth: thresholds in money (F19), risk and coverage, calibration."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from understudy.cost.net_value import CaseEconomics
from understudy.model.business import Bin, Calibration, Coverage

__all__ = ["Told", "calibration", "coverage_curve", "least_confidence"]

_BINS = 10
_POINTS = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One case: how sure the candidate was, and what handling it alone cost."""

    confidence: float | None
    cost_minor: int
    escalated: bool

    @property
    def right(self) -> bool:
        """Whether handling it alone cost nothing."""
        return not self.cost_minor


def least_confidence(loss_minor: int, economics: CaseEconomics) -> float:
    """F19: act where `p(error) * L <= H + X + E_h`, so from confidence `1 - (H + X + E_h) / L` on.

    Source: Chow's and Elkan's rules, in money. Worked example with H = 3.00, X = 0.50, E_h = 0.80:
    a loss of 60.00 asks for 0.9283, one of 600.00 for 0.9928.

    >>> from decimal import Decimal
    >>> costs = CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)
    >>> [round(least_confidence(loss, costs), 4) for loss in (6_000, 60_000, 100)]
    [0.9283, 0.9928, 0.0]
    """
    if loss_minor <= 0:
        return 0.0
    return max(0.0, 1 - (economics.spent_by_people() + economics.overhead) / loss_minor)


def coverage_curve(told: Sequence[Told], economics: CaseEconomics) -> tuple[Coverage, ...]:
    """What all cases cost for each share that is handled alone, people's work on the rest included.

    Named points: people alone, as the run was, the cheapest threshold, and never escalating.
    Without that cost of the rest, escalating everything would always win.

    >>> from decimal import Decimal
    >>> costs = CaseEconomics(300, 80, 4, 75, Decimal("0.7"), 5, 50)
    >>> points = coverage_curve([Told(0.9, 0, False), Told(0.5, 9_000, False)], costs)
    >>> [(point.name, point.coverage, point.cost_per_case_minor) for point in points][:2]
    [('people alone', 0.0, 380.0), ('as run', 1.0, 4504.0)]
    """
    if not told:
        return ()
    points = [
        Coverage(
            name="people alone", threshold=None, coverage=0.0,
            cost_per_case_minor=float(economics.spent_by_people()),
        ),
        _point("as run", None, [one for one in told if not one.escalated], told, economics),
    ]  # fmt: skip
    steps = list(_steps(told, economics))
    if steps:
        best = min(steps, key=lambda point: point.cost_per_case_minor)
        named = [("optimum", best), ("never escalate", steps[-1])]
        points += [
            Coverage(
                name=name, threshold=each.threshold, coverage=each.coverage,
                cost_per_case_minor=each.cost_per_case_minor,
            )
            for name, each in named
        ]  # fmt: skip
    return (*points, *steps[:: max(1, len(steps) // _POINTS)])


def _steps(told: Sequence[Told], economics: CaseEconomics) -> Iterator[Coverage]:
    """One point for each confidence that occurs, from the surest case to all of them."""
    known = sorted(
        (one for one in told if one.confidence is not None and not one.escalated),
        key=lambda one: -(one.confidence or 0.0),
    )
    alone, cost, size = 0, 0, len(told)
    handed = economics.spent_by_people() + economics.overhead + economics.model
    for place, one in enumerate(known):
        alone, cost = alone + 1, cost + one.cost_minor + economics.model
        if place + 1 < len(known) and known[place + 1].confidence == one.confidence:
            continue
        total = cost + (size - alone) * handed
        yield Coverage(
            name="", threshold=one.confidence, coverage=round(alone / size, 4),
            cost_per_case_minor=round(total / size, 4),
        )  # fmt: skip


def _point(
    name: str,
    threshold: float | None,
    alone: Sequence[Told],
    told: Sequence[Told],
    economics: CaseEconomics,
) -> Coverage:
    handed = len(told) - len(alone)
    total = sum(one.cost_minor for one in told) + len(told) * economics.model
    total += handed * (economics.spent_by_people() + economics.overhead)
    return Coverage(
        name=name, threshold=threshold, coverage=round(len(alone) / len(told), 4),
        cost_per_case_minor=round(total / len(told), 4),
    )  # fmt: skip


def calibration(told: Sequence[Told], bins: int = _BINS) -> Calibration | None:
    """ECE over bins of equal mass: the mean gap between confidence and how often it was right.

    The cost-weighted one weights each bin by its share of the error cost. None where the candidate
    tells no confidence. Worked example: of four cases at 0.9 three are right, which is 0.15 off.

    >>> cases = [Told(0.9, 0, False)] * 3 + [Told(0.9, 500, False)]
    >>> found = calibration(cases)
    >>> round(found.ece, 4), round(found.cost_weighted, 4)
    (0.15, 0.15)
    """
    known = sorted(
        (one for one in told if one.confidence is not None), key=lambda one: one.confidence or 0.0
    )
    if not known:
        return None
    count = min(bins, len({one.confidence for one in known}))
    edges = [round(n * len(known) / count) for n in range(count + 1)]
    pieces = [known[start:end] for start, end in itertools.pairwise(edges) if end > start]
    found = tuple(_bin(piece) for piece in pieces)
    gaps = [abs(each.confidence - each.right) for each in found]
    cost = sum(each.cost_minor for each in found)
    ece = sum(gap * each.cases for gap, each in zip(gaps, found, strict=True)) / len(known)
    weighted = sum(gap * each.cost_minor for gap, each in zip(gaps, found, strict=True))
    return Calibration(
        ece=round(ece, 6), cost_weighted=round(weighted / cost, 6) if cost else None, bins=found
    )


def _bin(piece: Sequence[Told]) -> Bin:
    return Bin(
        cases=len(piece),
        confidence=sum(one.confidence or 0.0 for one in piece) / len(piece),
        right=sum(one.right for one in piece) / len(piece),
        cost_minor=sum(one.cost_minor for one in piece),
    )
