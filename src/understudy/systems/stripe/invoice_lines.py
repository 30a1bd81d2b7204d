"""What an invoice charges for, line by line."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.shape import item_id

__all__ = ["lines", "name_products", "named_price", "pricing"]

_LINE: dict[str, Any] = {
    "id": None, "object": "line_item", "amount": 0, "currency": None, "description": None,
    "discount_amounts": [], "discountable": True, "discounts": [], "invoice": None,
    "livemode": False, "metadata": {}, "parent": None, "period": None,
    "pretax_credit_amounts": [], "pricing": None, "quantity": 1, "quantity_decimal": None,
    "subscription": None, "subtotal": 0, "taxes": [],
}  # fmt: skip


def lines(row: Row) -> dict[str, Any]:
    """An invoice's lines as the list that it shows."""
    given = row.get("lines")
    items = given if isinstance(given, list) else (given or {}).get("data", [])
    data = [_line(row, item, index) for index, item in enumerate(items) if isinstance(item, dict)]
    return {
        "object": "list", "data": data, "has_more": False, "total_count": len(data),
        "url": f"/v1/invoices/{row['id']}/lines",
    }  # fmt: skip


def _line(row: Row, item: Row, index: int) -> dict[str, Any]:
    created, amount, quantity = row.get("created", 0), item.get("amount", 0), item.get("quantity")
    subscription = None if item.get("invoice_item") else row.get("subscription")
    own = {
        "id": f"il_{row['id'][3:]}{index}", "currency": row.get("currency"), "invoice": row["id"],
        "period": {"end": created, "start": created}, "subtotal": amount,
        "subscription": subscription,
    }  # fmt: skip
    made = {**_LINE, **own, **item}
    if made["quantity_decimal"] is None and isinstance(quantity, int):
        made["quantity_decimal"] = str(quantity)
    if made["pricing"] is None and item.get("price"):
        made["pricing"] = pricing(amount, quantity, named_price(item["price"]))
    elif made["pricing"]:
        made["pricing"] = {**made["pricing"]}  # the row's own stays as it is
    if made["parent"] is None:
        made["parent"] = _parent(made)
    return made


def _parent(line: dict[str, Any]) -> dict[str, Any] | None:
    """What the line has come from: an item of an invoice or of a subscription."""
    of_both = {
        "proration": bool(line.get("proration")), "proration_details": {"credited_items": None},
        "subscription": line["subscription"],
    }  # fmt: skip
    if line.get("invoice_item") and not line.get("subscription_item"):
        details = {"invoice_item": line["invoice_item"], **of_both}
        return {
            "invoice_item_details": details, "subscription_item_details": None,
            "type": "invoice_item_details",
        }  # fmt: skip
    if not line["subscription"]:
        return None
    item = line.get("subscription_item") or item_id(str(line["subscription"]))
    details = {"invoice_item": line.get("invoice_item"), **of_both, "subscription_item": item}
    return {
        "invoice_item_details": None, "subscription_item_details": details,
        "type": "subscription_item_details",
    }  # fmt: skip


def named_price(price: Any) -> Any:
    """The id of a price that may be shown whole."""
    return price.get("id") if isinstance(price, dict) else price


def pricing(amount: Any, quantity: Any, price_id: Any) -> dict[str, Any]:
    """What one unit of a line or an item costs, and by which price; amounts in minor units.

    >>> pricing(900, 2, None)["unit_amount_decimal"], pricing(1000, 3, None)["unit_amount_decimal"]
    ('450', '333.333333333333')
    """
    whole = isinstance(amount, int) and isinstance(quantity, int) and quantity
    unit = f"{amount / quantity:.12f}".rstrip("0").rstrip(".") if whole else str(amount)
    details = {"price": price_id, "product": None} if price_id else None
    return {"price_details": details, "type": "price_details", "unit_amount_decimal": unit}


def name_products(overlay: Overlay, *shown: Any) -> None:
    """Say of each `pricing` which product its price is for."""
    for each in shown:
        details = (each or {}).get("price_details")
        if details and details.get("product") is None:
            known = overlay.get("stripe.prices", str(details.get("price"))) or {}
            each["price_details"] = {**details, "product": known.get("product")}
