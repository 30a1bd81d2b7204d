"""The business case as tables: what it is worth, who is right, what to fix first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from understudy.model.business import Business, HumanNoise
from understudy.model.cost import BusinessMetrics, CostLine, CostSummary
from understudy.report.input import ReportInput
from understudy.report.phrases import amount, percent

__all__ = ["Table", "business_tables"]

_UNKNOWN = "unknown"
_LISTED, _GROUPS = 10, 6


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the names of its columns, its rows, and what is to be said about it."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def business_tables(facts: ReportInput) -> tuple[Table, ...]:
    """The tables that have anything in them."""
    found = [_sides(facts), *_attribution(facts)]
    business = facts.cost.business
    if business is not None:
        found = [*_worth(business, facts), *found, *_people(business, facts)]
        found += [*_confidence(business, facts), *_queue(business, facts)]
    return tuple(table for table in found if table.rows)


def _worth(business: Business, facts: ReportInput) -> Iterator[Table]:
    currency = facts.cost.currency
    notes = [f"automation breaks even at {amount(business.break_even_minor, currency)} per case"]
    if business.headroom is not None:
        notes.append(f"that is {business.headroom:,.2f} times the measured error cost")
    if business.hours_freed_monthly is not None:
        notes.append(f"{business.hours_freed_monthly:,.1f} hours of people are freed a month")
    if business.budget is not None:
        spent = business.budget
        lasts = "lasts the month" if spent.days is None else f"is used up in {spent.days:,.1f} days"
        notes.append(
            f"error budget {amount(spent.budget_minor, currency)} a month: "
            f"{spent.burn:.0%} would be used, so it {lasts}"
        )
    yield Table(
        "What it is worth",
        ("class of actions", "net value per case", "errors left", "of people's cost", "a month",
         "paid back"),
        tuple(
            (
                each.action_class.replace("_", " "),
                amount(each.net_value_minor, currency),
                amount(each.residual_error_minor, currency),
                "" if each.roi is None else percent(each.roi),
                "" if each.monthly_minor is None else amount(each.monthly_minor, currency),
                "" if each.payback_months is None else f"{each.payback_months:,.1f} months",
            )
            for each in business.values
        ),
        tuple(notes),
    )  # fmt: skip
    yield _repairs(business, currency)


def _repairs(business: Business, currency: str) -> Table:
    return Table(
        "Fix this first",
        ("kind", "saved per case", "error cost without it", "the verdict would be"),
        tuple(
            (
                each.kind.replace("_", " "),
                amount(each.saved_per_case_minor, currency),
                amount(each.error_cost_minor, currency),
                each.verdict or "",
            )
            for each in business.repairs[:_LISTED]
        ),
    )


def _sides(facts: ReportInput) -> Table:
    own, people = facts.cost.candidate, facts.cost.people
    currency = facts.cost.currency
    sides = (own, people)

    def row(name: str, *cells: str) -> tuple[str, ...]:
        return (name, *cells)

    return Table(
        "Candidate and people side by side",
        ("", "candidate", "people"),
        (
            row("cases", *(f"{each.cases:,}" for each in sides)),
            row("cost per task", *(_cost(each, currency) for each in sides)),
            *_models(facts.cost),
            row("cycle time, as the systems count", *(_time(each.mean_cycle_time_ms)
                                                       for each in sides)),
            row(
                "cycle time of 95 in 100 cases, at most",
                *(_time(each.p95_cycle_time_ms) for each in sides),
            ),
            row("cycle time, on the wall", *(_time(each.mean_wall_time_ms) for each in sides)),
            row("exceptions", *(_UNKNOWN if each.exception_rate is None
                                else percent(each.exception_rate) for each in sides)),
            row("escalations", *(f"{each.escalated:,}" for each in sides)),
        ),
    )  # fmt: skip


def _models(cost: CostSummary) -> Iterator[tuple[str, str, str]]:
    """What of the candidate's cost went to its models, where that is known."""
    if cost.model_cost_minor is not None and cost.cases:
        mean = amount(cost.model_cost_minor / cost.cases, cost.currency)
        yield "of it for models, as they were paid", mean, _UNKNOWN


