"""The business case of one run: every class of actions, the month, the budget, the repairs."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from understudy.cost.confidence import Told, calibration, coverage_curve, least_confidence
from understudy.cost.net_value import CaseEconomics, month_of, values_by_class
from understudy.cost.price_list import PriceList, stake_of
from understudy.cost.summary import Judged, has_escalated
from understudy.model.action import DESK, Action, ActionClass, Effect
from understudy.model.business import Business, ClassValue, ErrorBudget, Queued, Repair, Threshold
from understudy.model.cost import CostSummary
from understudy.model.finding import Kind

__all__ = ["Outlook", "business_case", "error_budget"]

_QUEUED, _OPERATIONS, _DAYS = 100, 20, 30
_AMOUNTS = (0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of the months to come; money in minor units of the policy's currency."""

    monthly_cases: int | None = None
    integration_cost_minor: int | None = None
    hourly_cost_minor: int | None = None
    budget_minor: int | None = None
    """What errors may cost per case."""


def business_case(
    judged: Sequence[Judged], cost: CostSummary, prices: PriceList, outlook: Outlook
) -> Business:
    """F2 to F7 and F19 over one run, without calling anybody again."""
    economics = CaseEconomics.of(prices.policy)
    models = cost.model_cost_minor
    economics = economics.paying(None if models is None else -(-models // max(1, cost.cases)))
    told = [each for one in judged for each in _told(one)]
    known = any(each.confidence is not None for each in told)
    mean = cost.error_cost_minor / cost.cases if cost.cases else 0.0
    return Business(
        values=tuple(_values(cost, economics, outlook)),
        break_even_minor=economics.break_even(),
        headroom=round(economics.break_even() / mean, 2) if mean else None,
        hours_freed_monthly=_hours(cost, economics, outlook),
        budget=error_budget(mean, outlook),
        coverage=coverage_curve(told, economics),
        thresholds=tuple(_thresholds(judged, prices, economics)),
        calibration=calibration(told),
        confidence_note="" if known else "no confidence is told: no threshold can be set",
        repairs=_repairs(cost),
        queue=_queue(judged),
    )


def error_budget(mean_minor: float, outlook: Outlook) -> ErrorBudget | None:
    """F7: the month's budget is the budget per case times the volume; burn is cost by budget.

    Worked example: at 1.50 a case against a budget of 1.00 it is used up after twenty days.

    >>> error_budget(150, Outlook(monthly_cases=10, budget_minor=100))
    ErrorBudget(budget_minor=1000, projected_minor=1500.0, burn=1.5, days=20.0)
    """
    volume, limit = outlook.monthly_cases, outlook.budget_minor
    if volume is None or not limit:
        return None
    projected, budget = mean_minor * volume, limit * volume
    burn = projected / budget
    return ErrorBudget(
        budget_minor=budget,
        projected_minor=round(float(projected), 2),
        burn=round(burn, 4),
        days=round(_DAYS / burn, 1) if burn > 1 else None,
    )


def _values(cost: CostSummary, economics: CaseEconomics, outlook: Outlook) -> Iterator[ClassValue]:
    cases = max(1, cost.cases)
    people = economics.spent_by_people()
    errors = {
        ActionClass.AUTOMATED: cost.error_cost_minor,
        ActionClass.READ_ONLY: 0,
    }
    reviewed = sum(
        case.error_cost_minor
        if case.escalated or case.failed
        else economics.uncaught(case.error_cost_minor)
        for case in cost.per_case
    )
    for action_class, total in values_by_class(cost.per_case, economics).items():
        mean = total / cases
        monthly, payback = month_of(mean, outlook.monthly_cases, outlook.integration_cost_minor)
        yield ClassValue(
            action_class=action_class.value,
            net_value_minor=round(mean, 4),
            residual_error_minor=round(errors.get(action_class, reviewed) / cases, 4),
            roi=round(mean / people, 4) if people else None,
            monthly_minor=monthly,
            payback_months=payback,
        )


def _hours(cost: CostSummary, economics: CaseEconomics, outlook: Outlook) -> float | None:
    """The hours of people that a month's cases no longer take, at what an hour of theirs costs."""
    if not outlook.hourly_cost_minor or outlook.monthly_cases is None or not cost.cases:
        return None
    alone = sum(not (case.escalated or case.failed) for case in cost.per_case) / cost.cases
    per_case = economics.human / outlook.hourly_cost_minor
    return round(alone * outlook.monthly_cases * per_case, 1)


def _told(each: Judged) -> Iterator[Told]:
    costs = dict.fromkeys((proposal.repeat for proposal in each.proposals), 0)
    for finding in each.findings:
        costs[finding.repeat] += finding.cost_minor
    for proposal in each.proposals:
        given_up = has_escalated(proposal) or proposal.failure is not None
        yield Told(proposal.confidence, costs[proposal.repeat], given_up)


def _thresholds(
    judged: Sequence[Judged], prices: PriceList, economics: CaseEconomics
) -> Iterator[Threshold]:
    """For each operation at its usual and at its great amounts, at what doing it wrongly costs."""
    seen: dict[str, _Amounts] = {}
    for each in judged:
        for proposal in each.proposals:
            for action in proposal.actions:
                write = action.effect is not Effect.READ and action.system != DESK
                if write and not action.refused:
                    seen.setdefault(action.operation, _Amounts()).add(action, prices)
    often = sorted(seen, key=lambda operation: (-len(seen[operation].losses), operation))
    for operation in often[:_OPERATIONS]:
        for loss, amount, currency in seen[operation].at(_AMOUNTS):
            yield Threshold(
                operation=operation,
                amount_minor=abs(amount),
                currency=currency,
                loss_minor=loss,
                confidence=round(least_confidence(loss, economics), 4),
            )
            if not amount:
                break


@dataclass(slots=True)
class _Amounts:
    """What the writes of one operation were about, and what each would cost if it were wrong."""

    losses: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    places: array[int] = field(default_factory=lambda: array("H"))
    currencies: list[str | None] = field(default_factory=list)

    def add(self, action: Action, prices: PriceList) -> None:
        currency = action.currency.upper() if action.currency else None
        if currency not in self.currencies:
            self.currencies.append(currency)
        self.losses.append(_loss(action, prices))
        self.amounts.append(action.amount_minor or 0)
        self.places.append(self.currencies.index(currency))

    def at(self, shares: Sequence[float]) -> Iterator[tuple[int, int, str | None]]:
        """Loss, amount and currency of the write below which such a share of the losses lies."""
        order = sorted(range(len(self.losses)), key=self.losses.__getitem__)
        for share in shares:
            place = order[min(len(order) - 1, int(share * len(order)))]
            yield self.losses[place], self.amounts[place], self.currencies[self.places[place]]


def _loss(action: Action, prices: PriceList) -> int:
    return prices.price(Kind.EXTRA_ACTION, stake_of(action, "standard")).minor


def _repairs(cost: CostSummary) -> tuple[Repair, ...]:
    """The run priced again with one kind of finding repaired, the greatest saving first."""
    cases = max(1, cost.cases)
    return tuple(
        Repair(
            kind=line.group,
            error_cost_minor=cost.error_cost_minor - line.cost_minor,
            saved_per_case_minor=round(line.cost_minor / cases, 4),
        )
        for line in cost.by_kind
        if line.cost_minor
    )


def _queue(judged: Sequence[Judged]) -> tuple[Queued, ...]:
    """The candidate's differing actions for a person to decide, the dearest first."""
    found = (
        Queued(
            case_id=one.case_id,
            repeat=one.repeat,
            baseline_id=one.baseline_id,
            cost_minor=one.cost_minor,
            explanation=one.explanation,
        )
        for each in judged
        for one in each.findings
        if one.cost_minor
    )
    return tuple(heapq.nsmallest(_QUEUED, found, lambda one: (-one.cost_minor, one.case_id)))
