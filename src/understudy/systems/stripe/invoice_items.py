"""Invoice items: what a draft invoice, or the next one, is to charge for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from understudy.model.action import ActionClass, AmountSource, Effect
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, params, says
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.currencies import billed_in, supported
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.listing import Keep
from understudy.systems.stripe.objects import deleted
from understudy.systems.stripe.products import inline_price
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve
from understudy.systems.stripe.shapes import one
from understudy.systems.stripe.unit_prices import rounded, unit_of
from understudy.systems.stripe.writes import write

__all__ = ["OPERATIONS", "line_of", "pending", "settle"]

_TABLE = "stripe.invoiceitems"
_ALSO = frozenset(
    ("discountable", "discounts", "margins", "period", "price_data", "subscription",
     "tax_behavior", "tax_code", "tax_rates", "customer_account", "quantity_decimal",
     "unit_amount_decimal")
)  # fmt: skip


def pending(call: Call, invoice: Row) -> list[Row]:
    """The items of the invoice's customer, in its currency, that stand on no invoice yet.

    What waits for one subscription's invoice does not go onto another's; one that is made by hand
    takes nothing else (docs.stripe.com/api/invoices/create: `subscription`).
    """
    rows = call.session.overlay.find(_TABLE, "customer", invoice["customer"])
    mine = (row for row in rows if row.get("currency") == invoice["currency"])
    named = invoice.get("subscription")
    fits = (named,) if invoice.get("billing_reason") == "manual" else (None, named)
    mine = (row for row in mine if not named or row.get("subscription") in fits)
    return [row for row in mine if not row.get("invoice")]


def settle(call: Call, invoice: Row) -> Row:
    """Work a draft invoice out again from the items that stand on it."""
    rows = call.session.overlay.find(_TABLE, "invoice", invoice["id"])
    ids = {row["id"] for row in rows}
    known = invoice.get("lines")
    kept = known if isinstance(known, list) else (known or {}).get("data", [])
    own = [line for line in kept if "invoice_item" not in line]
    lines = [*own, *map(line_of, rows)]
    total = sum(line["amount"] for line in lines if isinstance(line.get("amount"), int))
    tax = invoice.get("tax") if own and ids else None
    due = total + (tax if isinstance(tax, int) else 0)
    changes = {
        "lines": lines, "subtotal": total, "total": due, "amount_due": max(due, 0),
        "amount_remaining": max(due, 0), "amount_paid": 0,
    }  # fmt: skip
    return call.session.overlay.patch("stripe.invoices", invoice["id"], changes)


def line_of(row: Row) -> dict[str, Any]:
    """The line of an invoice that an item makes."""
    of_subscription = {
        name: row[name] for name in ("period", "proration", "subscription", "subscription_item")
        if row.get(name)
    }  # fmt: skip
    return {
        "id": f"il_{row['id'][3:]}", "amount": row["amount"], "currency": row["currency"],
        "description": row.get("description"), "quantity": row.get("quantity", 1),
        "invoice_item": row["id"], "price": row.get("price"), **of_subscription,
    }  # fmt: skip


def _price_named(given: dict[str, Any]) -> Any:
    """The price in either form: `price`, or `pricing[price]`."""
    pricing = given.get("pricing")
    return pricing.get("price") if isinstance(pricing, dict) else given.get("price")


def _amount(call: Call) -> Amount | None:
    given = fields.params(call)
    exact = aims.given_amount(call)
    if exact is not None:
        return exact
    known = aims.named_row(call, "invoiceitems", call.path.get("id")) or {}
    price = aims.named_row(call, "prices", _price_named(given))
    told = given["price_data"] if isinstance(given.get("price_data"), dict) else given
    unit, count = unit_of(price or told), fields.lenient_integer(given.get("quantity"))
    amount, held = known.get("amount"), known.get("quantity")
    if unit is None and count is not None and isinstance(amount, int) and held:
        unit = Decimal(amount // held)
    if unit is None:
        return None
    number = rounded(unit * (known.get("quantity", 1) if count is None else count))
    named = told.get("currency") or given.get("currency") or known.get("currency")
    currency = aims.currency_of(price) or (named.upper() if isinstance(named, str) else None)
    return Amount(number, currency, AmountSource.DERIVED)


def _worth(call: Call, given: dict[str, Any], known: Row) -> dict[str, Any]:
    """What the item charges for: an amount, a price, or a unit amount times a quantity."""
    data = fields.nested(given, "price_data")
    if data:
        given = {**given, "price": inline_price(call, data)}
    for name in ("amount", "unit_amount", "quantity"):
        fields.integer(given, name, least=0 if name == "quantity" else None)
    price_id = _price_named(given)
    price = fields.require(call, "prices", str(price_id), "price") if price_id else None
    found = _amount(call)
    if found is None:
        return {}
    made: dict[str, Any] = {"amount": found.minor}
    if "quantity" in given:
        made["quantity"] = fields.integer(given, "quantity")
    if price is not None:
        made["price"] = price["id"]
    currency = price.get("currency") if price else fields.text(given, "currency")
    if known.get("currency") and currency and currency.lower() != known["currency"]:
        message = f"The currency {currency} does not match {known['currency']}."
        raise invalid(message, param="currency")
    return {**made, "currency": supported(str(currency))} if currency else made


def _draft(call: Call, invoice_id: str) -> Row:
    row = fields.require(call, "invoices", invoice_id, "invoice")
    if row.get("status") != "draft":
        message = f"The invoice {row['id']} is {row.get('status')} and takes no items any more."
        raise invalid(message, param="invoice", code="invoice_not_editable")
    return row


def _create(call: Call) -> Reply:
    given, session = fields.params(call), call.session
    customer = fields.require(call, "customers", fields.required(given, "customer"), "customer")
    named = fields.text(given, "invoice")
    invoice = _draft(call, named) if named else None
    if invoice is not None and invoice.get("customer") != customer["id"]:
        message = (
            f"The customer of the invoice item ({customer['id']}) is not that of the invoice"
            f" ({invoice.get('customer')})."
        )
        raise invalid(message, param="customer")
    subscription = fields.text(given, "subscription")
    if subscription is not None:
        fields.require(call, "subscriptions", subscription, "subscription")
    worth = _worth(call, given, invoice or {})
    if not worth:
        raise missing("amount")
    row = {
        "id": f"ii_1{session.letters('invoiceitem', 23)}", "customer": customer["id"],
        "currency": billed_in(session, customer), "date": session.clock.seconds,
        "created": session.clock.seconds, "invoice": named, "quantity": 1,
        "description": fields.text(given, "description"), **worth,
        **({"subscription": subscription} if subscription else {}),
        **fields.merged_metadata({}, given),
    }  # fmt: skip
    session.overlay.put(_TABLE, row)
    if not customer.get("currency"):
        # From its first item on a customer is billed in that currency.
        session.overlay.patch("stripe.customers", customer["id"], {"currency": row["currency"]})
    if invoice is not None:
        settle(call, invoice)
    return answer(call, "invoiceitems", row, created=(_TABLE, row["id"]))


def _changeable(call: Call) -> tuple[Row, Row | None]:
    row = fields.require(call, "invoiceitems", call.path["id"])
    return row, _draft(call, row["invoice"]) if row.get("invoice") else None


def _update(call: Call) -> Reply:
    row, invoice = _changeable(call)
    given = fields.params(call)
    changes = _worth(call, given, row)
    changes |= fields.merged_metadata(row, given)
    if "description" in given:
        changes["description"] = fields.text(given, "description")
    row = call.session.overlay.patch(_TABLE, row["id"], changes)
    if invoice is not None:
        settle(call, invoice)
    return answer(call, "invoiceitems", row)


def _delete(call: Call) -> Reply:
    row, invoice = _changeable(call)
    call.session.overlay.delete(_TABLE, row["id"])
    if invoice is not None:
        settle(call, invoice)
    return Reply(200, deleted("invoiceitem", row["id"]))


def _pending_only(given: dict[str, Any]) -> Keep | None:
    waiting = fields.boolean(given, "pending")
    return None if waiting is None else lambda row: (not row.get("invoice")) is waiting


_GIVEN: dict[str, Any] = {
    "amount": says(INTEGER, "Minor units; negative for a credit."), "quantity": INTEGER,
    "unit_amount": INTEGER, "price": STRING, "pricing": says(OBJECT, "price: a price's id."),
    "description": STRING, "metadata": OBJECT, "expand": EXPAND,
}  # fmt: skip
_DRAFTED: dict[str, Any] = {
    "effect": Effect.DRAFT, "action_class": ActionClass.DRAFT_ONLY, "amount": _amount,
    "accepts": _ALSO,
}  # fmt: skip

OPERATIONS = (
    list_of(
        "invoiceitems", "invoice item", ("customer", "invoice"), also=_pending_only,
        pending=says(BOOLEAN, "Whether they stand on no invoice yet."),
    ),
    retrieve("invoiceitems", "invoice item"),
    write(
        "invoiceitems.create", "/v1/invoiceitems", "invoiceitem",
        "Add an item to a draft invoice, or to the customer's next one.",
        _create,
        params("customer", customer=STRING, invoice=STRING, currency=STRING, **_GIVEN),
        target=aims.customer_named, reversible_by="stripe.invoiceitems.delete", **_DRAFTED,
    ),
    write(
        "invoiceitems.update", "/v1/invoiceitems/{id}", "invoiceitem",
        "Change an item that is not invoiced yet.",
        _update, params("id", id=STRING, **_GIVEN), reversible_by="stripe.invoiceitems.update",
        **_DRAFTED,
    ),
    write(
        "invoiceitems.delete", "/v1/invoiceitems/{id}", "invoiceitem",
        "Delete an item that is not invoiced yet.",
        _delete, params("id", id=STRING), method="DELETE", answers=one("deleted_invoiceitem"),
        effect=Effect.DELETE, action_class=ActionClass.DRAFT_ONLY,
        amount=aims.column_amount("invoiceitems", "amount"),
        reversible_by="stripe.invoiceitems.create",
    ),
)  # fmt: skip
