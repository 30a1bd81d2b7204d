"""One case: the candidate's proposal against every acceptable baseline, the cheapest one told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from understudy.cost.clauses import tier_of
from understudy.cost.price_list import PriceList
from understudy.cost.wording import deed
from understudy.diff.causes import attempts_led_by, by_cause
from understudy.diff.compare import Judge
from understudy.diff.compound import parts_of
from understudy.diff.conduct import excess_reads, late, ungrounded, unsafe
from understudy.diff.drafts import Draft, Pricing, total
from understudy.diff.exposure import Known, exposed, invented
from understudy.diff.families import same_target
from understudy.diff.fields import Rules, rules_of
from understudy.diff.lists import Row, Stance, Story, explain_lists, unmatched
from understudy.diff.planted import planted_in
from understudy.diff.process import clauses, controls, failure, order, speaks, unsaid, writes
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, Effect
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case
from understudy.model.finding import Finding
from understudy.model.proposal import FailureCause, Proposal

__all__ = ["Explanation", "explain"]


class Explanation(msgspec.Struct, frozen=True):
    """Which baseline the candidate came closest to, and what differs from it."""

    baseline_id: str
    findings: tuple[Finding, ...]
    agreeing: int
    """How many proposed actions equal one of that baseline's."""
    proposed: int = 0
    """How many actions the candidate proposed, as they were compared."""
    apart: tuple[Sequence[Action], Sequence[Action]] = ((), ())
    """The accepted writes outside of the desk that only the candidate did, and only people.

    Without any both sides leave the systems alike, whatever the difference costs.
    """
    rows: tuple[Row, ...] = ()
    """The two sides line by line, for a person to read."""
    attempts: tuple[Action, ...] = ()
    """What the candidate tried and a system refused: without effect, and shown."""
    compared: tuple[tuple[Action, ...], tuple[Action, ...]] = ((), ())
    """The candidate's actions and the baseline's, as they were compared."""
    left_to_people: bool = False
    """Whether the candidate gave the case up, so that a person does what it left out."""
    quarantined: str | None = None
    """Why the case cannot be judged; then there are no findings."""

    @property
    def cost_minor(self) -> int:
        """What the difference costs, in minor units of the policy's currency."""
        return sum(finding.cost_minor for finding in self.findings)

    @property
    def stray(self) -> tuple[str, ...]:
        """What only one side did, in words."""
        extra, missing = self.apart
        return (
            *(f"only the candidate {deed(action)}" for action in extra),
            *(f"only people {deed(action)}" for action in missing),
        )


class _Told(msgspec.Struct, frozen=True):
    """The explanation against one baseline."""

    baseline: Baseline
    proposed: Sequence[Action]
    wanted: Sequence[Action]
    story: Story
    beside: tuple[Draft, ...]
    cost: int
    handed_over: bool
    left_to_people: bool


def explain(
    case: Case,
    proposal: Proposal,
    baselines: Sequence[Baseline],
    prices: PriceList,
    rules: Rules | None = None,
    known: Known | None = None,
) -> Explanation:
    """The cheapest explanation over all baselines, with its findings priced.

    Actions in systems that the recording does not show are not compared. Where the candidate
    handed the case over or failed, a person does what it left out, which the price of the handover
    covers; what it had done by then is compared as ever. A case without a baseline, or one that
    something other than the candidate brought down, is quarantined and not judged.
    """
    if not baselines:
        return Explanation("", (), 0, quarantined="no baseline to compare with")
    failed = proposal.failure
    if failed is not None and failed.cause is FailureCause.INFRASTRUCTURE:
        reason = f"the harness failed, not the candidate ({failed.reason})"
        return Explanation("", (), 0, quarantined=reason)
    asked = rules_of(prices.policy) if rules is None else rules
    judge = Judge(Pricing(prices, tier_of(case, prices)), asked)
    told = _against(case, proposal, baselines[0], judge)
    for baseline in baselines[1:]:
        told = min(told, _against(case, proposal, baseline, judge), key=_price)
    conduct = tuple(_conduct(case, proposal, baselines, told.story.rows, judge.pricing, known))
    return _explanation(case, proposal, told, judge, conduct)


def _price(told: _Told) -> tuple[int, int]:
    return told.cost, -told.story.agreeing


def _conduct(
    case: Case,
    proposal: Proposal,
    baselines: Sequence[Baseline],
    rows: Sequence[Row],
    pricing: Pricing,
    known: Known | None,
) -> Iterator[Draft]:
    """What is wrong with the way, whichever baseline the outcome is held against."""
    actions, policy = proposal.actions, pricing.prices.policy
    if policy.operations:
        yield from controls(proposal, pricing)
        yield from excess_reads(proposal, pricing)
    if policy.clauses:
        yield from clauses(case, proposal, pricing)
    speaking = bool(proposal.replies) or any(map(speaks, actions))
    if speaking:
        yield from exposed(case, proposal, baselines, pricing)
    if speaking or any(one.refused for one in actions):
        yield from invented(case, proposal, baselines, pricing, known)
    if proposal.confidence is not None or not all(one.candidate_saw_response for one in actions):
        yield from unsafe(proposal, rows, pricing)
    if any(one.reads_before == 0 for one in actions):
        yield from ungrounded(case, rows, pricing)
    if policy.deadline is not None:
        yield from late(proposal, pricing)


