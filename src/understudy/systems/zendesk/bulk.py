"""Tickets changed many at a time, as jobs that are done by the time somebody asks."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.changes import refuse_closed, refuse_stale
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.payload import BASE_URL, number
from understudy.systems.zendesk.tickets import TICKETS, apply_update, given_ticket, open_ticket

__all__ = ["create_many", "destroy_many", "named_ids", "queued", "update_many"]

_MOST_AT_ONCE = 100


def queued(session: CaseSession, results: list[dict[str, Any]]) -> Reply:
    """A job, queued now; who asks later finds it completed, or failed where all of it did."""
    job_id = session.uuid("job").replace("-", "")
    job = {
        "id": job_id, "url": f"{BASE_URL}/job_statuses/{job_id}.json", "total": len(results),
        "progress": None, "status": "queued", "message": None, "results": None,
        "job_type": "Bulk Ticket",
    }  # fmt: skip
    status = "completed" if any(each["success"] for each in results) else "failed"
    done = {
        **job, "status": status, "progress": len(results), "results": results,
        "message": f"{status.capitalize()} at {session.clock.iso()}",
    }  # fmt: skip
    session.jobs[job_id] = done
    return Reply(200, {"job_status": job})


def named_ids(call: Call) -> list[str]:
    """The ids that a bulk call names, in its query or its body."""
    given = call.query.get("ids") or call.fields.get("ids") or ""
    parts = given.split(",") if isinstance(given, str) else given
    return [str(part).strip() for part in parts if part] if isinstance(parts, list) else []


def update_many(call: Call) -> Reply:
    """The same change to many tickets, or a change each, as a job."""
    session = call.session
    batch = call.fields.get("tickets")
    if isinstance(batch, list):
        pairs = [(str(item.get("id")), item) for item in batch if isinstance(item, dict)]
    else:
        given = given_ticket(call)
        pairs = [(each, given) for each in named_ids(call)]
    if not pairs:
        raise refused(400, "ParameterMissing", "ids or tickets is missing")
    _refuse_too_many("tickets" if isinstance(batch, list) else "ids", pairs)
    return queued(session, [_one_of_many(session, *pair) for pair in pairs])


def _one_of_many(session: CaseSession, ticket_id: str, given: dict[str, Any]) -> dict[str, Any]:
    row = _living(session, ticket_id)
    if row is None:
        return _done(ticket_id, "update", "TicketNotFound")
    mark = session.overlay.mark()
    try:
        refuse_closed(row)
        refuse_stale(row, given)
        apply_update(session, row, given)
    except Refusal as refusal:
        session.overlay.rollback(mark)
        failed = _done(ticket_id, "update", "TicketUpdateFailed")
        return {**failed, "details": _details(refusal)}
    return {**_done(ticket_id, "update"), "status": "Updated"}


def _details(refusal: Refusal) -> str:
    """What was wrong with one ticket of many, in words."""
    body = refusal.reply.payload
    listed = body.get("details", {}).values()
    found = [each["description"] for entries in listed for each in entries]
    error = body.get("error")
    if not found:
        found = [error["message"] if isinstance(error, dict) else str(body.get("description"))]
    return ", ".join(found)


def _living(session: CaseSession, ticket_id: str) -> Row | None:
    row = session.overlay.get(TICKETS, ticket_id)
    return None if row is None or row.get("deleted_at") else row


def _done(ticket_id: str, action: str, error: str | None = None) -> dict[str, Any]:
    told = {"error": error, "status": "Failed"} if error else {}
    return {"id": number(ticket_id), "action": action, "success": error is None, **told}


def _refuse_too_many(named: str, given: Sized) -> None:
    if len(given) > _MOST_AT_ONCE:
        # Not a 413: vendors' clients take that for something to try again.
        said = f"Parameter {named} cannot specify more than {_MOST_AT_ONCE} values"
        raise Refusal(
            400, {"error": "TooManyValues", "description": said, "max_count": _MOST_AT_ONCE}
        )


def create_many(call: Call) -> Reply:
    """Many new tickets, as a job; one that cannot be opened fails by itself."""
    batch = call.fields.get("tickets")
    if not isinstance(batch, list) or not batch:
        raise refused(400, "ParameterMissing", "tickets is missing")
    _refuse_too_many("tickets", batch)
    return queued(call.session, [_opened(call, index, each) for index, each in enumerate(batch)])


def _opened(call: Call, index: int, given: Any) -> dict[str, Any]:
    mark = call.session.overlay.mark()
    result: dict[str, Any] = {"index": index, "action": "create"}
    try:
        row, _, _ = open_ticket(call.session, given if isinstance(given, dict) else {})
    except Refusal as refusal:
        call.session.overlay.rollback(mark)
        told = {"error": "TicketCreateFailed", "details": _details(refusal)}
        return {**result, "success": False, "status": "Failed", **told}
    return {**result, "id": number(row["id"]), "success": True, "status": "Created"}


def destroy_many(call: Call) -> Reply:
    """Many tickets moved to the deleted ones, as a job."""
    session, ids = call.session, named_ids(call)
    if not ids:
        raise refused(400, "ParameterMissing", "ids is missing")
    _refuse_too_many("ids", ids)
    return queued(session, [_deleted(session, each) for each in ids])


def _deleted(session: CaseSession, ticket_id: str) -> dict[str, Any]:
    if _living(session, ticket_id) is None:
        return _done(ticket_id, "delete", "TicketNotFound")
    session.overlay.patch(TICKETS, ticket_id, {"deleted_at": session.clock.iso()})
    return {**_done(ticket_id, "delete"), "status": "Deleted"}
