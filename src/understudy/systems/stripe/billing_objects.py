"""Invoices and their items, credit notes, subscriptions, prices and products in full."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.stripe.invoice_lines import lines, pricing
from understudy.systems.stripe.item_rows import items_of
from understudy.systems.stripe.shape import filled

__all__ = [
    "credit_note",
    "invoice",
    "invoiceitem",
    "plan",
    "price",
    "product",
    "subscription",
]

_INVOICE: dict[str, Any] = {
    "id": None, "object": "invoice", "account_country": "IE", "account_name": "Acme Software",
    "account_tax_ids": None, "amount_due": 0, "amount_overpaid": 0, "amount_paid": 0,
    "amount_remaining": 0, "amount_shipping": 0, "application": None, "attempt_count": 0,
    "attempted": False, "auto_advance": False, "automatic_tax": {
        "disabled_reason": None, "enabled": False, "liability": None, "provider": None,
        "status": None,
    },
    "automatically_finalizes_at": None, "billing_reason": "subscription_cycle",
    "collection_method": "charge_automatically", "created": 0, "currency": None,
    "custom_fields": None, "customer": None, "customer_account": None, "customer_address": None,
    "customer_email": None, "customer_name": None, "customer_phone": None,
    "customer_shipping": None, "customer_tax_exempt": "none", "customer_tax_ids": [],
    "default_payment_method": None, "default_source": None, "default_tax_rates": [],
    "description": None, "discounts": [], "due_date": None, "effective_at": None,
    "ending_balance": 0, "footer": None, "from_invoice": None, "hosted_invoice_url": None,
    "invoice_pdf": None, "issuer": {"type": "self"}, "last_finalization_error": None,
    "latest_revision": None, "lines": None, "livemode": False, "metadata": {},
    "next_payment_attempt": None, "number": None, "on_behalf_of": None,
    "parent": None, "payment_settings": {
        "default_mandate": None, "payment_method_options": None, "payment_method_types": None,
    },
    "period_end": 0, "period_start": 0, "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0, "receipt_number": None, "rendering": None,
    "shipping_cost": None, "shipping_details": None, "starting_balance": 0,
    "statement_descriptor": None, "status": "open", "status_details": None,
    "status_transitions": None, "subtotal": 0, "subtotal_excluding_tax": None,
    "test_clock": None, "total": 0, "total_discount_amounts": [], "total_excluding_tax": None,
    "total_pretax_credit_amounts": [], "total_taxes": [], "webhooks_delivered_at": None,
}  # fmt: skip
_INVOICE_ITEM: dict[str, Any] = {
    "id": None, "object": "invoiceitem", "amount": 0, "currency": None, "customer": None,
    "customer_account": None, "date": 0, "description": None, "discountable": True,
    "discounts": [], "invoice": None, "livemode": False, "metadata": {}, "net_amount": 0,
    "parent": None, "period": None, "pricing": None, "proration": False,
    "proration_details": None, "quantity": 1, "quantity_decimal": "1",
    "tax_rates": [], "test_clock": None,
}  # fmt: skip
_NOTE: dict[str, Any] = {
    "id": None, "object": "credit_note", "amount": 0, "amount_shipping": 0, "created": 0,
    "currency": None, "customer": None, "customer_account": None,
    "customer_balance_transaction": None, "discount_amount": 0, "discount_amounts": [],
    "effective_at": None, "invoice": None, "lines": None, "livemode": False, "memo": None,
    "metadata": {}, "number": None, "out_of_band_amount": None, "pdf": None,
    "post_payment_amount": 0, "pre_payment_amount": 0, "pretax_credit_amounts": [],
    "reason": None, "refunds": [], "shipping_cost": None, "status": "issued", "subtotal": 0,
    "subtotal_excluding_tax": 0, "total": 0, "total_excluding_tax": 0, "total_taxes": [],
    "type": "post_payment", "voided_at": None,
}  # fmt: skip
_SUBSCRIPTION: dict[str, Any] = {
    "id": None, "object": "subscription", "application": None, "application_fee_percent": None,
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    "billing_cycle_anchor": 0, "billing_cycle_anchor_config": None,
    "billing_mode": {"flexible": None, "type": "classic", "updated_at": None},
    "billing_schedules": [], "billing_thresholds": None,
    "cancel_at": None, "cancel_at_period_end": False, "canceled_at": None,
    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
    "collection_method": "charge_automatically", "created": 0, "currency": None,
    "customer": None,
    "customer_account": None, "days_until_due": None, "default_payment_method": None,
    "default_source": None, "default_tax_rates": [], "description": None, "discounts": [],
    "ended_at": None, "invoice_settings": {
        "account_tax_ids": None, "custom_fields": None, "description": None, "footer": None,
        "issuer": {"type": "self"},
    },
    "items": None, "latest_invoice": None, "livemode": False, "managed_payments": None,
    "metadata": {}, "next_pending_invoice_item_invoice": None, "on_behalf_of": None,
    "pause_collection": None,
    "payment_settings": {
        "payment_method_options": None, "payment_method_types": None,
        "save_default_payment_method": "off",
    },
    "pending_invoice_item_interval": None, "pending_setup_intent": None, "pending_update": None,
    "plan": None, "quantity": 1, "schedule": None, "start_date": 0, "status": "active",
    "status_details": None, "test_clock": None, "transfer_data": None, "trial_end": None,
    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    "trial_start": None,
}  # fmt: skip
_PRICE: dict[str, Any] = {
    "id": None, "object": "price", "active": True, "billing_scheme": "per_unit", "created": 0,
    "currency": None, "custom_unit_amount": None, "livemode": False, "lookup_key": None,
    "metadata": {}, "nickname": None, "product": None, "recurring": None,
    "tax_behavior": "unspecified", "tiers_mode": None, "transform_quantity": None,
    "type": "one_time", "unit_amount": None, "unit_amount_decimal": None,
}  # fmt: skip
_PRODUCT: dict[str, Any] = {
    "id": None, "object": "product", "active": True, "attributes": [], "created": 0,
    "default_price": None, "description": None, "images": [], "livemode": False,
    "marketing_features": [], "metadata": {}, "name": None, "package_dimensions": None,
    "shippable": None, "statement_descriptor": None, "tax_code": None, "type": "service",
    "unit_label": None, "updated": 0, "url": None,
}  # fmt: skip


def invoice(row: Row) -> dict[str, Any]:
    """An invoice with its lines."""
    payload = filled(_INVOICE, row)
    row_id, created = row["id"], row.get("created", 0)
    payload["attempted"] = payload["status"] in ("paid", "uncollectible")
    payload["effective_at"] = payload["period_end"] = payload["period_start"] = created
    payload["hosted_invoice_url"] = f"https://invoice.stripe.com/i/acct_1/{row_id}"
    payload["invoice_pdf"] = f"https://pay.stripe.com/invoice/acct_1/{row_id}/pdf"
    payload["lines"] = lines(row)
    payload["parent"] = row.get("parent") or _parent(row.get("subscription"))
    payload["total_taxes"] = row.get("total_taxes") or _taxes(row.get("tax"), payload["subtotal"])
    payload["subtotal_excluding_tax"] = payload["subtotal"]
    payload["total_excluding_tax"] = payload["subtotal"]
    payload["status_transitions"] = _transitions(payload["status"], created, row)
    return payload


def _parent(subscription_id: Any) -> dict[str, Any] | None:
    if not subscription_id:
        return None
    details = {"metadata": {}, "subscription": subscription_id}
    return {
        "quote_details": None, "subscription_details": details, "type": "subscription_details",
    }  # fmt: skip


def _taxes(tax: Any, taxed: Any) -> list[dict[str, Any]]:
    if not tax:
        return []
    return [
        {
            "amount": tax, "tax_behavior": "exclusive", "tax_rate_details": None,
            "taxability_reason": "standard_rated", "taxable_amount": taxed,
            "type": "tax_rate_details",
        }
    ]  # fmt: skip


def _transitions(status: Any, created: Any, row: Row) -> dict[str, Any]:
    known = row.get("status_transitions") or {}
    return {
        "finalized_at": None if status == "draft" else created,
        "marked_uncollectible_at": None, "paid_at": created if status == "paid" else None,
        "voided_at": None, **known,
    }  # fmt: skip


def invoiceitem(row: Row) -> dict[str, Any]:
    """An item of a draft invoice, or of the next one."""
    payload = filled(_INVOICE_ITEM, row)
    date, quantity = payload["date"], payload["quantity"]
    payload["net_amount"], payload["quantity_decimal"] = payload["amount"], str(quantity)
    payload["period"] = row.get("period") or {"end": date, "start": date}
    payload["pricing"] = pricing(payload["amount"], quantity, row.get("price"))
    if row.get("subscription"):
        named = {name: row.get(name) for name in ("subscription", "subscription_item")}
        payload["parent"] = {"subscription_details": named, "type": "subscription_details"}
    for name in ("created", "price"):
        payload.pop(name, None)
    return payload


def credit_note(row: Row) -> dict[str, Any]:
    """A credit note."""
    payload = filled(_NOTE, row)
    amount = payload["amount"]
    for name in ("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"):
        payload[name] = row.get(name, amount)
    payload["effective_at"] = payload["created"]
    payload["pdf"] = f"https://pay.stripe.com/credit_notes/acct_1/{row['id']}/pdf"
    lines = row.get("lines")
    payload["lines"] = {
        "object": "list", "data": lines if isinstance(lines, list) else [], "has_more": False,
        "url": f"/v1/credit_notes/{row['id']}/lines",
    }  # fmt: skip
    return payload


def subscription(row: Row) -> dict[str, Any]:
    """A subscription with its items."""
    payload = filled(_SUBSCRIPTION, row)
    created = payload["created"]
    data = [_item(row, payload, each) for each in items_of(row)]
    if len(data) > 1:
        payload["quantity"] = None
    payload["items"] = {
        "object": "list", "data": data, "has_more": False, "total_count": len(data),
        "url": f"/v1/subscription_items?subscription={row['id']}",
    }  # fmt: skip
    payload["billing_cycle_anchor"] = payload["start_date"] = created
    payload.pop("price", None)
    return payload


def _item(row: Row, payload: dict[str, Any], given: Row) -> dict[str, Any]:
    return {
        "id": None, "object": "subscription_item",
        "billed_until": None, "billing_thresholds": None, "current_trial": None,
        "created": payload["created"], "current_period_end": row.get("current_period_end", 0),
        "current_period_start": row.get("current_period_start", 0), "discounts": [],
        "metadata": {}, "quantity": 1, "subscription": row["id"], "tax_rates": [], **given,
    }  # fmt: skip


def price(row: Row) -> dict[str, Any]:
    """A price."""
    payload = filled(_PRICE, row)
    payload.pop("tiers", None)  # shown only to who expands them
    amount = payload["unit_amount"]
    exact = row.get("unit_amount_decimal")
    payload["unit_amount_decimal"] = exact if amount is None else str(amount)
    recurring = row.get("recurring")
    if isinstance(recurring, dict):
        payload["type"] = "recurring"
        payload["recurring"] = {
            "interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
            "usage_type": "licensed", **recurring,
        }  # fmt: skip
    return payload


def plan(shown: dict[str, Any]) -> dict[str, Any]:
    """A recurring price in the older form, which subscription items still carry."""
    recurring = shown["recurring"] or {}
    taken = ("id", "active", "billing_scheme", "created", "currency", "livemode", "metadata")
    return {
        "object": "plan", **{name: shown[name] for name in taken},
        "amount": shown["unit_amount"], "amount_decimal": shown["unit_amount_decimal"],
        "interval": recurring.get("interval", "month"),
        "interval_count": recurring.get("interval_count", 1), "meter": recurring.get("meter"),
        "nickname": shown["nickname"], "product": shown["product"],
        "tiers_mode": shown["tiers_mode"], "transform_usage": None,
        "trial_period_days": recurring.get("trial_period_days"),
        "usage_type": recurring.get("usage_type", "licensed"),
    }  # fmt: skip


def product(row: Row) -> dict[str, Any]:
    """A product."""
    payload = filled(_PRODUCT, row)
    payload["updated"] = row.get("updated") or payload["created"]
    return payload
