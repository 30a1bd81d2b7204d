"""A recorded run as a case, its reference as a baseline, and the agent's calls as a proposal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from understudy.model.action import DESK, Action, AmountSource, Origin
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case, Trigger, Turn
from understudy.model.money import to_minor
from understudy.model.proposal import Failure, FailureCause, Proposal
from understudy.traffic.dialogues.tau_runs import ReferenceCall, Run, ToolCall
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.tools import Tool, ToolRole, classify

__all__ = ["CUSTOMER_CALLS", "UNKNOWN_TOOLS", "Converted", "convert"]

CUSTOMER_CALLS = "calls of the customer's side, kept apart"
UNKNOWN_TOOLS = "calls of tools in no table, classed by their names"
_UNANSWERED = "calls without a recorded answer"
_REFUSED = "writes that the system refused, kept as attempts"
_CURRENCY = "USD"
_ACCEPTED, _REFUSAL = 200, 400
# How a run ended where somebody other than the candidate brought it down. A run that took too
# long or too many steps is the candidate's: who may hang without a price will.
_INFRASTRUCTURE = frozenset({"infrastructure_error", "user_error", "unexpected_error"})
_CANDIDATE = frozenset(
    {"max_steps", "timeout", "too_many_errors", "agent_error", "context_window_exceeded"}
)


@dataclass(frozen=True, slots=True)
class Converted:
    """One run in the domain's types, with what a reader of the import should know of."""

    case: Case
    baseline: Baseline
    proposal: Proposal
    notes: Counter[str]


def convert(run: Run, case_id: str) -> Converted:
    """The case of one run; raises `Malformed` where nobody asked for anything."""
    notes: Counter[str] = Counter()
    return Converted(
        _case(run, case_id),
        _baseline(run, case_id, notes),
        _proposal(run, case_id, notes),
        notes,
    )


def _case(run: Run, case_id: str) -> Case:
    first = next((said for said in run.utterances if said.role == "user"), None)
    if first is None:
        raise Malformed("the customer says nothing")
    segment = {"domain": run.domain}
    if run.trial is not None:
        segment["trial"] = str(run.trial)
    return Case(
        case_id=case_id,
        scenario=run.domain,
        cluster_id=f"{run.domain}-{run.task_id}",
        trigger=Trigger(system=run.domain, type="conversation", payload={"text": first.text}),
        segment=segment,
        received_at=first.at,
        turns=tuple(
            Turn(role=said.role, text=said.text, at=said.at, simulated=said.role == "user")
            for said in run.utterances
        ),
        observed_systems=(run.domain, DESK),
    )


def _baseline(run: Run, case_id: str, notes: Counter[str]) -> Baseline:
    actions = _reference_actions(run, notes)
    return Baseline(
        case_id=case_id,
        baseline_id="reference",
        source=BaselineSource.POLICY,
        actor="annotator",
        outcome=_outcome(actions),
        actions=actions,
        reply_facts=run.reply_facts,
    )


def _reference_actions(run: Run, notes: Counter[str]) -> tuple[Action, ...]:
    actions: list[Action] = []
    for call in run.reference:
        if call.actor == "user":
            notes[CUSTOMER_CALLS] += 1
            continue
        tool = classify(run.domain, call.name)
        if tool.role in (ToolRole.WRITE, ToolRole.ESCALATE):
            actions.append(_action(run.domain, tool, call, len(actions) + 1))
    return tuple(actions)


def _proposal(run: Run, case_id: str, notes: Counter[str]) -> Proposal:
    own = tuple(_own_calls(run, notes))
    actions = tuple(
        _attempt(run.domain, tool, call, seq)
        for seq, (tool, call) in enumerate(_of_role(own, ToolRole.WRITE, ToolRole.ESCALATE), 1)
    )
    notes[_REFUSED] += sum(action.refused for action in actions)
    failure = _failure(run)
    return Proposal(
        case_id=case_id,
        outcome=_outcome(actions) if failure is None else Outcome.FAILED,
        actions=actions,
        usage=dict(run.usage),
        cycle_time_ms=run.cycle_time_ms,
        reads=dict(Counter(tool.operation(run.domain) for tool, _ in _of_role(own, ToolRole.READ))),
        replies=tuple(said.text for said in run.utterances if said.role == "assistant"),
        failure=failure,
        recorded=run.recorded,
    )


def _own_calls(run: Run, notes: Counter[str]) -> Iterator[tuple[Tool, ToolCall]]:
    """The calls of the candidate's side; the customer's are counted and go nowhere else."""
    for call in run.calls:
        if call.actor == "user":
            notes[CUSTOMER_CALLS] += 1
            continue
        tool = classify(run.domain, call.name)
        notes[UNKNOWN_TOOLS] += not tool.known
        notes[_UNANSWERED] += call.answer is None
        yield tool, call


def _of_role(
    calls: Iterable[tuple[Tool, ToolCall]], *roles: ToolRole
) -> Iterator[tuple[Tool, ToolCall]]:
    return ((tool, call) for tool, call in calls if tool.role in roles)


def _attempt(domain: str, tool: Tool, call: ToolCall, seq: int) -> Action:
    """A call as the log shows it: accepted, refused, or without an answer."""
    status = None
    if call.answer is not None:
        status = _REFUSAL if call.answer.refused else _ACCEPTED
    changes = {"at": call.at, "response_status": status}
    return _action(
        domain, tool, call, seq, **changes, candidate_saw_response=call.answer is not None
    )


def _action(
    domain: str, tool: Tool, call: ReferenceCall | ToolCall, seq: int, **more: Any
) -> Action:
    amount = _amount(tool.name, call.arguments)
    return Action(
        seq=seq,
        system=tool.system(domain),
        operation=tool.operation(domain),
        target=tool.target(call.arguments),
        fields=dict(call.arguments),
        amount_minor=amount,
        currency=None if amount is None else _CURRENCY,
        amount_source=None if amount is None else AmountSource.EXPLICIT,
        effect=tool.effect,
        action_class=tool.action_class,
        origin=Origin.RECORDED,
        **more,
    )


def _amount(tool: str, arguments: Mapping[str, Any]) -> int | None:
    """What the call itself says is at stake, in cents."""
    if tool == "send_certificate":
        return _cents(arguments.get("amount"))
    payments = arguments.get("payment_methods")
    if tool == "book_reservation" and isinstance(payments, list):
        parts = [_cents(part.get("amount")) for part in payments if isinstance(part, dict)]
        return sum(part for part in parts if part is not None)
    return None


def _cents(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return to_minor(Decimal(str(value)), _CURRENCY)
    except (ValueError, ArithmeticError):
        return None


def _outcome(actions: Iterable[Action]) -> Outcome:
    """How it ended, by what took effect: an attempt that was refused is none."""
    accepted = [action for action in actions if not action.refused]
    if any(action.escalates for action in accepted):
        return Outcome.ESCALATED
    return Outcome.ACTED if accepted else Outcome.ABSTAINED


def _failure(run: Run) -> Failure | None:
    """A failure where the log says so; what it does not name is the candidate's."""
    reason = run.recorded.termination
    if reason in _INFRASTRUCTURE:
        return Failure(cause=FailureCause.INFRASTRUCTURE, reason=str(reason))
    if reason in _CANDIDATE:
        return Failure(cause=FailureCause.CANDIDATE, reason=str(reason))
    if not run.scored:
        return Failure(cause=FailureCause.CANDIDATE, reason=reason or "unfinished")
    return None
