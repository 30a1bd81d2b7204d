"""Customers and their balance."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.schema import INTEGER, OBJECT, STRING, one_of, params, says
from understudy.systems.session import CaseSession
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.customer_settings import settings_changed
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.listing import list_reply
from understudy.systems.stripe.objects import deleted
from understudy.systems.stripe.payment_methods import attach
from understudy.systems.stripe.reads import EXPAND, PAGING, answer, list_of, retrieve, search_of
from understudy.systems.stripe.shapes import one
from understudy.systems.stripe.writes import APPROVED, PAID, changed, write

__all__ = ["OPERATIONS", "book_balance"]

_TEXTS = ("email", "name", "phone", "description")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TABLE = "stripe.customers"
_ENTRIES = "customer_balance_transactions"
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_TAX = ("none", "exempt", "reverse")
_SENSITIVE = ("email", "default_source", "invoice_settings", "tax_exempt")
_ACCEPTED = frozenset(
    ("cash_balance", "coupon", "default_source", "invoice_prefix", "invoice_settings",
     "next_invoice_sequence", "payment_method", "preferred_locales", "promotion_code", "shipping",
     "source", "tax", "tax_id_data", "test_clock", "validate", "balance", "business_name",
     "individual_name")
)  # fmt: skip
_WRITABLE: dict[str, Any] = {
    "email": STRING, "name": STRING, "phone": STRING, "description": STRING,
    "address": says(OBJECT, "city, country, line1, line2, postal_code, state."),
    "metadata": OBJECT, "tax_exempt": one_of(*_TAX), "expand": EXPAND,
}  # fmt: skip


def _changes(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {n: fields.text(given, n) for n in _TEXTS if n in given}
    email = changes.get("email")
    if email is not None and not _EMAIL.fullmatch(email):
        raise invalid(f"Invalid email address: {email}", param="email", code="email_invalid")
    if "tax_exempt" in given:
        changes["tax_exempt"] = fields.one_of(given, "tax_exempt", _TAX) or _TAX[0]
    if "balance" in given:
        changes["balance"] = fields.integer(given, "balance")
    changes |= settings_changed(session, row, given)
    return changes | _address(row, given) | fields.merged_metadata(row, given)


def _address(row: Row, given: dict[str, Any]) -> dict[str, Any]:
    if given.get("address") == "":
        return {"address": None}
    fields.nested(given, "address", _ADDRESS)
    address = fields.texts(given, "address")
    if address is None:
        return {}
    return {"address": {**(row.get("address") or {}), **{k: v or None for k, v in address.items()}}}


def _retrieve(call: Call) -> Reply:
    """Of a customer that was deleted Stripe still says so."""
    row_id, overlay = call.path["id"], call.session.overlay
    if overlay.get(_TABLE, row_id) is None and overlay.touched(_TABLE, row_id):
        return Reply(200, deleted("customer", row_id))
    return answer(call, "customers", fields.require(call, "customers", row_id))


def _create(call: Call) -> Reply:
    session = call.session
    changes = _changes(call.session, {}, fields.params(call))
    row_id = f"cus_{session.letters('customer', 14)}"
    row = {"id": row_id, "created": session.clock.seconds, "balance": 0, **changes}
    session.overlay.put("stripe.customers", row)
    _attach(call, row_id)
    return answer(call, "customers", row, created=("stripe.customers", row_id))


def _update(call: Call) -> Reply:
    row = fields.require(call, "customers", call.path["id"])
    changes = _changes(call.session, row, fields.params(call))
    _attach(call, row["id"])
    return changed(call, "customers", row, changes)


def _attach(call: Call, customer: str) -> None:
    """What a customer is said to pay by is attached to them."""
    method = fields.params(call).get("payment_method")
    if method:
        attach(call.session, method, customer)


def _delete(call: Call) -> Reply:
    row = fields.require(call, "customers", call.path["id"])
    overlay = call.session.overlay
    for subscription in overlay.find("stripe.subscriptions", "customer", row["id"]):
        if subscription.get("status") not in ("canceled", "incomplete_expired"):
            ended = {"status": "canceled", "canceled_at": call.session.clock.seconds}
            overlay.patch("stripe.subscriptions", subscription["id"], ended)
    overlay.delete("stripe.customers", row["id"])
    return Reply(200, deleted("customer", row["id"]))


def _sensitive(call: Call) -> ActionClass | None:
    given = fields.params(call)
    return ActionClass.APPROVAL_REQUIRED if any(name in given for name in _SENSITIVE) else None


def _adjust(call: Call) -> Reply:
    customer, given = fields.require(call, "customers", call.path["id"]), fields.params(call)
    amount, currency = fields.integer(given, "amount"), fields.currency(given)
    if amount is None:
        raise missing("amount")
    known = customer.get("currency")
    if known and known.lower() != currency:
        message = f"The currency {currency} does not match the customer's currency {known}."
        raise invalid(message, param="currency")
    said = {"description": fields.text(given, "description")} | fields.merged_metadata({}, given)
    row = book_balance(call.session, customer, amount, currency, **said)
    created = ("stripe.customer_balance_transactions", row["id"])
    return answer(call, "customer_balance_transactions", row, created=created)


def book_balance(
    session: CaseSession, customer: Row, amount: int, currency: str | None, **other: Any
) -> Row:
    """Write an entry of a customer's balance; a negative amount is a credit in minor units."""
    balance = int(customer.get("balance") or 0) + amount
    row: Row = {
        "id": f"cbtxn_1{session.letters('cbtxn', 23)}", "amount": amount, "currency": currency,
        "customer": customer["id"], "created": session.clock.seconds, "ending_balance": balance,
        **other,
    }  # fmt: skip
    session.overlay.patch("stripe.customers", customer["id"], {"balance": balance})
    return session.overlay.put("stripe.customer_balance_transactions", row)


