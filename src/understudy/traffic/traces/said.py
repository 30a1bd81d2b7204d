"""What was said and which tools were asked for, in the shapes in which frameworks keep it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.traffic.traces.spans import loaded

__all__ = ["AskedTool", "Said", "said_in", "tools_in"]

_ROLES = {"human": "user", "user": "user", "ai": "assistant", "assistant": "assistant"}
_TEXTS = ("content", "text", "input", "question", "query", "message", "output", "answer", "result")
_HOLDERS = (
    "messages", "message", "choices", "kwargs", "generations", "choice", "additional_kwargs",
    "parts", "content", "tool_calls", "output",
)  # fmt: skip
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation: `user` or `assistant`, and its text."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class AskedTool:
    """A call that a model asked for."""

    name: str
    arguments: Any


def said_in(value: Any) -> list[Said]:
    """The messages in an input or output.

    >>> said_in([{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be kind"}])
    [Said(role='user', text='Hi')]
    >>> said_in([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])
    [Said(role='user', text='Hi')]
    """
    return [
        Said(role, text)
        for message in _objects(value, 0)
        if (role := _role(message)) and (text := _text(message))
    ]


def tools_in(value: Any) -> list[AskedTool]:
    """The calls that a model's output asks for.

    >>> tools_in({"tool_calls": [{"function": {"name": "refund", "arguments": '{"a": 1}'}}]})
    [AskedTool(name='refund', arguments={'a': 1})]
    >>> tools_in([{"role": "assistant", "parts": [{"type": "tool_call", "name": "x"}]}])
    [AskedTool(name='x', arguments={})]
    """
    return [found for item in _objects(value, 0) if (found := _asked(item)) is not None]


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Every object that can be a message or a call, the outer ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for name in _HOLDERS:
            if isinstance(value.get(name), list | dict):
                yield from _objects(value[name], depth + 1)


def _role(message: Mapping[str, Any]) -> str:
    """`user` or `assistant`; empty for anything else."""
    if not any(key in message for key in ("content", "parts")):
        return ""
    words = (message.get(name) for name in ("role", "type"))
    return next(
        (_ROLES[w.lower()] for w in words if isinstance(w, str) and w.lower() in _ROLES), ""
    )


def _asked(item: Mapping[str, Any]) -> AskedTool | None:
    function = item.get("function")
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        return AskedTool(function["name"], loaded(function.get("arguments")) or {})
    if item.get("type") in ("tool_call", "tool_use", "function_call") or (
        "name" in item and "args" in item
    ):
        given = next((item[key] for key in ("arguments", "args", "input") if key in item), None)
        return AskedTool(str(item.get("name") or ""), loaded(given) or {})
    return None


def _text(message: Any) -> str:
    """The text of a message, its parts put together; empty where it has none."""
    if isinstance(message, str):
        return message.strip()
    if isinstance(message, list):
        return "\n".join(filter(None, map(_text, message)))
    if not isinstance(message, dict) or "tool" in str(message.get("type", "")):
        return ""
    if "parts" in message:
        return _text(message["parts"])
    return next((found for key in _TEXTS if (found := _text(message.get(key)))), "")
