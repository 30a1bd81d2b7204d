"""What becomes of an invoice when its money is there, or is wanted no longer."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.stripe import aims

__all__ = ["UNPAID", "answered", "let_go", "paid", "settled", "stamped"]

UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
"""What an intent is that nobody has paid yet."""
_INTENTS, _INVOICES, _SUBSCRIPTIONS = (
    "stripe.payment_intents", "stripe.invoices", "stripe.subscriptions",
)  # fmt: skip


def stamped(call: Call, invoice: Row, *names: str) -> dict[str, Any]:
    """The invoice's times with the present for each of these steps."""
    now = call.session.clock.seconds
    return {**(invoice.get("status_transitions") or {}), **dict.fromkeys(names, now)}


def paid(call: Call, invoice: Row) -> dict[str, Any]:
    """The changes of an invoice that is paid; a subscription that waited for it goes on."""
    subscription = aims.named_row(call, "subscriptions", invoice.get("subscription"))
    if subscription is not None and subscription.get("status") in ("incomplete", "past_due"):
        begun = int(subscription.get("trial_end") or 0) <= call.session.clock.seconds
        going = {"status": "active" if begun else "trialing"}
        call.session.overlay.patch(_SUBSCRIPTIONS, subscription["id"], going)
    return {
        "status": "paid", "amount_paid": invoice.get("amount_due", 0), "amount_remaining": 0,
        "attempt_count": int(invoice.get("attempt_count") or 0) + 1,
        "status_transitions": stamped(call, invoice, "paid_at"),
    }  # fmt: skip


def settled(call: Call, intent: Row) -> None:
    """Whoever confirms the intent of an open invoice has paid that invoice."""
    invoice = aims.named_row(call, "invoices", intent.get("invoice"))
    if invoice is None or intent.get("status") != "succeeded":
        return
    if invoice.get("status") in ("open", "uncollectible"):
        named = {"payment_intent": intent["id"], "charge": intent.get("latest_charge")}
        changes = {**paid(call, invoice), **named}
        call.session.overlay.patch(_INVOICES, invoice["id"], changes)


def answered(intent: Row) -> dict[str, Any]:
    """The change of an intent whose payer is asked for nothing any more."""
    return {"next_action": None} if intent.get("next_action") else {}


def let_go(call: Call, invoice: Row, reason: str | None = None) -> None:
    """Nobody is to pay the invoice any more: its open intent is canceled."""
    intent = aims.named_row(call, "payment_intents", invoice.get("payment_intent"))
    if intent is not None and intent.get("status") in UNPAID:
        now = call.session.clock.seconds
        changes = {"status": "canceled", "canceled_at": now, "cancellation_reason": reason}
        call.session.overlay.patch(_INTENTS, intent["id"], {**changes, **answered(intent)})
