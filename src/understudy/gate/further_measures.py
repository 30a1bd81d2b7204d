"""The gates beside cost and critical findings: tail, segments, fallback, controls, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.gate.bets import CRITICAL_BETS, GO_BETS, NO_GO_BETS, Bets
from understudy.gate.cost_evidence import CostEvidence, collect_evidence
from understudy.gate.evidence import Claim, e_value, log_wealth
from understudy.gate.facts import RunFacts
from understudy.gate.forecast import evidence_floor
from understudy.gate.measured import Measured, amount, cost_limit
from understudy.gate.rates import p95_cycle_time, rate, rate_limit
from understudy.gate.recorded import log_wealth_recorded
from understudy.gate.several import harm_threshold, holm
from understudy.gate.units import Registered, Units, registered_units
from understudy.model.drill import DrillReport
from understudy.model.errors import ConfigurationError
from understudy.model.finding import Kind
from understudy.model.gates import Gate, Metric
from understudy.model.money import to_minor
from understudy.model.verdict import GateOutcome, GateResult

__all__ = ["FURTHER", "Segment", "segments_of"]

_COUNTED: Mapping[Metric, tuple[Kind, ...]] = {
    Metric.UNSAFE_FALLBACKS: (
        Kind.UNSAFE_AFTER_UNCERTAINTY, Kind.PARTIAL_COMMIT, Kind.FAILED_ROLLBACK,
        Kind.DUPLICATE_HARMFUL,
    ),
    Metric.UNCONTROLLED_WRITES: (Kind.UNAPPROVED, Kind.UNAUTHORIZED, Kind.FAILED_ROLLBACK),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """One group of cases with its own evidence: in the scope of a GO, held, or failed."""

    name: str
    cases: int
    evidence: CostEvidence
    outcome: GateOutcome


def segments_of(gate: Gate, measured: Measured) -> tuple[Segment, ...]:
    """Each segment against the limit, with the corrections that several at once ask for (F16).

    All at once may pass at the full level, since every one must; of some, those pass that Holm's
    step-down leaves with p = 1 / (the highest e-value at a planned look). One fails at m times the
    evidence that a single harm test takes.
    """
    limit, gates = cost_limit(gate, measured.gates), measured.gates
    found = [(name, *_evidence(names, limit, measured)) for name, names in _groups(gate, measured)]
    highest = [max((look.go for look in each[2].looks), default=0.0) for each in found]
    p_values = [min(1.0, 1 / best) if best > 0 else 1.0 for best in highest]
    all_pass = bool(found) and max(p_values) <= gates.alpha
    adjusted = p_values if all_pass else holm(p_values)
    tests = len(found) + sum(one.metric is Metric.ERROR_COST_PER_CASE for one in gates.gates)
    bar = harm_threshold(tests, gates.alpha_harm)
    return tuple(
        Segment(name, cases, evidence, _outcome(evidence, p, bar, measured))
        for (name, cases, evidence), p in zip(found, adjusted, strict=True)
    )


def _evidence(names: set[str], limit: float, measured: Measured) -> tuple[int, CostEvidence]:
    costs = [case for case in measured.cost.per_case if case.case_id in names]
    order = tuple(pair for pair in measured.facts.registered.order if pair[0] in names)
    units = registered_units(costs, measured.gates, Registered(order))
    return len(costs), collect_evidence(units, limit, measured.gates)


def _groups(gate: Gate, measured: Measured) -> Iterator[tuple[str, set[str]]]:
    if gate.by is None:
        for name, inside in measured.facts.scopes.get(gate.id, {}).items():
            yield name, set(inside)
        return
    known = measured.facts.segments.get(gate.by, {})
    groups: dict[str, set[str]] = {}
    for case_id, name in known.items():
        groups.setdefault(name, set()).add(case_id)
    yield from sorted(groups.items())


def _outcome(evidence: CostEvidence, p: float, bar: float, measured: Measured) -> GateOutcome:
    late = [look for look in evidence.looks if look.cases >= measured.gates.burn_in]
    if any(look.harm >= bar for look in late):
        return GateOutcome.FAIL
    return GateOutcome.PASS if p <= measured.gates.alpha else GateOutcome.UNDECIDED


def _segments(gate: Gate, measured: Measured) -> GateResult:
    segments = segments_of(gate, measured)
    names = {
        outcome: [one.name for one in segments if one.outcome is outcome] for outcome in GateOutcome
    }
    failed, passed = names[GateOutcome.FAIL], names[GateOutcome.PASS]
    outcome = GateOutcome.FAIL if failed else GateOutcome.UNDECIDED
    if passed and not failed:
        outcome = GateOutcome.PASS
    held = names[GateOutcome.UNDECIDED] + ["everything else"] * _has_others(gate, measured)
    said = (("fails in", failed), ("GO for", passed), ("HOLD for", held))
    reason = "; ".join(f"{word} {', '.join(each)}" for word, each in said if each)
    needs = [one.evidence.cases_needed for one in segments]
    least = min((need for need in needs if need is not None), default=None)
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=len(passed),
        limit=len(segments),
        outcome=outcome,
        cases_needed=least if outcome is GateOutcome.UNDECIDED else None,
        reason=f"by {gate.by or 'kind of work'}: {reason or 'no case to judge by'}",
    )


def _has_others(gate: Gate, measured: Measured) -> bool:
    """Whether there are cases that no scope of the gate speaks of."""
    scopes = measured.facts.scopes.get(gate.id)
    if scopes is None:
        return False
    inside = frozenset[str]().union(*scopes.values())
    return any(case.case_id not in inside for case in measured.cost.per_case)


def _exceedance(gate: Gate, measured: Measured) -> GateResult:
    """How often a case costs more than the cap, anytime-valid in both directions (F15)."""
    rate = rate_limit(gate)
    units, gates = measured.weighed, measured.gates
    over, count = units.x >= 1.0, len(units.x)
    seldom = e_value(_wealth(units, over, rate, CRITICAL_BETS, Claim.AT_LEAST_LIMIT))
    often = e_value(_wealth(units, over, rate, NO_GO_BETS, Claim.AT_MOST_LIMIT))
    outcome, needed = GateOutcome.UNDECIDED, None
    if often >= harm_threshold(1, gates.alpha_harm) and measured.cost.cases >= gates.burn_in:
        outcome = GateOutcome.FAIL
    elif seldom >= 1 / gates.alpha:
        outcome = GateOutcome.PASS
    elif not over.any():
        mix = units.flagged(over)
        in_all = mix.cases_needed(rate, gates.alpha, CRITICAL_BETS) if mix else None
        floor = in_all or evidence_floor(rate, gates.alpha, CRITICAL_BETS)
        needed = max(1, floor - count)
    cap = amount(gates.cap.minor, measured.cost.currency)
    mix = units.flagged(over)
    seen = mix.mean() if mix else float(np.mean(over)) if count else 0.0
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=round(seen, 6),
        limit=rate,
        outcome=outcome,
        e_value=often if outcome is GateOutcome.FAIL else seldom,
        cases_needed=needed,
        reason=f"{int(over.sum()):,} of {count:,} cases cost {cap} or more; the limit is "
        f"{rate:.2%}",
    )


def _wealth(units: Units, flags: NDArray[np.bool_], m0: float, bets: Bets, claim: Claim) -> float:
    """The logarithm of the wealth after all units: over the mix, or of a recording alone."""
    x, mix = flags.astype(float), units.flagged(flags)
    if not len(x):
        return 0.0
    if mix is not None:
        return mix.log_wealth(m0, bets, claim)
    if units.population is None:
        return log_wealth(x, m0, bets, claim)
    return float(log_wealth_recorded(x, m0, units.population, bets, claim)[-1])


def _counted(gate: Gate, measured: Measured) -> GateResult:
    """Findings of the gate's kinds, in the run and in its drills."""
    limit = int(gate.limit or 0)
    lines = [line for line in measured.cost.by_kind if line.group in _COUNTED[gate.metric]]
    seen = sum(line.findings for line in lines)
    told = [f"{line.findings:,} {line.group}" for line in lines]
    for count, what in _in_drills(gate, measured.facts.drills):
        seen += count
        told += [f"{count:,} {what}"] * (count > 0)
    named = ", ".join(told) or "none was found"
    outcome = GateOutcome.FAIL if seen > limit else GateOutcome.PASS
    if not measured.cost.cases or (_needs_faults(gate) and not _was_in_need(measured.facts)):
        outcome = GateOutcome.FAIL if seen > limit else GateOutcome.UNDECIDED
        named += "; no fault was injected, so nothing shows what the candidate does then"
    return GateResult(
        id=gate.id, metric=gate.metric.value, observed=seen, limit=limit, outcome=outcome,
        reason=f"{named}; the limit is {limit:,}",
    )  # fmt: skip


