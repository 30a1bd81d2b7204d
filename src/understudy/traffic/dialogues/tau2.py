"""The log schema of tau²-bench: tasks and simulations, or simulations on their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from understudy.model.proposal import RecordedOutcome
from understudy.traffic.dialogues.tau_runs import ReferenceCall, Run, ToolCall, read_messages
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.tools import domain_of

__all__ = ["Tau2File", "is_tau2", "open_tau2", "read_tau2"]


@dataclass(frozen=True, slots=True)
class Tau2File:
    """What the runs of one file share: the tasks by id, and the domain where the file names it."""

    tasks: Mapping[str, Mapping[str, Any]]
    domain: str | None
    simulations: list[Any]


def is_tau2(content: Any) -> bool:
    """Whether the content has simulations, beneath their key or as a bare list."""
    records = content.get("simulations") if isinstance(content, dict) else content
    return isinstance(records, list) and any(
        isinstance(record, dict) and "messages" in record for record in records
    )


def open_tau2(content: Any) -> Tau2File:
    """The shared part of a file; tasks that are no objects are as good as absent."""
    if isinstance(content, list):
        return Tau2File({}, None, content)
    tasks = {
        str(task["id"]): task
        for task in _objects(content.get("tasks"))
        if task.get("id") is not None
    }
    environment = _at(content, "info", "environment_info")
    domain = environment.get("domain_name") if isinstance(environment, dict) else None
    return Tau2File(tasks, domain if isinstance(domain, str) else None, content["simulations"])


def read_tau2(record: Any, file: Tau2File) -> Run:
    """One simulation; raises `Malformed` with the reason where it cannot be used."""
    if not isinstance(record, dict):
        raise Malformed("not an object")
    utterances, calls, repairs = read_messages(record.get("messages"))
    scored = record.get("reward_info")
    scored = scored if isinstance(scored, dict) else None
    task_id, recovered = _task_id(record, scored)
    task = file.tasks.get(task_id)
    reference, facts = _expected(task, scored)
    trial = record.get("trial")
    return Run(
        task_id=task_id,
        trial=trial if isinstance(trial, int) else None,
        domain=file.domain or _domain(task, calls, reference),
        utterances=utterances,
        calls=calls,
        reference=reference,
        reply_facts=facts,
        recorded=_recorded(scored, record.get("termination_reason")),
        scored=scored is not None,
        usage=_usage(record),
        cycle_time_ms=_milliseconds(record.get("duration")),
        repairs=repairs + recovered,
    )


def _task_id(
    record: Mapping[str, Any], scored: Mapping[str, Any] | None
) -> tuple[str, tuple[str, ...]]:
    """The task's id; where it is missing, the checks of its actions are named after it."""
    if record.get("task_id") is not None:
        return str(record["task_id"]), ()
    for check in _objects((scored or {}).get("action_checks")):
        name = _at(check, "action", "action_id")
        if isinstance(name, str) and name.rpartition("_")[0]:
            return name.rpartition("_")[0], ("task id taken from its action checks",)
    raise Malformed("no task id")


def _expected(
    task: Mapping[str, Any] | None, scored: Mapping[str, Any] | None
) -> tuple[tuple[ReferenceCall, ...], tuple[str, ...]]:
    """The reference from the task, or from the checks that were made against it."""
    criteria = task.get("evaluation_criteria") if task else None
    if isinstance(criteria, dict):
        actions = _objects(criteria.get("actions"))
        facts = criteria.get("communicate_info") or []
    elif scored is not None and isinstance(scored.get("action_checks"), list):
        actions = [
            check["action"]
            for check in _objects(scored["action_checks"])
            if isinstance(check.get("action"), dict)
        ]
        facts = [check.get("info") for check in _objects(scored.get("communicate_checks"))]
    else:
        raise Malformed("no reference actions")
    said = tuple(str(fact) for fact in facts if fact is not None) if isinstance(facts, list) else ()
    return tuple(_reference_call(action) for action in actions), said


def _reference_call(action: Mapping[str, Any]) -> ReferenceCall:
    name, arguments = action.get("name"), action.get("arguments")
    if not isinstance(name, str):
        raise Malformed("a reference action has no name")
    actor = action.get("requestor") or "assistant"
    return ReferenceCall(name, arguments if isinstance(arguments, dict) else {}, str(actor))


def _recorded(scored: Mapping[str, Any] | None, termination: Any) -> RecordedOutcome:
    parts = scored or {}
    reward = parts.get("reward")
    checks = _objects(parts.get("communicate_checks"))
    match = _at(parts, "db_check", "db_match")
    return RecordedOutcome(
        reward=float(reward) if isinstance(reward, int | float) else None,
        state_match=match if isinstance(match, bool) else None,
        replies_match=all(check.get("met") is True for check in checks) if checks else None,
        termination=termination if isinstance(termination, str) else None,
    )


def _domain(
    task: Mapping[str, Any] | None,
    calls: tuple[ToolCall, ...],
    reference: tuple[ReferenceCall, ...],
) -> str:
    named = _at(task, "user_scenario", "instructions", "domain")
    if isinstance(named, str) and named:
        return named
    names = [call.name for call in calls] + [call.name for call in reference]
    return domain_of(names) or "unknown"


def _usage(record: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and cost of the candidate's side; a price of 0 for used tokens is an unknown price."""
    usage: dict[str, Any] = {}
    for message in _objects(record.get("messages")):
        counted = message.get("usage")
        if message.get("role") == "assistant" and isinstance(counted, dict):
            for name, key in (
                ("input_tokens", "prompt_tokens"),
                ("output_tokens", "completion_tokens"),
            ):
                number = counted.get(key)
                usage[name] = usage.get(name, 0) + (number if isinstance(number, int) else 0)
    cost = record.get("agent_cost")
    if isinstance(cost, int | float) and not isinstance(cost, bool) and cost > 0:
        usage |= {"cost": str(Decimal(repr(cost))), "currency": "USD"}
    return usage


def _milliseconds(seconds: Any) -> int | None:
    return round(seconds * 1000) if isinstance(seconds, int | float) and seconds >= 0 else None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
