"""From what a candidate did and said about one case to its proposal and trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from understudy.candidates.answer import Answer
from understudy.model.action import (
    DESK,
    ESCALATION_OPERATION,
    Action,
    ActionClass,
    Effect,
    Origin,
    Target,
)
from understudy.model.baseline import Outcome
from understudy.model.case import Turn
from understudy.model.proposal import Failure, FailureCause, Proposal, Trace

__all__ = ["Done", "propose", "trace_of"]


@dataclass(frozen=True, slots=True)
class Done:
    """What was seen of one case from outside: writes, reads, time, and how it ended."""

    case_id: str
    actions: Sequence[Action] = ()
    reads: Mapping[str, int] = field(default_factory=dict)
    repeat: int = 0
    cycle_time_ms: int | None = None
    wall_time_ms: int | None = None
    failure: Failure | None = None


def propose(done: Done, answer: Answer) -> Proposal:
    """The proposal: what was captured, what the answer adds, and an outcome that fits both.

    An answer that escalates adds the action, unless the candidate went to the desk by itself. An
    action of the answer that was captured too is the same action, told twice.
    """
    actions = [*done.actions, *_only_told(done.actions, answer.actions)]
    if answer.outcome is Outcome.ESCALATED and not _escalated(actions):
        actions.append(_escalation(answer))
    numbered = tuple(_numbered(actions))
    failure = done.failure or _declared(answer)
    return Proposal(
        case_id=done.case_id,
        outcome=Outcome.FAILED if failure else answer.outcome or _outcome_of(numbered),
        confidence=answer.confidence,
        actions=numbered,
        usage=answer.usage,
        cycle_time_ms=done.cycle_time_ms,
        wall_time_ms=done.wall_time_ms,
        repeat=done.repeat,
        reads=dict(done.reads),
        replies=answer.replies,
        failure=failure,
    )


def trace_of(answer: Answer, printed: str = "", turns: tuple[Turn, ...] = ()) -> Trace:
    """What the candidate told of its way to the answer, and the `turns` that it led to."""
    return Trace(
        prompts=answer.prompts,
        context=answer.context,
        outputs=answer.outputs,
        rationale=answer.rationale,
        printed=printed,
        turns=turns,
    )


def _escalated(actions: Sequence[Action]) -> bool:
    return any(action.escalates and not action.refused for action in actions)


def _outcome_of(actions: Sequence[Action]) -> Outcome:
    if _escalated(actions):
        return Outcome.ESCALATED
    return Outcome.ACTED if actions else Outcome.ABSTAINED


def _declared(answer: Answer) -> Failure | None:
    if answer.outcome is not Outcome.FAILED:
        return None
    return Failure(
        cause=FailureCause.CANDIDATE, reason="gave_up", detail=(answer.rationale or "")[:500]
    )


def _only_told(captured: Sequence[Action], told: Sequence[Action]) -> list[Action]:
    seen = Counter(_identity(action) for action in captured)
    added = []
    for action in told:
        if seen[_identity(action)] > 0:
            seen[_identity(action)] -= 1
        else:
            added.append(action)
    return added


def _identity(action: Action) -> tuple[Any, ...]:
    target = action.target
    return action.system, action.operation, target and (target.type, target.id)


def _escalation(answer: Answer) -> Action:
    return Action(
        system=DESK,
        operation=ESCALATION_OPERATION,
        target=Target(type="case"),
        fields={"reason": answer.rationale or ""},
        effect=Effect.SEND,
        action_class=ActionClass.AUTOMATED,
        origin=Origin.UNANSWERED if answer.unanswered else Origin.RETURNED,
    )


def _numbered(actions: Sequence[Action]) -> list[Action]:
    return [msgspec.structs.replace(each, seq=number) for number, each in enumerate(actions, 1)]
