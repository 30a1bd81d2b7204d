"""A case's event as the vendor's webhook would have told it.

Shapes after the vendors' documentation: Stripe's event object, HubSpot's list of subscriptions'
events, Zendesk's event schema of 2022-11-06. An event that was recorded whole is sent as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from understudy.systems import mint
from understudy.systems.stripe.objects import event

__all__ = ["Look", "vendor_event"]

Look = Callable[..., Any]
"""Reads one object: takes an operation and its parameters, gives the answer or None."""

_ZENDESK_VERSION = "2022-11-06"
_COMMENTED = {"ticket.comment": "ticket.comment_added"}
_TOUCHED = ".touched"
"""How events are named of which is only known what they were about."""


def vendor_event(case: Any, look: Look) -> Any:
    """The body of the webhook, as plain data; the same at every delivery of the same event.

    `look` reads what the event is about, as it was then. Of a system that has no form of its own
    the payload is the body.
    """
    make = _FORMS.get(case.trigger.system)
    payload = dict(case.trigger.payload)
    return payload if make is None else make(case, payload, look)


def _stripe(case: Any, payload: dict[str, Any], look: Look) -> dict[str, Any]:
    if payload.get("object") == "event":
        return payload
    kind, row_id = str(payload.get("object", "object")), payload.get("object_id")
    event_id = payload.get("event_id")
    known = look("stripe.events.retrieve", id=event_id) if event_id else None
    if known is not None:
        return {**known, "pending_webhooks": 1}
    found = look(f"stripe.{kind.removesuffix('s')}s.retrieve", id=row_id) if row_id else None
    told = str(case.trigger.type)
    return event(
        {
            "id": event_id or f"evt_{mint.letters(24, case.id, 'event')}",
            "created": int(_moment(case).timestamp()),
            "data": {"object": found or {"id": row_id, "object": kind.removesuffix("s")}},
            "livemode": _is_live(case),
            "pending_webhooks": 1,
            "type": f"{kind.removesuffix('s')}.updated" if told.endswith(_TOUCHED) else told,
        }
    )


def _is_live(case: Any) -> bool:
    """Whether the account is in live mode, as its key says."""
    return str(case.credentials.get("stripe", {}).get("api_key", "")).startswith("sk_live_")


def _hubspot(case: Any, payload: dict[str, Any], look: Look) -> list[dict[str, Any]]:
    del look
    told = str(case.trigger.type)
    about: Any = payload.get("objectId", payload.get("object_id"))
    made = {
        "eventId": int(mint.digits(10, case.id, "event")),
        "subscriptionId": 1_000_001,
        "portalId": 62_515,
        "appId": 1_160_452,
        "occurredAt": int(_moment(case).timestamp() * 1000),
        "subscriptionType": "object.propertyChange" if told.endswith(_TOUCHED) else told,
        "attemptNumber": 0,
        "objectId": int(about) if str(about).isdecimal() else about,
        "changeSource": "CRM",
    }
    kept = {name: each for name, each in payload.items() if name not in ("object", "object_id")}
    return [{**made, **kept}]


def _zendesk(case: Any, payload: dict[str, Any], look: Look) -> dict[str, Any]:
    if "zendesk_event_version" in payload:
        return payload
    ticket_id = str(payload.get("ticket_id", ""))
    found = look("zendesk.tickets.get", id=ticket_id) if ticket_id else None
    told = str(case.trigger.type)
    name = _COMMENTED.get(told, told)
    return {
        "account_id": 2_500_001,
        "detail": _ticket(ticket_id, (found or {}).get("ticket") or payload),
        "event": {"comment": _comment(case)} if name == _COMMENTED["ticket.comment"] else {},
        "id": mint.uuid(case.id, "event"),
        "subject": f"zen:ticket:{ticket_id}",
        "time": _moment(case).isoformat().replace("+00:00", "Z"),
        "type": f"zen:event-type:{name}",
        "zendesk_event_version": _ZENDESK_VERSION,
    }


_DETAILS = (
    "subject", "description", "requester_id", "submitter_id", "assignee_id", "organization_id",
    "group_id", "brand_id", "external_id", "created_at", "updated_at", "tags", "via",
)  # fmt: skip


def _ticket(ticket_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The ticket as events tell it: ids are texts, and what is one of a few is in capitals."""
    detail: dict[str, Any] = {"id": ticket_id}
    for name in _DETAILS:
        value = row.get(name)
        is_id = name.endswith("_id") and value is not None
        detail[name] = str(value) if is_id else value
    for name in ("status", "priority", "type"):
        value = row.get(name)
        detail[name] = str(value).upper() if value else None
    return {**detail, "form_id": row.get("ticket_form_id"), "is_public": True}


def _comment(case: Any) -> dict[str, Any]:
    said = next((turn.text for turn in reversed(case.turns) if turn.role == "customer"), "")
    author = case.trigger.payload.get("requester_id")
    return {
        "id": mint.digits(13, case.id, "comment"),
        "body": said,
        "is_public": True,
        "author": {"id": None if author is None else str(author), "is_staff": False},
    }


def _moment(case: Any) -> datetime:
    """When it happened."""
    return case.received_at or datetime.fromisoformat("2026-01-01T00:00:00+00:00")


_FORMS: Mapping[str, Callable[[Any, dict[str, Any], Look], Any]] = {
    "stripe": _stripe,
    "hubspot": _hubspot,
    "zendesk": _zendesk,
}
