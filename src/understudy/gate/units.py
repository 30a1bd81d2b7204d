"""The units of evidence: clusters of cases that belong together, in their registered order."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.gate.evidence import Floats
from understudy.model.cost import CaseCost
from understudy.model.names import Names

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
    names = Names()
    sums, sizes = array("d"), array("Q")
    critical, whole = bytearray(), bytearray()
    for cluster_id, case in _planned(per_case, order):
        number = names.number(cluster_id)
        if number == len(sums):
            for column, first in ((sums, 0), (sizes, 0), (critical, 0), (whole, 1)):
                column.append(first)
        if case is None:
            whole[number] = 0
        else:
            sums[number] += case.error_cost_minor
            sizes[number] += 1
            critical[number] |= case.critical > 0
    end = whole.find(0)
    end = len(sums) if end < 0 else end
    counts = np.array(sizes[:end], dtype=int)
    means = np.array(sums[:end], dtype=float) / counts
    return Units(
        np.minimum(means, cap_minor) / cap_minor,
        np.cumsum(counts),
        np.array(critical[:end], dtype=bool),
    )


def _planned(
    per_case: Sequence[CaseCost], order: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, CaseCost | None]]:
    """The cluster of each registered case, with its cost where it has one."""
    if not order:
        yield from ((case.cluster_id, case) for case in per_case)
        return
    known = {case.case_id: case for case in per_case}
    yield from ((cluster_id, known.get(case_id)) for case_id, cluster_id in order)
