"""Invoices: drafted, finalized, sent, paid, voided, written off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Operation, Refusal, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, one_of, params
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.collecting import charge_for, finalized
from understudy.systems.stripe.currencies import billed_in
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.invoice_items import pending, settle
from understudy.systems.stripe.listing import Keep, between, both
from understudy.systems.stripe.objects import deleted, payload_of
from understudy.systems.stripe.payment_methods import refuse_unknown
from understudy.systems.stripe.reads import (
    EXPAND,
    PAGING,
    answer,
    list_of,
    retrieve,
    search_of,
)
from understudy.systems.stripe.settling import let_go, paid, stamped
from understudy.systems.stripe.shapes import one, page
from understudy.systems.stripe.writes import PAID, changed, write

__all__ = ["OPERATIONS", "WAYS", "new_invoice"]

_TEXTS = ("description", "footer", "number", "statement_descriptor", "default_payment_method")
WAYS = ("charge_automatically", "send_invoice")
"""How an invoice is collected; the first where nothing is said."""
_ENTRIES = "stripe.customer_balance_transactions"
_STATES = ("draft", "open", "paid", "uncollectible", "void")
Change = Callable[[Call, Row], dict[str, Any]]


def _from(*states: str, action: str) -> Callable[[Row], None]:
    """A check that the invoice's status allows the step."""

    def check(row: Row) -> None:
        if row.get("status") not in states:
            message = (
                f"You can only {action} invoices whose status is {' or '.join(states)}."
                f" This invoice's status is {row.get('status')}."
            )
            raise invalid(message, code="invoice_not_editable")

    return check


def _payable(row: Row) -> None:
    if row.get("status") == "paid":
        raise invalid("Invoice is already paid")
    _from("open", "draft", "uncollectible", action="pay")(row)


def _step(check: Callable[[Row], None], change: Change) -> Callable[[Call], Reply]:
    """A handler that moves an invoice from one status to another."""

    def handler(call: Call) -> Reply:
        row = fields.require(call, "invoices", call.path["id"])
        check(row)
        return changed(call, "invoices", row, change(call, row))

    return handler


def _voided(call: Call, row: Row) -> dict[str, Any]:
    stamps = stamped(call, row, "voided_at")
    let_go(call, row, "void_invoice")
    return {"status": "void", "amount_remaining": 0, "status_transitions": stamps}


def _sent(call: Call, row: Row) -> dict[str, Any]:
    """Sending finalizes a draft, as at Stripe."""
    changes = finalized(call, row) if row.get("status") == "draft" else {}
    return {**changes, "last_sent_at": call.session.clock.seconds}


def _paid(call: Call, row: Row) -> dict[str, Any]:
    """The customer is charged, unless the money came in another way."""
    given = fields.params(call)
    owed = {**row, **(finalized(call, row) if row.get("status") == "draft" else {})}
    due = int(owed.get("amount_remaining") or owed.get("amount_due") or 0)
    if fields.boolean(given, "paid_out_of_band"):
        let_go(call, owed)
    elif due:
        try:
            owed |= charge_for(call, owed, due, given)
        except Refusal as refusal:
            drafted = row.get("status") == "draft" and refusal.reply.left
            raise (_finalized_still(call, owed, refusal.reply) if drafted else refusal) from None
    return {**owed, **paid(call, owed)}


def _finalized_still(call: Call, owed: Row, reply: Reply) -> Refusal:
    """The 402 that leaves a draft finalized, with what its customer's balance gave to it."""
    entries = call.session.overlay.find(_ENTRIES, "invoice", owed["id"])
    left = [*reply.left, ("stripe.invoices", owed), *((_ENTRIES, each) for each in entries)]
    customer = aims.named_row(call, "customers", owed.get("customer"))
    if customer is not None and entries:
        left.append(("stripe.customers", customer))
    return Refusal(reply.status, reply.payload, reply.headers, left=tuple(left))


def _written_off(call: Call, row: Row) -> dict[str, Any]:
    stamps = stamped(call, row, "marked_uncollectible_at")
    return {"status": "uncollectible", "status_transitions": stamps}


def _updated(call: Call, row: Row) -> dict[str, Any]:
    given = fields.params(call)
    return _said(call, given) | fields.merged_metadata(row, given)


