"""What the next invoice would be: of a customer, of a subscription, or of a change to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.schema import OBJECT, STRING, array, params, says
from understudy.systems.stripe import fields
from understudy.systems.stripe.currencies import supported
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.expand import Expansion, expanded
from understudy.systems.stripe.invoice_items import line_of, pending
from understudy.systems.stripe.objects import payload_of
from understudy.systems.stripe.reads import EXPAND
from understudy.systems.stripe.shapes import one
from understudy.systems.stripe.subscribing import period_end

__all__ = ["OPERATIONS"]

_PRORATIONS = ("create_prorations", "always_invoice", "none")
_Line = dict[str, Any]


def _preview(call: Call) -> Reply:
    given = fields.params(call)
    subscription = _named(call, given, "subscription")
    customer = _named(call, given, "customer")
    if customer is None and subscription is not None:
        customer = call.session.overlay.get("stripe.customers", str(subscription.get("customer")))
    details = fields.nested(given, "subscription_details")
    if customer is None and not (details.get("items") or given.get("invoice_items")):
        raise missing("customer")
    if subscription is not None and subscription.get("status") == "canceled":
        message = f"No upcoming invoices for subscription: {subscription['id']}"
        raise invalid(message, code="invoice_upcoming_none")
    currency = _currency(given, customer, subscription)
    lines = [*_recurring(call, subscription, details), *_once(call, given, customer, currency)]
    if not lines:
        message = f"No upcoming invoices for customer: {(customer or {}).get('id')}"
        raise invalid(message, code="invoice_upcoming_none")
    row = _drafted(call, customer, subscription, lines, currency)
    payload = payload_of(call.session.overlay, "invoices", row, call.version)
    return Reply(200, expanded(call.session, "invoices", payload, Expansion.of(call)))


def _named(call: Call, given: dict[str, Any], kind: str) -> Row | None:
    row_id = fields.text(given, kind)
    return fields.require(call, f"{kind}s", row_id, kind) if row_id else None


def _currency(given: dict[str, Any], customer: Row | None, subscription: Row | None) -> str:
    if given.get("currency"):
        return fields.currency(given)
    known = (subscription or {}).get("currency") or (customer or {}).get("currency")
    return str(known or "usd")


def _recurring(call: Call, row: Row | None, details: dict[str, Any]) -> Iterator[_Line]:
    """What a subscription costs next, and what changing it now would cost or give back."""
    items = fields.hashes(details, "items", "subscription_details[items]")
    behavior = fields.one_of(
        details, "proration_behavior", _PRORATIONS, "subscription_details[proration_behavior]"
    )
    price, quantity = _chosen(call, row, items)
    if price is None:
        return
    now = int(call.session.clock.seconds)
    start = int((row or {}).get("current_period_end") or now) if row else now
    if row is not None and items and behavior != "none":
        at = fields.integer(details, "proration_date", least=1) or now
        yield from _prorated(call, row, price, quantity, at)
    ends = fields.boolean(details, "cancel_at_period_end") if details else None
    ended = (row or {}).get("cancel_at_period_end") if ends is None else ends
    if behavior != "always_invoice" and not ended:
        end = period_end(start, price.get("recurring"))
        yield _line(row, price, quantity, _worth(price, quantity), (start, end))


def _chosen(call: Call, row: Row | None, items: list[dict[str, Any]]) -> tuple[Row | None, int]:
    price_id, quantity = (row or {}).get("price"), int((row or {}).get("quantity") or 1)
    for index, item in enumerate(items):
        price_id = fields.text(item, "price") or price_id
        if price_id is None:
            raise missing(f"subscription_details[items][{index}][price]")
        fields.require(call, "prices", price_id, f"subscription_details[items][{index}][price]")
        told = fields.integer(item, "quantity", least=0)
        quantity = quantity if told is None else told
    return call.session.overlay.get("stripe.prices", str(price_id)), quantity


def _worth(price: Row, quantity: int) -> int:
    return int(price.get("unit_amount") or 0) * quantity


def _prorated(call: Call, row: Row, price: Row, quantity: int, at: int) -> Iterator[_Line]:
    """By the second, as docs.stripe.com/billing/subscriptions/prorations has it."""
    start, end = (int(row.get(f"current_period_{name}") or at) for name in ("start", "end"))
    before = call.session.overlay.get("stripe.prices", str(row.get("price")))
    if end <= start or before is None:
        return
    left = (end - min(max(at, start), end)) / (end - start)
    old = int(row.get("quantity") or 1)
    for word, each, count, sign in (
        ("Unused", before, old, -1), ("Remaining", price, quantity, 1),
    ):  # fmt: skip
        line = _line(row, each, count, round(sign * _worth(each, count) * left), (at, end))
        said = f"{word} time on {count} x {each.get('nickname') or each['id']}"
        yield {**line, "proration": True, "description": said}


def _line(
    row: Row | None, price: Row, quantity: int, amount: int, period: tuple[int, int]
) -> _Line:
    return {
        "amount": amount, "currency": price.get("currency"), "quantity": quantity,
        "description": f"{quantity} x {price.get('nickname') or price['id']}",
        "period": {"start": period[0], "end": period[1]}, "price": price["id"],
        "subscription": (row or {}).get("id"),
    }  # fmt: skip


def _once(
    call: Call, given: dict[str, Any], customer: Row | None, currency: str
) -> Iterator[_Line]:
    """The items that wait for the next invoice, and those that are only supposed to."""
    if customer is not None:
        waiting = pending(call, {"customer": customer["id"], "currency": currency})
        yield from map(line_of, waiting)
    for index, item in enumerate(fields.hashes(given, "invoice_items")):
        yield _supposed(call, item, index, currency)


def _supposed(call: Call, item: dict[str, Any], index: int, currency: str) -> _Line:
    quantity = fields.integer(item, "quantity", least=0)
    count = 1 if quantity is None else quantity
    price_id = fields.text(item, "price")
    amount, unit = fields.integer(item, "amount"), fields.integer(item, "unit_amount")
    if price_id is not None:
        row = fields.require(call, "prices", price_id, f"invoice_items[{index}][price]")
        amount = _worth(row, count)
    elif amount is None and unit is not None:
        amount = unit * count
    if amount is None:
        raise missing(f"invoice_items[{index}][amount]")
    named = fields.text(item, "currency")
    return {
        "amount": amount, "quantity": count, "price": price_id,
        "currency": supported(named, f"invoice_items[{index}][currency]") if named else currency,
        "description": fields.text(item, "description"), "invoice_item": f"ii_preview{index}",
    }  # fmt: skip


def _drafted(
    call: Call, customer: Row | None, subscription: Row | None, lines: list[_Line], currency: str
) -> Row:
    total = sum(line["amount"] for line in lines)
    balance = int((customer or {}).get("balance") or 0)
    due = max(0, total + balance)
    named = (subscription or customer or {"id": "new_1"})["id"]
    return {
        "id": f"upcoming_in_{named.partition('_')[2]}", "customer": (customer or {}).get("id"),
        "customer_email": (customer or {}).get("email"), "status": "draft",
        "customer_name": (customer or {}).get("name"), "currency": currency, "total": total,
        "created": call.session.clock.seconds, "billing_reason": "upcoming", "subtotal": total,
        "subscription": (subscription or {}).get("id"), "lines": lines, "amount_due": due,
        "amount_remaining": due, "starting_balance": balance,
        "ending_balance": min(0, total + balance),
    }  # fmt: skip


OPERATIONS = (
    Operation(
        name="stripe.invoices.create_preview",
        system="stripe",
        method="POST",
        template="/v1/invoices/create_preview",
        description="What the next invoice would be; nothing is written.",
        params=params(
            "", customer=STRING, subscription=STRING, currency=STRING,
            subscription_details=says(
                OBJECT, "items with price and quantity, proration_behavior, proration_date."
            ),
            invoice_items=says(array(OBJECT), "Items with price or amount, and quantity."),
            expand=EXPAND,
        ),
        handler=_preview,
        answers=one("invoice"),
        accepts=frozenset((
            "automatic_tax", "billing_cadence", "customer_account", "customer_details",
            "discounts", "issuer", "on_behalf_of", "preview_mode", "schedule", "schedule_details",
        )),
    ),
)  # fmt: skip
