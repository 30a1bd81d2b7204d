"""The units of evidence: clusters of cases that belong together, in their registered order."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.gate.evidence import Floats
from understudy.gate.strata import Weighed
from understudy.model.cost import CaseCost
from understudy.model.gates import Gates, Population
from understudy.model.names import Names

__all__ = ["Registered", "Units", "registered_units", "units_of", "weighed_units"]


@dataclass(frozen=True, slots=True)
class Registered:
    """What was fixed of the cases before the first of them.

    `order` holds (case id, cluster id) of every case that is to count, and is empty where the order
    of the priced cases is that of the plan; `strata` the stratum of each case where the gate file
    weighs any.
    """

    order: tuple[tuple[str, str], ...] = ()
    strata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Units:
    """One entry for each cluster: its clipped mean cost as a share of the cap.

    `cases[i]` is how many cases the units up to the i-th hold together; `critical[i]` whether any
    case of the unit has a critical finding. `population` is how many units there are in all, where
    the claim is about these alone. `strata` holds the number of each unit's stratum and `weights`
    what each is worth, where they were weighed.
    """

    x: Floats
    cases: NDArray[Any]
    critical: NDArray[Any]
    population: int | None = None
    strata: NDArray[Any] | None = None
    weights: tuple[float, ...] = ()

    @property
    def total_cases(self) -> int:
        """How many cases all units hold."""
        return int(self.cases[-1]) if len(self.cases) else 0

    def flagged(self, flags: NDArray[Any]) -> Weighed | None:
        """Whether something holds for each unit, by its stratum; None where none were weighed."""
        if self.strata is None:
            return None
        return Weighed.of(flags.astype(float), self.strata, self.weights)

    def until(self, count: int) -> Units:
        """The first `count` of them."""
        strata = None if self.strata is None else self.strata[:count]
        return replace(
            self,
            x=self.x[:count],
            cases=self.cases[:count],
            critical=self.critical[:count],
            strata=strata,
        )

    def looks(self, every: int) -> list[int]:
        """The positions at which evidence is looked at: every so many cases, and at the end."""
        reached = self.cases // every
        before = np.concatenate(([0], reached[:-1]))
        positions = [int(index) for index in np.nonzero(reached > before)[0]]
        last = len(self.cases) - 1
        return positions if last < 0 or positions[-1:] == [last] else [*positions, last]


def registered_units(per_case: Sequence[CaseCost], gates: Gates, registered: Registered) -> Units:
    """The units of the registered order; of a known number where the claim is about a recording."""
    units = units_of(per_case, gates.cap.minor, registered.order)
    if gates.population is not Population.RECORDING:
        return units
    clusters = {cluster for _, cluster in registered.order}
    return replace(units, population=max(len(clusters), len(units.x)))


def weighed_units(per_case: Sequence[CaseCost], gates: Gates, registered: Registered) -> Units:
    """The same with the strata that the gate file weighs, where it weighs any.

    A cluster belongs to the stratum of its first case that has a weight; its cases of other strata
    are left aside, since what goes wrong together is no evidence twice, but what is critical in any
    of them counts. A stratum of no weight is left out.
    """
    strata = gates.strata
    if strata is None:
        return registered_units(per_case, gates, registered)
    order = registered.order or tuple((case.case_id, case.cluster_id) for case in per_case)
    places = {name: place for place, (name, weight) in enumerate(strata.weights.items()) if weight}
    own: dict[str, str] = {}
    kept = []
    for case_id, cluster in order:
        name = registered.strata.get(case_id, "")
        if name in places and own.setdefault(cluster, name) == name:
            kept.append((case_id, cluster))
    units = units_of(per_case, gates.cap.minor, kept) if kept else units_of((), gates.cap.minor)
    number = np.array([places[name] for name in own.values()], dtype=int)[: len(units.x)]
    struck = {case.cluster_id for case in per_case if case.critical}
    critical = np.array([name in struck for name in own], dtype=bool)[: len(units.x)]
    weights = tuple(strata.weights.values())
    return replace(units, strata=number, weights=weights, critical=critical)


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
