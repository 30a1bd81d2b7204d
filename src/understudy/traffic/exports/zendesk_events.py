"""Zendesk's incremental ticket events: the same as audits, told in the other form.

They hold `child_events`, whose field is a key and whose `via` is a label.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed

__all__ = ["FIELDS", "audit_of", "iso"]

FIELDS = (
    "status", "priority", "type", "subject", "requester_id", "assignee_id", "group_id",
    "organization_id", "tags", "external_id", "due_at", "problem_id", "submitter_id", "recipient",
    "description",
)  # fmt: skip
_LABELS = {
    "web form": "web", "mail": "email", "email": "email", "web service (api)": "api", "api": "api",
    "rule": "rule", "trigger": "rule", "automation": "rule", "system": "system",
}  # fmt: skip


def audit_of(record: dict[str, Any]) -> dict[str, Any]:
    """The audit that a ticket event tells; raises `Malformed` where it is none."""
    children = record.get("child_events")
    at = moment_of(record.get("created_at")) or moment_of(record.get("timestamp"))
    if not isinstance(children, list) or at is None:
        raise Malformed("a ticket event without `child_events` or time")
    events = [_child(child) for child in children if isinstance(child, dict)]
    return {
        "id": record.get("id"), "ticket_id": record.get("ticket_id"), "created_at": iso(at),
        "author_id": record.get("updater_id"), "via": {"channel": _label(record.get("via"))},
        "events": [each for event in events for each in event],
    }  # fmt: skip


def _child(child: dict[str, Any]) -> Iterator[dict[str, Any]]:
    via = {"channel": _label(child.get("via"))}
    base = {"id": child.get("id"), "type": child.get("event_type"), "via": via}
    if child.get("event_type") == "Comment":
        told = {"body": "", **child} if "body" in child or "plain_body" in child else dict(child)
        yield {**told, **base, "public": child.get("public", child.get("comment_public", True))}
        return
    if child.get("comment_id") is not None:
        yield {**base, "comment_id": child["comment_id"]}
        return
    names = [name for name in FIELDS if name in child]
    custom = child.get("custom_ticket_fields")
    pairs = [(name, child[name]) for name in names]
    pairs += list(custom.items()) if isinstance(custom, dict) else []
    for name, value in pairs:
        before = child.get("previous_value", _without(child, value) if name == "tags" else None)
        yield {**base, "field_name": name, "value": value, "previous_value": before}


def _without(child: dict[str, Any], tags: Any) -> Any:
    """The tags before, from those that came and went."""
    added, removed = child.get("added_tags"), child.get("removed_tags")
    if not (isinstance(tags, list) and isinstance(added, list) and isinstance(removed, list)):
        return None
    return [*(tag for tag in tags if tag not in added), *removed]


def _label(via: Any) -> str:
    if isinstance(via, dict):
        return str(via.get("channel") or "")
    return _LABELS.get(str(via).strip().lower(), str(via).strip().lower())


def iso(at: Any) -> str:
    """A time as Zendesk writes it."""
    return str(at.strftime("%Y-%m-%dT%H:%M:%SZ"))
