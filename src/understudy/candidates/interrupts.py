"""What a graph's interrupts ask a person about, and the forms in which they are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.candidates.desk import Asked, Decision

__all__ = ["About", "Question", "Resume", "question_of"]

Resume = Callable[[Any, Decision], Any]
"""From what an interrupt says and the desk's decision to what the graph is resumed with."""
About = Callable[[Any], tuple[str, Mapping[str, Any]] | None]
"""From what an interrupt says to the tool and the arguments that it is about."""

_NAMES = ("name", "tool", "tool_name", "action")
_ARGUMENTS = ("args", "arguments", "tool_input", "input")


@dataclass(frozen=True, slots=True)
class Question:
    """One interrupt: what the desk is asked about, and how its decisions are given back."""

    asked: tuple[Asked, ...]
    answer: Callable[[Sequence[Decision]], Any]


def question_of(
    value: Any,
    schema: Any,
    *,
    about: About | None,
    resume: Resume | None,
    at_hand: Callable[[], list[Asked]],
) -> Question:
    """The question that an interrupt with this value and this schema of answers puts.

    `at_hand` gives the calls that wait where it stopped, for one that names none itself.
    """
    for form in (_of_middleware, _of_one_call, _of_inbox):
        found = form(value, schema)
        if found is not None:
            return found
    asked = (
        _told_by(about, value) or next(_calls_in(value), None) or _only(at_hand()) or _named(value)
    )
    return Question((asked or Asked(text=str(value)),), _plainly(value, resume))


def _told_by(about: About | None, value: Any) -> Asked | None:
    told = about(value) if about is not None else None
    return None if told is None else Asked(*told)


def _only(calls: list[Asked]) -> Asked | None:
    return calls[0] if len(calls) == 1 else None


def _named(value: Any) -> Asked | None:
    """What an interrupt names without arguments, in its own words: a tool, or a form of asking."""
    name = _text_at(value, _NAMES) if isinstance(value, Mapping) else None
    return Asked(name, text=str(value)) if name else None


def _calls_in(value: Any) -> Iterator[Asked]:
    """The tools that an interrupt names with arguments, however deep in what it says."""
    if isinstance(value, Mapping):
        name = _text_at(value, _NAMES)
        arguments = next((value[key] for key in _ARGUMENTS if key in value), None)
        if name and isinstance(arguments, Mapping):
            yield Asked(name, dict(arguments))
            return
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _calls_in(each)


def _text_at(value: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), None)


def _plainly(value: Any, resume: Resume | None) -> Callable[[Sequence[Decision]], Any]:
    if resume is None:
        return lambda decisions: decisions[0].granted
    return lambda decisions: resume(value, decisions[0])


def _of_middleware(value: Any, schema: Any) -> Question | None:
    """The human-in-the-loop middleware's question about all calls of a turn."""
    del schema
    if not isinstance(value, Mapping) or not isinstance(value.get("action_requests"), list):
        return None
    asked = tuple(Asked(each["name"], each["args"]) for each in value["action_requests"])
    allowed = {
        each["action_name"]: each.get("allowed_decisions")
        for each in value.get("review_configs") or ()
    }
    names = [each.name for each in asked]
    return Question(
        asked,
        lambda decisions: {
            "decisions": [
                _decision(name, each, allowed.get(name))
                for name, each in zip(names, decisions, strict=True)
            ]
        },
    )


def _of_one_call(value: Any, schema: Any) -> Question | None:
    """The middleware's question about one call, where each is asked about by itself."""
    if not isinstance(value, Mapping) or value.get("type") != "tool_approval":
        return None
    name = str(value.get("name"))
    allowed = sorted(_types_in(schema)) or None
    asked = (Asked(name, value.get("args") or {}),)
    return Question(asked, lambda decisions: _decision(name, decisions[0], allowed))


def _types_in(schema: Any) -> set[str]:
    """The kinds of decisions that a JSON Schema allows."""
    found: set[str] = set()
    if isinstance(schema, Mapping):
        kind = (schema.get("properties") or {}).get("type") or {}
        found.update([kind["const"]] if "const" in kind else kind.get("enum", ()))
        schema = list(schema.values())
    if isinstance(schema, list):
        found.update(*(_types_in(each) for each in schema))
    return found


def _decision(name: str, decision: Decision, allowed: Sequence[str] | None) -> dict[str, Any]:
    """One decision of the middleware; `allowed` are the kinds that the call's tool takes."""
    if decision.granted:
        return {"type": "approve"}
    if decision.edited is not None and (allowed is None or "edit" in allowed):
        return {"type": "edit", "edited_action": {"name": name, "args": dict(decision.edited)}}
    only_answers = allowed is not None and "reject" not in allowed and "respond" in allowed
    return {"type": "respond" if only_answers else "reject", "message": decision.reason}


def _of_inbox(value: Any, schema: Any) -> Question | None:
    """A request, or a list of them, in the form of agent inboxes; the answer is always a list."""
    del schema
    requests = value if isinstance(value, list) else [value]
    if not requests or not all(_is_request(each) for each in requests):
        return None
    asked = [each["action_request"] for each in requests]
    return Question(
        tuple(Asked(each["action"], each.get("args") or {}) for each in asked),
        lambda decisions: [_response(*each) for each in zip(requests, decisions, strict=True)],
    )


def _is_request(value: Any) -> bool:
    request = value.get("action_request") if isinstance(value, Mapping) else None
    return isinstance(request, Mapping) and isinstance(request.get("action"), str)


def _response(request: Mapping[str, Any], decision: Decision) -> dict[str, Any]:
    allows = request.get("config") or {}
    if decision.granted:
        return {"type": "accept", "args": None}
    if decision.edited is not None and allows.get("allow_edit", True):
        action = {"action": request["action_request"]["action"], "args": dict(decision.edited)}
        return {"type": "edit", "args": action}
    if allows.get("allow_respond", True):
        return {"type": "response", "args": decision.reason}
    return {"type": "ignore", "args": None}
