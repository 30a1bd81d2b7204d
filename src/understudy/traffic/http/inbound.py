"""Events that a vendor sent: what came in, as the webhook's own body tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from understudy.model.interaction import Interaction
from understudy.systems.hubspot.kinds import table_of
from understudy.traffic.moments import moment_of

__all__ = ["Inbound", "inbound_of", "is_inbound", "sender_of", "ticket_in"]

_SIGNATURES = {
    "stripe-signature": "stripe",
    "x-zendesk-webhook-signature": "zendesk",
    "x-hubspot-signature": "hubspot",
    "x-hubspot-signature-v3": "hubspot",
}
_TICKET = ("ticket_id", "zendesk_ticket_id", "zendesk_ticket", "support_ticket", "ticket")
_ZENDESK_EVENT = "zen:event-type:"
_SAID = {"ticket.comment_added": "ticket.comment"}


@dataclass(frozen=True, slots=True)
class Inbound:
    """An event from outside: of which system and type, about which object, since when."""

    system: str
    type: str
    entity: str
    at: datetime | None
    payload: dict[str, Any] = field(default_factory=dict)


def is_inbound(headers: Mapping[str, str]) -> bool:
    """Whether a request is a vendor's webhook: only those are signed so."""
    return sender_of(headers) is not None


def sender_of(headers: Mapping[str, str]) -> str | None:
    """The system that signed a webhook."""
    if _SIGNATURES.keys().isdisjoint(headers):
        return None
    return next(system for name, system in _SIGNATURES.items() if name in headers)


def inbound_of(interaction: Interaction) -> Inbound | None:
    """The event that a recorded exchange delivered, or None where it delivered none."""
    system = sender_of(interaction.request.headers)
    return None if system is None else _READERS[system](interaction)


def ticket_in(value: Any) -> str | None:
    """The id of the ticket that an object's own fields name; metadata count as such.

    >>> ticket_in({"amount": "5", "metadata": {"ticket_id": 7}})
    '7'
    """
    if not isinstance(value, dict):
        return None
    for name in _TICKET:
        found = value.get(name)
        found = found.get("id") if isinstance(found, dict) else found
        if isinstance(found, str | int) and not isinstance(found, bool) and str(found).isdecimal():
            return str(found)
    for name in _TICKET:
        found = value.get(f"metadata[{name}]")
        if isinstance(found, str) and found.isdecimal():
            return found
    return ticket_in(value.get("metadata"))


def _stripe(interaction: Interaction) -> Inbound | None:
    event = interaction.request.body
    data = event.get("data") if isinstance(event, dict) else None
    found = data.get("object") if isinstance(data, dict) else None
    if not isinstance(event, dict) or not isinstance(found, dict):
        return None
    kind, row_id = found.get("object"), found.get("id")
    payload = {"event_id": event.get("id"), "object": kind, "object_id": row_id}
    at = moment_of(event.get("created")) or interaction.started_at
    return Inbound("stripe", str(event.get("type")), f"stripe.{kind}s/{row_id}", at, payload)


def _zendesk(interaction: Interaction) -> Inbound | None:
    body = interaction.request.body
    if not isinstance(body, dict):
        return None
    detail = body.get("detail")
    inner = detail.get("id") if isinstance(detail, dict) else None
    ticket = ticket_in(body) or (str(inner) if inner is not None else None)
    if ticket is None:
        return None
    told = str(body.get("type", "")).removeprefix(_ZENDESK_EVENT) or "ticket.created"
    at = moment_of(body.get("time")) or interaction.started_at
    kind = _SAID.get(told, told) if told.startswith("ticket.") else "ticket.created"
    return Inbound("zendesk", kind, f"zendesk.tickets/{ticket}", at, {"ticket_id": ticket})


def _hubspot(interaction: Interaction) -> Inbound | None:
    body = interaction.request.body
    event = body[0] if isinstance(body, list) and body else body
    if not isinstance(event, dict) or event.get("objectId") is None:
        return None
    told = str(event.get("subscriptionType") or "object.change")
    kind = str(event.get("objectTypeId") or told.partition(".")[0])
    plural = kind if "-" in kind or kind.endswith("s") else _PLURALS.get(kind, f"{kind}s")
    at = moment_of(event.get("occurredAt")) or interaction.started_at
    return Inbound("hubspot", told, f"hubspot.{table_of(plural)}/{event['objectId']}", at, event)


_PLURALS = {"company": "companies"}
_READERS = {"stripe": _stripe, "zendesk": _zendesk, "hubspot": _hubspot}
