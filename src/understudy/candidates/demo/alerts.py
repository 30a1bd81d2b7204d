"""What the systems report by themselves: disputes, unpaid invoices, new deals, second records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.candidates.demo.findings import Handover, Unsure, contact_of, for_sales
from understudy.candidates.demo.letters import TEXTS
from understudy.candidates.demo.office import Office

__all__ = ["answer"]

_SEATS = re.compile(r"(\d+) seats")


@dataclass(frozen=True, slots=True)
class _Alert:
    """An event while it is dealt with."""

    office: Office
    object_id: str
    dated: str


def answer(office: Office, case: Any) -> None:
    """Deal with what a system has reported; raises `Handover` or `Unsure`."""
    trigger = case.trigger
    clerk = _CLERKS.get(trigger.type)
    if clerk is None:
        raise Unsure(f"nobody told me what to do about {trigger.type}")
    payload = trigger.payload
    object_id = str(payload.get("object_id") or payload.get("objectId"))
    clerk(_Alert(office, object_id, str(office.ticket()["created_at"])))
    office.change_ticket({"status": "solved"})


def _dispute(alert: _Alert) -> None:
    """DA-3 and DA-4: the standard statement, unless the bank says that the card was stolen."""
    office = alert.office
    found = office.finance("GET", f"/v1/disputes/{alert.object_id}")
    if found["reason"] == "fraudulent":
        raise Handover("fraud")
    if found["status"] not in ("needs_response", "warning_needs_response"):
        raise Unsure("the dispute is not open")
    charge = office.finance("GET", f"/v1/charges/{found['charge']}")
    invoice = office.finance("GET", f"/v1/invoices/{charge['invoice']}")
    contact = _named(alert, charge["customer"])
    office.answer_bank(found["id"], TEXTS["statement"])
    office.note(contact, TEXTS["dispute_note"].format(invoice=invoice["number"]), alert.dated)


def _unpaid(alert: _Alert, text: str) -> None:
    """OI-3 and OI-4: the invoice is sent again, and a task reminds its owner."""
    office = alert.office
    invoice = office.finance("GET", f"/v1/invoices/{alert.object_id}")
    if invoice["status"] != "open":
        raise Unsure("the invoice is not open")
    contact = _named(alert, invoice["customer"])
    office.finance("POST", f"/v1/invoices/{invoice['id']}/send")
    office.task(contact, TEXTS[text].format(invoice=invoice["number"]), alert.dated)


def _deal(alert: _Alert) -> None:
    """LQ-3 and LQ-4: from twenty seats on the deal's contact goes to sales."""
    office = alert.office
    shown = office.crm("GET", f"/crm/v3/objects/deals/{alert.object_id}?associations=contacts")
    seats = _SEATS.search(str(shown["properties"].get("dealname")))
    linked = ((shown.get("associations") or {}).get("contacts") or {}).get("results") or []
    contacts = {str(each["id"]) for each in linked}
    if seats is None or len(contacts) != 1:
        raise Unsure("it is not clear who asks, or for how many")
    count, contact = int(seats[1]), contacts.pop()
    large = for_sales(office, contact, count)
    tell, text = (office.task, "call_deal") if large else (office.note, "small_deal")
    tell(contact, TEXTS[text].format(seats=count), alert.dated)


def _second_record(alert: _Alert) -> None:
    """DM-2: the new record goes into the one that finance names, where both agree."""
    office = alert.office
    new = office.contact(alert.object_id)["properties"]
    customers = office.customers(str(new.get("email")))
    if len(customers) != 1:
        raise Unsure(f"{len(customers)} customers have the record's address")
    kept = contact_of(office, customers[0])
    name = office.contact(kept)["properties"].get("lastname")
    if kept == alert.object_id or name != new.get("lastname"):
        raise Unsure("it is not clear which record is the second one")
    office.merge(kept, alert.object_id)


def _named(alert: _Alert, customer_id: str) -> str:
    customer = alert.office.finance("GET", f"/v1/customers/{customer_id}")
    return contact_of(alert.office, customer)


_CLERKS: Mapping[str, Callable[[_Alert], None]] = {
    "charge.dispute.created": _dispute,
    "contact.creation": _second_record,
    "deal.creation": _deal,
    "invoice.overdue": lambda alert: _unpaid(alert, "overdue_task"),
    "invoice.payment_failed": lambda alert: _unpaid(alert, "failed_task"),
}
