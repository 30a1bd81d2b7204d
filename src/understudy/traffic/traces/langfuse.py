"""Langfuse's exports: traces with their observations, or observations alone."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.spans import Span, loaded

__all__ = ["read_langfuse"]

_KINDS = {"TOOL": "tool", "GENERATION": "model"}
# The export to blob storage names columns as the database does.
_CAMEL = {
    "trace_id": "traceId", "start_time": "startTime", "end_time": "endTime",
    "parent_observation_id": "parentObservationId", "session_id": "sessionId",
    "status_message": "statusMessage", "usage_details": "usageDetails",
    "provided_model_name": "model", "total_cost": "totalCost",
}  # fmt: skip
_TOKENS = {
    "input_tokens": ("input", "promptTokens", "prompt_tokens", "input_tokens"),
    "output_tokens": ("output", "completionTokens", "completion_tokens", "output_tokens"),
}


def read_langfuse(document: Any) -> list[Span]:
    """The spans of one trace, observation or page of either; raises `Malformed` for others."""
    if not isinstance(document, dict):
        raise Malformed("not an object")
    document = {_CAMEL.get(name, name): value for name, value in document.items()}
    for name in ("data", "traces"):
        if isinstance(document.get(name), list):
            return [span for item in document[name] for span in read_langfuse(item)]
    inner = document.get("trace")
    whole = {**inner, **document} if isinstance(inner, dict) else document
    if _is_observation(whole):
        return [_observation(whole, str(whole["traceId"]), None)]
    if not isinstance(whole.get("id"), str) or not ({"input", "timestamp"} & whole.keys()):
        raise Malformed("neither a trace nor an observation")
    session = _text(whole.get("sessionId"))
    observations = whole.get("observations")
    parts = observations if isinstance(observations, list) else []
    return [
        _root(whole, session),
        *(_observation(part, whole["id"], session) for part in parts if isinstance(part, dict)),
    ]


def _is_observation(value: dict[str, Any]) -> bool:
    return isinstance(value.get("traceId"), str) and isinstance(value.get("type"), str)


def _root(trace: dict[str, Any], session: str | None) -> Span:
    return Span(
        trace=trace["id"],
        id="",
        kind="other",
        name=str(trace.get("name") or ""),
        session=session,
        started_at=moment_of(trace.get("timestamp"), UTC),
        input=loaded(trace.get("input")),
        output=loaded(trace.get("output")),
    )


def _observation(part: dict[str, Any], trace: str, session: str | None) -> Span:
    failed = part.get("level") == "ERROR"
    return Span(
        trace=trace,
        id=str(part.get("id") or ""),
        parent=_text(part.get("parentObservationId")),
        kind=_KINDS.get(str(part.get("type")).upper(), "other"),
        name=str(part.get("name") or ""),
        session=session or _text(part.get("sessionId")),
        started_at=moment_of(part.get("startTime"), UTC),
        ended_at=moment_of(part.get("endTime"), UTC),
        input=loaded(part.get("input")),
        output=loaded(part.get("output")),
        error=str(part.get("statusMessage") or "error") if failed else None,
        model=_text(part.get("model")),
        usage=_usage(part),
    )


def _usage(part: dict[str, Any]) -> dict[str, float]:
    details = loaded(part.get("usageDetails")) or loaded(part.get("usage"))
    found = {}
    for name, keys in _TOKENS.items() if isinstance(details, dict) else ():
        value = next((details[key] for key in keys if isinstance(details.get(key), int)), None)
        if value is not None:
            found[name] = float(value)
    cost = part.get("calculatedTotalCost", part.get("totalCost"))
    return {**found, "cost_usd": float(cost)} if isinstance(cost, int | float) else found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
