"""Who a case is about: looked up in finance and CRM, and only believed where both agree."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from understudy.candidates.demo.mail import Mail, Sum
from understudy.candidates.demo.office import Office, Refused

__all__ = ["LIMITS", "Case", "Handover", "Unsure", "contact_of", "for_sales", "look_up"]

LIMITS = {
    "EUR": 50_000, "USD": 54_000, "GBP": 43_000, "MXN": 1_000_000, "PLN": 215_000,
    "UAH": 2_250_000, "JPY": 81_000, "KWD": 168_000,
}  # fmt: skip
"""The approval limit of the refund policy, in minor units."""

_MANY_SEATS = 20


class Unsure(Exception):
    """Something does not fit; a person must look."""


class Handover(Exception):
    """The policy hands the case to a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Case:
    """A case while it is handled: the office, the mail, when it came, and who may be meant."""

    office: Office
    mail: Mail
    received: int
    customers: tuple[Any, ...]

    @property
    def customer(self) -> Any:
        """The one customer that the sender is."""
        if not self.customers:
            raise Unsure("the sender is no known customer")
        if len(self.customers) > 1:
            raise Unsure("several customers have the sender's address")
        return self.customers[0]

    @property
    def contact(self) -> str:
        """The CRM contact that finance names, followed through merges; else the only one there."""
        return contact_of(self.office, self.customer, self.mail.sender)

    @property
    def key_account(self) -> bool:
        """Whether the customer belongs to an account manager, by finance or by the CRM."""
        marked = self.customer.get("metadata") or {}
        shown = self.office.contact(self.contact).get("properties") or {}
        plans = {str(marked.get("plan")), str(shown.get("plan"))}
        tiers = {str(marked.get("tier")), str(shown.get("tier"))}
        return "enterprise" in {plan.lower() for plan in plans} or "regulated" in tiers

    def invoice(self) -> Any:
        """The one invoice of the sender that the mail names."""
        if len(self.mail.invoices) != 1:
            raise Unsure(f"the mail names {len(self.mail.invoices)} invoices")
        own = self.office.listed("/v1/invoices", customer=self.customer["id"])
        named = [each for each in own if each.get("number") == self.mail.invoices[0]]
        if len(named) != 1:
            raise Unsure("the sender has no invoice of that number")
        return named[0]

    def said(self) -> Sum | None:
        """The one amount that the mail names, or None."""
        if len(self.mail.sums) > 1:
            raise Unsure("the mail names several amounts")
        return self.mail.sums[0] if self.mail.sums else None

    def within_limit(self, minor: int, currency: str) -> None:
        """Hand over what needs approval."""
        limit = LIMITS.get(currency.upper())
        if limit is None:
            raise Unsure(f"there is no approval limit for {currency}")
        if minor > limit:
            raise Handover("over_limit")


def contact_of(office: Office, customer: Any, *emails: str) -> str:
    """The CRM contact that finance names for a customer; else the only one with an address."""
    named = (customer.get("metadata") or {}).get("crm_contact_id")
    if named:
        with contextlib.suppress(Refused):
            return str(office.contact(str(named))["id"])
    known = sorted({email for email in (*emails, customer.get("email")) if email})
    found = {each["id"] for email in known for each in office.contacts(email)}
    if len(found) != 1:
        raise Unsure(f"{len(found)} contacts may be meant")
    return str(found.pop())


def for_sales(office: Office, contact: str, seats: int) -> bool:
    """Mark a contact as a lead; whether it is one for sales, which is so from twenty seats on."""
    large = seats >= _MANY_SEATS
    stage = "salesqualifiedlead" if large else "marketingqualifiedlead"
    path = f"/crm/v3/objects/contacts/{contact}"
    office.crm("PATCH", path, {"properties": {"lifecyclestage": stage}})
    return large


def look_up(office: Office, mail: Mail, received: Any) -> Case:
    """Find who the sender may be: by address, through the CRM, by invoice and name."""
    found = office.customers(mail.sender) or _through_crm(office, mail) or _by_invoice(office, mail)
    moment = received if isinstance(received, datetime) else datetime.fromisoformat(str(received))
    return Case(office, mail, int(moment.timestamp()), tuple(found))


def _through_crm(office: Office, mail: Mail) -> list[Any]:
    found: list[Any] = []
    for contact in office.contacts(mail.sender):
        query = f"metadata['crm_contact_id']:'{contact['id']}'"
        found += office.finance("GET", "/v1/customers/search", {"query": query})["data"]
    return found


def _by_invoice(office: Office, mail: Mail) -> list[Any]:
    """Whoever has the invoice that is named and the sender's own name."""
    found = []
    for number in mail.invoices:
        query = {"query": f'number:"{number}"'}
        for invoice in office.finance("GET", "/v1/invoices/search", query)["data"]:
            customer = office.finance("GET", f"/v1/customers/{invoice['customer']}")
            names = {str(customer.get("name")).casefold(), _crm_name(office, customer)}
            if mail.sender_name.casefold() in names:
                found.append(customer)
    return found


def _crm_name(office: Office, customer: Any) -> str:
    try:
        named = (customer.get("metadata") or {}).get("crm_contact_id")
        shown = office.contact(str(named))["properties"]
    except Refused:
        return ""
    return f"{shown.get('firstname')} {shown.get('lastname')}".casefold()
