"""What a candidate returned, read strictly where it counts and kept plain where it does not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from understudy.candidates.plain import plain
from understudy.model.action import Action, Origin
from understudy.model.baseline import Outcome
from understudy.model.proposal import MODEL_COST, MODEL_CURRENCY

__all__ = ["Answer", "MalformedAnswer", "read_answer"]

_MOST_BYTES = 8 << 20
_NOT_ITS_OWN = (MODEL_COST, MODEL_CURRENCY)
_OUTCOMES = tuple(outcome.value for outcome in Outcome)


class MalformedAnswer(ValueError):
    """The candidate's answer is none; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A candidate's answer; nothing of it is obligatory."""

    outcome: Outcome | None = None
    confidence: float | None = None
    rationale: str | None = None
    actions: tuple[Action, ...] = ()
    replies: tuple[str, ...] = ()
    usage: dict[str, Any] = field(default_factory=dict)
    prompts: tuple[Any, ...] = ()
    context: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    ask: str | None = None
    """What the customer is asked before the candidate can go on."""
    unanswered: bool = False
    """Whether the case is handed over because nobody could answer that; no candidate says so."""


def read_answer(value: Any) -> Answer:
    """Read what a candidate returned; raises `MalformedAnswer`.

    >>> read_answer({"outcome": "escalated", "confidence": 0.4}).confidence
    0.4
    """
    if value is None:
        return Answer()
    given = _mapping(value)
    return Answer(
        outcome=_outcome(given.get("outcome")),
        confidence=_confidence(given.get("confidence")),
        rationale=_text(given.get("rationale")),
        actions=tuple(_action(each) for each in _list(given, "actions")),
        replies=tuple(str(each) for each in _list(given, "replies")),
        usage=_usage(given.get("usage")),
        prompts=_list(given, "prompts"),
        context=_list(given, "context"),
        outputs=_list(given, "outputs"),
        ask=_question(given.get("ask")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedAnswer(f"it returned a {type(value).__name__}, not a dict or None")
    try:
        given = plain(value)
        size = len(msgspec.json.encode(given))
    except (ValueError, TypeError) as error:
        raise MalformedAnswer(f"its answer cannot be written as JSON: {error}") from None
    except MemoryError:
        raise MalformedAnswer("its answer is larger than the memory that is left to it") from None
    if size > _MOST_BYTES:
        raise MalformedAnswer(f"its answer has {size:,} bytes; {_MOST_BYTES:,} are the most")
    return dict(given)


def _outcome(value: Any) -> Outcome | None:
    if value is None:
        return None
    if value not in _OUTCOMES:
        raise MalformedAnswer(f"outcome `{str(value)[:80]}` is none of {', '.join(_OUTCOMES)}")
    return Outcome(value)


def _confidence(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedAnswer(f"confidence `{str(value)[:80]}` is not a number")
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise MalformedAnswer(f"confidence {value} is not between 0 and 1")
    return float(value)


def _question(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise MalformedAnswer("`ask` is not a question: a text that is not empty")
    return value


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _list(given: dict[str, Any], name: str) -> tuple[Any, ...]:
    value = given.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise MalformedAnswer(f"`{name}` is a {type(value).__name__}, not a list")
    return tuple(value)


def _usage(value: Any) -> dict[str, Any]:
    """What the candidate counted; what its models cost is never its own word."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedAnswer(f"`usage` is a {type(value).__name__}, not a dict")
    return {name: told for name, told in value.items() if name not in _NOT_ITS_OWN}


def _action(value: Any) -> Action:
    try:
        action = msgspec.convert(value, Action)
    except msgspec.ValidationError as error:
        raise MalformedAnswer(f"an action of its answer cannot be read: {error}") from None
    return msgspec.structs.replace(action, origin=Origin.RETURNED)
