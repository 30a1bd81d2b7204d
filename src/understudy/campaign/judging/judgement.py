"""From proposed actions to findings and costs: the middle of the way, redone by `judge`."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from understudy.campaign.judging.external import Strays
from understudy.campaign.judging.replays import Replay
from understudy.campaign.judging.two_views import view
from understudy.cost.price_list import PriceList
from understudy.cost.summary import Judged, summarise
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.cost import CostSummary
from understudy.model.decision import finding_key
from understudy.model.finding import Finding
from understudy.model.line_file import Derived, Grouped
from understudy.model.policy import Policy
from understudy.model.proposal import FailureCause, Proposal
from understudy.model.world import World

__all__ = ["Evidence", "Judgement", "Seen", "judge", "seen", "unfit"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged: cases in their registered order, what people did, what was proposed.

    `mess_of` names the mess that touched a case, given the actions of both sides. `replay` plays
    actions again, so that their effects are judged as well; without it actions alone are.
    """

    cases: Sequence[Case]
    baselines: Mapping[str, Sequence[Baseline]]
    proposals: Sequence[Proposal]
    mess_of: Callable[[Case, Iterable[Action]], tuple[str, ...]] = lambda _case, _actions: ()
    replay: Replay | None = None
    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Findings by case that reviewers found acceptable, by their keys."""
    strangers: Mapping[str, str] = field(default_factory=dict)
    """Cases that reviewers found to be none, with the reason."""
    every: Sequence[Case] = ()
    """All cases of the recording, whether they were run or not."""
    world: World | None = None
    """What the cases play in, where it is there."""
    by_case: Grouped[Proposal] = field(init=False)
    """The proposals of each case."""

    def __post_init__(self) -> None:
        by_case = Grouped(self.proposals, lambda proposal: proposal.case_id)
        object.__setattr__(self, "by_case", by_case)

    def prices(self, policy: Policy) -> PriceList:
        """A policy's prices for these cases."""
        return PriceList.from_policy(policy, self.world)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Priced findings in case order, the costs, and what could not be judged, with reasons."""

    findings: tuple[Finding, ...]
    cost: CostSummary
    judged: Sequence[Judged]
    quarantined: Mapping[str, str] = field(default_factory=dict)
    strays: Strays = field(default_factory=dict)
    alone: Mapping[str, int] = field(default_factory=dict)
    """How many cases were judged from actions alone, by reason."""
    forgiven: int = 0
    """How many differences of actions led to one and the same state."""


def judge(
    evidence: Evidence, policy: Policy, known: Mapping[str, Seen] = MappingProxyType({})
) -> Judgement:
    """Explain and price every difference; a case that cannot be judged is quarantined by name.

    `known` holds what was seen, by the same policy, in cases that were judged while they ran.
    """
    bench = _Bench(evidence, evidence.prices(policy), known)
    kept = _Kept(evidence)
    quarantined: dict[str, str] = {}
    for place, case in enumerate(evidence.cases):
        own = evidence.by_case.get(case.case_id, ())
        reason = evidence.strangers.get(case.case_id)
        reason = reason or unfit(own, evidence.baselines.get(case.case_id, ()))
        if reason is None:
            kept.append(place, bench.judged(case, own))
        else:
            quarantined[case.case_id] = reason
    judged = kept.cases()
    return Judgement(
        kept.findings,
        summarise(judged, policy),
        judged,
        quarantined,
        bench.strays,
        bench.alone,
        bench.forgiven,
    )


class _Kept:
    """What was found in the judged cases, without what they were judged from."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._places, self._agreeing, self._proposed = array("Q"), array("Q"), array("Q")
        self._findings: dict[int, Sequence[Finding]] = {}

    def append(self, place: int, judged: Judged) -> None:
        """Keep what was found in the case that stands at `place`."""
        if judged.findings:
            self._findings[len(self._places)] = judged.findings
        self._places.append(place)
        self._agreeing.append(judged.agreeing)
        self._proposed.append(judged.proposed or 0)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, in case order."""
        return tuple(finding for each in self._findings.values() for finding in each)

    def cases(self) -> Sequence[Judged]:
        """The judged cases, in order; the rest of each is looked up when it is asked for."""
        return Derived(range(len(self._places)), self._judged)

    def _judged(self, number: int) -> Judged:
        evidence = self._evidence
        case = evidence.cases[self._places[number]]
        return Judged(
            case,
            evidence.by_case[case.case_id],
            evidence.baselines[case.case_id],
            self._findings.get(number, ()),
            self._agreeing[number],
            self._proposed[number],
        )


def unfit(proposals: Sequence[Proposal], baselines: Sequence[Baseline]) -> str | None:
    """Why a case cannot be judged, where it cannot."""
    if not proposals:
        return "no proposed actions"
    if not baselines:
        return "no baseline"
    failures = [proposal.failure for proposal in proposals if proposal.failure is not None]
    if any(failure.cause is FailureCause.INFRASTRUCTURE for failure in failures):
        return "the recorded harness failed, not the candidate"
    return None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one case, before anybody's review of it and before its mess is named."""

    findings: Sequence[Finding]
    agreeing: int
    proposed: int
    forgiven: int
    alone: tuple[str, ...]
    strays: tuple[tuple[int, Sequence[str]], ...] = ()
    """By repeat, what a log holds beyond its recorded reference."""


def seen(
    case: Case,
    proposals: Sequence[Proposal],
    baselines: Sequence[Baseline],
    prices: PriceList,
    replay: Replay | None,
) -> Seen:
    """Explain and price the differences of one case."""
    views = [view(case, proposal, baselines, prices, replay) for proposal in proposals]
    return Seen(
        findings=[finding for each in views for finding in each.explanation.findings],
        agreeing=sum(each.explanation.agreeing for each in views),
        proposed=sum(each.explanation.proposed for each in views),
        forgiven=sum(each.forgiven for each in views),
        alone=tuple(each.alone for each in views if each.alone is not None),
        strays=tuple(
            (proposal.repeat, each.explanation.stray)
            for proposal, each in zip(proposals, views, strict=True)
            if proposal.recorded is not None
        ),
    )


@dataclass(slots=True)
class _Bench:
    """Where one case after the other is judged."""

    evidence: Evidence
    prices: PriceList
    known: Mapping[str, Seen]
    strays: dict[tuple[str, int], Sequence[str]] = field(default_factory=dict)
    alone: Counter[str] = field(default_factory=Counter)
    forgiven: int = 0

    def judged(self, case: Case, proposals: Sequence[Proposal]) -> Judged:
        """One case with its findings; what was seen on the way is kept here."""
        evidence = self.evidence
        baselines = evidence.baselines[case.case_id]
        found = self.known.get(case.case_id)
        if found is None:
            found = seen(case, proposals, baselines, self.prices, evidence.replay)
        for repeat, stray in found.strays:
            self.strays[case.case_id, repeat] = stray
        self.forgiven += found.forgiven
        self.alone.update({*found.alone})
        accepted = evidence.accepted.get(case.case_id, ())
        findings = [
            finding
            for finding in found.findings
            if not accepted or finding_key(finding) not in accepted
        ]
        if findings:
            sides = [*(one.actions for one in proposals), *(one.actions for one in baselines)]
            mess = evidence.mess_of(case, (action for side in sides for action in side))
            findings = [msgspec.structs.replace(finding, mess=mess) for finding in findings]
        return Judged(
            case,
            proposals,
            baselines,
            findings,
            found.agreeing,
            found.proposed,
        )
