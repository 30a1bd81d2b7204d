"""All costs of a run in one place: per case, per group, and both sides' business metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from understudy.cost.attribution import attribute
from understudy.cost.net_value import CaseEconomics
from understudy.cost.price_list import PriceList, Stake
from understudy.cost.side import Side
from understudy.model.action import Action, ActionClass, Effect
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case
from understudy.model.case_costs import CaseCosts
from understudy.model.cost import CaseCost, CostSummary
from understudy.model.finding import Finding, Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["Judged", "case_cost", "has_escalated", "summarise", "uncapped_minor"]


# Approval first, then drafts, then what runs by itself.
_STRICTNESS = {each: rank for rank, each in enumerate((
    ActionClass.APPROVAL_REQUIRED, ActionClass.DRAFT_ONLY, ActionClass.AUTOMATED,
    ActionClass.READ_ONLY,
))}  # fmt: skip


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


def summarise(judged: Iterable[Judged], policy: Policy) -> CostSummary:
    """Add up the judged cases; all amounts are in minor units of the policy's currency."""
    sums = _Sums(CaseEconomics.of(policy))
    for each in judged:
        sums.add(each)
    findings, segments, bands = sums.findings, sums.segments, sums.bands
    return CostSummary(
        currency=policy.currency,
        cases=len(sums.per_case),
        error_cost_minor=sum(each.error_cost_minor for each in sums.per_case),
        net_value_minor=sum(each.net_value_minor for each in sums.per_case),
        actions_proposed=sums.proposed,
        actions_agreeing=sums.agreeing,
        per_case=sums.per_case,
        by_kind=attribute(findings, lambda finding: [finding.kind.value]),
        by_severity=attribute(findings, lambda finding: [finding.severity.value]),
        by_system=attribute(findings, lambda finding: [finding.system or "the case"]),
        by_segment=attribute(findings, lambda finding: segments[finding.case_id]),
        by_fault=attribute(findings, lambda finding: (finding.fault or "no fault").split("+")),
        by_confidence=attribute(findings, lambda finding: [bands[finding.case_id, finding.repeat]]),
        by_operation=attribute(findings, lambda finding: [finding.operation or "the case"]),
        by_mess=attribute(findings, lambda finding: finding.mess or ("no mess",)),
        by_action_class=attribute(
            findings, lambda finding: [sums.classes.get(finding.operation or "", "none")]
        ),
        model_cost_minor=_models_minor(sums.per_case),
        candidate=sums.candidate.metrics(),
        people=sums.people.metrics(),
        largest_uncapped_minor=_largest_uncapped(sums.charged, policy),
    )


@dataclass(slots=True)
class _Sums:
    """What has been added up so far; of a case without findings next to nothing is kept."""

    economics: CaseEconomics
    per_case: CaseCosts = field(default_factory=CaseCosts)
    charged: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """The same at what each adds to its case's cost."""
    segments: dict[str, list[str]] = field(default_factory=dict)
    bands: dict[tuple[str, int], str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    proposed: int = 0
    agreeing: int = 0
    candidate: Side = field(default_factory=Side)
    people: Side = field(default_factory=Side)

    def add(self, each: Judged) -> None:
        self.per_case.append(case_cost(each, self.economics))
        self.proposed += _proposed(each)
        self.agreeing += each.agreeing
        if each.findings:
            self._keep(each)
        for side in (each.proposals, each.baselines):
            for one in side:
                _note_classes(self.classes, one.actions)
        for proposal in each.proposals:
            self._add_proposal(proposal)
        if each.baselines:
            first = each.baselines[0]
            spent = self.economics.spent_by_people()
            self.people.add(_ending(first), spent, first.cycle_time_ms)

    def _keep(self, each: Judged) -> None:
        """What is found in a case, its segments, its tier among them, and how sure it was of it."""
        self.charged += each.findings
        self.findings += each.averaged()
        self.segments[each.case.case_id] = [
            f"tier={each.case.tier}",
            *(f"{name}={value}" for name, value in sorted(each.case.segment.items())),
        ]
        for one in each.proposals:
            self.bands[each.case.case_id, one.repeat] = band_of(one.confidence)
        self.candidate.spent += sum(finding.cost_minor for finding in each.findings)

    def _add_proposal(self, proposal: Proposal) -> None:
        """F5: its errors, the model, and the people who take over."""
        own = self.economics.paying(self.economics.models_of([proposal]))
        spent, outcome = own.model, _outcome(proposal)
        if has_escalated(proposal) or proposal.failure is not None:
            spent += self.economics.spent_by_people() + self.economics.overhead
        self.candidate.add(outcome, spent, proposal.cycle_time_ms, proposal.wall_time_ms)


def band_of(confidence: float | None) -> str:
    """The tenth that a confidence lies in.

    >>> band_of(0.93), band_of(1.0), band_of(None)
    ('0.9-1.0', '0.9-1.0', 'not told')
    """
    if confidence is None:
        return "not told"
    tenth = min(9, max(0, int(confidence * 10 + 1e-9)))
    return f"0.{tenth}-{(tenth + 1) / 10:.1f}"


def case_cost(each: Judged, economics: CaseEconomics) -> CaseCost:
    """What one case costs and is worth, as a mean over its repeats."""
    proposals = each.proposals
    costs = dict.fromkeys((proposal.repeat for proposal in proposals), 0)
    for finding in each.findings:
        costs[finding.repeat] += finding.cost_minor
    models = economics.models_of(proposals)
    economics = economics.paying(models)
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
        cycle_time_ms=max(
            (one.cycle_time_ms for one in proposals if one.cycle_time_ms is not None), default=None
        ),
        model_cost_minor=models,
    )


def _worth(proposal: Proposal, cost: int, economics: CaseEconomics) -> int:
    if has_escalated(proposal) or proposal.failure is not None:
        return economics.escalated(cost)
    return economics.automated(cost)


def _note_classes(found: dict[str, str], actions: Sequence[Action]) -> None:
    """The strictest class that each operation was seen with, on either side."""
    for action in actions:
        known, own = found.get(action.operation), action.action_class
        if known is None or _STRICTNESS[own] < _STRICTNESS[ActionClass(known)]:
            found[action.operation] = own.value


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


def _outcome(proposal: Proposal) -> Outcome:
    if proposal.failure is not None:
        return Outcome.FAILED
    return Outcome.ESCALATED if has_escalated(proposal) else proposal.outcome


def _ending(baseline: Baseline) -> Outcome:
    escalated = any(action.escalates and not action.refused for action in baseline.actions)
    return Outcome.ESCALATED if escalated else baseline.outcome


def _models_minor(costs: Iterable[CaseCost]) -> int | None:
    """What the models of all cases have cost; None where it is not known of all."""
    told = [each.model_cost_minor for each in costs]
    known = [each for each in told if each is not None]
    return sum(known) if known and len(known) == len(told) else None


def _largest_uncapped(findings: Sequence[Finding], policy: Policy) -> int:
    """What the dearest finding would cost without the cap."""
    prices = PriceList.from_policy(policy)
    return max((uncapped_minor(finding, prices) for finding in findings), default=0)


def uncapped_minor(finding: Finding, prices: PriceList) -> int:
    """What a finding would cost without the cap, in minor units."""
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
