"""What sets a case off: a customer's ticket, or an event that a system sends by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.model.case import Trigger
from understudy.workflows.draft import Draft, iso
from understudy.workflows.recipe import TICKET, Mail
from understudy.workflows.wording import written_mail

__all__ = ["EVENTS", "announce"]

_COMMENTS = 9_000_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """A vendor's event: its type, the sort of object it is about, and the fact that names that."""

    type: str
    object: str
    fact: str


EVENTS: Mapping[str, Event] = {
    "hubspot.contact.creation": Event("contact.creation", "contact", "second_contact"),
    "hubspot.deal.creation": Event("deal.creation", "deal", "deal"),
    "stripe.charge.dispute.created": Event("charge.dispute.created", "dispute", "dispute"),
    "stripe.invoice.overdue": Event("invoice.overdue", "invoice", "invoice"),
    "stripe.invoice.payment_failed": Event("invoice.payment_failed", "invoice", "invoice"),
}
"""The events beside the ticket, by the name that recipes give them."""


def announce(draft: Draft) -> Trigger:
    """Let the case come in: its ticket is added to the world, and its event where it has one.

    An event is filed as a ticket of the customer's, so that it stands in the staff's queue.
    """
    if draft.requester is None:
        _register(draft)
    wordings = [mail for mail in draft.situation.mails if mail.lang == draft.language]
    _write(draft, draft.rng.choice(wordings))
    facts, event = draft.facts, EVENTS.get(draft.situation.trigger)
    if event is not None:
        system = draft.situation.trigger.partition(".")[0]
        payload = {**_SENT[system](draft, event), "ticket_id": facts["ticket"]}
        return Trigger(system=system, type=event.type, payload=payload)
    payload = {
        "ticket_id": facts["ticket"], "requester_id": str(facts["requester"]),
        "subject": facts["subject"], "channel": "email",
    }  # fmt: skip
    return Trigger(system="zendesk", type="ticket.created", payload=payload)


def _stripe(draft: Draft, event: Event) -> dict[str, Any]:
    """The event as finance keeps it; what is sent names the object and not more."""
    object_id = draft.facts[event.fact]
    facts = {"id": object_id, "object": event.object, "customer": draft.facts["customer"]}
    row = draft.add("stripe.events", {
        "id": draft.key("evt_1"), "type": event.type, "created": draft.received,
        "data": {"object": facts},
    })  # fmt: skip
    return {"event_id": row["id"], "object": event.object, "object_id": object_id}


def _hubspot(draft: Draft, event: Event) -> dict[str, Any]:
    """The body of the CRM's webhook."""
    return {
        "eventId": int(draft.digits(10)), "subscriptionType": event.type, "attemptNumber": 0,
        "objectId": int(draft.facts[event.fact]), "occurredAt": draft.received * 1000,
        "changeSource": "IMPORT" if event.object == "contact" else "FORM",
    }  # fmt: skip


_SENT: Mapping[str, Callable[[Draft, Event], dict[str, Any]]] = {
    "hubspot": _hubspot,
    "stripe": _stripe,
}


def _register(draft: Draft) -> None:
    """A lead who writes for the first time becomes a user of support."""
    made = iso(draft.received - 60)
    draft.requester = draft.add("zendesk.users", {
        "id": draft.digits(12), "name": draft.facts["name"], "email": draft.facts["email"],
        "role": "end-user", "tags": [], "created_at": made, "updated_at": made,
        "time_zone": "Europe/Berlin", "locale": "en-US",
    })  # fmt: skip


def _write(draft: Draft, mail: Mail) -> None:
    requester = draft.requester or {}
    facts, made = draft.facts, iso(draft.received)
    mailed = draft.situation.trigger == TICKET
    body = mail.body.format(**facts)
    if mailed:
        injection = str(facts.get("injection") or "")
        body = written_mail(body, str(requester["name"]), draft.language, injection, draft.rng)
    subject = mail.subject.format(**facts)
    facts |= {"subject": subject, "requester": requester["id"]}
    draft.add("zendesk.tickets", {
        "id": facts["ticket"], "subject": subject, "description": body, "status": "new",
        "priority": "normal", "type": "question", "requester_id": requester["id"],
        "submitter_id": requester["id"], "organization_id": requester.get("organization_id"),
        "tags": list(draft.ticket_tags), "via": {"channel": "email" if mailed else "api"},
        "created_at": made,
        "updated_at": made,
    })  # fmt: skip
    draft.add("zendesk.comments", {
        "id": str(_COMMENTS + draft.number), "ticket_id": facts["ticket"],
        "author_id": requester["id"], "body": body, "public": True, "created_at": made,
    })  # fmt: skip
