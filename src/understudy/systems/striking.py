"""A call that faults befall: before it is carried out, after, or on the answer's way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec

from understudy.model.action import Action
from understudy.model.campaign import FaultKind
from understudy.systems.blow import Blow
from understudy.systems.capture import captured, describe, table_of
from understudy.systems.damage import cut_off, drifted, halved, html_page, lost, shifted
from understudy.systems.message import Pace, Response, WireFault
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.session import CaseSession
from understudy.systems.system import System

__all__ = ["CarryOut", "struck"]

CarryOut = Callable[[System, Operation, Call], Response]

_LAGS = (FaultKind.STALE_READ, FaultKind.INDEX_LAG)
_UNSEEN = (
    FaultKind.HANG, FaultKind.STATUS, FaultKind.APPLY_THEN_RESET, FaultKind.TRUNCATE,
    FaultKind.HALF_JSON, FaultKind.HTML,
)  # fmt: skip


def struck(
    blows: Sequence[Blow], system: System, operation: Operation, call: Call, carry_out: CarryOut
) -> Response:
    """The answer to a call under these faults; its action, if it is a write, names them."""
    session = call.session
    session.fate.struck.extend(blows)
    late = _waited(blows, call)
    _close(blows, system, operation, session)
    known, before = len(session.actions), list(session.actions)
    response = whole = _barred(blows, system, operation, call)
    if response is None:
        whole = _carried_out(blows, system, operation, call, carry_out)
        response = _damaged(blows, system, call, whole)
    elif operation.writes:
        reply = Reply(response.status)
        session.actions.append(captured(operation, call, describe(operation, call), reply, None))
    if late:
        response = lost(WireFault.HANG)
    spoilt = response is not whole and any(blow.kind in _UNSEEN for blow in blows)
    written = len(session.actions) > known
    if written:
        fallen = [blow for blow in blows if blow not in session.fate.idle]
        _mark(session, _names(fallen, system, operation, session), spoilt or bool(response.wire))
    elif spoilt or response.wire:
        session.actions[:] = before  # what was told again was not seen either
    return _silenced(response, session, before)


def _silenced(response: Response, session: CaseSession, before: Sequence[Action]) -> Response:
    """The answer with the silence before it, in which the client of a write may give up."""
    silence, session.fate.silence = session.fate.silence, 0.0
    if not silence:
        return response
    # The action that this answer tells of: a new one, or one that is told again.
    places = (n for n, one in enumerate(session.actions) if one not in before[n : n + 1])
    number = next(places, None)

    def given_up() -> None:
        if number is not None:
            with session.lock:
                action = session.actions[number]
                unseen = msgspec.structs.replace(action, candidate_saw_response=False)
                session.actions[number] = unseen

    return msgspec.structs.replace(
        response, silence=silence, given_up=None if number is None else given_up
    )


def _mark(session: CaseSession, names: list[FaultKind], unseen: bool) -> None:
    """Let the last action tell what befell it."""
    session.actions[-1] = msgspec.structs.replace(
        session.actions[-1],
        candidate_saw_response=not unseen,
        fault="+".join(names) or None,
    )


def _names(
    blows: Sequence[Blow], system: System, operation: Operation, session: CaseSession
) -> list[FaultKind]:
    lasting = []
    if system.name in session.fate.expired:
        lasting.append(FaultKind.TOKEN_EXPIRY)
    elif operation.name in session.fate.denied:
        lasting.append(FaultKind.SCOPE_DENIED)
    return list(dict.fromkeys([*(blow.kind for blow in blows), *lasting]))


def _waited(blows: Sequence[Blow], call: Call) -> bool:
    """Let the latency pass; whether the client has given up meanwhile."""
    seconds = sum(b.options["seconds"] for b in blows if b.kind is FaultKind.LATENCY)
    patience = call.request.timeout
    late = patience is not None and seconds > patience
    _pass(call, patience if late and patience is not None else seconds, Pace.LOOP)
    return late


def _pass(call: Call, seconds: float, *paces: Pace) -> None:
    """Let time pass: at doors with one of these paces they do so, else the system does."""
    if call.request.pace in paces:
        call.session.fate.silence += seconds
    else:
        call.session.clock.advance(seconds)


def _close(
    blows: Sequence[Blow], system: System, operation: Operation, session: CaseSession
) -> None:
    for blow in blows:
        if blow.kind is FaultKind.TOKEN_EXPIRY:
            session.fate.expired.add(system.name)
        elif blow.kind is FaultKind.SCOPE_DENIED:
            session.fate.denied.add(operation.name)


def _barred(
    blows: Sequence[Blow], system: System, operation: Operation, call: Call
) -> Response | None:
    """The answer to a call that never gets as far as the system's work."""
    session = call.session
    if system.name in session.fate.expired:
        secret = system.presented(call.request.headers)
        return system.response(session, system.unauthorized(secret).reply)
    if operation.name in session.fate.denied:
        return system.response(session, system.denied(operation).reply)
    for blow in blows:
        if blow.kind is FaultKind.RESET:
            return lost(WireFault.RESET)
        if not blow.applied:
            return _instead(blow, system, call)
    return None


