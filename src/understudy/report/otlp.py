"""A run's traces in OpenTelemetry's own JSON, for whatever tool a team reads its traces with.

One line a case, each a whole export request as collectors write them to files. The case is the
span of the agent; below it lie its model calls and its actions. Names are those of the semantic
conventions for generative AI (`gen_ai.…`); what they have no name for is `understudy.…`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from understudy.model.action import Action
from understudy.model.finding import Finding
from understudy.model.proposal import CaseRecord

__all__ = ["TraceHead", "otlp_request"]

_KIND_INTERNAL, _KIND_CLIENT = 1, 3
_STATUS_ERROR = 2
_MILLI = 1_000_000
"""Nanoseconds in a millisecond."""


@dataclass(frozen=True, slots=True)
class TraceHead:
    """What all the spans of a run share."""

    run_id: str
    candidate: str
    release: str | None
    currency: str


def otlp_request(
    head: TraceHead,
    record: CaseRecord,
    began: datetime,
    findings: Sequence[Finding],
    redact: Callable[[Any], Any],
) -> dict[str, Any]:
    """The export request of one case, with when it came in and what it was found guilty of.

    Times are the case's own. `redact` goes over everything that candidate and customers wrote.
    """
    resource = {
        "service.name": head.candidate,
        "service.version": head.release,
        "understudy.run.id": head.run_id,
    }
    spans = list(_spans(head, record, began, findings, redact))
    held = {"scope": {"name": "understudy"}, "spans": spans}
    attributes = {"attributes": _attributes(resource)}
    return {"resourceSpans": [{"resource": attributes, "scopeSpans": [held]}]}


def _spans(
    head: TraceHead,
    record: CaseRecord,
    began: datetime,
    findings: Sequence[Finding],
    redact: Callable[[Any], Any],
) -> Iterator[dict[str, Any]]:
    proposal = record.proposal
    ids = _Ids(f"{head.run_id} {record.case_id} {proposal.repeat}")
    start = _nanos(began)
    end = start + (proposal.cycle_time_ms or 0) * _MILLI
    failure = proposal.failure
    yield {
        **ids.span(None, f"invoke_agent {head.candidate}", _KIND_INTERNAL, start, end),
        "attributes": _attributes(_case(head, record, findings, redact)),
        "status": {"code": _STATUS_ERROR, "message": failure.detail} if failure else {},
    }
    for title, call, since, until in _calls(record, redact):
        asked = start + since * _MILLI
        answered = end if until is None else start + until * _MILLI
        yield {
            **ids.span(ids.root, title, _KIND_CLIENT, min(asked, end), min(answered, end)),
            "attributes": _attributes(call),
        }
    for action in proposal.actions:
        at = max(start, _nanos(action.at) if action.at else start)
        yield {
            **ids.span(ids.root, f"execute_tool {action.operation}", _KIND_CLIENT, at, at),
            "attributes": _attributes(_action(action, redact)),
        }


def _case(
    head: TraceHead,
    record: CaseRecord,
    findings: Sequence[Finding],
    redact: Callable[[Any], Any],
) -> dict[str, Any]:
    proposal, trace = record.proposal, record.trace
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": head.candidate,
        "gen_ai.agent.version": head.release,
        "gen_ai.conversation.id": record.case_id,
        "understudy.case.id": record.case_id,
        "understudy.repeat": proposal.repeat,
        "understudy.outcome": proposal.outcome.value,
        "understudy.confidence": proposal.confidence,
        "understudy.rationale": redact(trace.rationale),
        "understudy.context": _text(redact(list(trace.context))) if trace.context else None,
        "understudy.printed": redact(trace.printed) or None,
        "understudy.replies": _text(redact(list(proposal.replies))) if proposal.replies else None,
        "understudy.cost.minor": sum(each.cost_minor for each in findings),
        "understudy.cost.currency": head.currency,
        "understudy.findings": [str(each.kind) for each in findings],
        **{f"understudy.usage.{key}": value for key, value in proposal.usage.items()},
    }


def _calls(
    record: CaseRecord, redact: Callable[[Any], Any]
) -> Iterator[tuple[str, dict[str, Any], int, int | None]]:
    """Each call of a model: its title, what it holds, and its time, in milliseconds of the case.

    Where that is not known it is the whole of the case.
    """
    trace = record.trace
    for number in range(max(len(trace.prompts), len(trace.outputs))):
        prompt, output = (
            redact(part[number]) if number < len(part) else None
            for part in (trace.prompts, trace.outputs)
        )
        model = prompt.get("model") if isinstance(prompt, dict) else None
        times = trace.times[number] if number < len(trace.times) else None
        since, until = times or (0, None)
        yield (f"chat {model}" if model else "chat"), _model_call(prompt, output), since, until


class _Ids:
    """Trace and span ids that are the same whenever a run is exported."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self.trace = blake2b(name.encode(), digest_size=16).hexdigest()
        self.root = self._next()

    def _next(self) -> str:
        text = f"{self._name} {self._count}"
        self._count += 1
        return blake2b(text.encode(), digest_size=8).hexdigest()

    def span(
        self, parent: str | None, name: str, kind: int, start: int, end: int
    ) -> dict[str, Any]:
        head = {"traceId": self.trace, "spanId": self._next() if parent else self.root}
        more = {"parentSpanId": parent} if parent else {}
        times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
        return {**head, **more, "name": name, "kind": kind, **times}


def _model_call(prompt: Any, output: Any) -> dict[str, Any]:
    asked = prompt if isinstance(prompt, dict) else {}
    said = output if isinstance(output, dict) else {}
    usage = said.get("usage") or {}
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": asked.get("model"),
        "gen_ai.request.temperature": asked.get("temperature"),
        "gen_ai.response.model": said.get("model"),
        "gen_ai.response.id": said.get("id"),
        "gen_ai.usage.input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "gen_ai.usage.output_tokens": usage.get("completion_tokens", usage.get("output_tokens")),
        "gen_ai.input.messages": _text(asked.get("messages", asked.get("input", prompt))),
        "gen_ai.output.messages": _text(said.get("choices", said.get("output", output))),
    }


def _action(action: Action, redact: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": action.operation,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.arguments": _text(redact(action.fields)),
        "understudy.action.seq": action.seq,
        "understudy.action.system": action.system,
        "understudy.action.class": str(action.action_class) if action.action_class else None,
        "understudy.action.effect": str(action.effect) if action.effect else None,
        "understudy.action.target.type": action.target.type if action.target else None,
        "understudy.action.target.id": action.target.id if action.target else None,
        "understudy.action.amount.minor": action.amount_minor,
        "understudy.action.amount.currency": action.currency,
        "understudy.action.approval": action.approval_ref,
        "understudy.action.fault": action.fault,
        "http.response.status_code": action.response_status,
    }


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them; what is not known is left out.

    >>> _attributes({"a": 1, "b": None, "c": ["x"]})[1]
    {'key': 'c', 'value': {'arrayValue': {'values': [{'stringValue': 'x'}]}}}
    """
    return [{"key": key, "value": _any(each)} for key, each in values.items() if each is not None]


def _any(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any(each) for each in value]}}
    return {"stringValue": value if isinstance(value, str) else _text(value)}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _nanos(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
