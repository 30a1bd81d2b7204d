"""Shares of the cases, held against a limit by exact bounds: handed over, failed, slow."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.gate.measured import Measured
from understudy.model.errors import ConfigurationError
from understudy.model.gates import Gate, Metric
from understudy.model.verdict import GateOutcome, GateResult

__all__ = ["p95_cycle_time", "rate", "rate_limit"]

_RATES = {Metric.ESCALATION_RATE: 0.5, Metric.EXCEPTION_RATE: 0.05, Metric.EXCEEDANCE_RATE: 0.01}
_SLOW = 0.05
"""How many cases may take longer than the time that is gated."""


def rate(gate: Gate, measured: Measured) -> GateResult:
    """A share of the cases with its exact bounds."""
    limit, costs = rate_limit(gate), measured.cost.per_case
    failed = gate.metric is Metric.EXCEPTION_RATE
    struck = [case.failed if failed else case.escalated for case in costs]
    events = sum(struck)
    word = "failed" if failed else "were handed to people"
    return GateResult(
        id=gate.id,
        metric=gate.metric.value,
        observed=round(events / len(costs), 6) if costs else None,
        limit=limit,
        outcome=_bounded([case.cluster_id for case in costs], struck, limit, measured),
        reason=f"{events:,} of {len(costs):,} cases {word}; the limit is {limit:.2%}",
    )


def p95_cycle_time(gate: Gate, measured: Measured) -> GateResult:
    """Whether all but one in twenty cases are done within the limit, with exact bounds."""
    people = measured.cost.people.p95_cycle_time_ms
    limit = people if gate.limit is None else round(gate.limit * 1000)
    if limit is not None and limit < 0:
        raise ConfigurationError(
            f"the limit of gate `{gate.id}` is {gate.limit}; a time is 0 s or more", code="U112"
        )
    times = [
        (each.cluster_id, each.cycle_time_ms > (limit or 0))
        for each in measured.cost.per_case
        if each.cycle_time_ms is not None
    ]
    slow = sum(late for _, late in times)
    outcome, needed = GateOutcome.UNDECIDED, None
    if limit is not None:
        clusters, late = [one for one, _ in times], [one for _, one in times]
        outcome = _bounded(clusters, late, _SLOW, measured)
        if times and not slow and outcome is GateOutcome.UNDECIDED:
            needed = measured.cases_for_rate(_SLOW) - len({*clusters})
    most = "unknown" if limit is None else f"{limit / 1000:,g} s"
    return GateResult(
        id=gate.id, metric=gate.metric.value, observed=measured.cost.candidate.p95_cycle_time_ms,
        limit=limit, outcome=outcome, cases_needed=needed,
        reason=f"{slow:,} of {len(times):,} cases whose time is known took longer than {most}; "
        f"at most {_SLOW:.0%} may",
    )  # fmt: skip


def _bounded(
    clusters: Sequence[str], struck: Sequence[bool], limit: float, measured: Measured
) -> GateOutcome:
    """What exact bounds say of the mean rate of clusters, whose cases are not independent.

    That mean is at most the share of clusters in which any case is struck, and at least the share
    in which all of them are; each of these is a count of independent units.
    """
    each: dict[str, list[bool]] = {}
    for cluster, one in zip(clusters, struck, strict=True):
        each.setdefault(cluster, []).append(one)
    most, least = sum(map(any, each.values())), sum(map(all, each.values()))
    gates = measured.gates
    if each and measured.upper_rate(most, len(each), gates.alpha) <= limit:
        return GateOutcome.PASS
    if each and measured.lower_rate(least, len(each), gates.alpha_harm) > limit:
        return GateOutcome.FAIL
    return GateOutcome.UNDECIDED


def rate_limit(gate: Gate) -> float:
    """The share that a gate allows; raises `ConfigurationError` where it is none."""
    limit = _RATES[gate.metric] if gate.limit is None else gate.limit
    if not 0 < limit < 1:
        raise ConfigurationError(
            f"the limit of gate `{gate.id}` is {gate.limit}; a share lies between 0 and 1",
            code="U112",
        )
    return limit
