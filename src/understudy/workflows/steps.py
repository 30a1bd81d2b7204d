"""What people do, verb by verb: each step of a recipe as calls of the systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from understudy.workflows.bench import Bench
from understudy.workflows.wording import staff_reply

__all__ = ["KNOWN_VERBS", "Work", "perform"]

_NOTE_TO_CONTACT, _TASK_TO_CONTACT = 202, 204
_REASONS = {"duplicate": "duplicate"}


@dataclass(slots=True)
class Work:
    """One person's work on one case: the bench, the facts, the texts, and who it is."""

    bench: Bench
    facts: Mapping[str, Any]
    texts: Mapping[str, str]
    person: str
    rng: Random

    @property
    def ticket(self) -> str:
        """The path of the case's ticket."""
        return f"/api/v2/tickets/{self.facts['ticket']}"

    def text(self, name: str) -> str:
        """A standard text with the case's facts."""
        return self.texts[name].format(**self.facts)


def perform(work: Work, verb: str, argument: str) -> None:
    """Do one step."""
    _STEPS[verb](work, argument)


def _refund(work: Work, what: str) -> None:
    facts = work.facts
    charge = facts["duplicate"] if what == "duplicate" else facts["charge"]
    amount = facts["part_minor"] if what == "part" else facts["charge_amount"]
    reason = _REASONS.get(what, "requested_by_customer")
    form = {"charge": charge, "amount": amount, "reason": reason}
    work.bench.stripe("POST", "/v1/refunds", form)


def _credit_balance(work: Work, what: str) -> None:
    form = {"amount": -_credit(work, what), "currency": work.facts["currency"].lower()}
    work.bench.stripe("POST", f"/v1/customers/{work.facts['customer']}/balance_transactions", form)


def _credit_note(work: Work, what: str) -> None:
    amount = _credit(work, what)
    reason = "order_change" if what == "tax" else "product_unsatisfactory"
    form = {
        "invoice": work.facts["invoice"], "amount": amount, "credit_amount": amount,
        "reason": reason,
    }  # fmt: skip
    work.bench.stripe("POST", "/v1/credit_notes", form)


def _credit(work: Work, what: str) -> int:
    facts = work.facts
    return int(facts["invoice_tax"] if what == "tax" else facts["invoice_total"] // 10)


def _cancel(work: Work, _: str) -> None:
    path = f"/v1/subscriptions/{work.facts['subscription']}"
    work.bench.stripe("POST", path, {"cancel_at_period_end": "true"})


def _seats(work: Work, _: str) -> None:
    path = f"/v1/subscriptions/{work.facts['subscription']}"
    found = work.bench.stripe("GET", path)
    item = found["items"]["data"][0]["id"] if found else ""
    form = {
        "items[0][id]": item, "items[0][quantity]": work.facts["seats"],
        "proration_behavior": "none",
    }  # fmt: skip
    work.bench.stripe("POST", path, form)


def _send_invoice(work: Work, _: str) -> None:
    work.bench.stripe("POST", f"/v1/invoices/{work.facts['invoice']}/send")


def _dispute_evidence(work: Work, text: str) -> None:
    form = {"evidence[uncategorized_text]": work.text(text), "submit": "true"}
    work.bench.stripe("POST", f"/v1/disputes/{work.facts['dispute']}", form)


def _change(work: Work, properties: Mapping[str, str], form: Mapping[str, str]) -> None:
    """The same change in CRM and finance; a record that is gone cannot be changed."""
    if work.facts["contact"]:
        path = f"/crm/v3/objects/contacts/{work.facts['contact']}"
        work.bench.hubspot("PATCH", path, {"properties": dict(properties)})
    work.bench.stripe("POST", f"/v1/customers/{work.facts['customer']}", form)


def _address(work: Work, _: str) -> None:
    street, city, code = (work.facts[f"new_{name}"] for name in ("street", "city", "zip"))
    _change(
        work,
        {"address": street, "city": city, "zip": code},
        {"address[line1]": street, "address[city]": city, "address[postal_code]": code},
    )


def _phone(work: Work, _: str) -> None:
    _change(work, {"phone": work.facts["new_phone"]}, {"phone": work.facts["new_phone"]})


def _email(work: Work, _: str) -> None:
    _change(work, {"email": work.facts["new_email"]}, {"email": work.facts["new_email"]})


def _lifecycle(work: Work, stage: str) -> None:
    path = f"/crm/v3/objects/contacts/{work.facts['contact']}"
    work.bench.hubspot("PATCH", path, {"properties": {"lifecyclestage": stage}})


def _merge_contacts(work: Work, _: str) -> None:
    body = {
        "primaryObjectId": work.facts["contact"], "objectIdToMerge": work.facts["second_contact"],
    }  # fmt: skip
    work.bench.hubspot("POST", "/crm/v3/objects/contacts/merge", body)


def _crm_note(work: Work, text: str) -> None:
    properties = {"hs_note_body": work.text(text), "hs_timestamp": work.facts["opened_at"]}
    _attach(work, "notes", properties, _NOTE_TO_CONTACT)


def _crm_task(work: Work, text: str) -> None:
    properties = {
        "hs_task_subject": work.text(text), "hs_task_status": "NOT_STARTED",
        "hs_timestamp": work.facts["opened_at"],
    }  # fmt: skip
    _attach(work, "tasks", properties, _TASK_TO_CONTACT)


def _attach(work: Work, kind: str, properties: Mapping[str, str], number: int) -> None:
    if not work.facts["contact"]:
        return
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
    link = {"to": {"id": work.facts["contact"]}, "types": types}
    body = {"properties": dict(properties), "associations": [link]}
    work.bench.hubspot("POST", f"/crm/v3/objects/{kind}", body)


def _reply(work: Work, text: str) -> None:
    first_name = str(work.facts.get("first_name") or "")
    body = staff_reply(work.text(text), first_name, work.person.split()[0], work.rng)
    _update(work, {"comment": {"body": body, "public": True}})


def _update(work: Work, ticket: Mapping[str, Any]) -> None:
    work.bench.zendesk("PUT", f"{work.ticket}.json", {"ticket": dict(ticket)})


def _tag(work: Work, tag: str) -> None:
    work.bench.zendesk("PUT", f"{work.ticket}/tags.json", {"tags": [tag]})


def _escalate(work: Work, reason: str) -> None:
    work.bench.desk("/escalations", {"reason": reason})


_STEPS: Mapping[str, Callable[[Work, str], None]] = {
    "address": _address,
    "cancel": _cancel,
    "credit_balance": _credit_balance,
    "credit_note": _credit_note,
    "crm_note": _crm_note,
    "crm_task": _crm_task,
    "dispute_evidence": _dispute_evidence,
    "email": _email,
    "escalate": _escalate,
    "lifecycle": _lifecycle,
    "merge_contacts": _merge_contacts,
    "phone": _phone,
    "priority": lambda work, level: _update(work, {"priority": level}),
    "refund": _refund,
    "reply": _reply,
    "seats": _seats,
    "send_invoice": _send_invoice,
    "solve": lambda work, _: _update(work, {"status": "solved"}),
    "tag": _tag,
    "waits": lambda work, _: _update(work, {"status": "pending"}),
}
KNOWN_VERBS = tuple(_STEPS)
