"""The evidence on error cost per case, look by look, and where it crossed a boundary first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.gate.bets import GO_BETS
from understudy.gate.evidence import BETS_ON, Claim, Floats, e_value, log_wealth_path
from understudy.gate.forecast import (
    cases_needed,
    evidence_floor,
    floor_of_recording,
)
from understudy.gate.interval import bounds
from understudy.gate.recorded import log_wealth_recorded
from understudy.gate.several import harm_threshold
from understudy.gate.strata import Weighed
from understudy.gate.units import Units
from understudy.model.gates import Gates, Metric
from understudy.model.verdict import GateOutcome

__all__ = ["CostEvidence", "Look", "collect_evidence", "floor_of"]

_LOOKS = 100
"""So many looks at weighed strata are enough."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was known after so many cases: e-values for GO and for NO-GO, and the clipped mean."""

    cases: int
    units: int
    go: float
    harm: float
    mean_minor: float


@dataclass(frozen=True, slots=True)
class CostEvidence:
    """All looks, the first that crossed a boundary, and the outcome that this fixed.

    `cases_needed` is how many cases in all it takes to GO if the rest are like those so far; None
    where no number does. Money is in minor units.
    """

    limit_minor: float
    cap_minor: int
    go_threshold: float
    harm_threshold: float
    floor: int
    looks: tuple[Look, ...]
    decided: Look | None
    outcome: GateOutcome
    interval_minor: tuple[float, float]
    cases_needed: int | None

    @property
    def last(self) -> Look | None:
        """The last look, with all cases of the complete prefix."""
        return self.looks[-1] if self.looks else None

    @property
    def contradicted(self) -> bool:
        """Whether cases after the deciding look crossed the other boundary."""
        if self.decided is None:
            return False
        later = [look for look in self.looks if look.cases > self.decided.cases]
        if self.outcome is GateOutcome.PASS:
            return any(look.harm >= self.harm_threshold for look in later)
        return any(look.go >= self.go_threshold for look in later)


def collect_evidence(units: Units, limit_minor: float, gates: Gates) -> CostEvidence:
    """Look at the evidence every `look_every` cases; the first crossing fixes the outcome."""
    cap = gates.cap.minor
    m0 = limit_minor / cap
    tests = sum(gate.metric is Metric.ERROR_COST_PER_CASE for gate in gates.gates)
    go_bar, harm_bar = 1 / gates.alpha, harm_threshold(tests, gates.alpha_harm)
    looks = tuple(_looks(units, m0, gates))
    decided, outcome = None, GateOutcome.UNDECIDED
    for look in looks:
        if look.go >= go_bar:
            decided, outcome = look, GateOutcome.PASS
            break
        if look.harm >= harm_bar and look.cases >= gates.burn_in:
            decided, outcome = look, GateOutcome.FAIL
            break
    low, high = bounds(units, gates.alpha)
    return CostEvidence(
        limit_minor=limit_minor,
        cap_minor=cap,
        go_threshold=go_bar,
        harm_threshold=harm_bar,
        floor=floor_of(m0, gates.alpha, units.population),
        looks=looks,
        decided=decided,
        outcome=outcome,
        interval_minor=(low * cap, high * cap),
        cases_needed=_needed(units, m0, gates.alpha),
    )


def floor_of(m0: float, alpha: float, population: int | None) -> int:
    """The units without any cost that GO takes at the least (F12); of a recording where it is one.

    >>> floor_of(6 / 500, 0.05, None)
    326
    """
    return floor_of_recording(m0, alpha, population) if population else evidence_floor(m0, alpha)


def _looks(units: Units, m0: float, gates: Gates) -> Iterator[Look]:
    positions = units.looks(gates.look_every)
    if not positions:
        return
    if units.strata is not None:
        # Any looks fewer than the planned ones are as valid, and each of these takes its time.
        positions = sorted({*positions[:: 1 + len(positions) // _LOOKS], positions[-1]})
        yield from _weighed_looks(units, units.strata, m0, gates, positions)
        return
    at = np.array(positions)
    go, harm = (_path(units, m0, claim, at) for claim in Claim)
    sums = np.cumsum(units.x)[at]
    for index, position in enumerate(positions):
        mean = float(sums[index]) / (position + 1)
        yield _look(units, position, (float(go[index]), float(harm[index])), mean, gates)


def _path(units: Units, m0: float, claim: Claim, at: NDArray[Any]) -> Floats:
    bets = BETS_ON[claim]
    if units.population is None:
        return log_wealth_path(units.x, m0, bets, claim, at)
    return np.asarray(log_wealth_recorded(units.x, m0, units.population, bets, claim)[at])


def _weighed_looks(
    units: Units, strata: NDArray[Any], m0: float, gates: Gates, positions: Sequence[int]
) -> Iterator[Look]:
    ends = [position + 1 for position in positions]
    seen = Weighed.at(units.x, strata, units.weights, ends)
    for position, weighed in zip(positions, seen, strict=True):
        go, harm = (weighed.wealth_by_claim(m0, claim) for claim in Claim)
        yield _look(units, position, (go, harm), weighed.mean(), gates)


def _look(
    units: Units, position: int, logs: tuple[float, float], mean: float, gates: Gates
) -> Look:
    return Look(
        cases=int(units.cases[position]),
        units=position + 1,
        go=e_value(logs[0]),
        harm=e_value(logs[1]),
        mean_minor=round(mean * gates.cap.minor, 6),
    )


def _needed(units: Units, m0: float, alpha: float) -> int | None:
    """In cases, which the units hold several of."""
    if not len(units.x):
        return floor_of(m0, alpha, units.population)
    if units.strata is not None:
        weighed = Weighed.of(units.x, units.strata, units.weights)
        needed = weighed.cases_needed(m0, alpha, GO_BETS)
    else:
        needed = cases_needed(units.x, m0, alpha)
    if units.population is not None and float(np.mean(units.x)) < m0:
        needed = min(needed or units.population, units.population)
    return None if needed is None else math.ceil(needed * units.total_cases / len(units.x))
