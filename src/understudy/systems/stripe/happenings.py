"""What Stripe tells of a change: the types of the events that follow from a row's two states.

After docs.stripe.com/api/events/types, for the objects that the mocked API can change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from understudy.model.world import Row

__all__ = ["KINDS", "happened"]

KINDS: Mapping[str, str] = {
    "charges": "charge", "credit_notes": "credit_note", "customers": "customer",
    "disputes": "charge.dispute", "invoiceitems": "invoiceitem", "invoices": "invoice",
    "payment_intents": "payment_intent", "payment_methods": "payment_method",
    "payouts": "payout", "prices": "price", "products": "product", "refunds": "refund",
    "subscriptions": "customer.subscription",
}  # fmt: skip
"""What the types of a table's events begin with."""
_MADE_UNTOLD = ("charges", "payment_methods")
"""Of these it is told what became of them, and not that they were made."""
_CHANGED_UNTOLD = ("invoiceitems", "payment_intents")
_ALSO_UPDATED = ("invoices", "subscriptions")
"""Of these every change is told as an update, beside what it was."""
_BECAME: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("charges", "succeeded"): ("charge.succeeded",),
    ("charges", "pending"): ("charge.pending",),
    ("charges", "failed"): ("charge.failed",),
    ("payment_intents", "succeeded"): ("payment_intent.succeeded",),
    ("payment_intents", "canceled"): ("payment_intent.canceled",),
    ("payment_intents", "requires_action"): ("payment_intent.requires_action",),
    ("payment_intents", "requires_capture"): ("payment_intent.amount_capturable_updated",),
    ("credit_notes", "void"): ("credit_note.voided",),
    ("disputes", "lost"): ("charge.dispute.closed",),
    ("invoices", "void"): ("invoice.voided",),
    ("invoices", "uncollectible"): ("invoice.marked_uncollectible",),
    ("payouts", "canceled"): ("payout.canceled",),
    ("subscriptions", "canceled"): ("customer.subscription.deleted",),
}
_NOTHING: Row = {}


def happened(table: str, before: Row | None, after: Row | None) -> list[str]:
    """The types of the events about one row, in the order in which they are told.

    >>> happened("invoices", {"status": "open"}, {"status": "void"})
    ['invoice.updated', 'invoice.voided']
    """
    kind, old = KINDS[table], before or _NOTHING
    if after is None:
        return [] if before is None else [f"{kind}.deleted"]
    status = after.get("status")
    became = _BECAME.get((table, str(status)), ()) if status != old.get("status") else ()
    found = [*became, *_FURTHER.get(table, _nothing)(old, after)]
    if before is None:
        return found if table in _MADE_UNTOLD else [f"{kind}.created", *found]
    ended = f"{kind}.deleted" in found
    if (found and table not in _ALSO_UPDATED) or ended or table in _CHANGED_UNTOLD:
        return found
    return [f"{kind}.updated", *found]


def _nothing(old: Row, new: Row) -> Iterator[str]:
    del old, new
    yield from ()


def _of_charge(old: Row, new: Row) -> Iterator[str]:
    if old.get("captured") is False and new.get("captured"):
        yield "charge.captured"
    elif old and _amount(new, "amount_refunded") > _amount(old, "amount_refunded"):
        yield "charge.refunded"


def _of_intent(old: Row, new: Row) -> Iterator[str]:
    error = new.get("last_payment_error")
    if error is not None and error != old.get("last_payment_error"):
        yield "payment_intent.payment_failed"


def _of_invoice(old: Row, new: Row) -> Iterator[str]:
    drafted, paid = old.get("status", "draft") == "draft", new.get("status") == "paid"
    if drafted and new.get("status") in ("open", "paid"):
        yield "invoice.finalized"
    if new.get("last_sent_at") != old.get("last_sent_at"):
        yield "invoice.sent"
    if paid and old.get("status") != "paid":
        yield "invoice.paid"
        # What came in another way was no attempt of Stripe's.
        if new.get("charge") != old.get("charge") or not _amount(new, "amount_paid"):
            yield "invoice.payment_succeeded"


def _of_refund(old: Row, new: Row) -> Iterator[str]:
    if old and new.get("charge"):
        yield from ("refund.updated", "charge.refund.updated")


def _of_subscription(old: Row, new: Row) -> Iterator[str]:
    if old.get("status") == "paused" and new.get("status") == "active":
        yield "customer.subscription.resumed"


def _of_method(old: Row, new: Row) -> Iterator[str]:
    if new.get("customer") and not old.get("customer"):
        yield "payment_method.attached"
    elif old.get("customer") and not new.get("customer"):
        yield "payment_method.detached"


def _amount(row: Row, name: str) -> int:
    return int(row.get(name) or 0)


_FURTHER: Mapping[str, Callable[[Row, Row], Iterator[str]]] = {
    "charges": _of_charge,
    "invoices": _of_invoice,
    "payment_intents": _of_intent,
    "payment_methods": _of_method,
    "refunds": _of_refund,
    "subscriptions": _of_subscription,
}
