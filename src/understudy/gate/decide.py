"""The verdict: every gate must pass for GO, any that fails is NO-GO, and silence is neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from understudy.cost.net_value import month_of
from understudy.gate.cost_evidence import CostEvidence, collect_evidence
from understudy.gate.facts import RunFacts, StopCause
from understudy.gate.measured import Measured, cost_limit
from understudy.gate.measures import measure_all
from understudy.gate.units import Units
from understudy.gate.validity import has_sound_costs, reasons_against
from understudy.gate.wording import ALONE, Told, explain
from understudy.model.cost import CostSummary
from understudy.model.exit_code import ExitCode
from understudy.model.gates import Gates, Metric
from understudy.model.verdict import (
    ErrorCost,
    GateOutcome,
    GateResult,
    NetValue,
    Stage,
    VerdictWord,
)

__all__ = ["Decision", "decide", "evidence_of"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The gates' part of `verdict.json`, and the evidence it rests on."""

    verdict: VerdictWord
    exit_code: ExitCode
    reasons: tuple[str, ...]
    gates: tuple[GateResult, ...]
    error_cost: ErrorCost
    net_value: NetValue
    evidence: CostEvidence
    scope: str = ""
    """Which segments the verdict is for, and which are held, where a gate asks for that."""


def decide(cost: CostSummary, gates: Gates, facts: RunFacts) -> Decision:
    """Judge a run by its gates.

    `cost.per_case` stands in the registered order. Raises `ConfigurationError` where gates and
    costs do not fit each other; whatever is wrong with the run itself ends in INVALID.
    """
    against = reasons_against(cost, facts)
    sound = cost if has_sound_costs(cost) else msgspec.structs.replace(cost, per_case=(), cases=0)
    measured = Measured.of(sound, gates, facts)
    results = measure_all(measured)
    evidence = measured.evidence(_first_limit(gates))
    word = _word(results, facts, against)
    return Decision(
        verdict=word,
        exit_code=ExitCode.SAFETY_STOP if facts.stopped else word.exit_code,
        reasons=explain(Told(word, results, against, evidence), measured),
        gates=results,
        error_cost=_error_cost(measured, evidence),
        net_value=_net_value(measured),
        evidence=evidence,
        scope="; ".join(
            each.reason for each in results if each.metric == Metric.SEGMENT_ERROR_COST
        ),
    )


def evidence_of(units: Units, gates: Gates) -> CostEvidence:
    """The evidence on error cost alone, look by look, as a report draws it."""
    return collect_evidence(units, _first_limit(gates), gates)


def _word(results: Sequence[GateResult], facts: RunFacts, against: Sequence[str]) -> VerdictWord:
    if facts.stopped not in (None, StopCause.BUDGET):
        return VerdictWord.NO_GO
    if against:
        return VerdictWord.INVALID
    outcomes = {result.outcome for result in results}
    if GateOutcome.FAIL in outcomes:
        return VerdictWord.NO_GO
    if GateOutcome.UNDECIDED in outcomes or facts.stopped or facts.chosen or _unfit(facts):
        return VerdictWord.INCONCLUSIVE
    return VerdictWord.GO


def _unfit(facts: RunFacts) -> bool:
    """Whether prices lack an owner, cases were seen before, or limits were changed since."""
    unowned = facts.stage is not Stage.SHADOW and not facts.prices_owned
    return unowned or facts.amended or (facts.stage in ALONE and not facts.held_out)


def _first_limit(gates: Gates) -> int:
    """The limit of the first cost gate, or the budget where the file has none."""
    metric = Metric.ERROR_COST_PER_CASE
    own = next((gate for gate in gates.gates if gate.metric is metric), None)
    return gates.budget.minor if own is None else cost_limit(own, gates)


def _error_cost(measured: Measured, evidence: CostEvidence) -> ErrorCost:
    low, high = evidence.interval_minor
    people = measured.facts.human_error_minor
    return ErrorCost(
        currency=measured.gates.budget.currency,
        total_minor=sum(case.error_cost_minor for case in measured.cost.per_case),
        per_case=evidence.last.mean_minor if evidence.last else 0.0,
        interval=(round(low, 6), round(high, 6)),
        limit=evidence.limit_minor,
        human_per_case=None if people is None else float(people),
        clipped_at=evidence.cap_minor,
    )


def _net_value(measured: Measured) -> NetValue:
    facts, mean = measured.facts, measured.mean(lambda case: case.net_value_minor) or 0.0
    monthly, payback = month_of(mean, facts.monthly_cases, facts.integration_cost_minor)
    return NetValue(per_case=round(mean, 4), monthly=monthly, payback_months=payback)
