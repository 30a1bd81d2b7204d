"""What handing the work over is worth, how sure people are themselves, and where to begin."""

from __future__ import annotations

import msgspec

__all__ = [
    "Bin",
    "Business",
    "Calibration",
    "ClassValue",
    "Clauses",
    "Coverage",
    "ErrorBudget",
    "HumanNoise",
    "Queued",
    "Repair",
    "Threshold",
]


class ClassValue(msgspec.Struct, frozen=True, kw_only=True):
    """One run under one class of actions, in minor units; per case unless named otherwise."""

    action_class: str
    net_value_minor: float
    residual_error_minor: float
    """What of the error cost is left behind the person who looks, if one does."""
    roi: float | None
    """Net value as a share of what people cost (F5)."""
    monthly_minor: float | None = None
    payback_months: float | None = None


class ErrorBudget(msgspec.Struct, frozen=True, kw_only=True):
    """F7: what errors may cost in a month, and how fast this run would use it up."""

    budget_minor: int
    projected_minor: float
    burn: float
    """Projected cost by budget; above 1 it does not last the month."""
    days: float | None
    """After how many days of thirty it is used up; None where it lasts."""


class HumanNoise(msgspec.Struct, frozen=True, kw_only=True):
    """F8 and F9: people held against each other with the ruler that the candidate is held to."""

    double_handled: int
    """Cases that several people answered independently."""
    human_minor: float | None
    """`E_h`: what a person's answer costs against the others', per case."""
    candidate_minor: float | None
    """`E_c` against the same others."""
    difference_minor: float | None
    """`D = E_c - E_h`; at most zero where the candidate is no worse than people."""
    cost_alpha: float | None
    """1 where people agree, 0 where they agree no better than on strangers' cases."""
    contested: tuple[str, ...] = ()
    """Cases on which people disagree and nobody has adjudicated."""
    worst_case_minor: int = 0
    """What is added to the error cost if the dearest of contested baselines is the right one."""
    disputed: int = 0
    """Baselines that the systems refuse to carry out."""
    note: str = ""
    pairs: tuple[tuple[str, float, float], ...] = ()
    """Of each case handled twice: its cluster, `E_h` and `E_c`."""


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """One point of the risk-coverage curve: what all cases cost if only these are handled alone."""

    name: str
    threshold: float | None
    coverage: float
    cost_per_case_minor: float


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """F19: from which confidence on an operation of such an amount is better done alone."""

    operation: str
    amount_minor: int
    currency: str | None
    """Of the amount; the loss is in the policy's own."""
    loss_minor: int
    confidence: float


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """As many cases as in any other bin: how sure the candidate was, and how often right."""

    cases: int
    confidence: float
    right: float
    cost_minor: int


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How far confidence can be believed: 0 is perfect."""

    ece: float
    cost_weighted: float | None
    """The same, each bin weighted by its share of the error cost; None where nothing cost."""
    bins: tuple[Bin, ...]


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """What the run would be without one kind of finding."""

    kind: str
    error_cost_minor: int
    saved_per_case_minor: float
    verdict: str | None = None


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A difference for a person to decide, who may find that the candidate was right."""

    case_id: str
    repeat: int
    baseline_id: str | None
    cost_minor: int
    explanation: str


class Clauses(msgspec.Struct, frozen=True, kw_only=True):
    """How often people themselves break one clause of the policy."""

    clause: str
    baselines: int
    broken: int


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """`cost.json: business`; money is in minor units of the policy's currency."""

    values: tuple[ClassValue, ...]
    break_even_minor: int
    """F6: the error cost per case at which automation is worth nothing."""
    headroom: float | None
    """How many times the measured error cost fits into that."""
    hours_freed_monthly: float | None = None
    budget: ErrorBudget | None = None
    human: HumanNoise | None = None
    coverage: tuple[Coverage, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    calibration: Calibration | None = None
    confidence_note: str = ""
    repairs: tuple[Repair, ...] = ()
    queue: tuple[Queued, ...] = ()
    clauses: tuple[Clauses, ...] = ()
