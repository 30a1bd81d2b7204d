"""What the differences cost: per case, per kind, per operation, and beside what people cost."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from understudy.model.business import Business

__all__ = ["BusinessMetrics", "CaseCost", "CostLine", "CostSummary", "FlakyAction"]


class CaseCost(msgspec.Struct, frozen=True, kw_only=True):
    """One case's error cost, in minor units of the policy's currency.

    `error_cost_minor` is what its findings cost, unclipped, averaged over repeats;
    `net_value_minor` is what it was worth to let the candidate handle the case.
    """

    case_id: str
    cluster_id: str
    error_cost_minor: int
    net_value_minor: int
    critical: int = 0
    agrees: bool = False
    """Whether every action equals a baseline's: no finding at all."""
    escalated: bool = False
    failed: bool = False
    cycle_time_ms: int | None = None
    """How long the candidate took, as the case's systems count the time; of its slowest repeat."""
    model_cost_minor: int | None = None
    """What its model calls have cost, averaged over repeats; None where that is not known."""


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an attribution table: a group, how many findings it holds, what they cost."""

    group: str
    findings: int
    cases: int
    cost_minor: int


class BusinessMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """How one side, the candidate or the people, handled the same cases."""

    cases: int
    acted: int
    escalated: int
    abstained: int
    failed: int
    mean_cycle_time_ms: int | None = None
    """As the cases' systems count the time: waiting and calls as in life."""
    p95_cycle_time_ms: int | None = None
    """What 95 of 100 cases stay within."""
    mean_wall_time_ms: int | None = None
    """How much of it really passed in the run; unknown for people."""
    exception_rate: float | None = None
    """The share of cases that did not end in the actor's own actions."""
    cost_per_case_minor: int | None = None


class FlakyAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action that was accepted in some repeats of a case and not done in the others.

    It has no price of its own: each repeat is priced by what it did, and the case by their mean.
    """

    case_id: str
    operation: str
    told: str
    times: int
    """In how many of its `repeats` it was done."""
    repeats: int
    amount_minor: int | None = None
    currency: str | None = None


class CostSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`cost.json`: totals, the cost of each case, attribution, and both sides' metrics."""

    currency: str
    cases: int
    error_cost_minor: int
    net_value_minor: int
    actions_proposed: int
    actions_agreeing: int
    per_case: Sequence[CaseCost]
    by_kind: tuple[CostLine, ...]
    by_severity: tuple[CostLine, ...]
    by_operation: tuple[CostLine, ...]
    by_mess: tuple[CostLine, ...]
    by_action_class: tuple[CostLine, ...]
    candidate: BusinessMetrics
    people: BusinessMetrics
    largest_uncapped_minor: int = 0
    model_cost_minor: int | None = None
    """What the models of all cases have cost, as a mean over repeats; None where it is not known
    of all of them."""
    by_system: tuple[CostLine, ...] = ()
    by_segment: tuple[CostLine, ...] = ()
    by_fault: tuple[CostLine, ...] = ()
    by_confidence: tuple[CostLine, ...] = ()
    flaky: tuple[FlakyAction, ...] = ()
    """What the candidate does not do every time, where cases are repeated."""
    business: Business | None = None
    """The business case; None where the costs alone were asked for."""
