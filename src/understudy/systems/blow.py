"""One fault that befalls one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from understudy.model.campaign import FaultKind

__all__ = ["Blow"]


class Blow(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that has been drawn; `attempt` counts the case's calls of the operation from 1."""

    kind: FaultKind
    operation: str
    attempt: int
    options: Mapping[str, Any] = {}

    @property
    def applied(self) -> bool:
        """Whether the system does what it was asked before the fault falls on the answer."""
        return bool(self.options.get("applied", True))
