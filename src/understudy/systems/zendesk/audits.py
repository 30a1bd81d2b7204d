"""What happened to a ticket, as far as its comments and its dates tell it."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.zendesk.listing import list_reply
from understudy.systems.zendesk.payload import BASE_URL, comment, number
from understudy.systems.zendesk.tickets import living_ticket, ordered_comments

__all__ = ["get_metrics", "list_audits"]


def list_audits(call: Call) -> Reply:
    """One audit for each comment; the first tells how the ticket was opened."""
    row = living_ticket(call.session, call.path["id"])
    said = ordered_comments(call.session, row["id"])

    def shown(each: Row) -> dict[str, Any]:
        opened = each["id"] == said[0]["id"]
        return _audit(row, each, opened)

    return list_reply(call, "audits", said, shown)


def _audit(row: Row, said: Row, opened: bool) -> dict[str, Any]:
    made = comment(said)
    events: list[dict[str, Any]] = [made]
    if opened:
        events += [
            {"id": made["audit_id"] + place, "type": "Create", "field_name": name,
             "value": number(row.get(name))}
            for place, name in enumerate(("subject", "requester_id", "priority"), 1)
        ]  # fmt: skip
    return {
        "id": made["audit_id"], "ticket_id": number(row["id"]), "created_at": made["created_at"],
        "author_id": made["author_id"], "metadata": made["metadata"], "events": events,
        "via": made["via"],
    }  # fmt: skip


def get_metrics(call: Call) -> Reply:
    """How often a ticket was answered, and when it was solved."""
    row = living_ticket(call.session, call.path["id"])
    said = ordered_comments(call.session, row["id"])
    public = [each for each in said if each.get("public", True)]
    answers = [each for each in public if each.get("author_id") != row.get("requester_id")]
    solved = row.get("updated_at") if row.get("status") in ("solved", "closed") else None
    made = crc32(row["id"].encode())
    return Reply(
        200,
        {
            "ticket_metric": {
                "id": made, "url": f"{BASE_URL}/ticket_metrics/{made}.json",
                "ticket_id": number(row["id"]), "created_at": row.get("created_at"),
                "updated_at": row.get("updated_at"), "replies": len(answers),
                "reopens": 0, "solved_at": solved, "group_stations": 1, "assignee_stations": 1,
                "latest_comment_added_at": said[-1].get("created_at") if said else None,
                "status_updated_at": row.get("updated_at"),
            }
        },
    )  # fmt: skip
