"""All costs of a run in one place: per case, per group, and both sides' business metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from understudy.cost.attribution import attribute
from understudy.cost.net_value import CaseEconomics
from understudy.cost.price_list import PriceList, Stake, half_even
from understudy.model.action import Action, ActionClass, Effect
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case
from understudy.model.cost import BusinessMetrics, CaseCost, CostSummary
from understudy.model.finding import Finding, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["Judged", "has_escalated", "summarise"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One case with everything that was proposed and found for it."""

    case: Case
    proposals: Sequence[Proposal]
    baselines: Sequence[Baseline]
    findings: Sequence[Finding]
    agreeing: int
    """How many proposed actions equal a baseline's, over all repeats."""
    proposed: int | None = None
    """How many actions were compared; None counts the writes as they were captured."""

    def averaged(self) -> list[Finding]:
        """The findings at what each adds to the case's cost, which is a mean over its repeats.

        Rounded cumulatively, so that together they make up the case's cost to the minor unit.
        """
        repeats = max(1, len(self.proposals))
        if repeats == 1:
            return list(self.findings)
        found, so_far = [], 0
        for finding in self.findings:
            before = -(-so_far // repeats)
            so_far += finding.cost_minor
            share = -(-so_far // repeats) - before
            found.append(msgspec.structs.replace(finding, cost_minor=share))
        return found


def summarise(judged: Sequence[Judged], policy: Policy) -> CostSummary:
    """Add up the judged cases; all amounts are in minor units of the policy's currency."""
    economics = CaseEconomics.of(policy)
    findings = [finding for each in judged for finding in each.averaged()]
    per_case = tuple(_case_cost(each, economics) for each in judged)
    classes = _classes(judged)
    segments, bands = _segments(judged), _bands(judged)
    error_cost = sum(each.error_cost_minor for each in per_case)
    return CostSummary(
        currency=policy.currency,
        cases=len(judged),
        error_cost_minor=error_cost,
        net_value_minor=sum(each.net_value_minor for each in per_case),
        actions_proposed=sum(_proposed(each) for each in judged),
        actions_agreeing=sum(each.agreeing for each in judged),
        per_case=per_case,
        by_kind=attribute(findings, lambda finding: [finding.kind.value]),
        by_severity=attribute(findings, lambda finding: [finding.severity.value]),
        by_system=attribute(findings, lambda finding: [finding.system or "the case"]),
        by_segment=attribute(findings, lambda finding: segments[finding.case_id]),
        by_fault=attribute(findings, lambda finding: (finding.fault or "no fault").split("+")),
        by_confidence=attribute(findings, lambda finding: [bands[finding.case_id, finding.repeat]]),
        by_operation=attribute(findings, lambda finding: [finding.operation or "the case"]),
        by_mess=attribute(findings, lambda finding: finding.mess or ("no mess",)),
        by_action_class=attribute(
            findings, lambda finding: [classes.get(finding.operation or "", "none")]
        ),
        candidate=_candidate(judged, economics),
        people=_people(judged, economics),
        largest_uncapped_minor=_largest_uncapped(
            [finding for each in judged for finding in each.findings], policy
        ),
    )


def _segments(judged: Sequence[Judged]) -> dict[str, list[str]]:
    """The segments of each case, its tier among them."""
    return {
        each.case.case_id: [
            f"tier={each.case.tier}",
            *(f"{name}={value}" for name, value in sorted(each.case.segment.items())),
        ]
        for each in judged
    }


def _bands(judged: Sequence[Judged]) -> dict[tuple[str, int], str]:
    """How sure the candidate was of each case, in tenths."""
    return {
        (each.case.case_id, one.repeat): band_of(one.confidence)
        for each in judged
        for one in each.proposals
    }


def band_of(confidence: float | None) -> str:
    """The tenth that a confidence lies in.

    >>> band_of(0.93), band_of(1.0), band_of(None)
    ('0.9-1.0', '0.9-1.0', 'not told')
    """
    if confidence is None:
        return "not told"
    tenth = min(9, max(0, int(confidence * 10 + 1e-9)))
    return f"0.{tenth}-{(tenth + 1) / 10:.1f}"


def _case_cost(each: Judged, economics: CaseEconomics) -> CaseCost:
    proposals = each.proposals
    costs = dict.fromkeys((proposal.repeat for proposal in proposals), 0)
    for finding in each.findings:
        costs[finding.repeat] = costs.get(finding.repeat, 0) + finding.cost_minor
    worth = sum(_worth(proposal, costs[proposal.repeat], economics) for proposal in proposals)
    repeats = max(1, len(proposals))
    # Rounded to the candidate's disadvantage: a part of a cent counts as one.
    return CaseCost(
        case_id=each.case.case_id,
        cluster_id=each.case.cluster_id,
        error_cost_minor=-(-sum(costs.values()) // repeats),
        net_value_minor=worth // repeats,
        critical=sum(finding.severity is Severity.CRITICAL for finding in each.findings),
        agrees=not each.findings,
        escalated=any(has_escalated(proposal) for proposal in proposals),
        failed=any(proposal.failure is not None for proposal in proposals),
    )


def _worth(proposal: Proposal, cost: int, economics: CaseEconomics) -> int:
    if has_escalated(proposal) or proposal.failure is not None:
        return economics.escalated(cost)
    return economics.automated(cost)


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


def has_escalated(proposal: Proposal) -> bool:
    """Whether the candidate handed the case to a person."""
    return proposal.outcome is Outcome.ESCALATED or any(
        action.escalates and not action.refused for action in proposal.actions
    )


def _proposed(each: Judged) -> int:
    if each.proposed is not None:
        return each.proposed
    return sum(_writes(proposal.actions) for proposal in each.proposals)


def _writes(actions: Sequence[Action]) -> int:
    return sum(action.effect is not Effect.READ and not action.refused for action in actions)


def _candidate(judged: Sequence[Judged], economics: CaseEconomics) -> BusinessMetrics:
    """The candidate's side. F5: its errors, the model, and the people who take over."""
    proposals = [proposal for each in judged for proposal in each.proposals]
    spent = sum(finding.cost_minor for each in judged for finding in each.findings)
    for proposal in proposals:
        spent += economics.model
        if has_escalated(proposal) or proposal.failure is not None:
            spent += economics.spent_by_people() + economics.overhead
    per_case = half_even(spent, len(proposals)) if proposals else None
    return _metrics(
        [(_outcome(one), one.cycle_time_ms) for one in proposals],
        per_case,
        [one.wall_time_ms for one in proposals],
    )


def _outcome(proposal: Proposal) -> Outcome:
    if proposal.failure is not None:
        return Outcome.FAILED
    return Outcome.ESCALATED if has_escalated(proposal) else proposal.outcome


def _people(judged: Sequence[Judged], economics: CaseEconomics) -> BusinessMetrics:
    first = [each.baselines[0] for each in judged if each.baselines]
    cost = economics.spent_by_people()
    return _metrics([(_ending(one), one.cycle_time_ms) for one in first], cost)


def _ending(baseline: Baseline) -> Outcome:
    escalated = any(action.escalates and not action.refused for action in baseline.actions)
    return Outcome.ESCALATED if escalated else baseline.outcome


def _metrics(
    handled: Sequence[tuple[Outcome, int | None]],
    per_case: int | None,
    wall: Sequence[int | None] = (),
) -> BusinessMetrics:
    outcomes = [outcome for outcome, _ in handled]
    return BusinessMetrics(
        cases=len(handled),
        acted=outcomes.count(Outcome.ACTED),
        escalated=outcomes.count(Outcome.ESCALATED),
        abstained=outcomes.count(Outcome.ABSTAINED),
        failed=outcomes.count(Outcome.FAILED),
        mean_cycle_time_ms=_mean([time for _, time in handled]),
        mean_wall_time_ms=_mean(wall),
        cost_per_case_minor=per_case,
        exception_rate=round(1 - outcomes.count(Outcome.ACTED) / len(outcomes), 6)
        if outcomes
        else None,
    )


def _mean(times: Sequence[int | None]) -> int | None:
    known = [time for time in times if time is not None]
    return half_even(sum(known), len(known)) if known else None


def _largest_uncapped(findings: Sequence[Finding], policy: Policy) -> int:
    """What the dearest finding would cost without the cap."""
    prices = PriceList.from_policy(policy)
    return max((_uncapped(finding, prices) for finding in findings), default=0)


def _uncapped(finding: Finding, prices: PriceList) -> int:
    if finding.cost_minor < prices.policy.cap.minor:
        return finding.cost_minor
    stake = Stake(
        exposure_minor=finding.exposure_minor,
        currency=finding.currency,
        irreversibility=Decimal(str(finding.irreversibility)),
        operation=finding.operation,
        tier=finding.tier,
    )
    return prices.price(finding.kind, stake, finding.severity).uncapped_minor
