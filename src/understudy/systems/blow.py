"""One fault that befalls one call, and what faults have done to one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from understudy.model.campaign import FaultKind

__all__ = ["Blow", "Fate"]


class Blow(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that has been drawn; `attempt` counts the case's calls of the operation from 1."""

    kind: FaultKind
    operation: str
    attempt: int
    options: Mapping[str, Any] = {}
    index: int = 0
    """Which fault of its plan it is."""

    @property
    def applied(self) -> bool:
        """Whether the system does what it was asked before the fault falls on the answer."""
        return bool(self.options.get("applied", True))


@dataclass(slots=True)
class Fate:
    """What faults have done to one case.

    `struck` are those that befell its calls, in order, and `idle` those of them that found nothing
    to change; `expired` and `denied` the systems and
    operations that are closed to it since; `pages` the last object of each list that it was shown;
    `silence` is for how long nothing arrives before the answer at hand; `writes` are when it wrote,
    with the overlay's mark before.
    """

    struck: list[Blow] = field(default_factory=list)
    idle: list[Blow] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    pages: dict[str, Any] = field(default_factory=dict)
    silence: float = 0.0
    writes: list[tuple[datetime, int]] = field(default_factory=list)