def _instead(blow: Blow, system: System, call: Call) -> Response:
    """What the client gets in place of the system's answer."""
    if blow.kind is FaultKind.HANG:
        return _hung(blow, call)
    if blow.kind is FaultKind.HTML:
        return html_page(blow.options["status"])
    refusal = system.refusal(blow.options["status"], blow.options["message"])
    response = system.response(call.session, refusal.reply)
    seconds = blow.options["retry_after"]
    if seconds is None:
        return response
    return msgspec.structs.replace(
        response, headers=(*response.headers, ("retry-after", str(seconds)))
    )


def _hung(blow: Blow, call: Call) -> Response:
    """Silence until the client gives up, or until the connection is dropped where it never does."""
    patience, seconds = call.request.timeout, blow.options["seconds"]
    gives_up = patience is not None and patience < seconds
    waited = patience if gives_up and patience is not None else seconds
    _pass(call, waited, Pace.LOOP, Pace.WIRE)
    return lost(WireFault.HANG if gives_up else WireFault.RESET)


def _carried_out(
    blows: Sequence[Blow], system: System, operation: Operation, call: Call, carry_out: CarryOut
) -> Response:
    session = call.session
    edits = [blow for blow in blows if blow.kind is FaultKind.CONCURRENT_EDIT]
    if operation.writes:
        _edit(edits, operation, call)
        mark = session.overlay.mark()
        response = carry_out(system, operation, call)
        if session.overlay.mark() != mark:
            session.fate.writes.append((session.now, mark))
        return response
    with _seeing(session, [blow for blow in blows if blow.kind in _LAGS]):
        response = carry_out(system, operation, call)
    # A colleague's edit follows what the candidate has just read.
    _edit(edits, operation, call)
    return response


@contextmanager
def _seeing(session: CaseSession, lags: Sequence[Blow]) -> Iterator[None]:
    """Show the case what it had written so long ago as the slowest of these says."""
    if not lags:
        yield
        return
    since = session.now - timedelta(seconds=max(blow.options["seconds"] for blow in lags))
    mark = next((mark for moment, mark in session.fate.writes if moment > since), None)
    if mark is None:
        session.fate.idle.extend(lags)
    present = session.overlay
    session.overlay = present if mark is None else present.as_of(mark)
    try:
        yield
    finally:
        session.overlay = present


def _edit(edits: Sequence[Blow], operation: Operation, call: Call) -> None:
    key = _object_of(operation, call) if edits else None
    if key is None:
        call.session.fate.idle.extend(edits)
        return
    overlay, clock = call.session.overlay, call.session.clock
    row = overlay.get(*key) or {}
    stamps = {"updated_at": clock.iso(), "updatedAt": clock.iso_millis()}
    for blow in edits:
        known = {name: value for name, value in stamps.items() if name in row}
        overlay.meddle(*key, {**known, **blow.options["fields"]})


def _object_of(operation: Operation, call: Call) -> tuple[str, str] | None:
    """The table and id of the object that a call is about, as far as its path or target says."""
    target = operation.target(call) if operation.target else None
    row_id = target.id if target is not None else call.path.get("id")
    if row_id is None:
        return None
    overlay, system = call.session.overlay, operation.system
    kind = target.type if target is not None else call.path.get("object_type")
    own = [name for name in overlay.world.tables if name.startswith(f"{system}.")]
    named = [table_of(system, kind)] if kind else own
    return next(((name, row_id) for name in named if overlay.get(name, row_id)), None)


def _damaged(blows: Sequence[Blow], system: System, call: Call, response: Response) -> Response:
    """The answer after everything that happens to it; what loses it comes last."""
    for blow in sorted(blows, key=lambda blow: blow.kind in _UNSEEN):
        response = _damaged_by(blow, system, call, response)
    return response


def _damaged_by(blow: Blow, system: System, call: Call, response: Response) -> Response:
    change: Any = _CHANGES.get(blow.kind)
    if change is not None:
        changed: Response = change(blow, call, response)
        if changed == response:
            call.session.fate.idle.append(blow)
        return changed
    if blow.kind in (FaultKind.HANG, FaultKind.STATUS, FaultKind.HTML):
        return _instead(blow, system, call)
    return response


def _reset(blow: Blow, call: Call, response: Response) -> Response:
    del blow, call, response
    return lost(WireFault.RESET)


_CHANGES: dict[FaultKind, Callable[[Blow, Call, Response], Response]] = {
    FaultKind.APPLY_THEN_RESET: _reset,
    FaultKind.HALF_JSON: halved,
    FaultKind.PAGE_DRIFT: shifted,
    FaultKind.SCHEMA_DRIFT: drifted,
    FaultKind.TRUNCATE: cut_off,
}
