"""All costs of a run in one place: per case, per group, and both sides' business metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from understudy.cost.attribution import attribute
from understudy.cost.net_value import CaseEconomics
from understudy.cost.price_list import PriceList, Stake
from understudy.model.action import Action, ActionClass, Effect
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case
from understudy.model.cost import BusinessMetrics, CaseCost, CostSummary
from understudy.model.finding import Finding, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["Judged", "summarise"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One case with everything that was proposed and found for it."""

    case: Case
    proposals: Sequence[Proposal]
    baselines: Sequence[Baseline]
    findings: Sequence[Finding]
    agreeing: int
    """How many proposed actions equal a baseline's, over all repeats."""


def summarise(judged: Sequence[Judged], policy: Policy) -> CostSummary:
    """Add up the judged cases; all amounts are in minor units of the policy's currency."""
    economics = CaseEconomics.of(policy)
    findings = [finding for each in judged for finding in each.findings]
    per_case = tuple(_case_cost(each, economics) for each in judged)
    classes = _classes(judged)
    proposals = [proposal for each in judged for proposal in each.proposals]
    error_cost = sum(each.error_cost_minor for each in per_case)
    return CostSummary(
        currency=policy.currency,
        cases=len(judged),
        error_cost_minor=error_cost,
        net_value_minor=sum(each.net_value_minor for each in per_case),
        actions_proposed=sum(_writes(proposal.actions) for proposal in proposals),
        actions_agreeing=sum(each.agreeing for each in judged),
        per_case=per_case,
        by_kind=attribute(findings, lambda finding: [finding.kind.value]),
        by_severity=attribute(findings, lambda finding: [finding.severity.value]),
        by_operation=attribute(findings, lambda finding: [finding.operation or "the case"]),
        by_mess=attribute(findings, lambda finding: finding.mess or ("no mess",)),
        by_action_class=attribute(
            findings, lambda finding: [classes.get(finding.operation or "", "none")]
        ),
        candidate=_candidate(proposals, error_cost // len(judged) if judged else None),
        people=_people(judged, economics),
        largest_uncapped_minor=_largest_uncapped(findings, policy),
    )


def _case_cost(each: Judged, economics: CaseEconomics) -> CaseCost:
    repeats = max(1, len(each.proposals))
    # Integer division towards the candidate's disadvantage: a part of a cent counts as one.
    cost = -(-sum(finding.cost_minor for finding in each.findings) // repeats)
    escalated = any(_escalated(proposal) for proposal in each.proposals)
    failed = any(proposal.failure is not None for proposal in each.proposals)
    worth = economics.escalated(cost) if escalated or failed else economics.automated(cost)
    return CaseCost(
        case_id=each.case.case_id,
        cluster_id=each.case.cluster_id,
        error_cost_minor=cost,
        net_value_minor=worth,
        critical=sum(finding.severity is Severity.CRITICAL for finding in each.findings),
        agrees=not each.findings,
        escalated=escalated,
        failed=failed,
    )


def _classes(judged: Sequence[Judged]) -> dict[str, str]:
    """The strictest class that each operation was seen with, on either side."""
    order = list(ActionClass)
    found: dict[str, str] = {}
    for each in judged:
        sides = [*(one.actions for one in each.proposals), *(one.actions for one in each.baselines)]
        for actions in sides:
            for action in actions:
                known = found.get(action.operation)
                ranks = [order.index(ActionClass(known))] if known else []
                strictest = min([*ranks, order.index(action.action_class)], key=_strictness)
                found[action.operation] = order[strictest].value
    return found


def _strictness(rank: int) -> int:
    """Approval first, then drafts, then what runs by itself."""
    return {2: 0, 1: 1, 3: 2, 0: 3}[rank]


def _escalated(proposal: Proposal) -> bool:
    return proposal.outcome is Outcome.ESCALATED or any(
        action.escalates for action in proposal.actions
    )


def _writes(actions: Sequence[Action]) -> int:
    return sum(action.effect is not Effect.READ and not action.refused for action in actions)


def _candidate(proposals: Sequence[Proposal], per_case: int | None) -> BusinessMetrics:
    return _metrics([(_outcome(one), one.cycle_time_ms) for one in proposals], per_case)


def _outcome(proposal: Proposal) -> Outcome:
    if proposal.failure is not None:
        return Outcome.FAILED
    return Outcome.ESCALATED if _escalated(proposal) else proposal.outcome


def _people(judged: Sequence[Judged], economics: CaseEconomics) -> BusinessMetrics:
    first = [each.baselines[0] for each in judged if each.baselines]
    cost = economics.human + economics.human_error
    return _metrics([(one.outcome, one.cycle_time_ms) for one in first], cost)


def _metrics(
    handled: Sequence[tuple[Outcome, int | None]], per_case: int | None
) -> BusinessMetrics:
    outcomes = [outcome for outcome, _ in handled]
    times = [time for _, time in handled if time is not None]
    return BusinessMetrics(
        cases=len(handled),
        acted=outcomes.count(Outcome.ACTED),
        escalated=outcomes.count(Outcome.ESCALATED),
        abstained=outcomes.count(Outcome.ABSTAINED),
        failed=outcomes.count(Outcome.FAILED),
        mean_cycle_time_ms=round(fmean(times)) if times else None,
        cost_per_case_minor=per_case,
    )


def _largest_uncapped(findings: Sequence[Finding], policy: Policy) -> int:
    """What the dearest finding would cost without the cap."""
    prices = PriceList.from_policy(policy)
    dearest = 0
    for finding in findings:
        if finding.cost_minor < policy.cap.minor:
            dearest = max(dearest, finding.cost_minor)
            continue
        stake = Stake(
            exposure_minor=finding.exposure_minor,
            currency=finding.currency,
            operation=finding.operation,
            tier=finding.tier,
        )
        price = prices.price(finding.kind, stake, finding.severity)
        dearest = max(dearest, price.uncapped_minor)
    return dearest
