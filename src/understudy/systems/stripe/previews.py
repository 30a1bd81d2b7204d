"""What the next invoice would be: of a customer, of a subscription, or of a change to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.schema import OBJECT, STRING, array, params, says
from understudy.systems.stripe import fields
from understudy.systems.stripe.currencies import billed_in, supported
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.expand import Expansion, expanded
from understudy.systems.stripe.invoice_items import line_of, pending
from understudy.systems.stripe.item_rows import items_of
from understudy.systems.stripe.objects import payload_of
from understudy.systems.stripe.prorating import PRORATIONS, Line, prorations
from understudy.systems.stripe.reads import EXPAND
from understudy.systems.stripe.shapes import one
from understudy.systems.stripe.subscribing import period_end
from understudy.systems.stripe.subscription_items import planned
from understudy.systems.stripe.unit_prices import cost, price_of

__all__ = ["OPERATIONS"]

_MODES = ("next", "recurring")


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
    currency = _currency(call, customer, subscription)
    once = _once(call, given, customer, subscription, currency)
    lines = [*_recurring(call, subscription, details), *once]
    if _only_recurring(given):
        lines = [each for each in lines if not each.get("proration") and "invoice_item" not in each]
    if not lines:
        message = f"No upcoming invoices for customer: {(customer or {}).get('id')}"
        raise invalid(message, code="invoice_upcoming_none")
    row = _drafted(call, customer, subscription, lines, currency)
    payload = payload_of(call.session.overlay, "invoices", row, call.version)
    return Reply(200, expanded(call.session, "invoices", payload, Expansion.of(call)))


def _named(call: Call, given: dict[str, Any], kind: str) -> Row | None:
    row_id = fields.text(given, kind)
    return fields.require(call, f"{kind}s", row_id, kind) if row_id else None


def _only_recurring(given: dict[str, Any]) -> bool:
    """Whether neither prorations nor what is charged once are to be told."""
    return fields.one_of(given, "preview_mode", _MODES) == _MODES[1]


def _currency(call: Call, customer: Row | None, subscription: Row | None) -> str:
    given = fields.params(call)
    if given.get("currency"):
        return fields.currency(given)
    return str((subscription or {}).get("currency") or billed_in(call.session, customer))


def _recurring(call: Call, row: Row | None, details: dict[str, Any]) -> Iterator[Line]:
    """What a subscription costs next, and what changing it now would cost or give back."""
    behavior = fields.one_of(
        details, "proration_behavior", PRORATIONS, "subscription_details[proration_behavior]"
    )
    items = planned(call, row, details, "subscription_details[items]")
    if not items:
        return
    now = int(call.session.clock.seconds)
    start = int((row or {}).get("current_period_end") or now) if row else now
    if row is not None and behavior != "none":
        at = fields.integer(details, "proration_date", least=1) or now
        yield from prorations(call, row, items_of(row), items, at)
    ends = fields.boolean(details, "cancel_at_period_end") if details else None
    ended = (row or {}).get("cancel_at_period_end") if ends is None else ends
    at_once = behavior == "always_invoice" and not _only_recurring(fields.params(call))
    if not at_once and not ended:
        for item in items:
            price = price_of(call, item)
            if price is not None:
                period = start, period_end(start, price.get("recurring"))
                yield _line(row, price, item, period)


def _line(row: Row | None, price: Row, item: dict[str, Any], period: tuple[int, int]) -> Line:
    quantity = int(item["quantity"])
    named = price.get("nickname") or item["price"] or price.get("product")
    return {
        "amount": cost(price, quantity) or 0, "currency": price.get("currency"),
        "description": f"{quantity} x {named}",
        "period": {"start": period[0], "end": period[1]}, "price": item["price"],
        "quantity": quantity, "subscription": (row or {}).get("id"),
        "subscription_item": item.get("id"),
    }  # fmt: skip


def _once(
    call: Call, given: dict[str, Any], customer: Row | None, subscription: Row | None, currency: str
) -> Iterator[Line]:
    """The items that wait for the next invoice, and those that are only supposed to."""
    if customer is not None:
        named = (subscription or {}).get("id")
        waiting = pending(
            call, {"customer": customer["id"], "currency": currency, "subscription": named}
        )
        yield from map(line_of, waiting)
    for index, item in enumerate(fields.hashes(given, "invoice_items")):
        yield _supposed(call, item, index, currency)


def _supposed(call: Call, item: dict[str, Any], index: int, currency: str) -> Line:
    quantity = fields.integer(item, "quantity", least=0)
    count = 1 if quantity is None else quantity
    price_id = fields.text(item, "price")
    amount, unit = fields.integer(item, "amount"), fields.integer(item, "unit_amount")
    if price_id is not None:
        row = fields.require(call, "prices", price_id, f"invoice_items[{index}][price]")
        amount = cost(row, count) or 0
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
    call: Call, customer: Row | None, subscription: Row | None, lines: list[Line], currency: str
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
