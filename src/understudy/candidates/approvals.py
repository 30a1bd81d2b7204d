"""Agents that stop for a person: their interruptions go to the desk, and its decision goes back.

An integration that waits for approvals is resumed on the same thread of its own framework, as its
own back office would do it. The desk's reviewer decides from what people did.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from understudy.candidates.tool_door import Foreseen, Target, foreseen
from understudy.candidates.toolbox import Toolbox, approved

__all__ = ["Decision", "arun_graph", "run_agent", "run_graph"]

_LOOK_EVERY = 30.0
"""Seconds of the case's own time between two looks at a pending approval."""
_MOST_ROUNDS = 25

Resume = Callable[[Any, "Decision"], Any]
"""From what an interrupt says and the desk's decision to what the graph is resumed with."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the desk said of one call: `status` is approved, modified, rejected or escalated."""

    call: Foreseen
    approval: str
    status: str
    amount: int | None = None
    """What was approved instead, in minor units, where it was modified."""

    @property
    def granted(self) -> bool:
        """Whether the call may go on as it was asked for."""
        return self.status == "approved"

    @property
    def reason(self) -> str:
        """What the agent is told of a call that may not."""
        if self.status == "modified":
            return f"Not approved as asked; {self.amount} (minor units) would be."
        return "A person takes this over." if self.status == "escalated" else "Not approved."


def run_graph(
    graph: Any,
    given: Any,
    case: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    *,
    resume: Resume | None = None,
) -> Any:
    """Invoke a LangGraph graph until nothing interrupts it any more; its last state.

    The graph needs a checkpointer; the thread is the case's own in this repeat of this run. `map`
    is that of `shadow_tools`.
    Interrupts of the human-in-the-loop middleware are understood, and lists of requests as agent
    inboxes take them (`action_request`); what another interrupt is resumed with says `resume`, by
    default whether the desk has approved it.
    """
    config = _thread(case, systems)
    state = graph.invoke(given, config)
    for _ in range(_MOST_ROUNDS):
        decided: list[Decision] = []
        command = _command(state, systems, map, resume, decided)
        if command is None:
            return state
        with _referring(decided):
            state = graph.invoke(command, config)
    raise _without_end("graph")


async def arun_graph(
    graph: Any,
    given: Any,
    case: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    *,
    resume: Resume | None = None,
) -> Any:
    """`run_graph` for graphs whose nodes and tools are coroutines."""
    config = _thread(case, systems)
    state = await graph.ainvoke(given, config)
    for _ in range(_MOST_ROUNDS):
        decided: list[Decision] = []
        command = _command(state, systems, map, resume, decided)
        if command is None:
            return state
        with _referring(decided):
            state = await graph.ainvoke(command, config)
    raise _without_end("graph")


async def run_agent(
    agent: Any, given: Any, systems: Toolbox, map: Mapping[str, Target], **options: Any
) -> Any:
    """Run an agent of OpenAI's Agents SDK until no tool waits for approval; its last result.

    `options` go to `Runner.run` each time; `map` is that of `shadow_tools`.
    """
    from agents import Runner

    result = await Runner.run(agent, given, **options)
    for _ in range(_MOST_ROUNDS):
        if not result.interruptions:
            return result
        state = result.to_state()
        decided = []
        for item in result.interruptions:
            arguments = orjson.loads(getattr(item.raw_item, "arguments", None) or "{}")
            decision = _decided(systems, foreseen(map, item.tool_name or "", arguments))
            decided.append(decision)
            if decision.granted:
                state.approve(item)
            else:
                state.reject(item, rejection_message=decision.reason)
        with _referring(decided):
            result = await Runner.run(agent, state, **options)
    raise _without_end("agent")


def _thread(case: Any, systems: Toolbox) -> dict[str, Any]:
    # A checkpointer outlives the case: another repeat must not go on with what this one said.
    return {"configurable": {"thread_id": f"{case.id}-{systems.handling}"}}


def _without_end(what: str) -> RuntimeError:
    return RuntimeError(f"the {what} is interrupted after {_MOST_ROUNDS} decisions yet")


def _command(
    state: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    resume: Resume | None,
    decided: list[Decision],
) -> Any:
    """What the graph goes on with, or None where nothing interrupts it."""
    from langgraph.types import Command

    interrupts = state.get("__interrupt__") if isinstance(state, Mapping) else None
    if not interrupts:
        return None
    return Command(
        resume={
            each.id: _answered(each.value, systems, map, resume, decided) for each in interrupts
        }
    )


def _answered(
    value: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    resume: Resume | None,
    decided: list[Decision],
) -> Any:
    """What one interrupt is resumed with; what was decided is added to `decided`."""
    asked, wrapped = _requests(value) if resume is None else (None, _as_middleware)
    if asked is not None:
        found = [_decided(systems, _named(map, each)) for each in asked]
        decided += found
        return wrapped(found)
    decision = _decided(systems, _named(map, value))
    decided.append(decision)
    return decision.granted if resume is None else resume(value, decision)


def _requests(value: Any) -> tuple[list[Any] | None, Callable[[list[Decision]], Any]]:
    """The calls that are asked about in a form that is known, and how they are answered in it."""
    if isinstance(value, Mapping) and isinstance(value.get("action_requests"), list):
        return value["action_requests"], _as_middleware
    if isinstance(value, list) and value and all(_of_inbox(each) for each in value):
        return [each["action_request"] for each in value], _as_inbox
    return None, _as_middleware


def _of_inbox(value: Any) -> bool:
    return isinstance(value, Mapping) and "action_request" in value


def _as_middleware(decisions: list[Decision]) -> Any:
    return {
        "decisions": [
            {"type": "approve"} if each.granted else {"type": "reject", "message": each.reason}
            for each in decisions
        ]
    }


def _as_inbox(decisions: list[Decision]) -> Any:
    return [
        {"type": "accept", "args": None}
        if each.granted
        else {"type": "response", "args": each.reason}
        for each in decisions
    ]


def _named(map: Mapping[str, Target], value: Any) -> Foreseen:
    """The call that an interrupt is about, where it names a tool and its arguments."""
    if isinstance(value, Mapping):
        name = value.get("name") or value.get("tool") or value.get("action")
        arguments: Any = next((value[key] for key in ("args", "arguments") if key in value), {})
        if isinstance(name, str) and isinstance(arguments, Mapping):
            return foreseen(map, name, arguments)
    return Foreseen("", "", {"operation": "", "asked": str(value)[:2000]})


def _decided(systems: Toolbox, call: Foreseen) -> Decision:
    """Ask the desk and wait, in the case's own time, until it has decided."""
    row = systems.call("desk.approvals.create", action=call.action)
    while row["status"] == "pending":
        time.sleep(_LOOK_EVERY)
        row = systems.call("desk.approvals.get", id=row["id"])
    other = row.get("approved_action") or {}
    return Decision(call, row["id"], row["status"], other.get("amount"))


def _referring(decided: list[Decision]) -> contextlib.AbstractContextManager[None]:
    """Let the calls that were approved refer to it when they are made."""
    return approved(
        {(each.call.operation, each.call.params): each.approval for each in decided if each.granted}
    )
