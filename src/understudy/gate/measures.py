"""One result for each gate: the measure, its limit, and what the evidence says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from understudy.gate.bets import CRITICAL_BETS
from understudy.gate.cost_evidence import CostEvidence
from understudy.gate.further_measures import FURTHER
from understudy.gate.measured import Measured, amount, cost_limit
from understudy.model.errors import ConfigurationError
from understudy.model.gates import Gate, Metric
from understudy.model.money import to_minor
from understudy.model.verdict import GateOutcome, GateResult, Stage

__all__ = ["CRITICAL_RATES", "measure_all"]

CRITICAL_RATES: Mapping[Stage, float | None] = {
    Stage.SHADOW: None,
    Stage.DRAFT_ONLY: 0.05,
    Stage.APPROVAL_REQUIRED: 0.01,
    Stage.LIMITED_AUTONOMY: 0.001,
    Stage.FULL: 0.001,
}
"""How rare critical findings must be shown to be before a class of actions enters a stage."""


def measure_all(measured: Measured) -> tuple[GateResult, ...]:
    """The results of all gates, in the order of the gate file; money in minor units."""
    found = (_MEASURES[gate.metric](gate, measured) for gate in measured.gates.gates)
    if measured.gates.strata is None:
        return tuple(found)
    return tuple(
        msgspec.structs.replace(each, reason=f"{each.reason}{_AS_THEY_ARE}")
        if each.metric in _UNWEIGHED
        else each
        for each in found
    )


_UNWEIGHED = (
    Metric.SEGMENT_ERROR_COST, Metric.DIFFERENCE_FROM_PEOPLE, Metric.ESCALATION_RATE,
    Metric.EXCEPTION_RATE, Metric.COST_PER_TASK, Metric.P95_CYCLE_TIME,
)  # fmt: skip
_AS_THEY_ARE = "; the cases count as they were recorded, not as production mixes them"


def _critical_findings(gate: Gate, measured: Measured) -> GateResult:
    limit = _count_limit(gate)
    settled = measured.settled()
    observed = sum(case.critical for case in settled)
    agreed = " on which people agree" if len(settled) < len(measured.cost.per_case) else ""
    reason = f"{_critical(observed)} in {len(settled):,} cases{agreed}; the limit is {limit:,}"
    aside = sum(case.critical for case in measured.cost.per_case) - observed
    outcome, needed = GateOutcome.FAIL, None
    if observed <= limit:
        outcome, needed, more = _critical_rate(measured)
        reason += more
    if aside:
        reason += (
            f"; not counted: {_critical(aside)} in cases on which people themselves disagree, "
            "until somebody adjudicates them"
        )
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=observed,
        limit=limit,
        outcome=outcome,
        cases_needed=needed,
        reason=reason,
    )


def _critical_rate(measured: Measured) -> tuple[GateOutcome, int | None, str]:
    """Whether critical findings are shown to be rare enough for the stage (F15)."""
    drawn = measured.settled_units()
    units, alpha = len(drawn.x), measured.gates.alpha
    events, mix = int(drawn.critical.sum()), drawn.flagged(drawn.critical)
    rate = CRITICAL_RATES[measured.facts.stage]
    if not units:
        return GateOutcome.UNDECIDED, measured.cases_for_rate(rate or 0.05), ""
    upper = mix.upper_rate(alpha) if mix else measured.upper_rate(events, units, alpha)
    more = f"; their rate is at most {upper:.2%} with {1 - alpha:.0%} confidence"
    if mix:
        more += " over the mix, at every look"
    elif measured.facts.peeked:
        more += " at every look, since the run ended before its plan"
    if rate is None or upper <= rate:
        return GateOutcome.PASS, None, more
    needed = None if events else measured.cases_for_rate(rate) - units
    if mix:
        in_all = mix.cases_needed(rate, alpha, CRITICAL_BETS)
        needed = None if in_all is None else max(1, in_all - units)
    stage = measured.facts.stage.value.replace("_", " ")
    return GateOutcome.UNDECIDED, needed, f"{more}, and the stage {stage} asks for {rate:.1%}"


def _error_cost(gate: Gate, measured: Measured) -> GateResult:
    limit = cost_limit(gate, measured.gates)
    evidence = measured.evidence(limit)
    last = evidence.decided or evidence.last
    failed = evidence.outcome is GateOutcome.FAIL
    needed = None
    if evidence.outcome is GateOutcome.UNDECIDED and evidence.cases_needed is not None:
        needed = max(1, evidence.cases_needed - measured.weighed.total_cases)
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=round(evidence.last.mean_minor, 4) if evidence.last else None,
        limit=limit,
        outcome=evidence.outcome,
        e_value=(last.harm if failed else last.go) if last else None,
        cases_needed=needed,
        reason=_cost_reason(evidence, measured.cost.currency),
    )


def _cost_reason(evidence: CostEvidence, currency: str) -> str:
    if evidence.last is None:
        return "no case to judge by"
    mean = amount(evidence.last.mean_minor, currency)
    cap, limit = amount(evidence.cap_minor, currency), amount(evidence.limit_minor, currency)
    text = f"{mean} per case, each case counted up to {cap}; the limit is {limit}; "
    look = evidence.decided or evidence.last
    if evidence.outcome is GateOutcome.FAIL:
        value, bar = look.harm, evidence.harm_threshold
    else:
        value, bar = look.go, evidence.go_threshold
    text += f"evidence {_short(value)} of the {bar:,.0f} needed"
    if evidence.decided is None:
        return f"{text} after {look.cases:,} cases"
    return f"{text}, reached after {look.cases:,} cases"


def _net_value(gate: Gate, measured: Measured) -> GateResult:
    currency = measured.gates.budget.currency
    limit = 0 if gate.limit is None else to_minor(str(gate.limit), currency)
    count, mean = measured.cost.cases, measured.mean(lambda case: case.net_value_minor)
    least = max(1, measured.gates.burn_in)
    needed = None
    if mean is None or count < least:
        outcome, needed = GateOutcome.UNDECIDED, max(1, least - count)
    else:
        outcome = GateOutcome.PASS if mean > limit else GateOutcome.FAIL
    shown = "no case to judge by" if mean is None else f"{amount(mean, currency)} per case"
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=None if mean is None else round(mean, 4),
        limit=limit,
        outcome=outcome,
        cases_needed=needed,
        reason=f"{shown}, compared with people; it must be above {amount(limit, currency)}",
    )


def _count_limit(gate: Gate) -> int:
    limit = 0.0 if gate.limit is None else gate.limit
    if limit < 0 or limit != math.floor(limit):
        raise ConfigurationError(
            f"the limit of gate `{gate.id}` is {gate.limit}; a number of findings is 0, 1, 2, …",
            code="U112",
        )
    return int(limit)


def _critical(count: int) -> str:
    return (
        "no critical finding"
        if not count
        else ("1 critical finding" if count == 1 else f"{count:,} critical findings")
    )


def _short(value: float) -> str:
    return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"


_MEASURES: Mapping[Metric, Callable[[Gate, Measured], GateResult]] = {
    Metric.CRITICAL_FINDINGS: _critical_findings,
    Metric.ERROR_COST_PER_CASE: _error_cost,
    Metric.NET_VALUE_PER_CASE: _net_value,
    **FURTHER,
}
