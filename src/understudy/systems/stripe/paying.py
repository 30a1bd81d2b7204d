"""By what an invoice is, was or is to be paid: its payments, which follow from charges and intents.

docs.stripe.com/api/invoice-payment: a payment is told by its intent, and by its charge only where
that has none.
"""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.shape import client_secret

__all__ = ["invoice_of", "payment_named", "payments_of", "secret_of"]

_CHARGES, _INTENTS, _INVOICES = "stripe.charges", "stripe.payment_intents", "stripe.invoices"
_PREFIX = "inpay_"


def payments_of(overlay: Overlay, invoice_id: str) -> list[dict[str, Any]]:
    """All payments of an invoice as Stripe shows them, newest first."""
    invoice = overlay.get(_INVOICES, invoice_id)
    if invoice is None:
        return []
    charges = [*overlay.find(_CHARGES, "invoice", invoice_id), *_rows(overlay, invoice, "charge")]
    # A charge whose intent the world does not hold is told by itself.
    known = (overlay.get(_INTENTS, str(each.get("payment_intent"))) for each in charges)
    named = dict.fromkeys((one or each)["id"] for one, each in zip(known, charges, strict=True))
    intents = [
        *overlay.find(_INTENTS, "invoice", invoice_id), *_rows(overlay, invoice, "payment_intent"),
    ]  # fmt: skip
    named |= dict.fromkeys(each["id"] for each in intents)
    made = [_payment(overlay, invoice, payment) for payment in named]
    made.sort(key=lambda each: (-each["created"], each["id"]))
    if made:
        made[-1]["is_default"] = True
    return made


def _rows(overlay: Overlay, invoice: Row, kind: str) -> list[Row]:
    named = invoice.get(kind)
    row = overlay.get(f"stripe.{kind}s", named) if isinstance(named, str) else None
    return [] if row is None else [row]


def _payment(overlay: Overlay, invoice: Row, payment: str) -> dict[str, Any]:
    intent = overlay.get(_INTENTS, payment)
    charge = overlay.get(_CHARGES, str((intent or {}).get("latest_charge") or payment))
    told: Row = intent or charge or {}
    status = _status(told)
    paid_at = (charge or told).get("created", 0) if status == "paid" else None
    kind = "charge" if payment.startswith("ch_") else "payment_intent"
    return {
        "id": f"{_PREFIX}{payment.partition('_')[2]}", "object": "invoice_payment",
        "amount_paid": told.get("amount_received", told.get("amount", 0))
        if status == "paid" else None,
        "amount_requested": told.get("amount", invoice.get("amount_due", 0)),
        "created": told.get("created", invoice.get("created", 0)),
        "currency": told.get("currency") or invoice.get("currency"), "invoice": invoice["id"],
        "is_default": False, "livemode": False, "payment": {kind: payment, "type": kind},
        "status": status,
        "status_transitions": {"canceled_at": told.get("canceled_at"), "paid_at": paid_at},
    }  # fmt: skip


def _status(told: Row) -> str:
    status = told.get("status", "succeeded")
    return {"succeeded": "paid", "canceled": "canceled"}.get(str(status), "open")


def invoice_of(overlay: Overlay, payment: str) -> str | None:
    """The id of the invoice that a payment intent, or a charge without one, pays."""
    table = _CHARGES if payment.startswith("ch_") else _INTENTS
    row = overlay.get(table, payment)
    if row is not None and row.get("invoice"):
        return str(row["invoice"])
    column = "charge" if table == _CHARGES else "payment_intent"
    charges = overlay.find(_CHARGES, column, payment) if table == _INTENTS else []
    found = [each["invoice"] for each in charges if each.get("invoice")]
    found += [each["id"] for each in overlay.find(_INVOICES, column, payment)]
    return found[0] if found else None


def payment_named(overlay: Overlay, row_id: str) -> dict[str, Any] | None:
    """The payment with this id."""
    if not row_id.startswith(_PREFIX):
        return None
    for prefix in ("pi_", "ch_"):
        invoice = invoice_of(overlay, prefix + row_id.removeprefix(_PREFIX))
        shown = payments_of(overlay, invoice) if invoice else []
        found = next((each for each in shown if each["id"] == row_id), None)
        if found is not None:
            return found
    return None


def secret_of(overlay: Overlay, invoice_id: str) -> dict[str, Any] | None:
    """By what a browser confirms the payment of an invoice that is still open."""
    waiting = (each for each in payments_of(overlay, invoice_id) if each["status"] == "open")
    intent = next((each["payment"].get("payment_intent") for each in waiting), None)
    return {"client_secret": client_secret(intent), "type": "payment_intent"} if intent else None
