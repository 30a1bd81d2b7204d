"""The careful candidate's dealings with subscriptions and records."""

from __future__ import annotations

from typing import Any

from understudy.candidates.demo.findings import Case, Handover, Unsure, for_sales
from understudy.candidates.demo.letters import TEXTS, close

__all__ = [
    "address", "cancel", "complaint", "email", "merge", "offer", "phone", "privacy", "seats",
]  # fmt: skip


def cancel(case: Case) -> None:
    """SC: the subscription that is named ends with its period, whatever the tone."""
    office, mail = case.office, case.mail
    if case.key_account:
        raise Handover("key_account")
    subscription, product = _subscription(case)
    contact = case.contact
    if subscription.get("cancel_at_period_end"):
        close(
            office, mail, "cancelled_before", "cancelled_before", note="cancel_note",
            contact=contact, product=product,
        )  # fmt: skip
        return
    path = f"/v1/subscriptions/{subscription['id']}"
    office.finance("POST", path, {"cancel_at_period_end": "true"})
    close(
        office, mail, "cancelled", "cancellation", note="cancel_note", contact=contact,
        product=product,
    )  # fmt: skip


def _subscription(case: Case) -> tuple[Any, str]:
    """The living subscription whose product the mail names."""
    own = case.office.listed("/v1/subscriptions", customer=case.customer["id"])
    living = [(each, case.office.product_of(each)) for each in own if each["status"] == "active"]
    named = [(each, name) for each, name in living if case.mail.says(rf"\b{name}\b")]
    if len(named) != 1:
        raise Unsure("it is not clear which subscription is meant")
    return named[0]


def seats(case: Case) -> None:
    """SC-7: fewer seats from the next period on, without a refund."""
    office, wanted = case.office, case.mail.seats
    if case.key_account:
        raise Handover("key_account")
    subscription, product = _subscription(case)
    item = subscription["items"]["data"][0]
    if wanted is None or not 0 < wanted < int(item["quantity"]):
        raise Unsure("it is not clear how many seats are meant")
    contact = case.contact
    form = {
        "items[0][id]": item["id"], "items[0][quantity]": wanted, "proration_behavior": "none",
    }  # fmt: skip
    office.finance("POST", f"/v1/subscriptions/{subscription['id']}", form)
    close(
        office, case.mail, "fewer_seats", "downgrade", note="seats_note", contact=contact,
        product=product, seats=wanted,
    )  # fmt: skip


def address(case: Case) -> None:
    """CC-1: the same new address in CRM and finance."""
    found = case.mail.address
    if found is None:
        raise Unsure("the new address is not clear")
    street, city, code = found
    form = {"address[line1]": street, "address[city]": city, "address[postal_code]": code}
    _change(case, {"address": street, "city": city, "zip": code}, form)
    _changed(case, "address_changed")


def phone(case: Case) -> None:
    """CC-1: the same new number in CRM and finance."""
    if len(case.mail.phones) != 1:
        raise Unsure("the new phone number is not clear")
    number = case.mail.phones[0]
    _change(case, {"phone": number}, {"phone": number})
    _changed(case, "phone_changed")


def email(case: Case) -> None:
    """CC-2 and CC-3: only for whoever writes from the old address."""
    if not case.customers:
        raise Handover("identity")
    others = [each for each in case.mail.emails if each != case.mail.sender]
    if len(others) != 1:
        raise Unsure("the new e-mail address is not clear")
    _change(case, {"email": others[0]}, {"email": others[0]})
    _changed(case, "email_changed")


def _changed(case: Case, what: str) -> None:
    close(case.office, case.mail, what, what, note="change_note", contact=case.contact)


def _change(case: Case, properties: dict[str, str], form: dict[str, str]) -> None:
    contact, customer = case.contact, case.customer["id"]
    case.office.crm("PATCH", f"/crm/v3/objects/contacts/{contact}", {"properties": properties})
    case.office.finance("POST", f"/v1/customers/{customer}", form)


def merge(case: Case) -> None:
    """DM: the second record goes into the one that finance names, where both agree."""
    office, kept = case.office, case.contact
    found = {each["id"]: each["properties"] for each in office.contacts(case.mail.sender)}
    others = [each for each in found if each != kept]
    if kept not in found or len(others) != 1:
        raise Unsure("there are not exactly two records")
    if found[kept].get("lastname") != found[others[0]].get("lastname"):
        raise Unsure("the records' family names differ")
    office.merge(kept, others[0])
    close(office, case.mail, "merged", "contact_merged")


def offer(case: Case) -> None:
    """LQ: from twenty seats on a lead goes to sales."""
    office, count = case.office, case.mail.seats
    found = office.contacts(case.mail.sender)
    if len(found) != 1 or count is None:
        raise Unsure("it is not clear who asks, or for how many")
    contact = str(found[0]["id"])
    large = for_sales(office, contact, count)
    if large:
        text = TEXTS["call"].format(seats=count, ticket=office.ticket_id)
        office.task(contact, text, case.mail.dated)
    close(office, case.mail, "to_sales" if large else "price_page", "lead")


def privacy(case: Case) -> None:
    """DD: confirm, tag, and hand over."""
    case.office.tag("privacy")
    case.office.reply(TEXTS["received"], case.mail.first_name)
    raise Handover("privacy")


def complaint(case: Case) -> None:
    """VE: urgent, and not ours to answer."""
    case.office.change_ticket({"priority": "urgent"})
    raise Handover("management")