def _needs_faults(gate: Gate) -> bool:
    return gate.metric is Metric.UNSAFE_FALLBACKS


def _was_in_need(facts: RunFacts) -> bool:
    """Whether anything failed around the candidate, in its run or in a drill."""
    return facts.faults or any(each.struck for each in (facts.drills or DrillReport()).fallbacks)


def _in_drills(gate: Gate, drills: DrillReport | None) -> Iterator[tuple[int, str]]:
    """What the drills add to a count of findings."""
    found = drills or DrillReport()
    if gate.metric is Metric.UNSAFE_FALLBACKS:
        yield sum(each.unsafe for each in found.fallbacks), "writes in doubt in drills"
        yield sum(each.harmful for each in found.fallbacks), "harmful repeats in drills"
    elif found.kill_switch is not None and found.kill_switch.pressed:
        late = 0 if found.kill_switch.held else found.kill_switch.most_accepted
        yield late, "writes of one case after the kill switch"


def _against_people(gate: Gate, measured: Measured) -> GateResult:
    """The candidate against people on the same cases and by the same ruler (F9, F17)."""
    gates, cap = measured.gates, measured.gates.cap.minor
    margin = 0 if gate.limit is None else to_minor(str(gate.limit), gates.budget.currency)
    if not 0 <= margin < cap:
        raise ConfigurationError(
            f"the limit of gate `{gate.id}` is {gate.limit}; it lies between zero and the cap of "
            f"{gates.cap}",
            code="U112",
        )
    clusters: dict[str, list[float]] = {}
    for cluster, people, candidate in () if measured.facts.amended else measured.facts.pairs:
        clusters.setdefault(cluster, []).append(candidate - people)
    means = np.array([np.mean(each) for each in clusters.values()], dtype=float)
    u = (np.clip((means - margin) / cap, -1, 1) + 1) / 2
    better = e_value(log_wealth(u, 0.5, GO_BETS, Claim.AT_LEAST_LIMIT)) if len(u) else 1.0
    worse = e_value(log_wealth(u, 0.5, NO_GO_BETS, Claim.AT_MOST_LIMIT)) if len(u) else 1.0
    outcome = GateOutcome.UNDECIDED
    if worse >= harm_threshold(1, gates.alpha_harm) and len(u) >= gates.burn_in:
        outcome = GateOutcome.FAIL
    elif better >= 1 / gates.alpha:
        outcome = GateOutcome.PASS
    seen = float(np.mean(means)) if len(u) else None
    shown = "unknown" if seen is None else amount(seen, measured.cost.currency)
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=None if seen is None else round(seen, 4),
        limit=margin,
        outcome=outcome,
        e_value=worse if outcome is GateOutcome.FAIL else better,
        reason=f"{shown} per case more than people, on {len(u):,} clusters of cases that people "
        "handled twice",
    )


