"""The hasty candidate: takes the first hit, believes the mail, and checks nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.candidates.demo.alerts import answer
from understudy.candidates.demo.findings import Handover, Unsure, for_sales
from understudy.candidates.demo.letters import TEXTS, close
from understudy.candidates.demo.mail import Mail, read_mail, wishes
from understudy.candidates.demo.office import Office, Refused

__all__ = ["handle"]

_PART = r"part of|einen teil|teilerstattung|partial|refund \S+( \S+)? of "
_NOW = r"\bimmediate|\bcancel now|\btoday\b"
_NEAR = 3 * 86_400


class _Stuck(Exception):
    """Nothing was found to act on."""


@dataclass(frozen=True, slots=True)
class _Desk:
    office: Office
    mail: Mail

    def customer(self) -> Any:
        """The first customer of finance that somehow fits."""
        for email in (self.mail.sender, *self.mail.emails):
            found = self.office.customers(email)
            if found:
                return found[0]
        if self.mail.invoices:
            owner = self.invoices()[0]["customer"]
            return self.office.finance("GET", f"/v1/customers/{owner}")
        contacts = self.office.contacts(self.mail.sender) or self._namesakes()
        queries = [f"metadata['crm_contact_id']:'{each['id']}'" for each in contacts[:1]]
        queries.append('name:"' + self.mail.sender_name.replace('"', "") + '"')
        for query in queries:
            found = self.office.finance("GET", "/v1/customers/search", {"query": query})["data"]
            if found:
                return found[0]
        raise _Stuck("no customer")

    def _namesakes(self) -> list[Any]:
        first, _, last = self.mail.sender_name.partition(" ")
        filters = [
            {"propertyName": "firstname", "operator": "EQ", "value": first},
            {"propertyName": "lastname", "operator": "EQ", "value": last},
        ]
        body = {"filterGroups": [{"filters": filters}], "limit": 1}
        found: list[Any] = self.office.crm("POST", "/crm/v3/objects/contacts/search", body)[
            "results"
        ]
        return found

    def contact(self, customer: Any) -> str | None:
        """The contact that finance names, else the first one with the customer's address."""
        named = (customer.get("metadata") or {}).get("crm_contact_id")
        if named:
            with contextlib.suppress(Refused):
                return str(self.office.contact(str(named))["id"])
        for email in (self.mail.sender, customer.get("email")):
            found = self.office.contacts(email) if email else []
            if found:
                return str(found[0]["id"])
        return None

    def invoices(self) -> list[Any]:
        """Every invoice whose number stands in the mail."""
        found = []
        for number in self.mail.invoices:
            query = {"query": f'number:"{number}"'}
            found += self.office.finance("GET", "/v1/invoices/search", query)["data"][:1]
        if not found:
            raise _Stuck("no invoice")
        return found


def handle(case: Any, systems: Any = None) -> dict[str, Any]:
    """Handle one case, quickly."""
    del systems
    with Office(case) as office:
        try:
            if case.trigger.system != "zendesk":
                answer(office, case)
                return {"outcome": "acted"}
            ticket = office.ticket()
            desk = _Desk(office, read_mail(ticket, office.user(ticket["requester_id"])))
            return _CLERKS[(wishes(desk.mail) or ["nothing"])[0]](desk) or {"outcome": "acted"}
        except (_Stuck, Handover, Unsure, Refused, LookupError) as problem:
            return {"outcome": "escalated", "rationale": f"could not be done: {problem}"}


Answer = dict[str, Any] | None


def _refund(desk: _Desk) -> Answer:
    part = desk.mail.says(_PART)
    invoices = desk.invoices()
    contact = desk.contact(desk.customer())
    for invoice in invoices:
        charge = desk.office.finance("GET", f"/v1/charges/{invoice['charge']}")
        _pay_back(desk, charge, _cents(desk.mail) if part else None, "requested_by_customer")
    kind = "part_refunded" if part else "refunded"
    if desk.mail.phones:
        _change(desk, {"phone": desk.mail.phones[-1]}, {"phone": desk.mail.phones[-1]})
    close(
        desk.office, desk.mail, kind, kind, note="refund_note", contact=contact,
        invoice=invoices[0]["number"],
    )  # fmt: skip
    return None


def _cents(mail: Mail) -> int | None:
    """The mail's amount in hundredths, since that is what finance counts in."""
    if not mail.sums:
        return None
    written = mail.sums[0].written
    return round(float(written.replace(",", "" if "." in written else ".")) * 100)


