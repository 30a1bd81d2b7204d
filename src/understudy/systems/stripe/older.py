"""What objects look like before 2025-03-31.basil, and what of it they have no longer.

docs.stripe.com/changelog/basil: an invoice no longer names the one payment that pays it, nor its
subscription, a payment no longer its invoice; a subscription's period is that of its items; what a
line is charged for is told under `pricing`, and what it has come from under `parent`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.model.world import Row
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.billing_objects import plan, price

__all__ = ["as_before", "without_older"]

_Shown = dict[str, Any]
_OLDER: Mapping[str, tuple[str, ...]] = {
    "charge": ("invoice",),
    "credit_note": ("refund", "tax_amounts"),
    "invoice": (
        "application_fee_amount", "charge", "discount", "paid", "paid_out_of_band",
        "payment_intent", "quote", "rendering_options", "subscription", "subscription_details",
        "subscription_proration_date", "tax", "total_tax_amounts", "transfer_data",
    ),
    "invoiceitem": ("plan", "price", "subscription", "subscription_item", "unit_amount",
                    "unit_amount_decimal"),
    "line_item": (
        "amount_excluding_tax", "invoice_item", "plan", "price", "proration", "proration_details",
        "subscription_item", "tax_amounts", "tax_rates", "type", "unit_amount_excluding_tax",
    ),
    "payment_intent": ("invoice",),
    "subscription": ("current_period_end", "current_period_start", "discount"),
}  # fmt: skip
"""What objects of a kind have had until then."""
_NEWER: Mapping[str, tuple[str, ...]] = {
    "credit_note": ("refunds", "total_taxes"),
    "invoice": ("amount_overpaid", "parent", "status_details", "total_taxes"),
    "invoiceitem": ("net_amount", "parent", "pricing", "proration_details"),
    "line_item": ("parent", "pricing", "quantity_decimal", "taxes"),
    "subscription": ("billing_schedules", "managed_payments", "status_details"),
    "subscription_item": ("current_period_end", "current_period_start"),
}
"""What they have only had since."""


def without_older(payload: _Shown) -> _Shown:
    """The object as it is shown since; changed in place."""
    return _without(payload, _OLDER)


def as_before(overlay: Overlay, payload: _Shown, row: Row) -> _Shown:
    """The object as it was shown before; changed in place. `row` is what it was made from."""
    made = _MADE.get(payload["object"])
    if made is not None:
        made(overlay, payload, row)
    return _without(payload, _NEWER)


def _without(payload: _Shown, names: Mapping[str, tuple[str, ...]]) -> _Shown:
    for name in names.get(payload["object"], ()):
        payload.pop(name, None)
    for name in ("lines", "items"):
        within = payload.get(name)
        for each in within["data"] if isinstance(within, dict) else ():
            for gone in names.get(each.get("object", ""), ()):
                each.pop(gone, None)
    return payload


def _invoice(overlay: Overlay, payload: _Shown, row: Row) -> None:
    tax = payload.get("tax")
    payload |= {
        "application_fee_amount": None, "charge": row.get("charge"), "discount": None,
        "paid": payload["status"] == "paid", "paid_out_of_band": bool(row.get("paid_out_of_band")),
        "payment_intent": row.get("payment_intent"), "quote": None, "rendering_options": None,
        "subscription": row.get("subscription"), "tax": tax, "transfer_data": None,
        "subscription_details": {"metadata": {} if row.get("subscription") else None},
        "total_tax_amounts": [
            {"amount": tax, "inclusive": False, "tax_rate": None,
             "taxability_reason": "standard_rated", "taxable_amount": payload["subtotal"]}
        ] if tax else [],
    }  # fmt: skip
    for line in payload["lines"]["data"]:
        _line(overlay, line)


def _line(overlay: Overlay, line: _Shown) -> None:
    shown = _price(overlay, line.get("price"))
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    line |= {
        "amount_excluding_tax": line["amount"], "invoice_item": line.get("invoice_item"),
        "plan": plan(shown) if shown and shown["recurring"] else None, "price": shown,
        "proration": bool(line.get("proration")), "proration_details": {"credited_items": None},
        "subscription_item": details.get("subscription_item"), "tax_amounts": [], "tax_rates": [],
        "type": "subscription" if details and not line.get("invoice_item") else "invoiceitem",
        "unit_amount_excluding_tax": (line.get("pricing") or {}).get("unit_amount_decimal"),
    }  # fmt: skip


def _invoice_item(overlay: Overlay, payload: _Shown, row: Row) -> None:
    exact = payload["pricing"]["unit_amount_decimal"]
    payload |= {
        "plan": None, "price": _price(overlay, row.get("price")),
        "subscription": row.get("subscription"),
        "unit_amount": int(exact) if exact.removeprefix("-").isdecimal() else None,
        "unit_amount_decimal": exact,
    }  # fmt: skip


def _price(overlay: Overlay, named: Any) -> _Shown | None:
    if isinstance(named, dict):
        return {**price({"id": None, **named}), "recurring": named.get("recurring")}
    known = overlay.get("stripe.prices", named) if isinstance(named, str) else None
    return None if known is None else price(known)


def _note(overlay: Overlay, payload: _Shown, row: Row) -> None:
    del overlay, row
    refunds = payload["refunds"]
    payload |= {"refund": refunds[0]["refund"] if refunds else None, "tax_amounts": []}


def _paid(overlay: Overlay, payload: _Shown, row: Row) -> None:
    del overlay
    payload["invoice"] = row.get("invoice")


def _subscription(overlay: Overlay, payload: _Shown, row: Row) -> None:
    del overlay
    item = payload["items"]["data"][0]
    for name in ("current_period_end", "current_period_start"):
        payload[name] = row.get(name, item[name])
    payload["discount"] = None


_MADE: Mapping[str, Callable[[Overlay, _Shown, Row], None]] = {
    "charge": _paid,
    "credit_note": _note,
    "invoice": _invoice,
    "invoiceitem": _invoice_item,
    "payment_intent": _paid,
    "subscription": _subscription,
}
