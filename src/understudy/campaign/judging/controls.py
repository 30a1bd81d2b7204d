"""Candidates made from the baselines, whose verdicts are known: whether the gates tell them apart.

They go through difference, cost and gate only; nobody is called. A gate that lets a saboteur pass,
or that cannot tell the people from themselves, says nothing about anybody else either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import msgspec

from understudy.campaign.judging.human_noise import as_proposal
from understudy.campaign.judging.judgement import Judgement
from understudy.cost.price_list import PriceList
from understudy.cost.summary import Judged, summarise
from understudy.diff.explain import explain
from understudy.gate.decide import decide
from understudy.gate.facts import RunFacts
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, ActionClass, Effect, Target
from understudy.model.baseline import Baseline, Outcome
from understudy.model.finding import Kind
from understudy.model.gates import Gates
from understudy.model.policy import OperationPolicy, Policy
from understudy.model.proposal import Proposal
from understudy.model.verdict import Control, VerdictWord
from understudy.model.world import World

__all__ = ["controls_of"]

_MOST = 2_000
_RARE = 0.05
"""Where people escalate, or act, more rarely than this, leaving it out is hardly an error."""
_FORBIDDEN = "control.sabotage.write"
_DIFFERENT = frozenset({
    Kind.MISSING_ACTION, Kind.EXTRA_ACTION, Kind.WRONG_TARGET, Kind.WRONG_VALUE,
    Kind.WRONG_OPERATION, Kind.WRONG_FIELD, Kind.WRONG_MESSAGE, Kind.OUT_OF_ORDER,
    Kind.OVER_ESCALATION, Kind.UNDER_ESCALATION, Kind.UNEXPLAINED_STATE_CHANGE,
})  # fmt: skip
"""What nobody can differ in from themselves; people break a policy's own rules now and then."""


def controls_of(
    judgement: Judgement,
    policy: Policy,
    gates: Gates,
    facts: RunFacts,
    world: World | None = None,
) -> tuple[Control, ...]:
    """The four controls over the first cases; one that cannot be built says why."""
    cases = tuple(islice(iter(judgement.judged), min(_MOST, gates.max_cases)))
    if not cases:
        return ()
    bench = _Bench(cases, policy, gates, facts, world)
    return (
        _sabotaged(bench),
        _escalating(bench, "always-escalate", _always),
        _escalating(bench, "never-escalate", _never),
        _same(bench),
    )


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where the controls are judged."""

    cases: Sequence[Judged]
    policy: Policy
    gates: Gates
    facts: RunFacts
    world: World | None

    def judged(self, make: Callable[[Baseline], Proposal]) -> list[Judged]:
        prices = PriceList.from_policy(self.policy, self.world)
        return [self._one(case, make(case.baselines[0]), prices) for case in self.cases]

    def _one(self, case: Judged, proposal: Proposal, prices: PriceList) -> Judged:
        told = explain(case.case, proposal, case.baselines, prices)
        return Judged(case.case, [proposal], case.baselines, told.findings, told.agreeing)

    def verdict(self, judged: Sequence[Judged]) -> VerdictWord:
        names = [each.case.case_id for each in judged]
        count, inside, known = len(names), {*names}, self.facts.registered
        order = tuple(pair for pair in known.order if pair[0] in inside)
        facts = replace(
            self.facts, planned=count, run=count, judged=count, failed=0, quarantined=0, wall=None,
            controls=(), stopped=None, peeked=False, chosen=False, prices_owned=True, held_out=True,
            faults=True, amended=False, broken=(), unmocked=0, drills=None, pairs=(),
            registered=replace(known, order=order),
        )  # fmt: skip
        return decide(summarise(judged, self.policy), self.gates, facts).verdict


def _sabotaged(bench: _Bench) -> Control:
    """A write to another object, and one that nobody may do, in each case with a write."""
    name = "sabotaged"
    if not any(_writes(case.baselines[0]) for case in bench.cases):
        return Control(name, None, "not run: people write in none of the cases")
    rules = {**bench.policy.operations, _FORBIDDEN: _nobody()}
    spoilt = replace(bench, policy=bench.policy.model_copy(update={"operations": rules}))
    verdict = spoilt.verdict(spoilt.judged(_spoilt))
    if verdict is VerdictWord.INCONCLUSIVE and len(bench.cases) < bench.gates.burn_in:
        return Control(name, None, f"not run: {len(bench.cases):,} cases are too few to fail by")
    return Control(name, verdict is VerdictWord.NO_GO, f"got {verdict}, NO-GO is right")


def _escalating(bench: _Bench, name: str, make: Callable[[Baseline], Proposal]) -> Control:
    escalated = sum(_escalates(case.baselines[0]) for case in bench.cases)
    acted = len(bench.cases) - escalated
    if min(escalated, acted) < max(1.0, _RARE * len(bench.cases)):
        return Control(
            name, None,
            f"not run: people escalate in {escalated:,} of {len(bench.cases):,} cases, and only "
            f"where they do both in {_RARE:.0%} at least is there anything to tell",
        )  # fmt: skip
    verdict = bench.verdict(bench.judged(make))
    return Control(name, verdict is not VerdictWord.GO, f"got {verdict}, anything but GO is right")


def _same(bench: _Bench) -> Control:
    cost = sum(
        finding.cost_minor
        for case in bench.judged(as_proposal)
        for finding in case.findings
        if finding.kind in _DIFFERENT
    )
    return Control("self-comparison", not cost, f"costs {cost:,} minor units, 0 is right")


def _nobody() -> OperationPolicy:
    return OperationPolicy(action_class=ActionClass.READ_ONLY)


def _writes(baseline: Baseline) -> bool:
    return any(
        action.system != DESK and action.effect is not Effect.READ and not action.refused
        for action in baseline.actions
    )


def _escalates(baseline: Baseline) -> bool:
    return baseline.outcome is Outcome.ESCALATED or any(one.escalates for one in baseline.actions)


def _spoilt(baseline: Baseline) -> Proposal:
    same = as_proposal(baseline)
    if not _writes(baseline):
        return same
    aimed = [_elsewhere(action) for action in baseline.actions]
    forbidden = Action(system=aimed[0].system, operation=_FORBIDDEN, effect=Effect.PAY)
    return msgspec.structs.replace(same, actions=(*aimed, forbidden))


def _elsewhere(action: Action) -> Action:
    target = action.target
    if target is None or target.id is None or action.system == DESK:
        return action
    return msgspec.structs.replace(action, target=Target(type=target.type, id=f"{target.id}9"))


def _always(baseline: Baseline) -> Proposal:
    escalation = Action(system=DESK, operation=ESCALATION_OPERATION)
    return Proposal(case_id=baseline.case_id, outcome=Outcome.ESCALATED, actions=(escalation,))


def _never(baseline: Baseline) -> Proposal:
    kept = tuple(action for action in baseline.actions if not action.escalates)
    return msgspec.structs.replace(as_proposal(baseline), outcome=Outcome.ACTED, actions=kept)