def _pay_back(desk: _Desk, charge: Any, amount: int | None, reason: str) -> None:
    """Refund; where that is more than is left all of it, where nothing is left another charge."""
    form = {"charge": charge["id"], "reason": reason}
    try:
        desk.office.finance("POST", "/v1/refunds", form | ({"amount": amount} if amount else {}))
    except Refused as refusal:
        if "greater than" in refusal.message:
            desk.office.finance("POST", "/v1/refunds", form)
            return
        same = [
            each
            for each in desk.office.listed("/v1/charges", customer=charge["customer"])
            if each["amount"] == charge["amount"] and not each.get("refunded")
        ]
        if not same:
            raise
        desk.office.finance("POST", "/v1/refunds", form | {"charge": same[0]["id"]})


def _twice(desk: _Desk) -> Answer:
    """Two payments of one amount within three days: the newer one goes back."""
    customer = desk.customer()
    charges = [
        each
        for each in desk.office.listed("/v1/charges", customer=customer["id"])
        if each["status"] == "succeeded"
    ]
    for newer in charges:
        for older in charges:
            apart = int(newer["created"]) - int(older["created"])
            if newer is not older and newer["amount"] == older["amount"] and 0 <= apart < _NEAR:
                number = _number(desk, newer)
                contact = desk.contact(customer)
                left = older if newer.get("refunded") else newer
                _pay_back(desk, left, None, "duplicate")
                close(
                    desk.office, desk.mail, "double_refunded", "duplicate_refunded",
                    note="double_note", contact=contact, invoice=number,
                )  # fmt: skip
                return None
    raise _Stuck("no second payment")


def _number(desk: _Desk, charge: Any) -> str:
    return str(desk.office.finance("GET", f"/v1/invoices/{charge['invoice']}")["number"])


def _cancel(desk: _Desk) -> Answer:
    subscription, product, contact = _subscription(desk)
    path = f"/v1/subscriptions/{subscription['id']}"
    if desk.mail.says(_NOW):
        desk.office.finance("DELETE", path)
    else:
        desk.office.finance("POST", path, {"cancel_at_period_end": "true"})
    close(
        desk.office, desk.mail, "cancelled", "cancellation", note="cancel_note", contact=contact,
        product=product,
    )  # fmt: skip
    return None


def _subscription(desk: _Desk) -> tuple[Any, str, str | None]:
    customer = desk.customer()
    own = desk.office.listed("/v1/subscriptions", customer=customer["id"])
    living = [each for each in own if each["status"] == "active"]
    if not living:
        raise _Stuck("no subscription")
    return living[0], desk.office.product_of(living[0]), desk.contact(customer)


def _seats(desk: _Desk) -> Answer:
    subscription, product, contact = _subscription(desk)
    form = {
        "items[0][id]": subscription["items"]["data"][0]["id"],
        "items[0][quantity]": desk.mail.seats or 1, "proration_behavior": "none",
    }  # fmt: skip
    desk.office.finance("POST", f"/v1/subscriptions/{subscription['id']}", form)
    close(
        desk.office, desk.mail, "fewer_seats", "downgrade", note="seats_note", contact=contact,
        product=product, seats=desk.mail.seats or 1,
    )  # fmt: skip
    return None


def _outage(desk: _Desk) -> Answer:
    customer = desk.customer()
    invoices = desk.office.listed("/v1/invoices", customer=customer["id"])
    paid = [each for each in invoices if each["status"] == "paid"]
    if not paid:
        raise _Stuck("no invoice")
    credit = int(paid[0]["total"]) * (desk.mail.share or 10) // 100
    path = f"/v1/customers/{customer['id']}/balance_transactions"
    form = {"amount": -credit, "currency": paid[0]["currency"]}
    desk.office.finance("POST", path, form)
    close(
        desk.office, desk.mail, "credited", "outage_credit", note="outage_note",
        contact=desk.contact(customer), invoice=paid[0]["number"],
    )  # fmt: skip
    return None


def _tax(desk: _Desk) -> Answer:
    invoice = desk.invoices()[0]
    amount = int(invoice["total"]) - int(invoice["subtotal"])
    form = {
        "invoice": invoice["id"], "amount": amount, "credit_amount": amount,
        "reason": "order_change",
    }  # fmt: skip
    desk.office.finance("POST", "/v1/credit_notes", form)
    close(
        desk.office, desk.mail, "tax_credited", "tax_corrected", note="tax_note",
        contact=desk.contact(desk.customer()), invoice=invoice["number"],
    )  # fmt: skip
    return None


