"""The history of a pilot: every run on every recording, and how far each class of actions came."""

from __future__ import annotations

import enum

import msgspec

from understudy.model.verdict import Stage

__all__ = ["BUDGET_OF_A_RUNG", "Move", "OperationEvidence", "PilotRun", "Rung", "SuiteResult"]

BUDGET_OF_A_RUNG = (4_000, 90)
"""The cases and days that a rung may take where the gate file names no others."""


class Rung(enum.IntEnum):
    """How far one class of actions has come; each is entered from the one below it."""

    OFFLINE = 0
    """Scenario suites only."""
    SHADOW = 1
    """Proposals are logged, and nobody sees them."""
    DRAFT_ONLY = 2
    """A person gets a draft."""
    APPROVAL_REQUIRED = 3
    """Writes after a person's approval."""
    LIMITED_AUTONOMY = 4
    """By itself, below limits of amount, tier and volume."""
    FULL = 5
    """By itself."""

    @property
    def label(self) -> str:
        """The rung as it is written in files and on the command line.

        >>> Rung.DRAFT_ONLY.label
        'draft_only'
        """
        return self.name.lower()

    @classmethod
    def of_stage(cls, stage: Stage) -> Rung:
        """The rung that a campaign of that stage asks for.

        >>> Rung.of_stage(Stage.FULL).label
        'full'
        """
        return cls[stage.name]


class OperationEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one run shows about one operation; money in minor units."""

    operation: str
    cases: int
    critical: int
    units: int | None = None
    critical_units: int | None = None
    """Groups of cases that belong together, and those of them with a critical finding."""
    error_cost_minor: int
    recommended_class: str
    irreversible: bool = False
    """Whether it pays, deletes or publishes what no other operation brings back."""

    @property
    def apart(self) -> int:
        """How many cases count as evidence: of those that belong together one."""
        return self.cases if self.units is None else self.units

    @property
    def struck(self) -> int:
        """How many of these have a critical finding."""
        return self.critical if self.critical_units is None else self.critical_units


class PilotRun(msgspec.Struct, frozen=True, kw_only=True):
    """One judged run as the pilot remembers it; money in minor units of `currency`."""

    run_id: str
    folder: str
    campaign: str
    candidate: str
    at: str
    hashes: dict[str, str | None]
    stage: Stage
    verdict: str
    verdict_digest: str
    attempt: int
    cases: int
    money_minor: int
    currency: str
    prices_owned: bool
    chosen: bool = False
    peeked: bool = False
    """Whether it ended before its plan, so that what it shows must hold at every look."""
    held_out: bool = False
    seeded: int = 0
    """Errors that were shown to the reviewer on purpose, and the least share that they see."""
    least_caught: float | None = None
    stuck: tuple[str, ...] | None = None
    """The operations whose writes the rollback drill could not undo; None without a drill."""
    evidence: tuple[OperationEvidence, ...] = ()


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a whole scenario suite: how many scenarios it has, and how many of them held.

    `candidate_hash` says which candidate was tried, `suite` where the suite lies and `digest` what
    stood in it.
    """

    suite: str
    digest: str
    candidate_hash: str
    scenarios: int
    held: int
    by: str = ""
    """Who entered it, where no run of pytest did."""

    @property
    def green(self) -> bool:
        """Whether every scenario held."""
        return 0 < self.scenarios == self.held

    def __str__(self) -> str:
        by = f", entered by {self.by}" if self.by else ""
        return f"{self.held:,} of {self.scenarios:,} scenarios held ({self.suite}{by})"


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A class of actions that went up or down, or was given up."""

    candidate: str
    operation: str
    before: str
    rung: str
    by: str
    reason: str
    at: str = ""
    run_id: str | None = None
    hashes: dict[str, str | None] = msgspec.field(default_factory=dict)
    """What the evidence was bound to."""
