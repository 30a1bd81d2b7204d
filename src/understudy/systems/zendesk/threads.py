"""What else is done to tickets: merge, bulk change, tags, redaction, macros, third parties."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.bulk import queued
from understudy.systems.zendesk.changes import add_comment, refuse_closed
from understudy.systems.zendesk.errors import invalid_attribute, not_found, record_invalid, refused
from understudy.systems.zendesk.listing import id_key, list_reply
from understudy.systems.zendesk.payload import BASE_URL, comment, macro, number
from understudy.systems.zendesk.tickets import (
    TICKETS,
    apply_update,
    living_ticket,
)
from understudy.systems.zendesk.values import text_or_none

__all__ = [
    "apply_macro",
    "change_tags",
    "create_side_conversation",
    "delete_forever",
    "get_job",
    "get_macro",
    "list_active_macros",
    "list_macros",
    "list_side_conversations",
    "list_tags",
    "merge_tickets",
    "redact_comment",
    "reply_to_side_conversation",
    "show_macro_changes",
]

_MACROS = "zendesk.macros"
_SIDES = "zendesk.side_conversations"
_TAG = "closed_by_merge"


def get_job(call: Call) -> Reply:
    """How far a job is."""
    session, job_id = call.session, call.path["id"]
    job = session.jobs.get(job_id) or session.overlay.get("zendesk.job_statuses", job_id)
    if job is None:
        raise not_found()
    return Reply(200, {"job_status": {"progress": None, "message": None, "results": None, **job}})


def merge_tickets(call: Call) -> Reply:
    """Source tickets closed into the target, with a comment on each."""
    session, target = call.session, living_ticket(call.session, call.path["id"])
    ids = call.fields.get("ids")
    if not isinstance(ids, list) or not ids or len(ids) > 5:
        raise refused(400, "ParameterMissing", "ids must list one to five source tickets")
    sources = [_source(session, target, str(each)) for each in ids]
    refuse_closed(target)
    for source in sources:
        _absorb(call, target, source)
    numbers = ", ".join(f"#{source['id']}" for source in sources)
    _say(call, target, "target", f"Requests {numbers} were closed and merged into this request.")
    session.overlay.patch(TICKETS, target["id"], {"updated_at": session.clock.iso()})
    return queued(session, [{"id": number(target["id"]), "action": "merge", "success": True}])


def _source(session: CaseSession, target: Row, ticket_id: str) -> Row:
    row = session.overlay.get(TICKETS, ticket_id)
    if row is None or row.get("deleted_at"):
        raise not_found()
    if row["id"] == target["id"]:
        raise record_invalid("ids", "A ticket cannot be merged into itself")
    refuse_closed(row)
    return row


def _absorb(call: Call, target: Row, source: Row) -> None:
    _say(call, source, "source", f"This request was closed and merged into #{target['id']}.")
    tags = list(dict.fromkeys([*(source.get("tags") or []), _TAG]))
    changes = {"status": "closed", "tags": tags, "updated_at": call.session.clock.iso()}
    call.session.overlay.patch(TICKETS, source["id"], changes)


def _say(call: Call, row: Row, side: str, otherwise: str) -> None:
    text = call.fields.get(f"{side}_comment") or otherwise
    public = call.fields.get(f"{side}_comment_is_public", False)
    add_comment(call.session, row["id"], {"body": text, "public": public is True})


def delete_forever(call: Call) -> Reply:
    """A deleted ticket and its comments removed for good, as a job."""
    session, ticket_id = call.session, call.path["id"]
    row = session.overlay.get(TICKETS, ticket_id)
    if row is None or not row.get("deleted_at"):
        raise not_found()
    for said in session.overlay.find("zendesk.comments", "ticket_id", ticket_id):
        session.overlay.delete("zendesk.comments", said["id"])
    session.overlay.delete(TICKETS, ticket_id)
    return queued(session, [{"id": number(ticket_id), "action": "delete", "success": True}])


def list_tags(call: Call) -> Reply:
    """A ticket's tags."""
    row = living_ticket(call.session, call.path["id"])
    return Reply(200, {"tags": list(row.get("tags") or [])})


def change_tags(key: str) -> Callable[[Call], Reply]:
    """A handler that sets (`tags`), adds (`additional_tags`) or removes (`remove_tags`) tags."""

    def handler(call: Call) -> Reply:
        row = living_ticket(call.session, call.path["id"])
        refuse_closed(row)
        wanted = call.fields.get("tags")
        if not isinstance(wanted, list):
            raise invalid_attribute("tags")
        row, _, _ = apply_update(call.session, row, {key: wanted})
        return Reply(200, {"tags": row["tags"]})

    return handler


def redact_comment(call: Call) -> Reply:
    """A text in a comment made unreadable for good."""
    session, text = call.session, call.fields.get("text")
    living_ticket(session, call.path["id"])
    row = session.overlay.get("zendesk.comments", call.path["comment_id"])
    if row is None or row.get("ticket_id") != call.path["id"]:
        raise not_found()
    if not isinstance(text, str) or not text or text not in str(row.get("body")):
        raise record_invalid("text", "Text: is not part of the comment")
    body = str(row["body"]).replace(text, "▇" * len(text))
    row = session.overlay.patch("zendesk.comments", row["id"], {"body": body, "html_body": None})
    return Reply(200, {"comment": comment(row)})


