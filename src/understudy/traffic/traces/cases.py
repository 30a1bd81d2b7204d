"""An agent's conversation as a case, and what it did in it as its proposed actions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from understudy.model.action import DESK, Action, Effect, Origin
from understudy.model.baseline import Outcome
from understudy.model.case import Case, Trigger, Turn
from understudy.model.proposal import Failure, FailureCause, Proposal
from understudy.model.world import World
from understudy.systems.calling import build_request
from understudy.systems.engine import Engine
from understudy.systems.operation import Operation
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.said import said_in, tools_in
from understudy.traffic.traces.spans import Span
from understudy.traffic.traces.tools import ToolRole, classify

__all__ = ["ToolTable", "TraceCase", "trace_case", "trace_proposal"]

_AGENT = "agent"
_ACCEPTED, _REFUSED = 200, 400
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TraceCase:
    """One conversation with what the agent did, and what a reader should know of."""

    case: Case
    proposal: Proposal
    notes: Counter[str]


@dataclass(slots=True)
class ToolTable:
    """Which operation a tool's call is: as named by the user, by its name, or by its verb.

    `named` maps tools to operations of the mocked systems. Without it a tool is one where its
    name is the operation's but for dots, dashes and a prefix, as tools over MCP are called. What
    a write is worth is read off the world, where there is one.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    world: World = field(default_factory=lambda: World({}))
    _engine: Engine = field(init=False)
    _known: dict[str, Operation] = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self._engine = Engine(self.world)
        operations = [each for s in self._engine.systems.values() for each in s.operations]
        self._known = {_plain(each.name): each for each in operations}

    @property
    def names(self) -> list[str]:
        """The names of all operations."""
        return [operation.name for operation in self._known.values()]

    def operation(self, tool: str) -> Operation | None:
        """The operation of a mocked system that a tool is, or None."""
        if tool in self.named:
            return self._known.get(_plain(self.named[tool]))
        words = _plain(tool).split("_")
        names = ("_".join(words[start:]) for start in range(len(words)))
        return next((self._known[name] for name in names if name in self._known), None)

    def write(self, operation: Operation, arguments: dict[str, Any], at: datetime | None) -> Action:
        """The action that such a call is, without the answer of a system that nobody asked."""
        self._count += 1
        name = f"trace-{self._count}"
        session = self._engine.open_case(name, now=at)
        try:
            systems = self._engine.systems
            self._engine.handle(build_request(operation, arguments, session.credentials, systems))
            found = session.actions[-1]
        except (ValueError, IndexError):
            found = Action(
                system=operation.system, operation=operation.name, fields=arguments,
                effect=operation.effect, action_class=operation.action_class,
            )  # fmt: skip
        finally:
            self._engine.close_case(name)
        return msgspec.structs.replace(found, before=None, after=None, response_status=None)


def trace_case(case_id: str, spans: Sequence[Span], tools: ToolTable) -> TraceCase:
    """The case of one conversation; raises `Malformed` where nobody asked for anything."""
    ordered = sorted(spans, key=lambda span: span.started_at or _NEVER)
    turns = _turns(ordered)
    asked = next((turn.text for turn in turns if turn.role == "customer"), None)
    payload = _payload(ordered)
    if asked is None and not payload:
        raise Malformed("a trace without anything that was asked")
    notes: Counter[str] = Counter()
    proposal = _proposal(case_id, ordered, turns, tools, notes)
    started = next((span.started_at for span in ordered if span.started_at), None)
    systems = {action.system for action in proposal.actions} | {
        name.partition(".")[0] for name in proposal.reads
    }
    return TraceCase(
        Case(
            case_id=case_id,
            scenario=next((span.name for span in ordered if span.parent is None), _AGENT) or _AGENT,
            cluster_id=case_id,
            trigger=Trigger(
                system="conversation", type="conversation",
                payload=payload or {"text": asked},
            ),
            received_at=started,
            turns=tuple(turns),
            observed_systems=tuple(sorted(systems | {DESK})),
            tags=("trace",),
        ),
        proposal,
        notes,
    )  # fmt: skip


def trace_proposal(
    case_id: str, spans: Sequence[Span], tools: ToolTable, notes: Counter[str]
) -> Proposal:
    """What the agent did about a case that is known; what it was asked need not be told."""
    ordered = sorted(spans, key=lambda span: span.started_at or _NEVER)
    return _proposal(case_id, ordered, _turns(ordered), tools, notes)


def _turns(spans: Sequence[Span]) -> list[Turn]:
    """The conversation as the models saw it; each message once."""
    seen: set[tuple[str, str]] = set()
    turns: list[Turn] = []
    for span in spans:
        if span.kind == "tool":
            continue
        for value, at in ((span.input, span.started_at), (span.output, span.ended_at)):
            for said in said_in(value):
                if (said.role, said.text) not in seen:
                    seen.add((said.role, said.text))
                    role = "customer" if said.role == "user" else "agent"
                    turns.append(Turn(role=role, text=said.text, at=at))
    return turns