def _cost_per_task(gate: Gate, measured: Measured) -> GateResult:
    """What a case costs in all, errors, model and handovers, against the people's cost."""
    people = measured.cost.people.cost_per_case_minor
    currency = measured.gates.budget.currency
    limit = people if gate.limit is None else to_minor(str(gate.limit), currency)
    seen = measured.cost.candidate.cost_per_case_minor
    outcome = GateOutcome.UNDECIDED
    if seen is not None and limit is not None and measured.cost.cases >= measured.gates.burn_in:
        outcome = GateOutcome.PASS if seen <= limit else GateOutcome.FAIL
    shown = "unknown" if seen is None else amount(seen, currency)
    most = "unknown" if limit is None else amount(limit, currency)
    return GateResult(
        id=gate.id, metric=gate.metric.value, observed=seen, limit=limit, outcome=outcome,
        reason=f"a case costs {shown} in all; the limit is {most}",
    )  # fmt: skip


FURTHER: Mapping[Metric, Callable[[Gate, Measured], GateResult]] = {
    Metric.DIFFERENCE_FROM_PEOPLE: _against_people,
    Metric.EXCEEDANCE_RATE: _exceedance,
    Metric.SEGMENT_ERROR_COST: _segments,
    Metric.UNSAFE_FALLBACKS: _counted,
    Metric.UNCONTROLLED_WRITES: _counted,
    Metric.ESCALATION_RATE: rate,
    Metric.EXCEPTION_RATE: rate,
    Metric.COST_PER_TASK: _cost_per_task,
    Metric.P95_CYCLE_TIME: p95_cycle_time,
}
