"""What stands on the page: every part of the report as plain values for the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from understudy.gate.binomial import upper_rate
from understudy.gate.several import harm_threshold
from understudy.gate.units import weighed_units
from understudy.model.finding import worst_of
from understudy.model.gates import Gates, Metric
from understudy.model.verdict import GateOutcome, GateResult, Verdict
from understudy.report.case_columns import CaseColumns, columns_of
from understudy.report.charts import Chart
from understudy.report.groups import Group, HeatMap, costliest_groups, heat_map
from understudy.report.input import ReportInput
from understudy.report.measures import limit_word, measure_shown
from understudy.report.phrases import (
    GATE_SIGNS,
    METRICS,
    VERDICT_MEANINGS,
    VERDICT_SIGNS,
    amount,
    counted,
    deed,
    percent,
    plain,
)
from understudy.report.pictures import pictures
from understudy.report.provenance import provenance
from understudy.report.workflow_map import workflow_map

__all__ = ["Figure", "GateRow", "Page", "Sentence", "gate_rows", "make_page", "top_sentences"]

SHOWN_CASES = 20
LISTED_CASES = 200


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the numbers of page one, with what it is compared with."""

    name: str
    value: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate as it is read: sign, word, measure, observed, limit and what is missing."""

    id: str
    sign: str
    outcome: str
    measure: str
    observed: str
    limit: str
    evidence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A costly group of findings as a sentence, and the case to look at."""

    text: str
    severity: str
    case_id: str
    cost: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    facts: ReportInput
    sign: str
    meaning: str
    figures: tuple[Figure, ...]
    gates: tuple[GateRow, ...]
    sentences: tuple[Sentence, ...]
    provenance: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]
    map: Chart | None
    heat: HeatMap
    cases: tuple[CaseColumns, ...]
    listed: tuple[tuple[str, str, str, int, int], ...]
    costly: int


def make_page(facts: ReportInput) -> Page:
    """Bring a run's figures into the order in which they are read."""
    verdict = facts.verdict
    findings = facts.findings_by_case()
    order = sorted(
        (case for case in facts.cost.per_case if case.case_id in findings),
        key=lambda case: (-case.error_cost_minor, case.case_id),
    )
    return Page(
        facts=facts,
        sign=VERDICT_SIGNS[verdict.verdict],
        meaning=VERDICT_MEANINGS[verdict.verdict],
        figures=tuple(_figures(facts)),
        gates=gate_rows(facts),
        sentences=top_sentences(facts, 3),
        provenance=tuple(provenance(facts)),
        charts=tuple(pictures(facts)),
        map=workflow_map(facts),
        heat=heat_map(facts.findings),
        cases=tuple(
            columns_of(case.case_id, facts, findings[case.case_id]) for case in order[:SHOWN_CASES]
        ),
        listed=tuple(
            (
                case.case_id,
                facts.cases[case.case_id].scenario if case.case_id in facts.cases else "",
                worst_of(findings[case.case_id]).value,
                len(findings[case.case_id]),
                case.error_cost_minor,
            )
            for case in order[:LISTED_CASES]
        ),
        costly=len(order),
    )


def gate_rows(facts: ReportInput) -> tuple[GateRow, ...]:
    """Every gate with its observed value and limit in words."""
    return tuple(_gate_row(result, facts) for result in facts.verdict.gates)


def top_sentences(facts: ReportInput, count: int) -> tuple[Sentence, ...]:
    """The costliest groups of findings as sentences."""
    groups = [group for group in costliest_groups(facts.findings) if group.cost_minor > 0]
    return tuple(_sentence(group, facts) for group in groups[:count])


def _gate_row(result: GateResult, facts: ReportInput) -> GateRow:
    currency = facts.verdict.error_cost.currency

    def shown(value: float | int | None) -> str:
        return measure_shown(result.metric, value, currency)

    evidence = _strength(result, facts.gates)
    if result.cases_needed is not None:
        evidence = f"{evidence}; " * bool(evidence) + f"about {result.cases_needed:,} more cases"
    return GateRow(
        id=result.id,
        sign=GATE_SIGNS[result.outcome],
        outcome=result.outcome.value,
        measure=METRICS.get(result.metric, plain(result.metric)),
        observed=shown(result.observed),
        limit=f"{limit_word(result.metric)} {shown(result.limit)}",
        evidence=evidence,
        reason=result.reason,
    )


