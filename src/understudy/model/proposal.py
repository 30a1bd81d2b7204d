"""What the candidate did about a case: proposed actions, captured and never executed."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from understudy.model.action import Action
from understudy.model.baseline import Outcome
from understudy.model.case import Turn

__all__ = [
    "MODEL_COST",
    "MODEL_CURRENCY",
    "CaseRecord",
    "CoverageGap",
    "Failure",
    "FailureCause",
    "Proposal",
    "RecordedOutcome",
    "Reviewed",
    "Trace",
    "WallCount",
]


MODEL_COST, MODEL_CURRENCY = "model_cost_minor", "model_cost_currency"
"""Where a proposal's usage says what its model calls cost, by the campaign's prices."""


class FailureCause(enum.StrEnum):
    """Who brought a case down; only the candidate's own failures are the candidate's."""

    CANDIDATE = "candidate"
    """It raised, hung, crashed, answered nonsense or was stopped by the wall."""
    INFRASTRUCTURE = "infrastructure"
    """The recorded harness, the customer's side or the network failed; not judged."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a case ended without a usable answer."""

    cause: FailureCause
    reason: str
    """A short stable word: `raised`, `timeout`, `crashed`, `malformed_answer`, `egress`, …"""
    detail: str = ""


class RecordedOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict that an imported log carries for itself; kept apart, never used to judge."""

    reward: float | None = None
    state_match: bool | None = None
    """Whether the log says that the end state equals the reference's (`db_match`)."""
    replies_match: bool | None = None
    termination: str | None = None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The proposed actions of one candidate for one case, in the shape of a baseline.

    `repeat` counts from 0 where a case is run several times. `reads` counts read operations;
    `replies` are texts that the candidate sent to the customer outside of any action.
    """

    case_id: str
    outcome: Outcome = Outcome.ACTED
    confidence: float | None = None
    actions: tuple[Action, ...] = ()
    usage: dict[str, Any] = msgspec.field(default_factory=dict)
    cycle_time_ms: int | None = None
    """How long the case took, as its systems count: waiting and calls as in life."""
    wall_time_ms: int | None = None
    """How much of that time really passed here."""
    repeat: int = 0
    reads: dict[str, int] = msgspec.field(default_factory=dict)
    replies: tuple[str, ...] = ()
    failure: Failure | None = None
    """Why it failed; that it did is told by the outcome as well, and then counts as well."""
    recorded: RecordedOutcome | None = None

    def __post_init__(self) -> None:
        if self.outcome is Outcome.FAILED and self.failure is None:
            unknown = Failure(cause=FailureCause.CANDIDATE, reason="failed")
            msgspec.structs.force_setattr(self, "failure", unknown)


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """How the candidate came to its actions, as far as it tells."""

    prompts: tuple[Any, ...] = ()
    context: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    times: tuple[tuple[int, int] | None, ...] = ()
    """When each prompt was sent and answered, in milliseconds since the case began; None and a
    missing one are not known."""
    rationale: str | None = None
    printed: str = ""
    """What the candidate wrote to standard output and error while it handled the case."""
    turns: tuple[Turn, ...] = ()
    """What the candidate asked the customer, and what it was answered."""


_OF_MODELS = {
    "REPLAY": "no recorded answer of a model fits",
    "ASK": "the provider of models was not reached for",
}


class CoverageGap(msgspec.Struct, frozen=True, kw_only=True):
    """A request that no operation serves; loud, and counted per method and path."""

    system: str
    method: str
    path: str
    detail: str = ""

    @property
    def told(self) -> str:
        """What lacks, in words.

        >>> CoverageGap(system="models", method="REPLAY", path="/chat/completions").told
        'no recorded answer of a model fits a call of /chat/completions'
        """
        if self.system == "models" and self.method in _OF_MODELS:
            return f"{_OF_MODELS[self.method]} a call of {self.path}"
        return f"nothing serves {self.method} {self.path} at {self.system}"


class WallCount(msgspec.Struct, frozen=True, kw_only=True):
    """What the wall refused while a case was handled."""

    network: int = 0
    process: int = 0
    expected: int = 0
    """Attempts on hosts that the campaign expects to be tried, telemetry for example."""
    places: tuple[str, ...] = ()
    """What was tried, as `connect 10.0.0.1:443` or `subprocess curl`, each once."""


class FaultCount(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one planned fault in one case.

    `met` calls could have been befallen, `struck` were drawn, and on `acted` of those it fell: a
    stale read shows nothing else where nothing was written.
    """

    met: int = 0
    struck: int = 0
    acted: int = 0

    def __add__(self, other: FaultCount) -> FaultCount:
        """Both together."""
        return FaultCount(
            met=self.met + other.met,
            struck=self.struck + other.struck,
            acted=self.acted + other.acted,
        )

    @property
    def idle(self) -> str | None:
        """Why it did not act, or None where it did."""
        if self.acted:
            return None
        if not self.met:
            return "nothing that it could befall came"
        if not self.struck:
            return f"it was drawn for none of the {self.met:,} times that it could have struck"
        return f"it struck {self.struck:,} times, and there was nothing for it to change"


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """One look of the desk's reviewer: whether there was an error to see, and whether it was."""

    wrong: bool
    approved: bool
    after_seconds: float
    seeded: bool = False
    """Whether the error was put there to measure the reviewer; the candidate never asked it."""


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the run store: everything that one finished case left behind."""

    case_id: str
    proposal: Proposal
    trace: Trace = msgspec.field(default_factory=Trace)
    gaps: tuple[CoverageGap, ...] = ()
    wall: WallCount = msgspec.field(default_factory=WallCount)
    reviews: tuple[Reviewed, ...] = ()
    faults: dict[str, FaultCount] = msgspec.field(default_factory=dict)
    """What became of every fault that the campaign has planned for the case."""
    finished_at: str | None = None
    killed: int = 0
    """How many processes were killed while they were at the case, before one came to its end."""
