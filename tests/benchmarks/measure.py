"""Sides of a workload measured in turns, each time in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.peers import MissingPeer, install
from tests.benchmarks.workload import Limit, Ratio, Side, Workload

__all__ = ["Measured", "VoidError", "measure"]

_ROOT = Path(__file__).parents[2]
_SECONDS = 900
SLACK = 0.85
"""A gate gives way by 15 %: machines are never quite quiet."""


class VoidError(Exception):
    """Sides that did not do the same work, or none: their numbers must not be compared."""


@dataclass
class Measured:
    """What was measured of one workload: rounds by side, and the sides that could not be."""

    workload: Workload
    rounds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def median(self, side: str, name: str) -> float:
        """The median over all rounds of `wall`, `cpu`, `peak_mb`, `us_per_unit` or a fact."""
        return median(_number(each, name) for each in self.rounds[side])

    def ratio(self, of: str, against: str, fact: str = "us_per_unit") -> float:
        """How many times the rate of one side is the other's: the median over the rounds.

        Both sides of a round ran one after the other, so that what disturbs one disturbs both.
        """
        return median(self._ratios(of, against, fact))

    def _ratios(self, of: str, against: str, fact: str) -> list[float]:
        pairs = zip(self.rounds[of], self.rounds[against], strict=True)
        return [_number(b, fact) / _number(a, fact) for a, b in pairs]

    def each_round(self, goal: Ratio | Limit) -> list[float]:
        """What a goal is about, round by round; none where a side of it is missing."""
        if self.value(goal) is None:
            return []
        if isinstance(goal, Limit):
            return [_number(each, goal.fact) for each in self.rounds[goal.of]]
        return self._ratios(goal.of, goal.against, goal.fact)

    def value(self, goal: Ratio | Limit) -> float | None:
        """What a goal is about, as measured; None where a side of it is missing."""
        if isinstance(goal, Limit):
            return self.median(goal.of, goal.fact) if goal.of in self.rounds else None
        both = goal.of in self.rounds and goal.against in self.rounds
        return self.ratio(goal.of, goal.against, goal.fact) if both else None

    def met(self, goal: Ratio | Limit, slack: float = 1.0) -> bool | None:
        """Whether a goal is met; None where it could not be measured."""
        value = self.value(goal)
        if value is None:
            return None
        return (
            value <= goal.most / slack if isinstance(goal, Limit) else value >= goal.least * slack
        )


def measure(
    workload: Workload, repeat: int, size: int | None = None, only: tuple[str, ...] = ()
) -> Measured:
    """Measure `repeat` rounds of all sides, or of `only` some: A, B, A, B."""
    found = Measured(workload, missing=dict(workload.unmeasured))
    sides = [side for side in workload.sides if not only or side.name in only]
    for side in sides:
        try:
            if side.needs:
                install(side.needs)
        except MissingPeer as error:
            found.missing[side.name] = str(error)
    here = [side for side in sides if side.name not in found.missing]
    for _ in range(repeat):
        for side in here:
            each = _measured(workload, side, size or side.size or workload.size)
            found.rounds.setdefault(side.name, []).append(each)
    _same_work(found)
    return found


def _measured(workload: Workload, side: Side, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.child", workload.id, side.name, str(size)]
    done = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        raise VoidError(f"{workload.id}, {side.name}: {done.stderr.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _same_work(found: Measured) -> None:
    works = {name: rounds[0]["work"] for name, rounds in found.rounds.items()}
    if len({json.dumps(work, sort_keys=True) for work in works.values()}) > 1:
        raise VoidError(f"{found.workload.id}: the sides did different work: {works}")


def _number(measured: dict[str, Any], name: str) -> float:
    if name == "us_per_unit":
        return float(measured["cpu"]) / int(measured["units"]) * 1e6
    facts: dict[str, float] = {**measured["facts"], **measured}
    return float(facts[name])
