"""From proposed actions to findings and costs: the middle of the way, redone by `judge`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from understudy.campaign.external import Strays
from understudy.cost.price_list import PriceList
from understudy.cost.summary import Judged, summarise
from understudy.diff.explain import explain
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.cost import CostSummary
from understudy.model.finding import Finding
from understudy.model.policy import Policy
from understudy.model.proposal import FailureCause, Proposal

__all__ = ["Evidence", "Judgement", "judge"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged: cases in their registered order, what people did, what was proposed.

    `mess_of` names the mess that touched a case, given the actions of both sides.
    """

    cases: Sequence[Case]
    baselines: Mapping[str, Sequence[Baseline]]
    proposals: Sequence[Proposal]
    mess_of: Callable[[Case, Iterable[Action]], tuple[str, ...]] = lambda _case, _actions: ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Priced findings in case order, the costs, and what could not be judged, with reasons."""

    findings: tuple[Finding, ...]
    cost: CostSummary
    judged: tuple[Judged, ...]
    quarantined: Mapping[str, str] = field(default_factory=dict)
    strays: Strays = field(default_factory=dict)


def judge(evidence: Evidence, policy: Policy) -> Judgement:
    """Explain and price every difference; a case that cannot be judged is quarantined by name."""
    prices = PriceList.from_policy(policy)
    proposals: dict[str, list[Proposal]] = {}
    for proposal in evidence.proposals:
        proposals.setdefault(proposal.case_id, []).append(proposal)
    judged: list[Judged] = []
    quarantined: dict[str, str] = {}
    strays: dict[tuple[str, int], Sequence[str]] = {}
    for case in evidence.cases:
        own = proposals.get(case.case_id, [])
        reason = _unfit(own, evidence.baselines.get(case.case_id, ()))
        if reason is None:
            judged.append(_judged(case, own, evidence, prices, strays))
        else:
            quarantined[case.case_id] = reason
    findings = tuple(finding for each in judged for finding in each.findings)
    return Judgement(findings, summarise(judged, policy), tuple(judged), quarantined, strays)


def _unfit(proposals: Sequence[Proposal], baselines: Sequence[Baseline]) -> str | None:
    if not proposals:
        return "no proposed actions"
    if not baselines:
        return "no baseline"
    failures = [proposal.failure for proposal in proposals if proposal.failure is not None]
    if any(failure.cause is FailureCause.INFRASTRUCTURE for failure in failures):
        return "the recorded harness failed, not the candidate"
    return None


def _judged(
    case: Case,
    proposals: Sequence[Proposal],
    evidence: Evidence,
    prices: PriceList,
    strays: dict[tuple[str, int], Sequence[str]],
) -> Judged:
    baselines = evidence.baselines[case.case_id]
    explained = [explain(case, proposal, baselines, prices) for proposal in proposals]
    for proposal, explanation in zip(proposals, explained, strict=True):
        strays[case.case_id, proposal.repeat] = explanation.stray
    findings = [finding for each in explained for finding in each.findings]
    if findings:
        sides = [*(one.actions for one in proposals), *(one.actions for one in baselines)]
        mess = evidence.mess_of(case, (action for side in sides for action in side))
        findings = [msgspec.structs.replace(finding, mess=mess) for finding in findings]
    return Judged(
        case,
        proposals,
        baselines,
        findings,
        sum(each.agreeing for each in explained),
        sum(each.proposed for each in explained),
    )
