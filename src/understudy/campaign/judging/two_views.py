"""One case judged by both views: the actions, and what they leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from understudy.campaign.judging.replays import Replay, WorldReplay, log_replay
from understudy.cost.price_list import PriceList
from understudy.diff.consistency import reconcile
from understudy.diff.explain import Explanation, explain
from understudy.diff.fields import DEFAULT_RULES, Rules
from understudy.model.action import DESK, Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.finding import STATE_KINDS
from understudy.model.proposal import Proposal

__all__ = ["View", "view"]


@dataclass(frozen=True, slots=True)
class View:
    """The explanation of one proposal, after both views were brought together."""

    explanation: Explanation
    alone: str | None = None
    """Why only the actions were judged, where that is so."""
    forgiven: int = 0
    """How many differences of actions were none, since both ways led to one state."""


def view(
    case: Case,
    proposal: Proposal,
    baselines: Sequence[Baseline],
    prices: PriceList,
    replay: Replay | None,
) -> View:
    """The cheapest explanation over all baselines, once their effects are known."""
    if replay is None or len(baselines) == 0:
        return View(explain(case, proposal, baselines, prices))
    views = [_against(case, proposal, one, prices, replay) for one in baselines]
    return min(views, key=lambda each: (each.explanation.cost_minor, -each.explanation.agreeing))


def _against(
    case: Case, proposal: Proposal, baseline: Baseline, prices: PriceList, replay: Replay
) -> View:
    known = replay.knows if isinstance(replay, WorldReplay) else None
    explanation = explain(case, proposal, [baseline], prices, known=known)
    if explanation.quarantined is not None:
        return View(explanation)
    if replay is not log_replay and _plainly_alike(explanation, DEFAULT_RULES):
        # The same requests leave the same behind; only a log can tell otherwise.
        return View(explanation)
    done, wanted = (_outside_the_desk(side) for side in explanation.compared)
    effects = replay(case, wanted, done)
    if isinstance(effects, str):
        return View(explanation, effects)
    both = reconcile(case, explanation, effects, prices, proposal.repeat)
    apart = ((), ()) if effects.equal else explanation.apart
    told = msgspec.structs.replace(explanation, findings=both.findings, apart=apart)
    return View(told, forgiven=len(both.forgiven))


def _outside_the_desk(actions: Sequence[Action]) -> list[Action]:
    return [action for action in actions if action.system != DESK]


def _plainly_alike(explanation: Explanation, rules: Rules) -> bool:
    """Whether both sides asked for the same, one after the other: then nothing is to be played."""
    if any(finding.kind in STATE_KINDS for finding in explanation.findings):
        return False
    done, wanted = explanation.compared
    return len(done) == len(wanted) and all(
        one is other or _asks_the_same(one, other, rules)
        for one, other in zip(done, wanted, strict=True)
    )


def _asks_the_same(one: Action, other: Action, rules: Rules) -> bool:
    if one.operation != other.operation or one.target != other.target:
        return False
    if one.fields == other.fields:
        return True
    return all(
        one.fields.get(name) == other.fields.get(name) or not rules.of_state(one.operation, name)
        for name in one.fields.keys() | other.fields.keys()
    )