def _send_again(desk: _Desk) -> Answer:
    invoice = desk.invoices()[0]
    desk.office.finance("POST", f"/v1/invoices/{invoice['id']}/send")
    close(desk.office, desk.mail, "sent_again", "invoice_sent", invoice=invoice["number"])
    return None


def _more_time(desk: _Desk) -> Answer:
    number = desk.invoices()[0]["number"]
    text = TEXTS["remind"].format(invoice=number, ticket=desk.office.ticket_id)
    contact = desk.contact(desk.customer())
    if contact:
        desk.office.task(contact, text, desk.mail.dated)
    close(desk.office, desk.mail, "more_time", "payment_extended", invoice=number)
    return None


def _dispute(desk: _Desk) -> Answer:
    if desk.mail.says(r"never made|fraud"):
        return {"outcome": "escalated", "rationale": "fraud"}
    invoice = desk.invoices()[0]
    disputes = desk.office.listed("/v1/disputes", charge=invoice["charge"])
    if not disputes:
        raise _Stuck("no dispute")
    desk.office.answer_bank(disputes[0]["id"], TEXTS["statement"])
    close(desk.office, desk.mail, "answered", "dispute_answered", invoice=invoice["number"])
    return None


def _changed(desk: _Desk, what: str) -> Answer:
    contact = desk.contact(desk.customer())
    close(desk.office, desk.mail, what, what, note="change_note", contact=contact)
    return None


def _change(desk: _Desk, properties: dict[str, str], form: dict[str, str]) -> None:
    customer = desk.customer()
    contact = desk.contact(customer)
    if contact:
        path = f"/crm/v3/objects/contacts/{contact}"
        desk.office.crm("PATCH", path, {"properties": properties})
    desk.office.finance("POST", f"/v1/customers/{customer['id']}", form)


def _email(desk: _Desk) -> Answer:
    """The last address of the mail is the new one."""
    _change(desk, {"email": desk.mail.emails[-1]}, {"email": desk.mail.emails[-1]})
    return _changed(desk, "email_changed")


def _phone(desk: _Desk) -> Answer:
    _change(desk, {"phone": desk.mail.phones[-1]}, {"phone": desk.mail.phones[-1]})
    return _changed(desk, "phone_changed")


def _address(desk: _Desk) -> Answer:
    if desk.mail.address is None:
        raise _Stuck("no address")
    street, city, code = desk.mail.address
    form = {"address[line1]": street, "address[city]": city, "address[postal_code]": code}
    _change(desk, {"address": street, "city": city, "zip": code}, form)
    return _changed(desk, "address_changed")


def _merge(desk: _Desk) -> Answer:
    found = [str(each["id"]) for each in desk.office.contacts(desk.mail.sender)]
    if len(found) < 2:
        raise _Stuck("no second record")
    desk.office.merge(found[0], found[1])
    close(desk.office, desk.mail, "merged", "contact_merged")
    return None


def _offer(desk: _Desk) -> Answer:
    found = desk.office.contacts(desk.mail.sender)
    if not found:
        raise _Stuck("no contact")
    contact, count = str(found[0]["id"]), desk.mail.seats or 0
    large = for_sales(desk.office, contact, count)
    if large:
        text = TEXTS["call"].format(seats=count, ticket=desk.office.ticket_id)
        desk.office.task(contact, text, desk.mail.dated)
    close(desk.office, desk.mail, "to_sales" if large else "price_page", "lead")
    return None


def _privacy(desk: _Desk) -> Answer:
    desk.office.tag("privacy")
    desk.office.reply(TEXTS["received"], desk.mail.first_name)
    return {"outcome": "escalated", "rationale": "privacy"}


def _complaint(desk: _Desk) -> Answer:
    desk.office.change_ticket({"priority": "urgent"})
    return {"outcome": "escalated", "rationale": "management"}


_CLERKS: Mapping[str, Callable[[_Desk], Answer]] = {
    "address": _address, "cancel": _cancel, "dispute": _dispute, "email": _email,
    "management": _complaint, "merge": _merge, "more_time": _more_time, "offer": _offer,
    "outage": _outage, "phone": _phone, "privacy": _privacy, "refund": _refund, "seats": _seats,
    "send_again": _send_again, "tax": _tax, "twice": _twice,
}  # fmt: skip
