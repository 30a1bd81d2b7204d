"""The evidence on error cost per case, look by look, and where it crossed a boundary first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from understudy.gate.bets import GO_BETS, NO_GO_BETS
from understudy.gate.evidence import Claim, e_value, log_wealth_path
from understudy.gate.forecast import cases_needed, evidence_floor
from understudy.gate.interval import interval
from understudy.gate.several import harm_threshold
from understudy.gate.units import Units
from understudy.model.gates import Gates, Metric
from understudy.model.verdict import GateOutcome

__all__ = ["CostEvidence", "Look", "collect_evidence"]


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
    low, high = interval(units.x, gates.alpha)
    return CostEvidence(
        limit_minor=limit_minor,
        cap_minor=cap,
        go_threshold=go_bar,
        harm_threshold=harm_bar,
        floor=evidence_floor(m0, gates.alpha),
        looks=looks,
        decided=decided,
        outcome=outcome,
        interval_minor=(low * cap, high * cap),
        cases_needed=_needed(units, m0, gates.alpha),
    )


def _looks(units: Units, m0: float, gates: Gates) -> Iterator[Look]:
    positions = units.looks(gates.look_every)
    if not positions:
        return
    at = np.array(positions)
    go = log_wealth_path(units.x, m0, GO_BETS, Claim.AT_LEAST_LIMIT, at)
    harm = log_wealth_path(units.x, m0, NO_GO_BETS, Claim.AT_MOST_LIMIT, at)
    sums = np.cumsum(units.x)[at]
    for index, position in enumerate(positions):
        yield Look(
            cases=int(units.cases[position]),
            units=position + 1,
            go=e_value(float(go[index])),
            harm=e_value(float(harm[index])),
            mean_minor=round(float(sums[index]) / (position + 1) * gates.cap.minor, 6),
        )


def _needed(units: Units, m0: float, alpha: float) -> int | None:
    if not len(units.x):
        return evidence_floor(m0, alpha)
    needed = cases_needed(units.x, m0, alpha)
    return None if needed is None else math.ceil(needed * units.total_cases / len(units.x))
