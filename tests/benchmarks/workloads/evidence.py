"""EVIDENCE: every look at the cost of a campaign, beside one pass of sums over the same costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload

from understudy.gate.cost_evidence import collect_evidence
from understudy.gate.units import Units
from understudy.model.gates import Gate, Gates

__all__ = ["WORKLOAD"]

_GATES = Gates(version=1, gates=(Gate(id="G2", metric="error_cost_per_case"),))
_LIMIT = 600
_MANY = 100
"""How many times as many cases the large campaign has."""


def _units(cases: int) -> Units:
    """Most cases cost nothing, some cost much."""
    rng = np.random.default_rng(7)
    x = np.where(rng.random(cases) < 0.04, rng.random(cases) * 0.2, 0.0)
    return Units(x, np.arange(1, cases + 1), np.zeros(cases, dtype=bool))


def _gate(times: int) -> Callable[[int], Callable[[], Outcome]]:
    def prepare(size: int) -> Callable[[], Outcome]:
        units = _units(size * times)

        def work() -> Outcome:
            for _ in range(_MANY // times):
                found = collect_evidence(units, _LIMIT, _GATES)
            return Outcome(size * _MANY, {"looks": len(found.looks) // times})

        return work

    return prepare


def _sums(size: int) -> Callable[[], Outcome]:
    x = _units(size).x

    def work() -> Outcome:
        for _ in range(_MANY):
            total = np.cumsum(np.log1p(x * 0.5))
        assert total[-1] > 0
        return Outcome(size * _MANY, {"looks": size // _GATES.look_every})

    return work


WORKLOAD = Workload(
    id="EVIDENCE",
    title="the gate's evidence on error cost, at every planned look",
    unit="case",
    size=10_000,
    small=100,
    sides=(
        Side("gate, a campaign", _gate(1)),
        Side("gate, one 100 times as long", _gate(_MANY)),
        Side("one pass of sums", _sums),
    ),
    goals=(
        Ratio("gate, one 100 times as long", "gate, a campaign", 0.6, gated=True),
        Limit("gate, a campaign", "us_per_unit", 1),
        Limit("gate, one 100 times as long", "us_per_unit", 1),
    ),
)