def _said(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {name: fields.text(given, name) for name in _TEXTS if name in given}
    refuse_unknown(call.session, changes.get("default_payment_method"), "default_payment_method")
    if "due_date" in given:
        changes["due_date"] = fields.integer(given, "due_date", least=1)
    if "auto_advance" in given:
        changes["auto_advance"] = fields.boolean(given, "auto_advance")
    way = fields.one_of(given, "collection_method", WAYS)
    if way is not None:
        changes["collection_method"] = way
    days = fields.integer(given, "days_until_due", least=0)
    if days is not None:
        changes["due_date"] = call.session.clock.seconds + days * 86_400
    return changes


def _create(call: Call) -> Reply:
    given, session = fields.params(call), call.session
    subscription = fields.text(given, "subscription")
    if subscription is not None:
        known = fields.require(call, "subscriptions", subscription, "subscription")
        given = {"customer": known.get("customer"), **given}
    customer = fields.require(call, "customers", fields.required(given, "customer"), "customer")
    said = _said(call, given)
    if said.get("collection_method") == "send_invoice" and not said.get("due_date"):
        message = (
            "If invoice collection method is 'send_invoice', you must specify 'due_date' or"
            " 'days_until_due'."
        )
        raise invalid(message)
    row = new_invoice(call, customer, subscription=subscription, billing_reason="manual", **said,
                      **fields.merged_metadata({}, given))  # fmt: skip
    if given.get("currency"):
        row["currency"] = fields.currency(given)
    include = fields.one_of(given, "pending_invoice_items_behavior", ("include", "exclude"))
    session.overlay.put("stripe.invoices", row)
    for item in pending(call, row) if include == "include" else ():
        session.overlay.patch("stripe.invoiceitems", item["id"], {"invoice": row["id"]})
    settled = settle(call, row)
    return answer(call, "invoices", settled, created=("stripe.invoices", row["id"]))


def new_invoice(call: Call, customer: Row, **other: Any) -> dict[str, Any]:
    """A draft with nothing on it, not written yet."""
    return {
        "id": f"in_1{call.session.letters('invoice', 23)}", "customer": customer["id"],
        "customer_email": customer.get("email"), "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"), "currency": billed_in(call.session, customer),
        "status": "draft", "created": call.session.clock.seconds, "lines": [], "amount_due": 0,
        "amount_paid": 0, "amount_remaining": 0, "subtotal": 0, "total": 0, "auto_advance": False,
        **other,
    }  # fmt: skip


def _delete(call: Call) -> Reply:
    row, overlay = fields.require(call, "invoices", call.path["id"]), call.session.overlay
    if row.get("status") != "draft":
        message = "You can only delete draft invoices."
        raise invalid(message, code="invoice_not_editable")
    if row.get("subscription") and row.get("billing_reason") != "manual":
        raise invalid("You can't delete invoices created by subscriptions.")
    for item in overlay.find("stripe.invoiceitems", "invoice", row["id"]):
        overlay.patch("stripe.invoiceitems", item["id"], {"invoice": None})
    overlay.delete("stripe.invoices", row["id"])
    return Reply(200, deleted("invoice", row["id"]))


def _lines(call: Call) -> Reply:
    row = fields.require(call, "invoices", call.path["id"])
    shown = payload_of(call.session.overlay, "invoices", row, call.version)["lines"]
    return Reply(200, {name: shown[name] for name in ("object", "data", "has_more", "url")})


def _collected(given: dict[str, Any]) -> Keep | None:
    wanted = fields.one_of(given, "collection_method", WAYS)
    when = between(given, "due_date")
    if wanted is None:
        return when
    return both(when, lambda row: (row.get("collection_method") or WAYS[0]) == wanted)


def _at_once(call: Call) -> ActionClass | None:
    """A draft that advances by itself is collected without a further word."""
    advances = fields.is_true(fields.params(call), "auto_advance")
    return ActionClass.APPROVAL_REQUIRED if advances else None


def _any_state(_: Row) -> None:
    """Metadata and description may be changed at any time."""


def _money_step(
    step: str, description: str, handler: Callable[[Call], Reply], **other: Any
) -> Operation:
    given = params("id", id=STRING, **other.pop("extra", {}), expand=EXPAND)
    made = {**PAID, "amount": aims.column_amount("invoices", "amount_due"), **other}
    path = f"/v1/invoices/{{id}}/{step}"
    return write(f"invoices.{step}", path, "invoice", description, handler, given, **made)


