"""What sets a case off: a customer's ticket, or an event that a system sends by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.model.case import Trigger
from understudy.workflows.draft import Draft, iso
from understudy.workflows.recipe import EVENTS, Mail
from understudy.workflows.wording import written_mail

__all__ = ["announce"]

_COMMENTS = 9_000_000_000


def announce(draft: Draft) -> Trigger:
    """Let the case come in: its ticket is added to the world, and its event where it has one.

    An event is filed as a ticket of the customer's, so that it stands in the staff's queue.
    """
    if draft.requester is None:
        _register(draft)
    wordings = [mail for mail in draft.situation.mails if mail.lang == draft.language]
    _write(draft, draft.rng.choice(wordings))
    system, _, name = draft.situation.trigger.partition(".")
    payload = {"ticket_id": draft.facts["ticket"], **_SENT[system](draft, name)}
    return Trigger(system=system, type=name, payload=payload)


def _zendesk(draft: Draft, _: str) -> dict[str, Any]:
    """What the ticket says besides is told with the case, since damage may still change it."""
    return {"requester_id": str(draft.facts["requester"]), "channel": "email"}


def _stripe(draft: Draft, name: str) -> dict[str, Any]:
    """The event as finance keeps it; what is sent names the object and not more."""
    kind, object_id = name.split(".")[-2], draft.facts[EVENTS[draft.situation.trigger]]
    facts = {"id": object_id, "object": kind, "customer": draft.facts["customer"]}
    row = draft.add("stripe.events", {
        "id": draft.key("evt_1"), "type": name, "created": draft.received,
        "data": {"object": facts},
    })  # fmt: skip
    return {"event_id": row["id"], "object": kind, "object_id": object_id}


def _hubspot(draft: Draft, name: str) -> dict[str, Any]:
    """The body of the CRM's webhook."""
    return {
        "eventId": int(draft.digits(10)), "subscriptionType": name, "attemptNumber": 0,
        "objectId": int(draft.facts[EVENTS[draft.situation.trigger]]),
        "occurredAt": draft.received * 1000,
        "changeSource": "IMPORT" if name.startswith("contact.") else "FORM",
    }  # fmt: skip


_SENT: Mapping[str, Callable[[Draft, str], dict[str, Any]]] = {
    "hubspot": _hubspot,
    "stripe": _stripe,
    "zendesk": _zendesk,
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
    mailed = draft.situation.mailed
    body = mail.body.format(**facts)
    if mailed:
        injection = str(facts.get("injection") or "")
        body = written_mail(body, str(requester["name"]), draft.language, injection, draft.rng)
    subject = mail.subject.format(**facts)
    facts["requester"] = requester["id"]
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