def _cost(each: BusinessMetrics, currency: str) -> str:
    minor = each.cost_per_case_minor
    return _UNKNOWN if minor is None else amount(minor, currency)


def _time(milliseconds: int | None) -> str:
    return _UNKNOWN if milliseconds is None else f"{milliseconds / 1000:,.1f} s"


def _attribution(facts: ReportInput) -> Iterator[Table]:
    currency, cost = facts.cost.currency, facts.cost
    for name, lines in (
        ("system", cost.by_system), ("segment", cost.by_segment),
        ("fault", cost.by_fault), ("confidence", cost.by_confidence),
    ):  # fmt: skip
        yield Table(f"Cost by {name}", (name, "findings", "cases", "cost"), _lines(lines, currency))


def _lines(lines: tuple[CostLine, ...], currency: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (line.group, f"{line.findings:,}", f"{line.cases:,}", amount(line.cost_minor, currency))
        for line in lines[:_GROUPS]
    )


def _people(business: Business, facts: ReportInput) -> Iterator[Table]:
    if business.human is not None:
        yield _noise(business.human, facts)
    yield Table(
        "People and the policy's clauses",
        ("clause", "baselines", "broken by people"),
        tuple(
            (each.clause, f"{each.baselines:,}", percent(each.broken / max(1, each.baselines)))
            for each in business.clauses
        ),
    )


def _noise(human: HumanNoise, facts: ReportInput) -> Table:
    currency = facts.cost.currency

    def money(minor: float | None) -> str:
        return _UNKNOWN if minor is None else amount(minor, currency)

    contested = len(human.contested)
    return Table(
        "How sure people are themselves",
        ("measure", "value"),
        (
            ("cases handled by several people", f"{human.double_handled:,}"),
            ("a person against the others, per case", money(human.human_minor)),
            ("the candidate against the same", money(human.candidate_minor)),
            ("difference", money(human.difference_minor)),
            ("agreement in money (cost-alpha)",
             _UNKNOWN if human.cost_alpha is None else f"{human.cost_alpha:.3f}"),
            ("contested cases, nobody adjudicated", f"{contested:,}"),
            ("at worst these add", money(human.worst_case_minor)),
            ("baselines that the systems refuse", f"{human.disputed:,}"),
        ),
        (human.note,) if human.note else (),
    )  # fmt: skip


def _confidence(business: Business, facts: ReportInput) -> Iterator[Table]:
    currency = facts.cost.currency
    notes = [business.confidence_note] if business.confidence_note else []
    if business.calibration is not None:
        notes.append(f"calibration error (ECE) {business.calibration.ece:.3f}")
        if business.calibration.cost_weighted is not None:
            notes.append(f"weighted by cost {business.calibration.cost_weighted:.3f}")
    yield Table(
        "Risk and coverage",
        ("point", "confidence", "handled alone", "cost per case, people's work included"),
        tuple(
            (
                each.name,
                "" if each.threshold is None else f"{each.threshold:.2f}",
                percent(each.coverage),
                amount(each.cost_per_case_minor, currency),
            )
            for each in business.coverage
            if each.name
        ),
        tuple(notes),
    )
    yield Table(
        "From which confidence on acting alone pays",
        ("operation", "amount", "if it is wrong", "least confidence"),
        tuple(
            (
                each.operation,
                amount(each.amount_minor, each.currency or currency) if each.amount_minor else "",
                amount(each.loss_minor, currency),
                f"{each.confidence:.4f}",
            )
            for each in business.thresholds
        ),
    )


def _queue(business: Business, facts: ReportInput) -> Iterator[Table]:
    yield Table(
        "To adjudicate: the candidate may be right",
        ("case", "cost", "difference"),
        tuple(
            (each.case_id, amount(each.cost_minor, facts.cost.currency), each.explanation)
            for each in business.queue[:_LISTED]
        ),
    )
