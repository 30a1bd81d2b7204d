"""How an invoice is collected: its intent, made when it is finalized, and the charge for it.

docs.stripe.com/invoicing/overview: the intent is what the invoice is paid by, whoever pays it.
"""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.customers import book_balance
from understudy.systems.stripe.intents import confirmed, drafted, unanswered
from understudy.systems.stripe.payment_methods import refuse_unknown
from understudy.systems.stripe.settling import UNPAID, stamped

__all__ = ["balanced", "charge_for", "finalized", "first_number", "intended"]

_TABLE = "stripe.payment_intents"


def first_number(row_id: str) -> str:
    """The number of an invoice that is given none, which follows from its id."""
    return f"{row_id[-8:].upper()}-0001"


def finalized(call: Call, row: Row) -> dict[str, Any]:
    """A draft is owed from now on; where nothing is due it counts as paid, as at Stripe."""
    made = {"status": "open", "number": row.get("number") or first_number(row["id"])}
    made |= balanced(call, row)
    due = made.get("amount_due", row.get("amount_due"))
    if due:
        stamps = {"status_transitions": stamped(call, row, "finalized_at")}
        return {**made, **stamps, **intended(call, {**row, **made}, int(due))}
    stamps = stamped(call, row, "finalized_at", "paid_at")
    return {**made, "status": "paid", "amount_remaining": 0, "status_transitions": stamps}


def balanced(call: Call, row: Row) -> dict[str, Any]:
    """What the customer's balance takes off an invoice, or adds to it; a credit stays on it.

    docs.stripe.com/billing/customer/balance: applied as a whole when the invoice is finalized.
    """
    customer = aims.named_row(call, "customers", row.get("customer"))
    balance = int((customer or {}).get("balance") or 0)
    total = int(row.get("total") or row.get("amount_due") or 0)
    if customer is None or (total >= 0 and not balance):
        return {}
    if (customer.get("currency") or row.get("currency")) != row.get("currency"):
        return {}
    due, ending = max(0, total + balance), min(0, total + balance)
    if ending != balance:
        book_balance(
            call.session, customer, ending - balance, row.get("currency"),
            type="applied_to_invoice", invoice=row["id"],
        )  # fmt: skip
    return {
        "starting_balance": balance, "ending_balance": ending, "amount_due": due,
        "amount_remaining": due,
    }  # fmt: skip


def intended(call: Call, invoice: Row, due: int) -> dict[str, Any]:
    """Write the intent by which `due`, in minor units, is to be paid: what the invoice names."""
    intent = _intent(call, invoice, due)
    call.session.overlay.put(_TABLE, intent)
    return {"payment_intent": intent["id"]}


def _intent(call: Call, invoice: Row, due: int) -> dict[str, Any]:
    return drafted(
        call, due, invoice.get("currency"), customer=invoice.get("customer"),
        description=f"Invoice {invoice.get('number') or invoice['id']}", invoice=invoice["id"],
    )  # fmt: skip


def charge_for(call: Call, invoice: Row, due: int, given: dict[str, Any]) -> dict[str, Any]:
    """Charge the customer what is due, in minor units: what the invoice then names."""
    named = fields.text(given, "payment_method")
    refuse_unknown(call.session, named, "payment_method")
    known = aims.named_row(call, "payment_intents", invoice.get("payment_intent"))
    waits = known is not None and known.get("status") in UNPAID
    intent = {**known, "amount": due} if known and waits else _intent(call, invoice, due)
    intent["payment_method"] = named or _usual_method(call, invoice)
    intent |= confirmed(call, intent, invoice=invoice["id"])
    if intent["status"] == "requires_action":
        raise unanswered(call, intent)
    call.session.overlay.put(_TABLE, intent)
    return {"payment_intent": intent["id"], "charge": intent["latest_charge"]}


def _usual_method(call: Call, invoice: Row) -> str:
    """What the invoice, else its customer, is paid by; any card where neither says."""
    customer = aims.named_row(call, "customers", invoice.get("customer")) or {}
    settings = customer.get("invoice_settings") or {}
    named = invoice.get("default_payment_method") or settings.get("default_payment_method")
    return str(named or "pm_card_visa")
