"""Tickets: read, list, create, change, delete and restore."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.changes import (
    add_comment,
    refuse_closed,
    refuse_new_again,
    refuse_stale,
    ticket_changes,
)
from understudy.systems.zendesk.errors import invalid_attribute, not_found, record_invalid
from understudy.systems.zendesk.follow_ups import followed, inherited, note_follow_up
from understudy.systems.zendesk.forms import own_fields
from understudy.systems.zendesk.listing import counted, id_key, list_reply
from understudy.systems.zendesk.payload import BASE_URL, comment, number, ticket
from understudy.systems.zendesk.people import (
    find_user,
    me,
    new_person,
    requester_tickets_of,
    user_by_email,
)
from understudy.systems.zendesk.sideloads import sideloads

__all__ = [
    "TICKETS",
    "apply_update",
    "count_comments",
    "count_tickets",
    "create_ticket",
    "delete_ticket",
    "get_ticket",
    "given_ticket",
    "list_comments",
    "list_deleted",
    "list_of_organization",
    "list_of_person",
    "list_tickets",
    "living_ticket",
    "open_ticket",
    "ordered_comments",
    "restore_ticket",
    "show_many",
    "shown_ticket",
    "update_ticket",
]

TICKETS = "zendesk.tickets"


def living_ticket(session: CaseSession, ticket_id: str) -> Row:
    """A ticket that is not deleted, or the 404."""
    row = session.overlay.get(TICKETS, ticket_id)
    if row is None or row.get("deleted_at"):
        raise not_found()
    return row


def shown_ticket(session: CaseSession, row: Row) -> Any:
    """A ticket as it stands in an answer."""
    return show(session, TICKETS, row, ticket)


def get_ticket(call: Call) -> Reply:
    """One ticket."""
    row = living_ticket(call.session, call.path["id"])
    return Reply(200, {"ticket": shown_ticket(call.session, row), **sideloads(call)([row])})


def list_tickets(call: Call) -> Reply:
    """All tickets, or those with an external id."""
    overlay, external = call.session.overlay, call.query.get("external_id")
    rows = overlay.find(TICKETS, "external_id", external) if external else overlay.rows(TICKETS)
    return _listed(call, (row for row in rows if not row.get("deleted_at")))


def _listed(call: Call, rows: Iterable[Row]) -> Reply:
    return list_reply(call, "tickets", sorted(rows, key=id_key), ticket, sideloads(call))


def list_of_person(column: str) -> Callable[[Call], Reply]:
    """A handler that lists the tickets in which the path's user stands in a column."""

    def handler(call: Call) -> Reply:
        session, user_id = call.session, call.path["id"]
        if find_user(session, user_id) is None:
            raise not_found()
        if column == "requester_id":
            return _listed(call, requester_tickets_of(session, user_id))
        found = session.overlay.find(TICKETS, column, user_id)
        return _listed(call, (row for row in found if not row.get("deleted_at")))

    return handler


def list_of_organization(call: Call) -> Reply:
    """The tickets of an organization: its own, and those of its people."""
    overlay, named = call.session.overlay, call.path["id"]
    if overlay.get("zendesk.organizations", named) is None:
        raise not_found()
    people = {row["id"] for row in overlay.find("zendesk.users", "organization_id", named)}
    rows = (
        row
        for row in overlay.rows(TICKETS)
        if not row.get("deleted_at")
        and (row.get("organization_id") == named or row.get("requester_id") in people)
    )
    return _listed(call, rows)


def show_many(call: Call) -> Reply:
    """Several tickets by id, up to a hundred."""
    ids = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()][:100]
    found = (call.session.overlay.get(TICKETS, each) for each in ids)
    rows = [row for row in found if row is not None and not row.get("deleted_at")]
    shown = [shown_ticket(call.session, row) for row in rows]
    links = {"next_page": None, "previous_page": None, "count": len(rows)}
    return Reply(200, {"tickets": shown, **sideloads(call)(rows), **links})


def count_tickets(call: Call) -> Reply:
    """How many tickets there are."""
    rows = call.session.overlay.rows(TICKETS)
    return counted(call, sum(not row.get("deleted_at") for row in rows))


def count_comments(call: Call) -> Reply:
    """How many comments a ticket has."""
    living_ticket(call.session, call.path["id"])
    rows = call.session.overlay.find("zendesk.comments", "ticket_id", call.path["id"])
    return counted(call, len(rows))


def list_comments(call: Call) -> Reply:
    """A ticket's comments, oldest first."""
    session, ticket_id = call.session, call.path["id"]
    living_ticket(session, ticket_id)
    rows = ordered_comments(session, ticket_id)
    if call.query.get("sort_order", call.query.get("sort", "")) in ("desc", "-created_at"):
        rows.reverse()
    call.query = {k: v for k, v in call.query.items() if k not in ("sort", "sort_order")}
    return list_reply(call, "comments", rows, comment, sideloads(call))


def ordered_comments(session: CaseSession, ticket_id: str) -> list[Row]:
    """A ticket's comments, oldest first; those of one second as they were written."""
    rows = session.overlay.find("zendesk.comments", "ticket_id", ticket_id)
    return sorted(rows, key=lambda row: str(row.get("created_at") or ""))


def given_ticket(call: Call) -> dict[str, Any]:
    """The body's `ticket`, or the 400."""
    given = call.fields.get("ticket")
    if not isinstance(given, dict):
        raise invalid_attribute("ticket")
    return given