def _payload(spans: Sequence[Span]) -> dict[str, Any]:
    """What the agent was started with, where that is a value rather than a conversation."""
    for span in spans:
        if span.parent is None and span.kind == "other" and span.input not in (None, "", {}):
            if said_in(span.input):
                return {}
            return span.input if isinstance(span.input, dict) else {"text": str(span.input)}
    return {}


def _proposal(
    case_id: str,
    spans: Sequence[Span],
    turns: Sequence[Turn],
    tools: ToolTable,
    notes: Counter[str],
) -> Proposal:
    actions: list[Action] = []
    reads: Counter[str] = Counter()
    for span in _calls(spans):
        action = _action(span, tools, notes)
        if action.effect is Effect.READ:
            reads[action.operation] += 1
        elif action.operation:
            actions.append(msgspec.structs.replace(action, seq=len(actions) + 1))
    failure = _failure(spans)
    return Proposal(
        case_id=case_id,
        outcome=_outcome(actions) if failure is None else Outcome.FAILED,
        actions=tuple(actions),
        usage=_usage(spans),
        cycle_time_ms=_span_ms(spans),
        reads=dict(reads),
        replies=tuple(turn.text for turn in turns if turn.role == "agent"),
        failure=failure,
    )


def _calls(spans: Sequence[Span]) -> Iterator[Span]:
    """Calls of tools; a tool that another tool's span holds is the same call told twice.

    Where a trace tells of no tool, what the models asked for stands in: nobody saw the answers.
    """
    if not any(span.kind == "tool" for span in spans):
        for span in spans:
            asked = tools_in(span.output) if span.kind == "model" else []
            for tool in asked:
                yield replace(span, kind="tool", name=tool.name, input=tool.arguments, output=None)
        return
    tools = {span.id: span for span in spans if span.kind == "tool" and span.id}
    for span in spans:
        outer = tools.get(span.parent or "")
        if span.kind == "tool" and not (outer is not None and outer.name == span.name):
            yield span


def _action(span: Span, tools: ToolTable, notes: Counter[str]) -> Action:
    arguments = span.input if isinstance(span.input, dict) else {}
    operation = tools.operation(span.name)
    status = None if span.output is None and span.error is None else _ACCEPTED
    changes: dict[str, Any] = {
        "at": span.started_at,
        "origin": Origin.RECORDED,
        "response_status": _REFUSED if span.error is not None else status,
        "candidate_saw_response": status is not None,
    }
    if operation is not None:
        if not operation.writes:
            return Action(system=operation.system, operation=operation.name, effect=Effect.READ)
        made = tools.write(operation, arguments, span.started_at)
        return msgspec.structs.replace(made, **changes)
    tool = classify(_AGENT, span.name)
    if tool.role is ToolRole.THINK:
        return Action(system=_AGENT, operation="", effect=Effect.DRAFT)
    notes["calls of tools that are no operation of a known system, classed by their names"] += 1
    return Action(
        system=tool.system(_AGENT), operation=tool.operation(_AGENT), effect=tool.effect,
        target=tool.target(arguments), fields=dict(arguments), action_class=tool.action_class,
        **changes,
    )  # fmt: skip


def _failure(spans: Sequence[Span]) -> Failure | None:
    """A conversation whose outermost step failed has no answer."""
    failed = next((each for each in spans if each.parent is None and each.error), None)
    if failed is None or failed.kind == "tool":
        return None
    return Failure(cause=FailureCause.CANDIDATE, reason="raised", detail=failed.error or "")


def _outcome(actions: Sequence[Action]) -> Outcome:
    accepted = [action for action in actions if not action.refused]
    if any(action.escalates for action in accepted):
        return Outcome.ESCALATED
    return Outcome.ACTED if accepted else Outcome.ABSTAINED


def _usage(spans: Sequence[Span]) -> dict[str, Any]:
    total: dict[str, float] = {}
    for span in spans:
        for name, value in span.usage.items():
            total[name] = total.get(name, 0.0) + value
    model = next((span.model for span in spans if span.model), None)
    found = {name: round(value, 9) for name, value in total.items()}
    return {**found, "model": model} if model else found


def _span_ms(spans: Sequence[Span]) -> int | None:
    starts = [span.started_at for span in spans if span.started_at]
    ends = [span.ended_at for span in spans if span.ended_at]
    if not starts or not ends or max(ends) < min(starts):
        return None
    return round((max(ends) - min(starts)).total_seconds() * 1000)


def _plain(name: str) -> str:
    """A name without its punctuation: `mcp__crm__hubspot-objects.update` and the like."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
