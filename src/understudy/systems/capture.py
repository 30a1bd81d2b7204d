"""From a write and its answer to the action that it was."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from understudy.model.action import Action, ActionClass, Effect, Target
from understudy.systems.message import Request
from understudy.systems.operation import Amount, Call, Operation, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.session import CaseSession

__all__ = ["Facts", "attempt", "captured", "describe"]

_APPROVAL = re.compile(rb"apr_[A-Za-z0-9]{24}")


class Facts(msgspec.Struct, frozen=True):
    """What a write is about, read from the request and the state before it."""

    target: Target | None
    amount: Amount | None
    gist: dict[str, Any]
    action_class: ActionClass
    effect: Effect


def describe(operation: Operation, call: Call) -> Facts:
    """The facts of a write before it is tried: afterwards the state no longer shows them."""
    stricter = operation.escalate(call) if operation.escalate else None
    other = operation.effect_of(call) if operation.effect_of else None
    return Facts(
        target=operation.target(call) if operation.target else None,
        amount=operation.amount(call) if operation.amount else None,
        gist=operation.gist(call),
        action_class=stricter or operation.action_class,
        effect=other or operation.effect,
    )


def captured(
    operation: Operation, call: Call, facts: Facts, reply: Reply, mark: int | None
) -> Action:
    """The action that one write was, accepted or refused; what it wrote stands after `mark`."""
    session, amount = call.session, facts.amount
    before, after = _states(operation.system, facts.target, reply, session.overlay, mark)
    return Action(
        system=operation.system,
        operation=operation.name,
        seq=len(session.actions) + 1,
        at=session.now,
        target=facts.target,
        fields=facts.gist,
        amount_minor=amount.minor if amount else None,
        currency=amount.currency if amount else None,
        amount_source=amount.source if amount else None,
        effect=facts.effect,
        action_class=facts.action_class,
        approval_ref=_approval(session, call.request),
        idempotency_key=call.request.headers.get("idempotency-key"),
        response_status=reply.status,
        reads_before=sum(session.reads.values()),
        before=before,
        after=after,
        reversible_by=operation.reversible_by,
    )


def attempt(session: CaseSession, system: str, name: str, request: Request, status: int) -> Action:
    """A write that did not get as far as an operation: unknown path, credential or encoding."""
    return Action(
        system=system,
        operation=name,
        seq=len(session.actions) + 1,
        at=session.now,
        fields={"method": request.method, "path": request.path},
        idempotency_key=request.headers.get("idempotency-key"),
        response_status=status,
    )


def table_of(system: str, kind: str) -> str:
    """The world's table for a target's type.

    >>> table_of("stripe", "charge"), table_of("hubspot", "contacts")
    ('stripe.charges', 'hubspot.contacts')
    """
    return f"{system}.{kind}" if kind.endswith("s") else f"{system}.{kind}s"


def _states(
    system: str, target: Target | None, reply: Reply, overlay: Overlay, mark: int | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    key = reply.created
    if target is not None and target.id is not None:
        key = (table_of(system, target.type), target.id)
    fields = None if key is None or mark is None else overlay.changed(mark, *key)
    if not fields:
        return None, None
    after = {name: pair[1] for name, pair in fields.items()}
    if key == reply.created:
        return None, after
    return {name: pair[0] for name, pair in fields.items()}, after


def _approval(session: CaseSession, request: Request) -> str | None:
    if not session.approvals:
        return None
    named = request.headers.get("x-approval-id", "").encode()
    for found in _APPROVAL.findall(named + b" " + request.body):
        name = str(found.decode())
        stands = session.approvals.get(name)
        if stands is not None and stands(session, name):
            return name
    return None
