"""How a case's event is delivered under faults, and what its deliveries come to together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from understudy.candidates.answer import Answer
from understudy.candidates.handed import Inbound
from understudy.model.action import Action
from understudy.model.baseline import Outcome
from understudy.model.campaign import FaultKind
from understudy.systems.blow import Blow

__all__ = ["as_delivered", "lateness", "marked", "merged", "pauses"]

_DECISIVE = (Outcome.FAILED, Outcome.ESCALATED)


def lateness(blows: Sequence[Blow]) -> timedelta:
    """How long after the event its delivery comes."""
    late = (blow.options["seconds"] for blow in blows if blow.kind is FaultKind.WEBHOOK_LATE)
    return timedelta(seconds=sum(late))


def as_delivered(order: Inbound, blows: Sequence[Blow]) -> Inbound:
    """The case as it arrives: where messages were reordered, the last comes before the one ahead.

    Each keeps its own time, by which a careful candidate can tell.
    """
    if not any(blow.kind is FaultKind.WEBHOOK_REORDER for blow in blows):
        return order
    *before, earlier, later = order.turns
    return msgspec.structs.replace(order, turns=(*before, later, earlier))


def pauses(blows: Sequence[Blow]) -> list[float]:
    """The seconds after which the same event comes again, one for each further delivery."""
    again = [blow for blow in blows if blow.kind is FaultKind.WEBHOOK_DUPLICATE]
    return [blow.options["seconds"] for blow in again]


def marked(
    actions: Iterable[Action], blows: Sequence[Blow], first: int | None
) -> tuple[Action, ...]:
    """The actions with the faults of their delivery; from the `first` on it was a further one."""
    always = [blow.kind for blow in blows if blow.kind is not FaultKind.WEBHOOK_DUPLICATE]
    told = []
    for number, action in enumerate(actions):
        again = first is not None and number >= first
        names = [*always, *([FaultKind.WEBHOOK_DUPLICATE] if again else [])]
        if names:
            fault = "+".join([*names, *([action.fault] if action.fault else [])])
            told.append(msgspec.structs.replace(action, fault=fault))
        else:
            told.append(action)
    return tuple(told)


def merged(answers: Sequence[Answer]) -> Answer:
    """What a candidate said at several deliveries of one event, as one answer."""
    if len(answers) == 1:
        return answers[0]
    final = [answer for answer in answers if answer.ask is None]
    given_up = [answer.unanswered for answer in final if answer.outcome is Outcome.ESCALATED]
    return Answer(
        outcome=_outcome([answer.outcome for answer in final]),
        confidence=next((a.confidence for a in final if a.confidence is not None), None),
        rationale=next((a.rationale for a in final if a.rationale is not None), None),
        actions=tuple(action for answer in answers for action in answer.actions),
        replies=tuple(reply for answer in answers for reply in answer.replies),
        usage=_usage([answer.usage for answer in answers]),
        prompts=tuple(each for answer in answers for each in answer.prompts),
        context=tuple(each for answer in answers for each in answer.context),
        outputs=tuple(each for answer in answers for each in answer.outputs),
        unanswered=bool(given_up) and all(given_up),
    )


def _outcome(outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """The gravest of what was said; None leaves it to the actions.

    >>> _outcome([Outcome.ACTED, Outcome.ABSTAINED]), _outcome([None, Outcome.ESCALATED])
    (<Outcome.ACTED: 'acted'>, <Outcome.ESCALATED: 'escalated'>)
    """
    decisive = next((each for each in _DECISIVE if each in outcomes), None)
    if decisive is not None or None in outcomes:
        return decisive
    return Outcome.ACTED if Outcome.ACTED in outcomes else Outcome.ABSTAINED


def _usage(given: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Numbers are added up; of anything else the first counts.

    >>> _usage([{"tokens": 5, "model": "m"}, {"tokens": 7, "model": "n"}])
    {'model': 'm', 'tokens': 12}
    """
    sums: Counter[str] = Counter()
    others: dict[str, Any] = {}
    for name, value in (pair for usage in given for pair in usage.items()):
        if isinstance(value, int | float) and not isinstance(value, bool):
            sums[name] += value  # type: ignore[assignment]  # of fractions as well
        else:
            others.setdefault(name, value)
    return {**others, **sums}
