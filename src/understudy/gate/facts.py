"""What the verdict must know about a run besides its costs."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from understudy.gate.units import Registered
from understudy.model.drill import DrillReport
from understudy.model.verdict import Control, Stage, WallEvidence

__all__ = ["RunFacts", "StopCause"]


class StopCause(enum.Enum):
    """Why a run was stopped before its planned end."""

    KILL_SWITCH = "the kill switch stopped the run"
    EGRESS = "the run was stopped because the candidate tried to reach the outside"
    STREAK = "critical findings in one case after the other stopped the run"
    BUDGET = "the budget of the run is used up"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Counts of the run and what stood around it.

    `run` counts the cases that were handed to the candidate, `judged` those that could be priced.
    """

    planned: int
    run: int
    judged: int
    prices_owned: bool
    stage: Stage = Stage.SHADOW
    failed: int = 0
    quarantined: int = 0
    wall: WallEvidence | None = None
    controls: tuple[Control, ...] = ()
    stopped: StopCause | None = None
    registered: Registered = field(default_factory=Registered)
    scope: str = "the cases of this campaign"
    peeked: bool = False
    """Whether the run ended before its plan, so that its length may hang on what was seen."""
    chosen: bool = False
    """Whether the cases were chosen by hand or by what came of them: such ones support no GO."""
    contested: frozenset[str] = frozenset()
    """Cases on which people disagree and nobody has adjudicated, but for those with something that
    is wrong whoever is right: no gate counts what is critical in them."""
    monthly_cases: int | None = None
    integration_cost_minor: int | None = None
    human_error_minor: int | None = None
    """What the errors of the people themselves cost per case; None where it is unknown."""
    segments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For each grouping that a gate names, the segment of each case."""
    scopes: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """For each gate that names scopes, by its id, the cases of each of them."""
    held_out: bool = False
    """Whether the cases are a held-out part that this candidate sees for the first time."""
    drills: DrillReport | None = None
    pairs: Sequence[tuple[str, float, float]] = ()
    """Of cases that people handled twice: cluster, what a person costs, what the candidate does."""
    faults: bool = False
    """Whether any fault was injected."""
    amended: bool = False
    """Whether the gate file was changed after the first case, so that the evidence restarts."""
    unmocked: int = 0
    """Cases with a call that no mocked system serves: what came of it is no answer of theirs."""
    broken: tuple[str, ...] = ()
    """What else forbids a verdict, as sentences."""
