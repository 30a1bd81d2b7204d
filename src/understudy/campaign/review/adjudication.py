"""What reviewers have decided, as evidence that `judge` takes up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from understudy.campaign.judging.judgement import Evidence
from understudy.campaign.judging.two_views import view
from understudy.cost.price_list import PriceList
from understudy.gate.binomial import lower_rate, upper_rate
from understudy.model.baseline import Baseline, BaselineSource
from understudy.model.case import Case, LinkConfidence
from understudy.model.decision import (
    BINDING,
    LINK,
    Choice,
    Decision,
    ReviewerRate,
    conflicts,
    finding_key,
    standing,
)
from understudy.model.finding import Finding
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["Adjudicated", "adjudicate", "catch_rates", "weak_links"]

_WEAK = (LinkConfidence.CUSTOMER_AND_AMOUNT, LinkConfidence.TIME_ONLY)
_ALPHA = 0.05
_Agreed = dict[str, dict[str, Decision]]
"""What stands, by case and finding or link."""


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """The evidence after the decisions, and a sentence for the verdict; none without decisions."""

    evidence: Evidence
    told: str = ""


class _Overlaid(Mapping[str, tuple[Baseline, ...]]):
    """Baselines, with those of some cases changed."""

    def __init__(
        self, known: Mapping[str, Sequence[Baseline]], changed: dict[str, tuple[Baseline, ...]]
    ) -> None:
        self._known, self._changed = known, changed

    def __getitem__(self, case_id: str) -> tuple[Baseline, ...]:
        changed = self._changed.get(case_id)
        return tuple(self._known[case_id]) if changed is None else changed

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def adjudicate(evidence: Evidence, policy: Policy, decisions: Sequence[Decision]) -> Adjudicated:
    """The evidence with everything that reviewers agree on.

    Where all of a proposal's differences from people are acceptable, it becomes another baseline
    of its case; where some are, those are no findings any more. Links that are confirmed count,
    and what was linked wrongly is left out. What reviewers disagree on stays as it was priced.
    """
    real = [one for one in decisions if not one.seeded]
    held = standing(real)
    if not held:
        return Adjudicated(evidence)
    disputed = set(conflicts(held))
    agreed: _Agreed = {}
    for subject, each in held.items():
        if subject not in disputed:
            agreed.setdefault(subject[0], {})[subject[1]] = next(iter(each.values()))
    bench = _Desk(evidence, evidence.prices(policy), agreed)
    for case in evidence.cases:
        if case.case_id in agreed:
            bench.settle(case)
    changed = replace(
        evidence,
        baselines=_Overlaid(evidence.baselines, bench.baselines),
        accepted=bench.accepted,
        strangers=bench.strangers,
    )
    return Adjudicated(changed, _told(bench, real, len(held), len(disputed)))


class _Desk:
    """Where one case after the other is settled."""

    def __init__(self, evidence: Evidence, prices: PriceList, agreed: _Agreed) -> None:
        self._evidence, self._prices, self._agreed = evidence, prices, agreed
        self.baselines: dict[str, tuple[Baseline, ...]] = {}
        self.accepted: dict[str, frozenset[str]] = {}
        self.strangers: dict[str, str] = {}
        self.links = 0
        self.bound = 0
        """Decisions to accept what the policy forbids; they change nothing."""

    def settle(self, case: Case) -> None:
        """Take up what was decided about one case."""
        baselines = self._linked(case)
        keys = {
            subject
            for subject, one in self._agreed[case.case_id].items()
            if one.choice is not None and one.choice.accepts
        }
        if keys and baselines:
            proposals = self._evidence.by_case.get(case.case_id, ())
            found = {one.repeat: self._findings(case, one, baselines) for one in proposals}
            every = [finding for each in found.values() for finding in each]
            bound = {finding_key(one) for one in every if one.kind in BINDING}
            self.bound += len(keys & bound)
            keys -= bound
            baselines = (*baselines, *self._alternatives(proposals, found, keys))
            self.accepted[case.case_id] = frozenset(keys)
        self.baselines[case.case_id] = baselines

    def _linked(self, case: Case) -> tuple[Baseline, ...]:
        baselines = tuple(self._evidence.baselines.get(case.case_id, ()))
        said = self._agreed[case.case_id].get(LINK)
        if said is None:
            return baselines
        self.links += 1
        if any(action.doubtful for one in baselines for action in one.actions):
            sure = said.choice is Choice.LINK_RIGHT
            return tuple(_resolved(one, sure) for one in baselines)
        if said.choice is Choice.LINK_WRONG:
            self.strangers[case.case_id] = "a reviewer found that its parts do not belong together"
        return baselines

    def _findings(
        self, case: Case, proposal: Proposal, baselines: Sequence[Baseline]
    ) -> Sequence[Finding]:
        told = view(case, proposal, baselines, self._prices, self._evidence.replay)
        return told.explanation.findings

    def _alternatives(
        self,
        proposals: Sequence[Proposal],
        found: Mapping[int, Sequence[Finding]],
        keys: set[str],
    ) -> Iterator[Baseline]:
        for proposal in proposals:
            own = [one for one in found[proposal.repeat] if one.kind not in BINDING]
            if own and all(finding_key(one) in keys for one in own):
                by = {self._agreed[proposal.case_id][finding_key(one)].reviewer for one in own}
                yield Baseline(
                    case_id=proposal.case_id,
                    baseline_id=f"adjudicated-{proposal.repeat + 1}",
                    source=BaselineSource.ADJUDICATED,
                    actor=", ".join(sorted(by)),
                    outcome=proposal.outcome,
                    cycle_time_ms=proposal.cycle_time_ms,
                    actions=proposal.actions,
                )


def _resolved(baseline: Baseline, sure: bool) -> Baseline:
    actions = tuple(
        msgspec.structs.replace(one, link=LinkConfidence.METADATA) if one.doubtful else one
        for one in baseline.actions
        if sure or not one.doubtful
    )
    return msgspec.structs.replace(baseline, actions=actions)


def _told(bench: _Desk, real: Sequence[Decision], subjects: int, disputed: int) -> str:
    people = sorted({one.reviewer for one in real})
    accepted = sum(len(keys) for keys in bench.accepted.values())
    told = (
        f"{subjects:,} decisions of {', '.join(people)} were taken up: {accepted:,} differences "
        f"accepted, {bench.links:,} links settled"
    )
    if disputed:
        told += f"; {disputed:,} on which reviewers disagree stay as they were priced"
    if bench.bound:
        told += f"; {bench.bound:,} of what the policy forbids cannot be accepted here"
    return told


def weak_links(evidence: Evidence) -> list[str]:
    """The cases whose parts hang together by weak signs only, for people to confirm."""
    return [
        case.case_id
        for case in evidence.cases
        if case.link_confidence in _WEAK
        or any(
            action.doubtful
            for baseline in evidence.baselines.get(case.case_id, ())
            for action in baseline.actions
        )
    ]


def catch_rates(decisions: Sequence[Decision]) -> tuple[ReviewerRate, ...]:
    """How many of the seeded errors each reviewer has seen, which is not to accept them.

    >>> ids = iter("abc")
    >>> def said(choice, seeded):
    ...     name = next(ids)
    ...     return Decision(decision_id=name, at="", reviewer="Ana", case_id=name, subject="s",
    ...                     choice=choice, reason="r", seeded=seeded)
    >>> rates = catch_rates([said(Choice.PEOPLE_RIGHT, True), said(Choice.BOTH_ACCEPTABLE, True),
    ...                      said(Choice.NEITHER, False)])
    >>> [(one.reviewer, one.decided, one.seeded, one.caught) for one in rates]
    [('Ana', 1, 2, 1)]
    """
    said: dict[str, list[Decision]] = {}
    for each in standing(decisions).values():
        for reviewer, one in each.items():
            said.setdefault(reviewer, []).append(one)
    return tuple(_rate(reviewer, said[reviewer]) for reviewer in sorted(said))


def _rate(reviewer: str, decisions: Sequence[Decision]) -> ReviewerRate:
    seeded = [one for one in decisions if one.seeded]
    caught = sum(one.choice is not None and not one.choice.accepts for one in seeded)
    bounds = None
    if seeded:
        bounds = (
            lower_rate(caught, len(seeded), _ALPHA / 2),
            upper_rate(caught, len(seeded), _ALPHA / 2),
        )
    return ReviewerRate(reviewer, len(decisions) - len(seeded), len(seeded), caught, bounds)
