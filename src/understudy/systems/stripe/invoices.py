"""Invoices: void, send, pay, finalize, write off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.action import Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.schema import BOOLEAN, OBJECT, STRING, params
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve, search_of
from understudy.systems.stripe.writes import PAID, write

__all__ = ["OPERATIONS"]

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


def _step(check: Callable[[Row], None], change: Change) -> Callable[[Call], Reply]:
    """A handler that moves an invoice from one status to another."""

    def handler(call: Call) -> Reply:
        row = fields.require(call, "invoices", call.path["id"])
        check(row)
        changes = change(call, row)
        row = call.session.overlay.patch("stripe.invoices", row["id"], changes)
        return answer(call, "invoices", row)

    return handler


def _stamped(call: Call, row: Row, name: str) -> dict[str, Any]:
    return {**(row.get("status_transitions") or {}), name: call.session.clock.seconds}


def _voided(call: Call, row: Row) -> dict[str, Any]:
    stamps = _stamped(call, row, "voided_at")
    return {"status": "void", "amount_remaining": 0, "status_transitions": stamps}


def _sent(call: Call, row: Row) -> dict[str, Any]:
    """Sending finalizes a draft, as at Stripe."""
    changes = _finalized(call, row) if row.get("status") == "draft" else {}
    return {**changes, "last_sent_at": call.session.clock.seconds}


def _finalized(call: Call, row: Row) -> dict[str, Any]:
    number = row.get("number") or f"{row['id'][-8:].upper()}-0001"
    stamps = _stamped(call, row, "finalized_at")
    return {"status": "open", "number": number, "status_transitions": stamps}


def _paid(call: Call, row: Row) -> dict[str, Any]:
    due = row.get("amount_due", 0)
    stamps = _stamped(call, row, "paid_at")
    paid = {"amount_paid": due, "amount_remaining": 0, "status_transitions": stamps}
    return {"status": "paid", **paid, "attempt_count": int(row.get("attempt_count") or 0) + 1}


def _written_off(call: Call, row: Row) -> dict[str, Any]:
    stamps = _stamped(call, row, "marked_uncollectible_at")
    return {"status": "uncollectible", "status_transitions": stamps}


def _updated(call: Call, row: Row) -> dict[str, Any]:
    given = fields.params(call)
    changes: dict[str, Any] = fields.merged_metadata(row, given)
    if "description" in given:
        changes["description"] = fields.text(given, "description")
    if "due_date" in given:
        changes["due_date"] = fields.integer(given, "due_date", least=1)
    if "auto_advance" in given:
        changes["auto_advance"] = fields.boolean(given, "auto_advance")
    return changes


def _any_state(_: Row) -> None:
    """Metadata and description may be changed at any time."""


def _money_step(
    step: str, description: str, handler: Callable[[Call], Reply], **other: Any
) -> Operation:
    given = params("id", id=STRING, **other.pop("extra", {}), expand=EXPAND)
    made = {**PAID, "amount": aims.column_amount("invoices", "amount_due"), **other}
    path = f"/v1/invoices/{{id}}/{step}"
    return write(f"invoices.{step}", path, "invoice", description, handler, given, **made)


_REMAINING = aims.column_amount("invoices", "amount_remaining")

OPERATIONS = (
    list_of("invoices", "invoice", ("customer", "status", "subscription")),
    search_of("invoices", "invoice"),
    retrieve("invoices", "invoice"),
    write(
        "invoices.update", "/v1/invoices/{id}", "invoice",
        "Change an invoice's description, due date or metadata.",
        _step(_any_state, _updated),
        params(
            "id", id=STRING, description=STRING, due_date={"type": "integer"}, auto_advance=BOOLEAN,
            metadata=OBJECT, expand=EXPAND,
        ),
        reversible_by="stripe.invoices.update",
    ),
    _money_step(
        "void", "Void an open invoice: it is owed no longer. Cannot be undone.",
        _step(_from("open", "uncollectible", action="void"), _voided),
        effect=Effect.DELETE, amount=_REMAINING, destructive=True,
    ),
    _money_step(
        "send", "Send an invoice to the customer by e-mail.",
        _step(_from("open", "draft", "uncollectible", action="send"), _sent), effect=Effect.SEND,
    ),
    _money_step(
        "finalize", "Finalize a draft invoice, so that it is owed.",
        _step(_from("draft", action="finalize"), _finalized), effect=Effect.PUBLISH,
        destructive=True, reversible_by="stripe.invoices.void", extra={"auto_advance": BOOLEAN},
    ),
    _money_step(
        "pay", "Collect an open or draft invoice from the customer's payment method.",
        _step(_from("open", "draft", "uncollectible", action="pay"), _paid),
        reversible_by="stripe.refunds.create",
        extra={"paid_out_of_band": BOOLEAN, "payment_method": STRING},
    ),
    _money_step(
        "mark_uncollectible", "Write an open invoice off.",
        _step(_from("open", action="mark as uncollectible"), _written_off), effect=Effect.WRITE,
        amount=_REMAINING, reversible_by="stripe.invoices.pay",
    ),
)  # fmt: skip
