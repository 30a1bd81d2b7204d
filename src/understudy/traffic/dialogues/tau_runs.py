"""One recorded run of a tau benchmark, whatever the schema it was logged in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from understudy.model.proposal import RecordedOutcome
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed

__all__ = ["Answer", "ReferenceCall", "Run", "ToolCall", "Utterance", "read_messages"]

_STOP_MARKS = ("###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###")
# How the benchmarks' environments begin the answer to a call that they did not carry out.
_REFUSALS = ("Error", "Unknown action")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the environment answered to a call."""

    text: str
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call; `actor` is `user` where the customer's side made it."""

    name: str
    arguments: Mapping[str, Any]
    actor: str = "assistant"
    at: datetime | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message without a call."""

    role: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReferenceCall:
    """One call that the benchmark's annotator expects."""

    name: str
    arguments: Mapping[str, Any]
    actor: str = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: who it was about, what was said and called, what was expected, what was scored."""

    task_id: str
    trial: int | None
    domain: str
    utterances: tuple[Utterance, ...]
    calls: tuple[ToolCall, ...]
    reference: tuple[ReferenceCall, ...]
    reply_facts: tuple[str, ...] = ()
    recorded: RecordedOutcome = field(default_factory=RecordedOutcome)
    scored: bool = True
    usage: Mapping[str, Any] = field(default_factory=dict)
    cycle_time_ms: int | None = None
    repairs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    """Goes through the messages once, giving each answer to the call it belongs to."""

    utterances: list[Utterance] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    orphans: int = 0

    def take(self, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise Malformed("a message is not an object with a role")
        role = message["role"]
        if role == "tool":
            for part in message.get("tool_messages") or [message]:
                self._answer(part)
        elif role in ("user", "assistant"):
            self._speak(role, message)
            for call in _list(message.get("tool_calls"), "tool calls are not a list"):
                self._call(role, call, moment_of(message.get("timestamp")))

    def _speak(self, role: str, message: Mapping[str, Any]) -> None:
        text = message.get("content")
        if text is not None and not isinstance(text, str):
            raise Malformed("a message's content is not text")
        said = _without_marks(text or "")
        if said:
            self.utterances.append(Utterance(role, said, moment_of(message.get("timestamp"))))

    def _call(self, role: str, call: Any, at: datetime | None) -> None:
        if not isinstance(call, dict):
            raise Malformed("a tool call is not an object")
        inner = call["function"] if isinstance(call.get("function"), dict) else call
        name = inner.get("name")
        if not isinstance(name, str) or not name:
            raise Malformed("a tool call has no name")
        actor = call.get("requestor") or role
        arguments = _arguments(inner.get("arguments"))
        self.waiting.append((str(call.get("id")), len(self.calls)))
        self.calls.append(ToolCall(name=name, arguments=arguments, actor=actor, at=at))

    def _answer(self, message: Any) -> None:
        """Ids repeat within a run in some logs: an id means the oldest call that waits for it."""
        if not isinstance(message, dict):
            raise Malformed("a tool's answer is not an object")
        key = str(message.get("tool_call_id") or message.get("id"))
        place = next((item for item in self.waiting if item[0] == key), None)
        if place is None:
            self.orphans += 1
            return
        self.waiting.remove(place)
        text = message.get("content")
        shown = text if isinstance(text, str) else json.dumps(text)
        refused = message.get("error") is True or shown.startswith(_REFUSALS)
        old = self.calls[place[1]]
        self.calls[place[1]] = ToolCall(
            name=old.name,
            arguments=old.arguments,
            actor=old.actor,
            at=old.at,
            answer=Answer(shown, refused),
        )


def read_messages(
    messages: Any,
) -> tuple[tuple[Utterance, ...], tuple[ToolCall, ...], tuple[str, ...]]:
    """What was said, what was called, and what had to be mended; raises `Malformed`."""
    if not isinstance(messages, list) or not messages:
        raise Malformed("no messages")
    reader = _Reader()
    for message in messages:
        reader.take(message)
    repairs = ("an answer belongs to no call",) if reader.orphans else ()
    return tuple(reader.utterances), tuple(reader.calls), repairs


def _arguments(value: Any) -> Mapping[str, Any]:
    """Arguments as an object; what the model wrote instead of one is kept as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"unparsed": value}
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"unparsed": value}


def _without_marks(text: str) -> str:
    """The words that were said; the simulated customer's marks steer the benchmark only."""
    for mark in _STOP_MARKS:
        text = text.replace(mark, "")
    return text.strip()


def _list(value: Any, reason: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(reason)
    return value
