"""Invoice payments, read: which intents and charges pay which invoices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.schema import OBJECT, STRING, one_of, params, says
from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import missing, no_such
from understudy.systems.stripe.expand import Expansion, expanded
from understudy.systems.stripe.listing import between, ordered, page_of
from understudy.systems.stripe.paying import invoice_of, payment_named, payments_of
from understudy.systems.stripe.reads import EXPAND, PAGING
from understudy.systems.stripe.shapes import one, page

__all__ = ["OPERATIONS"]

_URL = "/v1/invoice_payments"
_STATES = ("canceled", "open", "paid")
_KINDS = ("charge", "payment_intent", "payment_record")


def _list(call: Call) -> Reply:
    values, overlay = fields.params(call), call.session.overlay
    status, made_at = fields.one_of(values, "status", _STATES), between(values, "created")
    invoice, payment = fields.text(values, "invoice"), _wanted(values)
    expansion = Expansion.of(call, listed=True)
    kept = (
        each
        for each in _found(overlay, invoice, payment)
        if status in (None, each["status"])
        and payment in (None, each["payment"][each["payment"]["type"]])
        and (made_at is None or made_at(each))
    )
    rows, more = page_of(kept, values)
    data = [expanded(call.session, "invoice_payments", each, expansion) for each in rows]
    return Reply(200, {"object": "list", "url": _URL, "has_more": more, "data": data})


def _wanted(values: dict[str, Any]) -> str | None:
    """The id of the intent or charge that is asked for by `payment[type]` and its own name."""
    told = fields.nested(values, "payment")
    if not told:
        return None
    kind = fields.one_of(told, "type", _KINDS, "payment[type]")
    if kind is None:
        raise missing("payment[type]")
    return fields.text(told, kind)


def _found(overlay: Overlay, invoice: str | None, payment: str | None) -> Iterator[dict[str, Any]]:
    """What may be meant: of one invoice where it is known which, else of all."""
    named = invoice or (invoice_of(overlay, payment) if payment else None)
    if named is not None:
        yield from payments_of(overlay, named)
    elif payment is None:
        for row in ordered(overlay, "stripe.invoices"):
            yield from payments_of(overlay, row["id"])


def _retrieve(call: Call) -> Reply:
    found = payment_named(call.session.overlay, call.path["id"])
    if found is None:
        raise no_such("invoice_payment", call.path["id"], "invoice_payment")
    return Reply(200, expanded(call.session, "invoice_payments", found, Expansion.of(call)))


OPERATIONS = (
    Operation(
        name="stripe.invoice_payments.list",
        system="stripe",
        method="GET",
        template=_URL,
        description="List by which payments invoices are paid, newest first.",
        params=params(
            "", invoice=STRING, status=one_of(*_STATES), created=OBJECT,
            payment=says(OBJECT, "type: payment_intent or charge, and its id by that name."),
            **PAGING,
        ),
        handler=_list,
        answers=page("invoice_payment"),
    ),
    Operation(
        name="stripe.invoice_payments.retrieve",
        system="stripe",
        method="GET",
        template=f"{_URL}/{{id}}",
        description="Retrieve one payment of an invoice.",
        params=params("id", id=STRING, expand=EXPAND),
        handler=_retrieve,
        answers=one("invoice_payment"),
    ),
)  # fmt: skip
