"""The careful candidate's dealings with money."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from understudy.candidates.demo.findings import Case, Handover, Unsure
from understudy.candidates.demo.letters import TEXTS, close

__all__ = ["dispute", "more_time", "outage", "paid_twice", "refund", "send_again", "tax"]

_PART = r"part of|einen teil|teilerstattung|partial|refund \S+( \S+)? of "
_DAY = 86_400
_OLDEST = 60 * _DAY
_APART = 7 * _DAY


def refund(case: Case) -> None:
    """RF: the charge that paid the invoice, in full or in part."""
    invoice = case.invoice()
    charge = _charge_of(case, invoice)
    number = invoice["number"]
    if charge.get("refunded"):
        _declined(case, "refunded_before", "refunded_before", number)
        return
    if charge.get("disputed"):
        raise Handover("disputed")
    if case.received - int(charge["created"]) > _OLDEST:
        _declined(case, "too_old", "refund_declined", number)
        return
    wanted, part = _wanted(case, charge)
    case.within_limit(wanted, charge["currency"])
    contact = case.contact
    _refund(case, charge, wanted, "requested_by_customer")
    kind = "part_refunded" if part else "refunded"
    close(case.office, case.mail, kind, kind, note="refund_note", contact=contact, invoice=number)


def _charge_of(case: Case, invoice: Any) -> Any:
    if not invoice.get("charge"):
        raise Unsure("no charge has paid the invoice")
    charge = case.office.finance("GET", f"/v1/charges/{invoice['charge']}")
    if charge.get("customer") != case.customer["id"] or charge.get("status") != "succeeded":
        raise Unsure("the invoice's charge is not the sender's, or did not succeed")
    return charge


def _wanted(case: Case, charge: Any) -> tuple[int, bool]:
    """How much is to be refunded, and whether it is a part."""
    part, said = case.mail.says(_PART), case.said()
    left = int(charge["amount"]) - int(charge.get("amount_refunded") or 0)
    if said is not None and said.currency != charge["currency"].upper():
        raise Unsure("the mail's currency is not the charge's")
    minor = None if said is None else said.minor()
    if part:
        if minor is None or not 0 < minor < left:
            raise Unsure("it is not clear which part is meant")
        return minor, True
    if left != charge["amount"]:
        raise Unsure("a part was refunded before")
    if said is not None and minor != charge["amount"]:
        raise Unsure("the mail's amount is not the charge's")
    return left, False


def _refund(case: Case, charge: Any, minor: int, reason: str) -> None:
    form = {"charge": charge["id"], "amount": minor, "reason": reason}
    case.office.finance("POST", "/v1/refunds", form)


def _declined(case: Case, letter: str, tag: str, number: str) -> None:
    contact = case.contact
    close(
        case.office, case.mail, letter, tag, note="refund_declined_note", contact=contact,
        invoice=number,
    )  # fmt: skip


def paid_twice(case: Case) -> None:
    """DC: the later of two charges for one invoice, and only that."""
    charges = [each for each in _charges(case) if each.get("status") == "succeeded"]
    pairs = _pairs(case, [each for each in charges if each.get("invoice")])
    if not pairs:
        _no_duplicate(case, charges)
        return
    if len(pairs) > 1 or len(pairs[0]) != 2:
        raise Unsure("more than one pair of charges may be meant")
    first, second = sorted(pairs[0], key=lambda each: int(each["created"]))
    number = case.office.finance("GET", f"/v1/invoices/{second['invoice']}")["number"]
    contact = case.contact
    if first.get("amount_refunded") or second.get("amount_refunded"):
        close(
            case.office, case.mail, "double_refunded_before", "refunded_before",
            note="no_duplicate_note", contact=contact, invoice=number,
        )  # fmt: skip
        return
    case.within_limit(int(second["amount"]), second["currency"])
    _refund(case, second, int(second["amount"]), "duplicate")
    close(
        case.office, case.mail, "double_refunded", "duplicate_refunded", note="double_note",
        contact=contact, invoice=number,
    )  # fmt: skip


def _charges(case: Case) -> list[Any]:
    return case.office.listed("/v1/charges", customer=case.customer["id"])


def _pairs(case: Case, charges: list[Any]) -> list[list[Any]]:
    """Charges of one amount for one invoice, as far as the mail does not speak against them."""
    groups: dict[tuple[str, int, str], list[Any]] = {}
    for each in charges:
        key = (each["invoice"], int(each["amount"]), each["currency"])
        groups.setdefault(key, []).append(each)
    pairs = [group for group in groups.values() if len(group) > 1]
    if case.mail.invoices:
        wanted = case.invoice()["id"]
        pairs = [pair for pair in pairs if pair[0]["invoice"] == wanted]
    said = case.said()
    if said is None:
        return pairs
    fitting = [pair for pair in pairs if _fits(said, pair[0])]
    if pairs and not fitting:
        raise Unsure("the mail's amount is not that of the payments")
    return fitting


def _fits(said: Any, charge: Any) -> bool:
    same = said.currency == charge["currency"].upper()
    return bool(same and said.minor() == int(charge["amount"]))


def _no_duplicate(case: Case, charges: list[Any]) -> None:
    """Two payments of the amount for two invoices, a few days apart, explain what was seen."""
    said = case.said()
    same = sorted(
        (each for each in charges if said is not None and _fits(said, each)),
        key=lambda each: int(each["created"]),
    )
    near = [
        (one, two)
        for one, two in pairwise(same)
        if int(two["created"]) - int(one["created"]) < _APART
    ]
    if len(near) != 1:
        raise Unsure("no payment was taken twice that I can see")
    numbers = [
        case.office.finance("GET", f"/v1/invoices/{each['invoice']}")["number"] for each in near[0]
    ]
    close(
        case.office, case.mail, "no_duplicate", "no_duplicate", note="no_duplicate_note",
        contact=case.contact, invoice=numbers[0], second=numbers[1],
    )  # fmt: skip


def outage(case: Case) -> None:
    """OC: a tenth of the latest paid invoice, where operations have confirmed the outage."""
    office, mail, contact = case.office, case.mail, case.contact
    if "outage_confirmed" not in (mail.ticket.get("tags") or []):
        note = "outage_declined_note"
        close(office, mail, "not_confirmed", "credit_declined", note=note, contact=contact)
        return
    invoices = office.listed("/v1/invoices", customer=case.customer["id"])
    paid = [each for each in invoices if each["status"] == "paid"]
    if not paid:
        raise Unsure("there is no paid invoice")
    latest = max(paid, key=lambda each: int(each["created"]))
    credit = int(latest["total"]) // 10
    form = {"amount": -credit, "currency": latest["currency"]}
    path = f"/v1/customers/{case.customer['id']}/balance_transactions"
    office.finance("POST", path, form)
    close(
        office, mail, "credited", "outage_credit", note="outage_note", contact=contact,
        invoice=latest["number"],
    )  # fmt: skip


def tax(case: Case) -> None:
    """IC: the tax of the invoice, where a VAT number is given."""
    invoice, contact = case.invoice(), case.contact
    if case.mail.vat_number is None:
        case.office.reply(
            TEXTS["number_needed"].format(invoice=invoice["number"]), case.mail.first_name
        )
        case.office.tag("number_needed")
        case.office.change_ticket({"status": "pending"})
        return
    amount = int(invoice["total"]) - int(invoice["subtotal"])
    if amount <= 0 or invoice["status"] != "paid":
        raise Unsure("the invoice carries no tax, or is not paid")
    form = {
        "invoice": invoice["id"], "amount": amount, "credit_amount": amount,
        "reason": "order_change",
    }  # fmt: skip
    case.office.finance("POST", "/v1/credit_notes", form)
    close(
        case.office, case.mail, "tax_credited", "tax_corrected", note="tax_note", contact=contact,
        invoice=invoice["number"],
    )  # fmt: skip


def send_again(case: Case) -> None:
    """OI-1: an open invoice is sent again, a paid one never."""
    invoice = _open_invoice(case)
    case.office.finance("POST", f"/v1/invoices/{invoice['id']}/send")
    close(case.office, case.mail, "sent_again", "invoice_sent", invoice=invoice["number"])


def more_time(case: Case) -> None:
    """OI-2: two more weeks, with a task for the owner."""
    invoice, office = _open_invoice(case), case.office
    text = TEXTS["remind"].format(invoice=invoice["number"], ticket=office.ticket_id)
    office.task(case.contact, text, case.mail.dated)
    close(office, case.mail, "more_time", "payment_extended", invoice=invoice["number"])


def _open_invoice(case: Case) -> Any:
    invoice = case.invoice()
    if invoice["status"] != "open":
        raise Unsure("the invoice is not open")
    return invoice


def dispute(case: Case) -> None:
    """DA: the standard statement, unless somebody else may have used the account."""
    if case.mail.says(r"never made|not mine|somebody used|fraud"):
        raise Handover("fraud")
    invoice = case.invoice()
    charge = _charge_of(case, invoice)
    open_ones = [
        each
        for each in case.office.listed("/v1/disputes", charge=charge["id"])
        if each["status"] in ("needs_response", "warning_needs_response")
    ]
    if len(open_ones) != 1:
        raise Unsure("there is not exactly one open dispute")
    case.office.answer_bank(open_ones[0]["id"], TEXTS["statement"])
    close(case.office, case.mail, "answered", "dispute_answered", invoice=invoice["number"])