def create_ticket(call: Call) -> Reply:
    """A new ticket with its first comment."""
    session = call.session
    row, said, changes = open_ticket(session, given_ticket(call))
    audit = _audit(session, row["id"], said, changes)
    payload = {"ticket": shown_ticket(session, row), "audit": audit}
    place = (("location", f"{BASE_URL}/tickets/{row['id']}.json"),)
    return Reply(201, payload, place, created=(TICKETS, row["id"]))


def open_ticket(session: CaseSession, given: dict[str, Any]) -> tuple[Row, Row, dict[str, Any]]:
    """Write one new ticket: the ticket, its first comment, and what was given."""
    first = given.get("comment") or {"body": given.get("description")}
    source = followed(session, given)
    requester = _requester(session, given, source)
    now, row_id = session.clock.iso(), session.number("ticket", 7, TICKETS)
    row: Row = {
        "id": row_id, "status": "new" if not given.get("assignee_id") else "open",
        "requester_id": requester, "submitter_id": me(session)["id"], "tags": [],
        "via": {"channel": "api"}, "created_at": now, "updated_at": now, **own_fields(session),
        "organization_id": (find_user(session, requester) or {}).get("organization_id"),
        **inherited(source),
    }  # fmt: skip
    changes = ticket_changes(session, row, {k: v for k, v in given.items() if k != "requester_id"})
    said = add_comment(session, row_id, first)
    subject = changes.get("subject") or row.get("subject") or said["body"][:80]
    told = {"subject": subject, "description": said["body"], "is_public": said["public"]}
    row = {**row, **changes, **told}
    if source is not None:
        note_follow_up(session, source, row_id)
    return session.overlay.put(TICKETS, row), said, changes


def _requester(session: CaseSession, given: dict[str, Any], source: Row | None) -> str:
    if given.get("requester_id"):
        user = find_user(session, str(given["requester_id"]))
        if user is None:
            raise record_invalid("requester", "Requester: is invalid")
        return str(user["id"])
    named = given.get("requester")
    email = named.get("email") if isinstance(named, dict) else None
    if named is None:
        return str((source or {}).get("requester_id") or me(session)["id"])
    if not isinstance(email, str) or "@" not in email:
        raise record_invalid("requester", "Requester: Email: is not properly formatted")
    known = user_by_email(session, email)
    return str(known["id"]) if known else _new_requester(session, named, email)


def _new_requester(session: CaseSession, named: dict[str, Any], email: str) -> str:
    name = str(named.get("name") or "").strip()
    if not name:
        message = "Requester Name: is too short (minimum one character)"
        raise record_invalid("requester", message, "BlankValue")
    return str(new_person(session, email, name)["id"])


def update_ticket(call: Call) -> Reply:
    """Changed fields, a comment, or both."""
    session = call.session
    row = living_ticket(session, call.path["id"])
    given = given_ticket(call)
    refuse_closed(row)
    refuse_stale(row, given)
    row, said, changes = apply_update(session, row, given)
    audit = _audit(session, row["id"], said, changes)
    return Reply(200, {"ticket": shown_ticket(session, row), "audit": audit})


def apply_update(
    session: CaseSession, row: Row, given: dict[str, Any]
) -> tuple[Row, Row | None, dict[str, Any]]:
    """Write one ticket's changes: the ticket, its new comment if any, and what changed."""
    changes = ticket_changes(session, row, given)
    refuse_new_again(row, changes)
    if row.get("status") == "new" and changes.get("assignee_id"):
        changes = {"status": "open", **changes}
    said = add_comment(session, row["id"], given["comment"]) if given.get("comment") else None
    stamped = {**changes, "updated_at": session.clock.iso()}
    if said is not None and said["public"] and row.get("is_public") is False:
        stamped["is_public"] = True
    return session.overlay.patch(TICKETS, row["id"], stamped), said, changes


def _audit(
    session: CaseSession, ticket_id: str, said: Row | None, changes: dict[str, Any]
) -> dict[str, Any]:
    number_of = session.number("audit", 13, TICKETS)
    events: list[dict[str, Any]] = [
        {"id": int(number_of) + i + 1, "type": "Change", "field_name": name, "value": value}
        for i, (name, value) in enumerate(changes.items())
    ]
    if said is not None:
        events.insert(0, {**comment(said), "audit_id": int(number_of)})
    return {
        "id": int(number_of), "ticket_id": number(ticket_id), "created_at": session.clock.iso(),
        "author_id": number(me(session)["id"]), "metadata": {"system": {}, "custom": {}},
        "events": events,
        "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
    }  # fmt: skip


def delete_ticket(call: Call) -> Reply:
    """A ticket moved to the deleted ones."""
    row = living_ticket(call.session, call.path["id"])
    gone = {"deleted_at": call.session.clock.iso()}
    call.session.overlay.patch(TICKETS, row["id"], gone)
    return Reply(204)


def list_deleted(call: Call) -> Reply:
    """Tickets that can still be restored."""
    rows = (row for row in call.session.overlay.rows(TICKETS) if row.get("deleted_at"))
    return list_reply(call, "deleted_tickets", sorted(rows, key=id_key), _deleted)


def _deleted(row: Row) -> dict[str, Any]:
    return {
        "id": number(row["id"]), "subject": row.get("subject"), "description": None,
        "actor": {"id": 900_000_000_001, "name": "API"}, "deleted_at": row.get("deleted_at"),
        "previous_state": row.get("status"),
    }  # fmt: skip


def restore_ticket(call: Call) -> Reply:
    """A deleted ticket brought back."""
    overlay = call.session.overlay
    row = overlay.get(TICKETS, call.path["id"])
    if row is None or not row.get("deleted_at"):
        raise not_found()
    overlay.put(TICKETS, {key: value for key, value in row.items() if key != "deleted_at"})
    return Reply(200, {})