def _list_balance(call: Call) -> Reply:
    """The entries of the path's customer."""
    customer = fields.require(call, "customers", call.path["id"])["id"]
    url = f"/v1/customers/{customer}/balance_transactions"
    return list_reply(
        call, _ENTRIES, url, ("invoice",), lambda row: row.get("customer") == customer
    )


OPERATIONS = (
    list_of("customers", "customer", ("email",)),
    search_of("customers", "customer"),
    replace(
        retrieve("customers", "customer"),
        handler=_retrieve,
        answers=one("customer", "deleted_customer"),
    ),
    write(
        "customers.create", "/v1/customers", "customer",
        "Create a customer.",
        _create,
        params("", **_WRITABLE),
        escalate=_sensitive, reversible_by="stripe.customers.delete", accepts=_ACCEPTED,
    ),
    write(
        "customers.update", "/v1/customers/{id}", "customer",
        "Change a customer; an empty string clears a field.",
        _update,
        params("id", id=STRING, **_WRITABLE),
        escalate=_sensitive, reversible_by="stripe.customers.update", accepts=_ACCEPTED,
    ),
    write(
        "customers.delete", "/v1/customers/{id}", "customer",
        "Delete a customer for good; its subscriptions are cancelled.",
        _delete,
        params("id", id=STRING),
        answers=one("deleted_customer"), method="DELETE", effect=Effect.DELETE,
        amount=aims.column_amount("customers", "balance"), customer_visible=True, destructive=True,
        **APPROVED,
    ),
    replace(
        list_of(_ENTRIES, "entry of a customer's balance"),
        name="stripe.customer_balance.list",
        template="/v1/customers/{id}/balance_transactions",
        description="List the entries of a customer's balance, newest first.",
        params=params("id", id=STRING, invoice=STRING, created=OBJECT, **PAGING),
        handler=_list_balance,
    ),
    write(
        "customer_balance.create", "/v1/customers/{id}/balance_transactions",
        "customer_balance_transaction",
        "Credit (negative amount) or debit a customer's balance.",
        _adjust,
        params(
            "id amount currency", id=STRING, amount=INTEGER, currency=STRING, description=STRING,
            metadata=OBJECT, expand=EXPAND,
        ),
        target=aims.by_path("customer"), amount=aims.given_amount,
        reversible_by="stripe.customer_balance.create", **PAID,
    ),
)  # fmt: skip
