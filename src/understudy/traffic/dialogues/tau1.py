"""The log schema of tau-bench: a list of runs, each with its task, its messages and its reward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from understudy.model.proposal import RecordedOutcome
from understudy.traffic.dialogues.tau_runs import ReferenceCall, Run, read_messages
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.tools import domain_of

__all__ = ["is_tau1", "read_tau1", "tau1_domain"]


def is_tau1(content: Any) -> bool:
    """Whether the content is a list of runs with a `traj`."""
    return isinstance(content, list) and any(
        isinstance(record, dict) and "traj" in record for record in content
    )


def tau1_domain(records: Iterable[Any]) -> str:
    """The domain of the file, from the tools that its runs and references use."""
    names: set[str] = set()
    for record in records:
        names |= _tool_names(record)
    return domain_of(names) or "unknown"


def read_tau1(record: Any, domain: str) -> Run:
    """One run; raises `Malformed` with the reason where it cannot be used."""
    if not isinstance(record, dict):
        raise Malformed("not an object")
    info = _object(record.get("info"), "no info")
    task = _object(info.get("task"), "no task")
    if record.get("task_id") is None:
        raise Malformed("no task id")
    utterances, calls, repairs = read_messages(record.get("traj"))
    scored = info.get("reward_info")
    trial = record.get("trial")
    return Run(
        task_id=str(record["task_id"]),
        trial=trial if isinstance(trial, int) else None,
        domain=domain_of(_tool_names(record)) or domain,
        utterances=utterances,
        calls=calls,
        reference=_reference(task.get("actions")),
        reply_facts=_facts(task.get("outputs")),
        recorded=_recorded(record.get("reward"), scored),
        scored=scored is not None,
        repairs=repairs,
    )


def _recorded(reward: Any, scored: Any) -> RecordedOutcome:
    """The log's own verdicts; it keeps either that of the state or that of the replies."""
    parts = scored.get("info") if isinstance(scored, dict) else None
    parts = parts if isinstance(parts, dict) else {}
    return RecordedOutcome(
        reward=float(reward) if isinstance(reward, int | float) else None,
        state_match=_positive(parts.get("r_actions")),
        replies_match=_positive(parts.get("r_outputs")),
        termination=None if scored is not None else "unfinished",
    )


def _positive(value: Any) -> bool | None:
    return value > 0 if isinstance(value, int | float) else None


def _reference(actions: Any) -> tuple[ReferenceCall, ...]:
    if not isinstance(actions, list):
        raise Malformed("no reference actions")
    return tuple(_reference_call(action) for action in actions)


def _reference_call(action: Any) -> ReferenceCall:
    if not isinstance(action, dict) or not isinstance(action.get("name"), str):
        raise Malformed("a reference action has no name")
    arguments = action.get("kwargs", action.get("arguments"))
    return ReferenceCall(action["name"], arguments if isinstance(arguments, dict) else {})


def _facts(outputs: Any) -> tuple[str, ...]:
    return tuple(str(fact) for fact in outputs) if isinstance(outputs, list) else ()


def _tool_names(record: Any) -> set[str]:
    """Every tool that a record names, called or expected; tolerant, for it runs before checks."""
    if not isinstance(record, Mapping):
        return set()
    names: set[str] = set()
    for message in _each(record.get("traj")):
        for call in _each(message.get("tool_calls")):
            function = call.get("function")
            names.add(str(function.get("name")) if isinstance(function, dict) else "")
    info = record.get("info")
    task = info.get("task") if isinstance(info, dict) else None
    for action in _each(task.get("actions") if isinstance(task, dict) else None):
        names.add(str(action.get("name")))
    return names


def _each(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: Any, reason: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(reason)
    return value
