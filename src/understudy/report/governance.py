"""Who answers for a verdict, and how far each class of actions has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ClassLine", "Governance"]


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class as a row: its rung and ceiling, what it took there, and a recommendation."""

    candidate: str
    operation: str
    rung: str
    ceiling: str
    recommended_class: str
    evidence: str
    cases: int
    money: str
    days: int
    recommendation: str
    suites: str = ""
    """What came of the candidate's scenario suites."""


@dataclass(frozen=True, slots=True)
class Governance:
    """Who signed the verdict, what was waived, and how far each class of actions has come."""

    sign_off: str = "none recorded"
    waivers: Sequence[str] = ()
    ladder: Sequence[ClassLine] = ()
