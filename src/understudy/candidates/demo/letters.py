"""The standard texts of the written policies, and how a case is closed with them."""

from __future__ import annotations

import contextlib
from typing import Any

from understudy.candidates.demo.mail import Mail
from understudy.candidates.demo.office import Office, Refused

__all__ = ["TEXTS", "close"]

TEXTS = {
    "refunded": "We have refunded invoice {invoice} in full. The money goes back the way you paid.",
    "part_refunded": (
        "We have refunded the part of invoice {invoice} that you asked for."
        " The money goes back the way you paid."
    ),
    "refunded_before": (
        "Invoice {invoice} was refunded before, so there is nothing left to pay back."
    ),
    "too_old": "We cannot refund invoice {invoice}, because its payment is too long ago.",
    "refund_note": "Refund for {invoice}, ticket {ticket}.",
    "refund_declined_note": "Refund declined for {invoice}, ticket {ticket}.",
    "double_refunded": ("We have refunded the payment that was taken twice for invoice {invoice}."),
    "no_duplicate": (
        "Invoice {invoice} and invoice {second} were paid once each, so nothing was taken twice."
    ),
    "double_refunded_before": (
        "The second payment of invoice {invoice} was refunded before, so there is nothing left to"
        " pay back."
    ),
    "double_note": "Duplicate payment of {invoice} refunded, ticket {ticket}.",
    "no_duplicate_note": "No duplicate to refund, ticket {ticket}.",
    "cancelled": "Your subscription to {product} ends with the period that you have paid for.",
    "cancelled_before": (
        "Your subscription to {product} was cancelled before. It ends with the period that you have"
        " paid for."
    ),
    "fewer_seats": "From the next period on your subscription to {product} has {seats} seats.",
    "cancel_note": "Cancellation of {product}, ticket {ticket}.",
    "seats_note": "Seats of {product} reduced to {seats}, ticket {ticket}.",
    "address_changed": "Thank you, we have changed your address.",
    "phone_changed": "Thank you, we have changed your phone number.",
    "email_changed": "Thank you, we have changed your e-mail address.",
    "change_note": "Contact data changed as asked in ticket {ticket}.",
    "credited": (
        "We are sorry for the outage and have credited a tenth of invoice {invoice} to your"
        " account."
    ),
    "not_confirmed": "Our records show no outage for your account, so we cannot give a credit.",
    "outage_note": "Outage credit for {invoice}, ticket {ticket}.",
    "outage_declined_note": "Outage credit declined, ticket {ticket}.",
    "tax_credited": "We have credited the tax of invoice {invoice}. The credit note is on its way.",
    "number_needed": (
        "To correct the tax of invoice {invoice} we need your VAT number. Please send it to us."
    ),
    "tax_note": "Tax of {invoice} credited, ticket {ticket}.",
    "sent_again": "We have sent invoice {invoice} to you again.",
    "more_time": "We give you two more weeks for invoice {invoice}.",
    "remind": "Check the payment of {invoice}, ticket {ticket}.",
    "statement": "The customer subscribed to the service and used it in the period of the invoice.",
    "dispute_note": "Dispute about {invoice} answered.",
    "failed_task": "The payment of {invoice} failed.",
    "overdue_task": "Invoice {invoice} is overdue.",
    "call_deal": "Call the lead of the web form, {seats} seats.",
    "small_deal": "Web form, {seats} seats.",
    "answered": "We have answered your bank about the payment of invoice {invoice}.",
    "merged": (
        "Thank you, we have put your two records together. From now on everything comes once."
    ),
    "to_sales": "Thank you for your interest. Our sales team will call you.",
    "price_page": (
        "Thank you for your interest. You find all prices at https://www.example.com/prices."
    ),
    "call": "Call the lead, {seats} seats, ticket {ticket}.",
    "received": (
        "We have received your wish to have your data deleted. Our privacy team takes care of it."
    ),
}


def close(
    office: Office, mail: Mail, letter: str, tag: str, *, note: str | None = None,
    contact: str | None = None, **facts: Any,
) -> None:  # fmt: skip
    """Answer with a standard text, tag, leave a note at the contact, and solve the ticket."""
    office.reply(TEXTS[letter].format(**facts), mail.first_name)
    office.tag(tag)
    if note and contact:
        _note(office, contact, TEXTS[note].format(ticket=office.ticket_id, **facts), mail.dated)
    office.change_ticket({"status": "solved"})


def _note(office: Office, contact: str, text: str, dated: str) -> None:
    """A note is worth less than a finished case: where its contact is gone there is none."""
    with contextlib.suppress(Refused):
        office.note(contact, text, dated)
