"""Actions that a candidate does in some repeats of a case and not in others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from understudy.campaign.judging.judgement import Evidence, Judgement
from understudy.cost.wording import deed
from understudy.diff.compare import equal
from understudy.diff.fields import DEFAULT_RULES
from understudy.model.action import Action, Effect
from understudy.model.cost import FlakyAction
from understudy.model.proposal import Proposal

__all__ = ["with_flaky"]


def with_flaky(judgement: Judgement, evidence: Evidence) -> Judgement:
    """The judgement with what its candidate does not do every time, the dearest first."""
    found = [
        one
        for case in evidence.cases
        if case.case_id not in judgement.quarantined
        for one in _in_case(evidence.by_case.get(case.case_id, ()))
    ]
    if not found:
        return judgement
    found.sort(key=lambda one: (-(one.amount_minor or 0), one.case_id, one.operation))
    cost = msgspec.structs.replace(judgement.cost, flaky=tuple(found))
    return replace(judgement, cost=cost)


@dataclass(slots=True)
class _Seen:
    """One action, and the repeats that it was seen in."""

    action: Action
    repeats: set[int] = field(default_factory=set)


def _in_case(proposals: Sequence[Proposal]) -> Iterator[FlakyAction]:
    """By the ruler that actions are held to people's with: words alone make no difference."""
    if len(proposals) < 2:
        return
    seen: list[_Seen] = []
    for proposal in proposals:
        for action in proposal.actions:
            if action.effect is not Effect.READ and not action.refused:
                _note(seen, action, proposal.repeat)
    for each in seen:
        if len(each.repeats) < len(proposals):
            yield _flaky(proposals[0].case_id, each, len(proposals))


def _note(seen: list[_Seen], action: Action, repeat: int) -> None:
    known = next((one for one in seen if equal(one.action, action, DEFAULT_RULES)), None)
    if known is None:
        known = _Seen(action)
        seen.append(known)
    known.repeats.add(repeat)


def _flaky(case_id: str, seen: _Seen, repeats: int) -> FlakyAction:
    action = seen.action
    return FlakyAction(
        case_id=case_id,
        operation=action.operation,
        told=deed(action),
        times=len(seen.repeats),
        repeats=repeats,
        amount_minor=action.amount_minor,
        currency=action.currency,
    )