def _explanation(
    case: Case, proposal: Proposal, told: _Told, judge: Judge, conduct: Sequence[Draft]
) -> Explanation:
    drafts = (
        *failure(proposal, judge.pricing),
        *told.story.drafts,
        *told.beside,
        *conduct,
    )
    name = told.baseline.baseline_id
    return Explanation(
        baseline_id=name,
        findings=tuple(draft.finding(case.case_id, name, proposal.repeat) for draft in drafts),
        agreeing=told.story.agreeing,
        proposed=len(told.proposed),
        apart=_apart(told, judge.rules) if told.story.drafts or told.handed_over else ((), ()),
        rows=told.story.rows,
        compared=(tuple(told.proposed), tuple(told.wanted)),
        left_to_people=told.left_to_people,
        attempts=tuple(action for action in proposal.actions if action.refused),
    )


def _against(case: Case, proposal: Proposal, baseline: Baseline, judge: Judge) -> _Told:
    sure, doubtful = _by_doubt(baseline.actions)
    proposed = _beyond_doubt(_side(case, proposal.actions, proposal.outcome), doubtful)
    wanted = _side(case, sure, baseline.outcome)
    if any(action.unanswered for action in proposed) and _waits(proposed) and _waits(wanted):
        # People too left their question where it is, and nobody has answered it.
        proposed = [action for action in proposed if not action.unanswered]
    gave_up = proposal.failure is not None
    escalated = _escalate(proposed)
    stance = Stance(
        handed_over=gave_up or escalated,
        people_escalated=not gave_up and _escalate(wanted),
    )
    compared = wanted
    if gave_up and not escalated:
        # A person gets the case by the failure, which is what people's escalation asks for.
        compared = [action for action in wanted if not action.escalates]
    story = explain_lists(proposed, compared, judge, stance)
    tried = proposal.actions
    suspect = bool(story.drafts) or any(one.refused or one.fault for one in tried)
    beside = tuple(order(proposed, wanted, judge.rules.order, judge.pricing))
    if suspect:
        planted = planted_in(case)
        story = Story.of(by_cause(story.rows, tried, planted, stance, judge.pricing))
        if planted:
            beside += tuple(attempts_led_by(tried, wanted, planted, judge.pricing))
    if not stance.handed_over:
        beside += tuple(unsaid(proposal, baseline, judge.pricing))
    cost = total(story.drafts) + total(beside)
    left = stance.handed_over and not stance.people_escalated
    return _Told(baseline, proposed, wanted, story, beside, cost, stance.handed_over, left)


def _by_doubt(actions: Sequence[Action]) -> tuple[Sequence[Action], Sequence[Action]]:
    """What people surely did in the case, and what only its time says."""
    doubtful = [action for action in actions if action.doubtful]
    if not doubtful:
        return actions, doubtful
    return [action for action in actions if not action.doubtful], doubtful


def _escalate(actions: Sequence[Action]) -> bool:
    return any(action.escalates for action in actions)


def _waits(actions: Sequence[Action]) -> bool:
    """Whether the ticket is left waiting for its requester."""
    said = [action.fields["status"] for action in actions if "status" in action.fields]
    return bool(said) and said[-1] == "pending"


def _beyond_doubt(proposed: list[Action], doubtful: Sequence[Action]) -> list[Action]:
    """What is proposed without what people may have done too: nobody knows, so it has no price."""
    if not doubtful:
        return proposed
    rest = list(proposed)
    for action in doubtful:
        same = (p for p in rest if p.operation == action.operation and same_target(p, action))
        found = next(same, None)
        if found is not None:
            rest.remove(found)
    return rest


def _side(case: Case, actions: Sequence[Action], outcome: Outcome) -> list[Action]:
    """The accepted writes of one side in the systems that are seen, an escalation as an action."""
    side = parts_of(writes(actions))
    if case.observed_systems:
        seen = {DESK, *case.observed_systems}
        side = [action for action in side if action.system in seen]
    if outcome is Outcome.ESCALATED and not _escalate(side):
        side.append(Action(system=DESK, operation=ESCALATION_OPERATION, effect=Effect.SEND))
    return side


def _apart(told: _Told, rules: Rules) -> tuple[Sequence[Action], Sequence[Action]]:
    proposed, wanted = (
        [action for action in side if action.system != DESK]
        for side in (told.proposed, told.wanted)
    )
    extra, missing, _ = unmatched(proposed, wanted, rules)
    return extra, missing