def list_active_macros(call: Call) -> Reply:
    """The macros that can be used."""
    call.query = {**call.query, "active": "true"}
    return list_macros(call)


def list_macros(call: Call) -> Reply:
    """All macros, or the active ones."""
    active = call.query.get("active")
    rows = call.session.overlay.rows(_MACROS)
    kept = (r for r in rows if active is None or str(r.get("active", True)).lower() == active)
    return list_reply(call, "macros", sorted(kept, key=id_key), macro)


def _macro(session: CaseSession, macro_id: str) -> Row:
    row = session.overlay.get(_MACROS, macro_id)
    if row is None:
        raise not_found()
    return row


def get_macro(call: Call) -> Reply:
    """One macro."""
    row = _macro(call.session, call.path["id"])
    return Reply(200, {"macro": show(call.session, _MACROS, row, macro)})


def apply_macro(call: Call) -> Reply:
    """What a ticket would become under a macro; nothing is written."""
    session = call.session
    row = living_ticket(session, call.path["id"])
    return _would_be(_macro(session, call.path["macro_id"]), row)


def show_macro_changes(call: Call) -> Reply:
    """What any ticket would become under a macro."""
    return _would_be(_macro(call.session, call.path["id"]), None)


def _would_be(chosen: Row, row: Row | None) -> Reply:
    result: dict[str, Any] = {"url": f"{BASE_URL}/tickets/{row['id']}.json"} if row else {}
    said: dict[str, Any] = {}
    for step in chosen.get("actions") or []:
        field, value = str(step.get("field")), step.get("value")
        if field.startswith("comment"):
            said |= _spoken(field, value, row)
        else:
            result[field] = value
    if said:
        result["comment"] = {"public": True, **said}
    return Reply(200, {"result": {"ticket": result}})


def _spoken(field: str, value: Any, row: Row | None) -> dict[str, Any]:
    if field == "comment_mode_is_public":
        return {"public": str(value).lower() == "true"}
    text = value[-1] if isinstance(value, list) and value else value
    said = str(text or "")
    return {"body": said if row is None else re.sub(r"\{\{ticket\.id\}\}", row["id"], said)}


def _message(given: Any) -> dict[str, Any]:
    told = given if isinstance(given, dict) else {}
    people, body = told.get("to"), told.get("body")
    known = isinstance(people, list) and people and all(isinstance(p, dict) for p in people)
    if not known or not isinstance(body, str) or not body.strip():
        raise record_invalid("message", "Message: to and body are required", "BlankValue")
    return {**told, "subject": text_or_none("subject", told.get("subject"))}


def _side(call: Call) -> Row:
    row = call.session.overlay.get(_SIDES, call.path["side_id"])
    if row is None or row["ticket_id"] != call.path["id"]:
        raise not_found()
    return row


def _shown_side(row: Row) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name != "body"}
    return {**shown, "ticket_id": number(row["ticket_id"])}


def list_side_conversations(call: Call) -> Reply:
    """A ticket's messages to third parties."""
    ticket_id = living_ticket(call.session, call.path["id"])["id"]
    rows = sorted(call.session.overlay.find(_SIDES, "ticket_id", ticket_id), key=id_key)
    return list_reply(call, "side_conversations", rows, _shown_side)


def reply_to_side_conversation(call: Call) -> Reply:
    """A further message to the third party."""
    living_ticket(call.session, call.path["id"])
    row, given = _side(call), call.fields.get("message")
    people = {"to": row["participants"]}
    message = _message({**people, **given} if isinstance(given, dict) else given)
    now = call.session.clock.iso()
    said = {
        "body": message["body"], "preview_text": message["body"][:140],
        "participants": message["to"], "state": "open", "message_added_at": now,
        "updated_at": now,
    }  # fmt: skip
    row = call.session.overlay.patch(_SIDES, row["id"], said)
    return Reply(201, {"side_conversation": _shown_side(row)})


def create_side_conversation(call: Call) -> Reply:
    """A message to a third party about a ticket."""
    session = call.session
    row = living_ticket(session, call.path["id"])
    message = _message(call.fields.get("message"))
    row_id, now = session.uuid("side"), session.clock.iso()
    made = {
        "id": row_id, "ticket_id": row["id"], "subject": message.get("subject"),
        "preview_text": str(message["body"])[:140], "state": "open", "participants": message["to"],
        "message_added_at": now, "created_at": now, "updated_at": now, "state_updated_at": now,
        "url": f"{BASE_URL}/tickets/{row['id']}/side_conversations/{row_id}", "external_ids": {},
    }  # fmt: skip
    session.overlay.put(_SIDES, {**made, "body": message["body"]})
    return Reply(201, {"side_conversation": _shown_side(made)}, created=(_SIDES, row_id))
