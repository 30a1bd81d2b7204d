"""LangSmith's runs, as JSON, JSON lines or the Parquet of its bulk export."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.spans import Span, loaded

__all__ = ["read_langsmith"]

_KINDS = {"tool": "tool", "llm": "model"}
_SESSION = ("session_id", "thread_id", "conversation_id")
_DEEPEST = 50


def read_langsmith(document: Any) -> list[Span]:
    """The spans of one run and the runs inside it, or of a page of them; `Malformed` for others."""
    if isinstance(document, dict) and isinstance(document.get("runs"), list):
        return [span for item in document["runs"] for span in _runs(item, None, 0)]
    return _runs(document, None, 0)


def _runs(run: Any, trace: str | None, depth: int) -> list[Span]:
    if not isinstance(run, dict) or not run.get("id") or not isinstance(run.get("run_type"), str):
        raise Malformed("not a run")
    own = str(run.get("trace_id") or trace or run["id"])
    inner = run.get("child_runs")
    spans = [_span(run, own)]
    if isinstance(inner, list) and depth < _DEEPEST:
        spans += [span for item in inner for span in _runs(item, own, depth + 1)]
    return spans


def _span(run: dict[str, Any], trace: str) -> Span:
    kind = _KINDS.get(run["run_type"], "other")
    output = loaded(run.get("outputs"))
    return Span(
        trace=trace,
        id=str(run["id"]),
        parent=str(run["parent_run_id"]) if run.get("parent_run_id") else None,
        kind=kind,
        name=str(run.get("name") or ""),
        session=_session(run),
        started_at=moment_of(run.get("start_time"), UTC),
        ended_at=moment_of(run.get("end_time"), UTC),
        input=_arguments(run) if kind == "tool" else loaded(run.get("inputs")),
        output=output.get("output", output) if isinstance(output, dict) else output,
        error=str(run["error"]) if run.get("error") else None,
        usage=_usage(run),
    )


def _arguments(run: dict[str, Any]) -> Any:
    """A tool's arguments; frameworks that pass one text wrap it as `input`."""
    found = loaded(run.get("inputs"))
    if isinstance(found, dict) and list(found) == ["input"]:
        inner = loaded(found["input"])
        return inner if isinstance(inner, dict) else found
    return found


def _session(run: dict[str, Any]) -> str | None:
    """The conversation, as tracing sets it in the metadata; the project is no conversation."""
    extra = loaded(run.get("extra"))
    metadata = extra.get("metadata") if isinstance(extra, dict) else None
    found = metadata if isinstance(metadata, dict) else {}
    return next((str(found[name]) for name in _SESSION if found.get(name)), None)


def _usage(run: dict[str, Any]) -> dict[str, float]:
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
    found: dict[str, float] = {}
    for theirs, ours in (*names.items(), ("total_cost", "cost_usd")):
        try:
            if run.get(theirs) is not None and run["run_type"] == "llm":
                found[ours] = float(run[theirs])
        except (TypeError, ValueError):
            continue
    return found
