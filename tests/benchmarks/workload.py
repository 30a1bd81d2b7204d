"""What a workload is: the same work done by several sides, and what their ratios must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Limit", "Outcome", "Ratio", "Side", "Work", "Workload"]

Work = Mapping[str, Any]
"""What was done, in numbers that must be the same for every side: else the result is void."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a measured run did. `units` is what the rate counts: calls, cases, rows.

    `cpu` replaces the child's own CPU seconds where somebody else's count, as a server's.
    `facts` are further numbers, as `grown_mb`.
    """

    units: int
    work: Work
    cpu: float | None = None
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One way of doing the work. `prepare(size)` sets up; what it returns is measured.

    `size` replaces the workload's where the side differs in nothing but that. `needs` are
    requirements that are installed into an environment of their own, never into the project's.
    """

    name: str
    prepare: Callable[[int], Callable[[], Outcome]]
    size: int | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ratio:
    """The rate of `of` must be at least `least` times the rate of `against`.

    By another `fact` of both it is how many times as much `against` has of it. Only what is
    compared with floors of our own may be `gated`.
    """

    of: str
    against: str
    least: float
    gated: bool = False
    fact: str = "us_per_unit"

    @property
    def compared(self) -> str:
        """What is compared with what, in words."""
        what = "" if self.fact == "us_per_unit" else f", {self.fact}"
        return f"{self.of} / {self.against}{what}"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of one side must not be more than `most`.

    `fact` is one of its facts, or `us_per_unit`. What depends on the machine is never `gated`.
    """

    of: str
    fact: str
    most: float
    gated: bool = False

    @property
    def compared(self) -> str:
        """What is limited, in words."""
        return f"{self.of}, {self.fact}"


@dataclass(frozen=True, slots=True)
class Workload:
    """One benchmark. A module in `workloads/` that has it as `WORKLOAD` is part of the suite.

    `small` is the size at which the harness itself is tried; its numbers mean nothing.
    """

    id: str
    title: str
    unit: str
    size: int
    small: int
    sides: tuple[Side, ...]
    goals: tuple[Ratio | Limit, ...] = ()
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    """Peers that a goal is about and that no side plays, and why."""

    def side(self, name: str) -> Side:
        """The side of that name."""
        return next(side for side in self.sides if side.name == name)