def _strength(result: GateResult, gates: Gates) -> str:
    if result.e_value is None:
        return ""
    tests = sum(gate.metric is Metric.ERROR_COST_PER_CASE for gate in gates.gates)
    failed = result.outcome is GateOutcome.FAIL
    bar = harm_threshold(tests, gates.alpha_harm) if failed else 1 / gates.alpha
    value = result.e_value
    return f"{value:,.2f} of {bar:,.0f}" if value < 1e6 else f"{value:.1e} of {bar:,.0f}"


def _sentence(group: Group, facts: ReportInput) -> Sentence:
    verdict, judged = facts.verdict, facts.cost.cases
    currency = verdict.error_cost.currency
    text = (
        f"{deed(group.kind, group.operation)}: in {group.cases:,} of "
        f"{counted(judged, 'case')}, {amount(group.cost_minor, currency)}"
    )
    if facts.monthly_cases and judged:
        monthly = group.cost_minor / judged * facts.monthly_cases
        text += f", about {amount(monthly, currency)} a month at {facts.monthly_cases:,} cases"
    elif judged:
        text += f", about {amount(group.cost_minor / judged * 1000, currency)} per 1,000 cases"
    return Sentence(
        text, group.severity.value, group.dearest_case, amount(group.cost_minor, currency)
    )


def _figures(facts: ReportInput) -> Iterator[Figure]:
    verdict, currency = facts.verdict, facts.verdict.error_cost.currency
    cost = verdict.error_cost
    low, high = cost.interval
    human = "unknown" if cost.human_per_case is None else amount(cost.human_per_case, currency)
    yield Figure(
        "Error cost per case",
        amount(cost.per_case, currency),
        (
            f"limit {amount(cost.limit, currency)}",
            f"between {amount(low, currency)} and {amount(high, currency)}, "
            "however often it is looked at",
            f"errors of the people: {human}",
            f"each case counted up to {amount(cost.clipped_at, currency)}",
        ),
    )
    yield _critical(facts)
    yield _net_value(verdict, currency)
    yield _coverage(facts)


def _critical(facts: ReportInput) -> Figure:
    cases = facts.cost.per_case
    found = sum(case.critical for case in cases)
    affected = sum(case.critical > 0 for case in cases)
    notes = [f"in {affected:,} of {counted(len(cases), 'case')}"]
    if cases:
        upper = _highest_rate(facts)
        notes.append(f"at most {percent(upper)} of cases, {1 - facts.gates.alpha:.0%} confidence")
        if facts.monthly_cases:
            monthly = round(upper * facts.monthly_cases)
            notes.append(f"at most {monthly:,} a month at {facts.monthly_cases:,} cases")
    return Figure("Critical findings", f"{found:,}", tuple(notes))


def _highest_rate(facts: ReportInput) -> float:
    """How often critical findings come at most; what belongs together counts once, as at gates."""
    drawn, alpha = (
        weighed_units(facts.cost.per_case, facts.gates, facts.registered),
        facts.gates.alpha,
    )
    struck, units = int(drawn.critical.sum()), len(drawn.x)
    mix = drawn.flagged(drawn.critical) if units else None
    return mix.upper_rate(alpha) if mix else upper_rate(struck, units, alpha, peeked=facts.peeked)


def _net_value(verdict: Verdict, currency: str) -> Figure:
    value = verdict.net_value
    notes = ["compared with people doing the same cases"]
    if value.monthly is not None:
        notes.append(f"{amount(value.monthly, currency)} a month")
    if value.payback_months is not None:
        notes.append(f"integration paid back in {value.payback_months:,.1f} months")
    elif value.monthly is not None:
        notes.append("the integration is not paid back" if value.monthly <= 0 else "")
    return Figure(
        "Net value per case", amount(value.per_case, currency), tuple(filter(None, notes))
    )


def _coverage(facts: ReportInput) -> Figure:
    own, people = facts.cost.candidate, facts.cost.people
    cases = max(own.cases, 1)
    notes = [
        f"handed to people: {percent(own.escalated / cases)} "
        f"(people escalated {percent(people.escalated / max(people.cases, 1))})",
        f"failed: {percent(own.failed / cases)}",
    ]
    if facts.cost.actions_proposed:
        share = facts.cost.actions_agreeing / facts.cost.actions_proposed
        notes.append(f"{percent(share)} of its actions equal the people's")
    return Figure("Handled alone", percent(own.acted / cases), tuple(notes))
