"""Tickets, comments, users, organizations and macros as Zendesk shows them."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from understudy.model.world import Row

__all__ = [
    "BASE_URL",
    "NUMBERS",
    "SUBDOMAIN",
    "comment",
    "macro",
    "number",
    "organization",
    "ticket",
    "user",
]

SUBDOMAIN = "acme"
BASE_URL = f"https://{SUBDOMAIN}.zendesk.com/api/v2"
_DIGITS = 18
_EPOCH = "1970-01-01T00:00:00Z"

_TICKET: dict[str, Any] = {
    "external_id": None, "recipient": None, "type": None, "priority": None, "problem_id": None,
    "has_incidents": False, "is_public": True, "due_at": None, "collaborator_ids": [],
    "follower_ids": [], "email_cc_ids": [], "forum_topic_id": None,
    "satisfaction_rating": {"score": "unoffered"}, "sharing_agreement_ids": [],
    "custom_status_id": None, "followup_ids": [], "ticket_form_id": 360_001_847_512,
    "brand_id": 360_004_019_638, "allow_channelback": False, "allow_attachments": True,
    "from_messaging_channel": False,
}  # fmt: skip
_USER: dict[str, Any] = {
    "email": None, "time_zone": "UTC", "phone": None, "shared_phone_number": None, "photo": None,
    "locale": "en-US", "organization_id": None, "role": "end-user", "verified": True,
    "external_id": None, "tags": [], "alias": None, "active": True, "shared": False,
    "shared_agent": False, "last_login_at": None, "two_factor_auth_enabled": None,
    "signature": None, "details": None, "notes": None, "role_type": None, "custom_role_id": None,
    "moderator": False, "ticket_restriction": "requested", "only_private_comments": False,
    "restricted_agent": True, "suspended": False, "default_group_id": None, "report_csv": False,
    "user_fields": {},
}  # fmt: skip
_ORGANIZATION: dict[str, Any] = {
    "shared_tickets": False, "shared_comments": False, "external_id": None, "domain_names": [],
    "details": None, "notes": None, "group_id": None, "tags": [], "organization_fields": {},
}  # fmt: skip
NUMBERS = (
    "id", "requester_id", "submitter_id", "assignee_id", "organization_id", "group_id",
    "author_id", "ticket_id", "problem_id", "brand_id",
)  # fmt: skip


def number(value: Any) -> Any:
    """An id as Zendesk writes it: a number where it is one.

    >>> number("42"), number(None)
    (42, None)
    """
    short = isinstance(value, str) and len(value) <= _DIGITS
    return int(value) if short and value.isdecimal() else value


def _numbered(payload: dict[str, Any]) -> dict[str, Any]:
    for name in NUMBERS:
        value = payload.get(name)
        if value.__class__ is str:
            payload[name] = number(value)
    return payload


def ticket(row: Row) -> dict[str, Any]:
    """A ticket."""
    updated = row.get("updated_at") or row.get("created_at") or _EPOCH
    via, custom = row.get("via") or {}, _custom(row)
    payload = {
        "url": f"{BASE_URL}/tickets/{row['id']}.json", "id": row["id"], **_TICKET,
        "created_at": row.get("created_at") or updated, "updated_at": updated,
        "generated_timestamp": crc32(updated.encode()), "subject": row.get("subject"),
        "raw_subject": row.get("subject"), "description": row.get("description"),
        "status": "open", "requester_id": None, "submitter_id": None, "assignee_id": None,
        "organization_id": None, "group_id": None, "tags": [],
        "encoded_id": f"{crc32(row['id'].encode()):08X}"[:8], **row,
        "via": {
            "channel": via.get("channel", "email"),
            "source": via.get("source") or {"from": {}, "to": {}, "rel": None},
        },
        "custom_fields": custom, "fields": custom,
    }  # fmt: skip
    for name in ("deleted_at", "deleted_by"):
        payload.pop(name, None)
    return _numbered(payload)


def _custom(row: Row) -> list[dict[str, Any]]:
    given = row.get("custom_fields")
    if isinstance(given, dict):
        return [{"id": number(key), "value": value} for key, value in given.items()]
    return given if isinstance(given, list) else []


def comment(row: Row) -> dict[str, Any]:
    """A comment; its ticket's id is not part of it."""
    body = str(row.get("body") or "")
    html = (
        row.get("html_body") or f'<div class="zd-comment" dir="auto"><p>{_escaped(body)}</p></div>'
    )
    payload = {
        "id": row["id"], "type": "Comment", "author_id": row.get("author_id"), "body": body,
        "html_body": html, "plain_body": body, "public": bool(row.get("public", True)),
        "attachments": [], "audit_id": crc32(row["id"].encode()),
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": row.get("created_at") or _EPOCH,
        "metadata": {"system": {"client": None, "ip_address": None}, "custom": {}},
    }  # fmt: skip
    return _numbered(payload)


def _escaped(text: str) -> str:
    from html import escape

    return escape(text).replace("\n", "<br>")


def user(row: Row) -> dict[str, Any]:
    """A user."""
    zone = row.get("time_zone", "UTC")
    payload = {
        "id": row["id"], "url": f"{BASE_URL}/users/{row['id']}.json", "name": row.get("name"),
        "created_at": _EPOCH, "updated_at": row.get("created_at") or _EPOCH, **_USER,
        "iana_time_zone": zone, "locale_id": 1, **row,
    }  # fmt: skip
    return _numbered(payload)


def organization(row: Row) -> dict[str, Any]:
    """An organization."""
    payload = {
        "url": f"{BASE_URL}/organizations/{row['id']}.json", "id": row["id"], "name": None,
        "created_at": _EPOCH, "updated_at": row.get("created_at") or _EPOCH, **_ORGANIZATION,
        **row,
    }  # fmt: skip
    return _numbered(payload)


def macro(row: Row) -> dict[str, Any]:
    """A macro."""
    payload = {
        "url": f"{BASE_URL}/macros/{row['id']}.json", "id": row["id"], "title": None,
        "active": True, "updated_at": _EPOCH, "created_at": _EPOCH, "default": False,
        "position": 1, "description": None, "actions": [], "restriction": None,
        "raw_title": row.get("title"), **row,
    }  # fmt: skip
    return _numbered(payload)
