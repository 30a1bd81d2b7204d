"""One case: the candidate's proposal against every acceptable baseline, the cheapest one told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.cost.price_list import PriceList
from understudy.diff.drafts import Draft, Pricing
from understudy.diff.facts import missing_facts
from understudy.diff.lists import Stance, Story, explain_lists, unmatched, writes
from understudy.diff.wording import shown, told
from understudy.model.action import DESK, Action
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case
from understudy.model.finding import Finding, Kind
from understudy.model.proposal import Proposal

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which baseline the candidate came closest to, and what differs from it."""

    baseline_id: str
    findings: tuple[Finding, ...]
    agreeing: int
    """How many proposed actions equal one of that baseline's."""
    stray: tuple[str, ...] = ()
    """The accepted writes outside of the desk that only one side did, in words.

    Where it is empty both sides leave the systems alike, whatever the difference costs.
    """

    @property
    def cost_minor(self) -> int:
        """What the difference costs, in minor units of the policy's currency."""
        return sum(finding.cost_minor for finding in self.findings)


def explain(
    case: Case, proposal: Proposal, baselines: Sequence[Baseline], prices: PriceList
) -> Explanation:
    """The cheapest explanation over all baselines; `ValueError` where there is none.

    Actions in systems that the recording does not show are not compared. Where the candidate
    failed, that is a finding beside what it had already done; what it left out is a person's then.
    """
    if not baselines:
        raise ValueError(f"case `{case.case_id}` has no baseline to compare with")
    pricing = Pricing(prices, case.tier)
    told_stories = [(_against(case, proposal, one, pricing), one) for one in baselines]
    story, baseline = min(told_stories, key=lambda each: each[0].cost)
    drafts = (*_failure(proposal, pricing), *story.drafts, *_unapproved(proposal, pricing))
    findings = tuple(
        draft.finding(case.case_id, baseline.baseline_id, proposal.repeat) for draft in drafts
    )
    return Explanation(
        baseline.baseline_id, findings, story.agreeing, _stray(case, proposal, baseline)
    )


def _against(case: Case, proposal: Proposal, baseline: Baseline, pricing: Pricing) -> Story:
    proposed = _observed(case, writes(proposal.actions))
    wanted = _observed(case, writes(baseline.actions))
    stance = Stance(
        handed_over=proposal.failure is not None
        or proposal.outcome is Outcome.ESCALATED
        or any(action.escalates for action in proposed),
        people_escalated=baseline.outcome is Outcome.ESCALATED
        or any(action.escalates for action in wanted),
    )
    if stance.handed_over:
        # A person has the case now, which is what an escalation by people asks for.
        wanted = [one for one in wanted if not one.escalates or proposal.failure is None]
    story = explain_lists(proposed, wanted, pricing, stance)
    if stance.handed_over:
        return story
    return Story((*story.drafts, *_unsaid(proposal, baseline, pricing)), story.agreeing)


def _stray(case: Case, proposal: Proposal, baseline: Baseline) -> tuple[str, ...]:
    proposed, wanted = (
        [action for action in _observed(case, writes(side)) if action.system != DESK]
        for side in (proposal.actions, baseline.actions)
    )
    extra, missing, _ = unmatched(proposed, wanted)
    return (
        *(f"only the candidate did {told(action)}" for action in extra),
        *(f"only people did {told(action)}" for action in missing),
    )


def _observed(case: Case, actions: Sequence[Action]) -> list[Action]:
    if not case.observed_systems:
        return list(actions)
    seen = {DESK, *case.observed_systems}
    return [action for action in actions if action.system in seen]


def _failure(proposal: Proposal, pricing: Pricing) -> tuple[Draft, ...]:
    if proposal.failure is None:
        return ()
    price, stake = pricing.handover(Kind.RUN_FAILURE)
    failure = proposal.failure
    text = f"ended without an answer ({failure.reason}): {shown(failure.detail) or 'no detail'}"
    return (Draft(Kind.RUN_FAILURE, price, stake, None, None, failure.reason, text),)


def _unsaid(proposal: Proposal, baseline: Baseline, pricing: Pricing) -> tuple[Draft, ...]:
    """Facts that the customer had to be told, looked for in everything that was said."""
    texts = [*proposal.replies, *_written(proposal.actions)]
    drafts = []
    for fact in missing_facts(baseline.reply_facts, texts):
        price, stake = pricing.bare(Kind.WRONG_MESSAGE)
        text = f"never told the customer `{shown(fact)}`"
        drafts.append(Draft(Kind.WRONG_MESSAGE, price, stake, None, shown(fact), None, text))
    return tuple(drafts)


def _written(actions: Sequence[Action]) -> list[str]:
    return [
        value
        for action in actions
        if not action.refused
        for value in action.fields.values()
        if isinstance(value, str)
    ]


def _unapproved(proposal: Proposal, pricing: Pricing) -> tuple[Draft, ...]:
    """What the policy lets nobody do without an approval, done without one."""
    drafts = []
    for action in writes(proposal.actions):
        if action.approval_ref is None and pricing.prices.needs_approval(action):
            price, stake = pricing.of(Kind.UNAPPROVED, action)
            text = f"did {told(action)} without the approval that the policy asks for"
            drafts.append(Draft(Kind.UNAPPROVED, price, stake, action, None, told(action), text))
    return tuple(drafts)