_ALSO = frozenset(
    ("account_tax_ids", "application_fee_amount", "automatic_tax", "automatically_finalizes_at",
     "collection_method", "custom_fields", "customer_account", "days_until_due",
     "default_payment_method", "default_source", "default_tax_rates", "discounts", "effective_at",
     "footer", "from_invoice", "issuer", "number", "on_behalf_of", "payment_settings", "rendering",
     "shipping_cost", "shipping_details", "statement_descriptor", "transfer_data")
)  # fmt: skip
_REMAINING = aims.column_amount("invoices", "amount_remaining")

OPERATIONS = (
    list_of(
        "invoices", "invoice", ("customer", "subscription"), words={"status": _STATES},
        also=_collected,
        collection_method=one_of(*WAYS), due_date=OBJECT,
    ),
    search_of("invoices", "invoice"),
    retrieve("invoices", "invoice"),
    Operation(
        name="stripe.invoices.list_lines",
        system="stripe",
        method="GET",
        template="/v1/invoices/{id}/lines",
        description="List what an invoice charges for.",
        params=params("id", id=STRING, **PAGING),
        handler=_lines,
        answers=page("line_item"),
    ),
    write(
        "invoices.create", "/v1/invoices", "invoice",
        "Draft an invoice; its items are added by invoiceitems.create.",
        _create,
        params(
            "", customer=STRING, subscription=STRING, currency=STRING, auto_advance=BOOLEAN,
            collection_method=one_of(*WAYS), days_until_due=INTEGER, due_date=INTEGER,
            pending_invoice_items_behavior=one_of("include", "exclude"), description=STRING,
            metadata=OBJECT, expand=EXPAND,
        ),
        effect=Effect.DRAFT, action_class=ActionClass.DRAFT_ONLY, escalate=_at_once,
        target=aims.customer_named, reversible_by="stripe.invoices.delete", accepts=_ALSO,
    ),
    write(
        "invoices.delete", "/v1/invoices/{id}", "invoice",
        "Delete a draft invoice for good; its items wait for the next one.",
        _delete, params("id", id=STRING), method="DELETE", answers=one("deleted_invoice"),
        effect=Effect.DELETE, action_class=ActionClass.DRAFT_ONLY,
        amount=aims.column_amount("invoices", "amount_due"),
        reversible_by="stripe.invoices.create",
    ),
    write(
        "invoices.update", "/v1/invoices/{id}", "invoice",
        "Change an invoice's description, due date or metadata.",
        _step(_any_state, _updated),
        params(
            "id", id=STRING, description=STRING, due_date=INTEGER, auto_advance=BOOLEAN,
            metadata=OBJECT, expand=EXPAND,
        ),
        reversible_by="stripe.invoices.update", accepts=_ALSO,
    ),
    _money_step(
        "void", "Void an open invoice: it is owed no longer. Cannot be undone.",
        _step(_from("open", "uncollectible", action="void"), _voided),
        effect=Effect.DELETE, amount=_REMAINING, destructive=True,
    ),
    _money_step(
        "send", "Send an invoice to the customer by e-mail.",
        _step(_from("open", "draft", "paid", "uncollectible", action="send"), _sent),
        effect=Effect.SEND,
    ),
    _money_step(
        "finalize", "Finalize a draft invoice, so that it is owed.",
        _step(_from("draft", action="finalize"), finalized), effect=Effect.PUBLISH,
        destructive=True, reversible_by="stripe.invoices.void", extra={"auto_advance": BOOLEAN},
    ),
    _money_step(
        "pay", "Collect an open or draft invoice from the customer's payment method.",
        _step(_payable, _paid),
        reversible_by="stripe.refunds.create",
        extra={"paid_out_of_band": BOOLEAN, "payment_method": STRING},
        accepts=frozenset(("forgive", "mandate", "off_session", "source")),
    ),
    _money_step(
        "mark_uncollectible", "Write an open invoice off.",
        _step(_from("open", action="mark as uncollectible"), _written_off), effect=Effect.WRITE,
        amount=_REMAINING, reversible_by="stripe.invoices.pay",
    ),
)  # fmt: skip
