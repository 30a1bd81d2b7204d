"""Zendesk's export files of a history: tickets, users, organizations, macros and audits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zlib import crc32

from understudy.model.world import Row
from understudy.systems.zendesk import payload
from understudy.traffic.exports.vendor_history import History, Write
from understudy.traffic.exports.zendesk_deeds import ESCALATED

__all__ = ["zendesk_files"]

_TICKETS, _COMMENTS = "zendesk.tickets", "zendesk.comments"
_CREATED = (
    "status", "priority", "type", "subject", "requester_id", "assignee_id", "group_id",
    "organization_id", "tags",
)  # fmt: skip
_UNTOUCHED = (None, "new", "open")
_RULE = {"channel": "rule", "source": {"from": {"id": 1, "title": "Notify"}, "rel": "trigger"}}


def zendesk_files(history: History) -> dict[str, Iterable[Any]]:
    """The records of each file."""
    agents = {str(row.get("name")): row["id"] for row in history.table("zendesk.users")
              if row.get("role") in ("agent", "admin")}  # fmt: skip
    escalated = _escalations(history)
    return {
        "tickets.json": (_ticket(row, escalated) for row in history.table(_TICKETS)),
        "users.json": map(payload.user, history.table("zendesk.users")),
        "organizations.json": map(payload.organization, history.table("zendesk.organizations")),
        "macros.json": map(payload.macro, history.table("zendesk.macros")),
        "ticket-audits.ndjson": sorted(
            [*_born(history), *_written(history, agents)], key=lambda audit: audit["created_at"]
        ),
    }


def _escalations(history: History) -> dict[str, Write]:
    return {w.ticket: w for w in history.writes if w.action.escalates}


def _ticket(row: Row, escalated: dict[str, Write]) -> dict[str, Any]:
    """A ticket at the end; one that was handed over has the tag that says so."""
    write = escalated.get(row["id"])
    if write is not None:
        tags = [*(row.get("tags") or []), _tag(write)]
        last = max(str(row.get("updated_at") or ""), _iso(write))
        row = {**row, "tags": tags, "updated_at": last}
    return payload.ticket(row)


def _tag(write: Write) -> str:
    return f"{ESCALATED}_{write.action.fields.get('reason')}"


def _iso(write: Write) -> str:
    return write.at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _audit(ticket: str, author: Any, at: str, events: list[dict[str, Any]], via: Any) -> Any:
    number = crc32(f"{ticket}/{at}/{author}/{len(events)}".encode())
    return {
        "id": number, "ticket_id": payload.number(ticket), "created_at": at,
        "author_id": payload.number(author), "via": via, "metadata": {"system": {}, "custom": {}},
        "events": [{"id": number * 100 + i, **event} for i, event in enumerate(events)],
    }  # fmt: skip


def _born(history: History) -> Iterator[Any]:
    """What had happened to each ticket before anybody worked on it."""
    said: dict[str, list[dict[str, Any]]] = {}
    for row in history.world.table(_COMMENTS).values():
        said.setdefault(str(row.get("ticket_id")), []).append(dict(row))
    for ticket in history.world.table(_TICKETS).values():
        created = str(ticket.get("created_at"))
        rows = sorted(said.get(ticket["id"], []), key=lambda row: str(row.get("created_at")))
        updated = str(ticket.get("updated_at") or created)
        moved = updated > created and ticket.get("status") not in _UNTOUCHED
        events = [
            {"type": "Create", "field_name": name, "value": ticket[name]}
            for name in _CREATED
            if not (moved and name == "status")
            if ticket.get(name) is not None
        ]
        events += [{"type": "Create", "field_name": "status", "value": "open"}] if moved else []
        via = ticket.get("via") or {"channel": "email"}
        yield _audit(ticket["id"], ticket.get("requester_id"), created, events, via)
        for row in rows:
            yield _audit(ticket["id"], row.get("author_id"), str(row.get("created_at")),
                         [payload.comment(row)], via)  # fmt: skip
        if moved:
            yield _audit(ticket["id"], -1, updated, [_moved(ticket)], _RULE)
        elif updated not in (created, *(row.get("created_at") for row in rows)):
            yield _audit(ticket["id"], -1, updated, [{"type": "Notification", "via": _RULE}], _RULE)


def _moved(ticket: Row) -> dict[str, Any]:
    """A world does not tell how its old tickets came to their status; a rule is given for it."""
    return {"type": "Change", "field_name": "status", "value": ticket["status"],
            "previous_value": "open", "via": _RULE}  # fmt: skip


def _written(history: History, agents: dict[str, str]) -> Iterator[Any]:
    """An audit for each write on a ticket."""
    web = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
    for write in history.writes:
        events = list(_events(history, write))
        if events:
            name = write.actor.removeprefix("agent:")
            author = agents.get(name, str(crc32(name.encode())))
            yield _audit(write.ticket, author, _iso(write), events, web)


def _events(history: History, write: Write) -> Iterator[dict[str, Any]]:
    for edit in write.edits:
        if edit.table == _COMMENTS and edit.after is not None and edit.before is None:
            yield payload.comment(edit.after)
        elif edit.table == _TICKETS:
            yield from _changes(edit.before or {}, edit.after or {})
    if write.action.escalates:
        now = history.rows.get((_TICKETS, write.ticket))
        row = now or history.world.get(_TICKETS, write.ticket) or {}
        tags = list(row.get("tags") or [])
        yield {"type": "Change", "field_name": "tags", "value": [*tags, _tag(write)],
               "previous_value": tags}  # fmt: skip


def _changes(before: Any, after: Any) -> Iterator[dict[str, Any]]:
    for name in after:
        if after[name] != before.get(name) and name != "updated_at":
            yield {"type": "Change", "field_name": name, "value": after[name],
                   "previous_value": before.get(name)}  # fmt: skip
