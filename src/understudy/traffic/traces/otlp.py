"""OpenTelemetry's JSON: spans under the conventions for generative AI, and two common others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.spans import Span, loaded

__all__ = ["read_otlp"]

_ERROR = (2, "2", "STATUS_CODE_ERROR")
_SESSION = (
    "gen_ai.conversation.id", "session.id", "langfuse.session.id",
    "traceloop.association.properties.session_id",
)  # fmt: skip
_MODEL = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name")
_INPUT = (
    "gen_ai.tool.call.arguments", "gen_ai.input.messages", "input.value", "traceloop.entity.input",
    "gen_ai.prompt",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.tool.call.result", "gen_ai.output.messages", "output.value", "traceloop.entity.output",
    "gen_ai.completion",
)  # fmt: skip
_TOOL_NAME = ("gen_ai.tool.name", "tool.name", "traceloop.entity.name")
_USAGE = {
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
                     "llm.token_count.prompt"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
                      "llm.token_count.completion"),
}  # fmt: skip
_MODEL_CALLS = ("chat", "generate_content", "text_completion", "llm", "completion")


def read_otlp(document: Any) -> list[Span]:
    """The spans of one export request; raises `Malformed` where it is none."""
    batches = document.get("resourceSpans") if isinstance(document, dict) else None
    if not isinstance(batches, list):
        raise Malformed("no resourceSpans")
    return [_span(raw) for batch in batches for raw in _raw_spans(batch)]


def _raw_spans(batch: Any) -> Iterator[Any]:
    scopes = batch.get("scopeSpans") if isinstance(batch, dict) else None
    for scope in scopes if isinstance(scopes, list) else ():
        spans = scope.get("spans") if isinstance(scope, dict) else None
        yield from spans if isinstance(spans, list) else ()


def _span(raw: Any) -> Span:
    if not isinstance(raw, dict) or not isinstance(raw.get("traceId"), str):
        raise Malformed("a span without its trace")
    facts = _attributes(raw.get("attributes"))
    facts |= _from_events(raw.get("events"))
    status = raw.get("status")
    failed = isinstance(status, dict) and status.get("code") in _ERROR
    kind = _kind(facts, str(raw.get("name", "")))
    named = _first(facts, _TOOL_NAME) if kind == "tool" else None
    return Span(
        trace=raw["traceId"],
        id=str(raw.get("spanId", "")),
        parent=raw.get("parentSpanId") or None,
        kind=kind,
        name=str(named or str(raw.get("name", "")).removeprefix("execute_tool ")),
        session=_text(_first(facts, _SESSION)),
        started_at=moment_of(raw.get("startTimeUnixNano"), UTC),
        ended_at=moment_of(raw.get("endTimeUnixNano"), UTC),
        input=_told(facts, _INPUT, "prompt", "input_messages"),
        output=_told(facts, _OUTPUT, "completion", "output_messages"),
        error=_error(facts, status) if failed else None,
        model=_text(_first(facts, _MODEL)),
        usage=_usage(facts),
    )


def _kind(facts: Mapping[str, Any], name: str) -> str:
    word = str(
        facts.get("gen_ai.operation.name")
        or facts.get("openinference.span.kind")
        or facts.get("traceloop.span.kind")
        or ""
    ).lower()
    if word in ("execute_tool", "tool") or name.startswith("execute_tool "):
        return "tool"
    return "model" if word in _MODEL_CALLS else "other"


def _attributes(found: Any) -> dict[str, Any]:
    return {
        item["key"]: _value(item.get("value"))
        for item in (found if isinstance(found, list) else ())
        if isinstance(item, dict) and isinstance(item.get("key"), str)
    }


def _from_events(events: Any) -> dict[str, Any]:
    """Inputs and outputs that older conventions keep in events of the span."""
    found: dict[str, Any] = {}
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict) and str(event.get("name", "")).startswith(
            ("gen_ai", "exception")
        ):
            found |= _attributes(event.get("attributes"))
    return found


def _value(value: Any) -> Any:
    """An attribute's value without the word that tells its type."""
    if not isinstance(value, dict):
        return value
    for name, inner in value.items():
        if name == "intValue":
            digits = str(inner).removeprefix("-")
            return int(inner) if digits.isdecimal() and len(digits) < 20 else inner
        if name == "arrayValue":
            items = inner.get("values") if isinstance(inner, dict) else None
            return [_value(item) for item in items or ()]
        if name == "kvlistValue":
            return _attributes(inner.get("values") if isinstance(inner, dict) else None)
        return inner
    return None


def _told(facts: Mapping[str, Any], names: tuple[str, ...], *words: str) -> Any:
    found = _first(facts, names)
    return _numbered(facts, *words) if found is None else loaded(found)


def _numbered(facts: Mapping[str, Any], *words: str) -> list[dict[str, Any]] | None:
    """Messages that are spread over attributes, as `gen_ai.prompt.0.content`."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in facts.items():
        parts = name.split(".")
        places = (i for i, part in enumerate(parts) if part.isdecimal() and len(part) < 9)
        number = next(places, None)
        if number is not None and parts[number - 1] in words and parts[-1] in ("role", "content"):
            found.setdefault(int(parts[number]), {})[parts[-1]] = value
    return [found[number] for number in sorted(found)] or None


def _usage(facts: Mapping[str, Any]) -> dict[str, float]:
    pairs = {name: _first(facts, keys) for name, keys in _USAGE.items()}
    return {name: value for name, value in pairs.items() if isinstance(value, int | float)}


def _error(facts: Mapping[str, Any], status: Any) -> str:
    said = status.get("message") if isinstance(status, dict) else None
    return str(said or facts.get("exception.message") or facts.get("error.type") or "error")


def _first(facts: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((facts[name] for name in names if facts.get(name) not in (None, "")), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
