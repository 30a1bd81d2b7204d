"""The units of evidence: clusters of cases that belong together, in their registered order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.gate.evidence import Floats
from understudy.model.cost import CaseCost

__all__ = ["Units", "units_of"]


@dataclass(frozen=True, slots=True)
class Units:
    """One entry for each cluster: its clipped mean cost as a share of the cap.

    `cases[i]` is how many cases the units up to the i-th hold together; `critical[i]` whether any
    case of the unit has a critical finding.
    """

    x: Floats
    cases: NDArray[Any]
    critical: NDArray[Any]

    @property
    def total_cases(self) -> int:
        """How many cases all units hold."""
        return int(self.cases[-1]) if len(self.cases) else 0

    def looks(self, every: int) -> list[int]:
        """The positions at which evidence is looked at: every so many cases, and at the end."""
        reached = self.cases // every
        before = np.concatenate(([0], reached[:-1]))
        positions = [int(index) for index in np.nonzero(reached > before)[0]]
        last = len(self.cases) - 1
        return positions if last < 0 or positions[-1:] == [last] else [*positions, last]


def units_of(
    per_case: Sequence[CaseCost], cap_minor: int, order: Sequence[tuple[str, str]] = ()
) -> Units:
    """The units of the longest complete prefix of the registered order.

    A cluster stands where its first case stands. The prefix ends before the first cluster of which
    a registered case has no cost yet, since cases that finish early may be the easy ones.
    """
    known = {case.case_id: case for case in per_case}
    planned = order or [(case.case_id, case.cluster_id) for case in per_case]
    clusters: dict[str, list[CaseCost | None]] = {}
    for case_id, cluster_id in planned:
        clusters.setdefault(cluster_id, []).append(known.get(case_id))
    means: list[float] = []
    sizes: list[int] = []
    critical: list[bool] = []
    for members in clusters.values():
        complete = [case for case in members if case is not None]
        if len(complete) < len(members):
            break
        mean = sum(case.error_cost_minor for case in complete) / len(complete)
        means.append(min(mean, cap_minor) / cap_minor)
        sizes.append(len(complete))
        critical.append(any(case.critical for case in complete))
    return Units(
        np.array(means, dtype=float),
        np.cumsum(np.array(sizes, dtype=int)),
        np.array(critical, dtype=bool),
    )
