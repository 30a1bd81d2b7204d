"""Full Stripe objects from the world's rows: every key that Stripe sends, most of them empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.world import Row, World
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.billing_objects import (
    credit_note,
    invoice,
    invoiceitem,
    plan,
    price,
    product,
    subscription,
)
from understudy.systems.stripe.invoice_lines import name_products
from understudy.systems.stripe.older import as_before, without_older
from understudy.systems.stripe.payment_objects import (
    balance_transaction,
    charge,
    dispute,
    payment_intent,
    payment_method,
    payout,
    refund,
)
from understudy.systems.stripe.shape import address, filled
from understudy.systems.stripe.versions import CURRENT

__all__ = ["deleted", "event", "payload_of"]

_CUSTOMER: dict[str, Any] = {
    "id": None, "object": "customer", "address": None, "balance": 0, "business_name": None,
    "created": 0, "currency": None, "customer_account": None, "default_currency": None,
    "default_source": None, "delinquent": False, "description": None, "discount": None,
    "email": None, "individual_name": None, "invoice_prefix": None,
    "invoice_settings": {
        "custom_fields": None, "default_payment_method": None, "footer": None,
        "rendering_options": None,
    },
    "livemode": False, "metadata": {}, "name": None, "next_invoice_sequence": 1, "phone": None,
    "preferred_locales": [], "shipping": None, "tax_exempt": "none", "test_clock": None,
}  # fmt: skip
_EVENT: dict[str, Any] = {
    "id": None, "object": "event", "api_version": CURRENT, "context": None,
    "created": 0, "data": {"object": {}}, "livemode": False, "pending_webhooks": 0,
    "request": {"id": None, "idempotency_key": None}, "type": None,
}  # fmt: skip
_CUSTOMER_BALANCE: dict[str, Any] = {
    "id": None, "object": "customer_balance_transaction", "amount": 0, "checkout_session": None,
    "created": 0, "credit_note": None, "currency": None, "customer": None, "customer_account": None,
    "description": None, "ending_balance": 0, "invoice": None, "livemode": False, "metadata": {},
    "type": "adjustment",
}  # fmt: skip


def deleted(kind: str, row_id: str) -> dict[str, Any]:
    """What Stripe still shows of an object that was deleted."""
    return {"id": row_id, "object": kind, "deleted": True}


def customer(row: Row) -> dict[str, Any]:
    """A customer."""
    payload = filled(_CUSTOMER, row)
    payload["address"] = address(row.get("address"))
    payload["invoice_prefix"] = row["id"][-8:].upper()
    return payload


def event(row: Row) -> dict[str, Any]:
    """An event; the row's `data` is what Stripe nests under `data.object`."""
    payload = filled(_EVENT, row)
    data = row.get("data")
    nested = isinstance(data, dict) and "object" in data and isinstance(data["object"], dict)
    payload["data"] = data if nested else {"object": data or {}}
    return payload


_AS_IT_WAS: dict[str, dict[str, Any]] = {
    "charge.succeeded": {
        "amount_refunded": 0, "dispute": None, "disputed": False, "refunded": False,
    },
}  # fmt: skip
"""What was not yet so when the event was, whatever has become of its object."""


def _whole(world: World, kind: str, named: dict[str, Any]) -> dict[str, Any]:
    """An event's object in full, where the event only names it: as the world shows it."""
    table, row_id = f"{named.get('object')}s", named.get("id")
    if "created" in named or table not in _RENDERERS or not isinstance(row_id, str):
        return named
    row = world.get(f"stripe.{table}", row_id)
    if row is None:
        return named
    if (table, kind) == ("refunds", "charge.refunded"):
        refunded = {"object": "charge", "id": row.get("charge")}
        return _whole(world, kind, refunded) if row.get("charge") else named
    return {**payload_of(Overlay(world), table, row), **_AS_IT_WAS.get(kind, {}), **named}


def customer_balance(row: Row) -> dict[str, Any]:
    """An entry of a customer's balance."""
    return filled(_CUSTOMER_BALANCE, row)


_RENDERERS: dict[str, Callable[[Row], dict[str, Any]]] = {
    "balance_transactions": balance_transaction,
    "charges": charge,
    "credit_notes": credit_note,
    "customer_balance_transactions": customer_balance,
    "customers": customer,
    "disputes": dispute,
    "events": event,
    "invoiceitems": invoiceitem,
    "invoices": invoice,
    "payment_intents": payment_intent,
    "payment_methods": payment_method,
    "payouts": payout,
    "prices": price,
    "products": product,
    "refunds": refund,
    "subscriptions": subscription,
}


def payload_of(overlay: Overlay, table: str, row: Row, version: str = "") -> dict[str, Any]:
    """A row of any Stripe table as Stripe shows it, ids not expanded; see `Call.version`."""
    payload = _RENDERERS[table](row)
    _complete(overlay, table, payload, row)
    return as_before(overlay, payload, row) if version else without_older(payload)


def _complete(overlay: Overlay, table: str, payload: dict[str, Any], row: Row) -> None:
    """What other rows tell of it; changes the payload."""
    if table == "subscriptions":
        for item in payload["items"]["data"]:
            known = overlay.get("stripe.prices", str(item["price"]))
            item["price"] = price(known) if known is not None else None
            item["plan"] = plan(item["price"]) if item["price"] else None
        items = payload["items"]["data"]
        payload["plan"] = items[0]["plan"] if len(items) == 1 else None
    elif table == "invoices":
        name_products(overlay, *(line["pricing"] for line in payload["lines"]["data"]))
    elif table == "invoiceitems":
        name_products(overlay, payload["pricing"])
    elif table == "events":
        named = payload["data"]["object"]
        payload["data"] = {**payload["data"], "object": _whole(overlay.world, row["type"], named)}
    elif table == "charges" and payload["balance_transaction"] is None:
        found = overlay.world.find("stripe.balance_transactions", "source", row["id"])
        payload["balance_transaction"] = found[0] if found else None
