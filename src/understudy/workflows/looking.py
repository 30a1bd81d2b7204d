"""What everybody opens before they act: ticket, sender, contact, customer, and the object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.workflows.bench import Bench

__all__ = ["look_around"]

_OBJECTS = (("invoice", "invoices"), ("charge", "charges"), ("dispute", "disputes"))


def look_around(bench: Bench, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Read what the case is about; returns what only the screen tells.

    `opened_at` is when the ticket was opened, by its own clock: notes are dated by it. `contact` is
    the record that is left of the person in the CRM, or None.
    """
    opened_at = _ticket(bench, facts)
    if "customer" in facts:
        bench.stripe("GET", "/v1/customers", {"email": facts["email"], "limit": 3})
    for name, path in _OBJECTS:
        if name in facts:
            bench.stripe("GET", f"/v1/{path}/{facts[name]}")
    if "subscription" in facts:
        bench.stripe("GET", "/v1/subscriptions", {"customer": facts["customer"], "limit": 5})
    if "deal" in facts:
        bench.hubspot("GET", f"/crm/v3/objects/deals/{facts['deal']}?associations=contacts")
    if "second_contact" in facts:
        bench.hubspot("GET", f"/crm/v3/objects/contacts/{facts['second_contact']}")
    return {"opened_at": opened_at, "contact": _contact(bench, facts)}


def _ticket(bench: Bench, facts: Mapping[str, Any]) -> str:
    """Open the ticket, its thread and its sender; returns when it was made."""
    ticket = f"/api/v2/tickets/{facts['ticket']}"
    shown = bench.zendesk("GET", f"{ticket}.json")
    bench.zendesk("GET", f"{ticket}/comments.json")
    bench.zendesk("GET", f"/api/v2/users/{facts['requester']}.json")
    return str(shown["ticket"]["created_at"])


def _contact(bench: Bench, facts: Mapping[str, Any]) -> str | None:
    """The person's record, followed through merges; found again by address where it was deleted."""
    path = f"/crm/v3/objects/contacts/{facts['contact']}?properties=email,phone,tier"
    shown = bench.hubspot("GET", path)
    if shown:
        return str(shown["id"])
    by_address = {"propertyName": "email", "operator": "EQ", "value": facts["email"]}
    body = {"filterGroups": [{"filters": [by_address]}], "limit": 3}
    found = bench.hubspot("POST", "/crm/v3/objects/contacts/search", body)
    return str(found["results"][0]["id"]) if found and found["results"] else None
