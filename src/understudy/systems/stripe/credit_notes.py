"""Credit notes: an invoice made smaller after it was finalized."""

from __future__ import annotations

from typing import Any

from understudy.model.action import AmountSource, Effect, Target
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call, Operation, Reply
from understudy.systems.schema import INTEGER, OBJECT, STRING, array, one_of, params, says
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.customers import book_balance
from understudy.systems.stripe.errors import invalid, missing, money_text
from understudy.systems.stripe.objects import payload_of
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve
from understudy.systems.stripe.refunds import refund_charge, refund_of, refuse_unrefundable
from understudy.systems.stripe.shapes import one
from understudy.systems.stripe.writes import APPROVED, PAID, changed, write

__all__ = ["OPERATIONS"]

_REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory")
_WRITABLE: dict[str, Any] = {
    "invoice": STRING, "amount": says(INTEGER, "Minor units."), "reason": one_of(*_REASONS),
    "memo": STRING, "lines": array(OBJECT), "refund_amount": INTEGER, "credit_amount": INTEGER,
    "out_of_band_amount": INTEGER, "metadata": OBJECT, "expand": EXPAND,
}  # fmt: skip
_ACCEPTED = frozenset(("effective_at", "email_type", "refund", "refunds", "shipping_cost"))
_PARTS = ("refund_amount", "credit_amount", "out_of_band_amount")


def _target(call: Call) -> Target | None:
    invoice = fields.params(call).get("invoice")
    return Target(type="invoice", id=invoice if isinstance(invoice, str) else None)


def _lines_amount(given: dict[str, Any], invoice: Row | None) -> int | None:
    lines = given.get("lines")
    if not isinstance(lines, list) or invoice is None:
        return None
    amounts = [_line_amount(line, invoice) for line in lines if isinstance(line, dict)]
    return sum(amounts) if amounts else None


def _line_amount(line: dict[str, Any], invoice: Row) -> int:
    explicit = fields.lenient_integer(line.get("amount"))
    if explicit is not None:
        return explicit
    quantity = fields.lenient_integer(line.get("quantity")) or 1
    unit = fields.lenient_integer(line.get("unit_amount"))
    if unit is not None:
        return unit * quantity
    known = _line_known(invoice, line.get("invoice_line_item"))
    return int(known or 0)


def _line_known(invoice: Row, line_id: Any) -> int | None:
    """The amount of one of an invoice's lines."""
    lines = invoice.get("lines")
    items = lines if isinstance(lines, list) else (lines or {}).get("data", [])
    return next((item.get("amount") for item in items if item.get("id") == line_id), None)


def _amount(call: Call) -> Amount | None:
    given = fields.params(call)
    invoice = aims.named_row(call, "invoices", given.get("invoice"))
    currency = aims.currency_of(invoice)
    explicit = fields.lenient_integer(given.get("amount"))
    if explicit is not None:
        return Amount(explicit, currency)
    derived = _lines_amount(given, invoice)
    if derived is None:
        parts = [fields.lenient_integer(given.get(name)) for name in _PARTS]
        derived = sum(part or 0 for part in parts) or None
    return None if derived is None else Amount(derived, currency, AmountSource.DERIVED)


def _draft(call: Call) -> tuple[Row, dict[str, Any]]:
    """The invoice and the credit note's fields, or the refusal."""
    given = fields.params(call)
    invoice = fields.require(call, "invoices", fields.required(given, "invoice"), "invoice")
    if invoice.get("status") not in ("open", "paid", "uncollectible"):
        message = "You can only create credit notes for open or paid invoices."
        raise invalid(message, param="invoice")
    amount = _noted_amount(call, given, invoice)
    fields_of = {
        "invoice": invoice["id"], "customer": invoice.get("customer"), "amount": amount,
        "currency": invoice.get("currency"), "created": call.session.clock.seconds,
        "reason": fields.one_of(given, "reason", _REASONS), "memo": fields.text(given, "memo"),
        "status": "issued", **_placed(given, invoice, amount),
        **fields.merged_metadata({}, given),
    }  # fmt: skip
    return invoice, fields_of


def _noted_amount(call: Call, given: dict[str, Any], invoice: Row) -> int:
    for name in ("amount", *_PARTS):
        fields.integer(given, name, least=0)
    amount = _amount(call)
    if amount is None:
        raise missing("amount")
    if amount.minor <= 0:
        raise invalid("The credit note amount must be greater than zero.", param="amount")
    left = _creditable(call, invoice)
    if amount.minor > left:
        currency = invoice.get("currency")
        asked, rest = money_text(amount.minor, currency), money_text(left, currency)
        message = f"The credit note amount ({asked}) exceeds what can still be credited ({rest})."
        raise invalid(message, param="amount")
    return amount.minor


def _creditable(call: Call, invoice: Row) -> int:
    notes = call.session.overlay.find("stripe.credit_notes", "invoice", invoice["id"])
    noted = sum(int(n.get("amount") or 0) for n in notes if n.get("status") != "void")
    return int(invoice.get("total") or invoice.get("amount_due") or 0) - noted


def _placed(given: dict[str, Any], invoice: Row, amount: int) -> dict[str, Any]:
    """Before payment the debt shrinks; afterwards the sum must be placed somewhere."""
    if invoice.get("status") != "paid":
        return {"type": "pre_payment", "pre_payment_amount": amount, "post_payment_amount": 0}
    parts = {name: fields.integer(given, name, least=0) or 0 for name in _PARTS}
    if sum(parts.values()) != amount:
        message = (
            "The sum of refund_amount, credit_amount and out_of_band_amount must equal the credit"
            f" note amount ({money_text(amount, invoice.get('currency'))})."
        )
        raise invalid(message, param="amount")
    return {
        "type": "post_payment", "post_payment_amount": amount, "pre_payment_amount": 0,
        "out_of_band_amount": parts["out_of_band_amount"] or None,
    }  # fmt: skip


def _settled(call: Call, invoice: Row, note_id: str) -> dict[str, Any]:
    """After payment the money goes back: over the charge, or into the customer's balance."""
    given, made = fields.params(call), dict[str, Any]()
    if fields.integer(given, "refund_amount"):
        charge = _charge(call, invoice)
        refuse_unrefundable(call, charge)
        amount = refund_of(given, charge, "refund_amount")
        refund = refund_charge(call, charge, amount)
        made["refunds"] = [{"amount_refunded": amount, "refund": refund["id"], "type": "refund"}]
    credit = fields.integer(given, "credit_amount")
    customer = aims.named_row(call, "customers", invoice.get("customer"))
    if credit and customer is not None:
        what = {"type": "credit_note", "credit_note": note_id, "invoice": invoice["id"]}
        currency = invoice.get("currency")
        booked = book_balance(call.session, customer, -credit, currency, **what)
        made["customer_balance_transaction"] = booked["id"]
    return made


def _charge(call: Call, invoice: Row) -> Row:
    """The charge that the invoice was paid by."""
    intent = aims.named_row(call, "payment_intents", invoice.get("payment_intent"))
    named = invoice.get("charge") or (intent or {}).get("latest_charge")
    charge = aims.named_row(call, "charges", named)
    if charge is None:
        message = f"Invoice {invoice['id']} has no charge that could be refunded."
        raise invalid(message, param="refund_amount")
    return charge


def _create(call: Call) -> Reply:
    invoice, made = _draft(call)
    session, row_id = call.session, f"cn_1{call.session.letters('credit_note', 23)}"
    settled = _settled(call, invoice, row_id) if made["type"] == "post_payment" else {}
    row = {"id": row_id, "number": _number(call, invoice), **made, **settled}
    session.overlay.put("stripe.credit_notes", row)
    if made["type"] == "pre_payment":
        left = max(0, int(invoice.get("amount_remaining") or 0) - made["amount"])
        changes: dict[str, Any] = {"amount_remaining": left, "amount_due": left}
        if left == 0:
            changes["status"] = "paid"
        session.overlay.patch("stripe.invoices", invoice["id"], changes)
    return answer(call, "credit_notes", row, created=("stripe.credit_notes", row_id))


def _number(call: Call, invoice: Row) -> str:
    notes = call.session.overlay.find("stripe.credit_notes", "invoice", invoice["id"])
    return f"{invoice.get('number') or invoice['id'][-8:].upper()}-CN-{len(notes) + 1:02d}"


def _preview(call: Call) -> Reply:
    invoice, made = _draft(call)
    row = {"id": f"cn_preview_{made['invoice'][3:]}", "number": _number(call, invoice), **made}
    return Reply(200, payload_of(call.session.overlay, "credit_notes", row, call.version))


def _owed_again(call: Call, note: Row) -> None:
    """What a note had taken off an open invoice is due once more."""
    invoice = aims.named_row(call, "invoices", note.get("invoice"))
    if invoice is None or invoice.get("status") not in ("open", "paid"):
        return
    left = int(invoice.get("amount_remaining") or 0) + int(note.get("amount") or 0)
    again = {"amount_remaining": left, "amount_due": left, "status": "open"}
    call.session.overlay.patch("stripe.invoices", invoice["id"], again)


def _void(call: Call) -> Reply:
    row = fields.require(call, "credit_notes", call.path["id"])
    if row.get("status") == "void":
        raise invalid("This credit note has already been voided.")
    if row.get("type", "post_payment") == "post_payment" and row.get("post_payment_amount"):
        raise invalid("You can only void credit notes issued before the invoice was paid.")
    _owed_again(call, row)
    changes = {"status": "void", "voided_at": call.session.clock.seconds}
    return changed(call, "credit_notes", row, changes)


OPERATIONS = (
    list_of("credit_notes", "credit note", ("customer", "invoice")),
    Operation(
        name="stripe.credit_notes.preview",
        system="stripe",
        method="GET",
        template="/v1/credit_notes/preview",
        description="What a credit note would look like; nothing is written.",
        params=params("invoice", **_WRITABLE),
        answers=one("credit_note"),
        handler=_preview,
        accepts=_ACCEPTED,
    ),
    retrieve("credit_notes", "credit note"),
    write(
        "credit_notes.create",
        "/v1/credit_notes",
        "credit_note",
        "Credit part or all of a finalized invoice.",
        _create,
        params("invoice", **_WRITABLE),
        target=_target,
        amount=_amount,
        reversible_by="stripe.credit_notes.void",
        accepts=_ACCEPTED,
        **PAID,
    ),
    write(
        "credit_notes.void",
        "/v1/credit_notes/{id}/void",
        "credit_note",
        "Void a credit note.",
        _void,
        params("id", id=STRING, expand=EXPAND),
        effect=Effect.DELETE,
        amount=aims.column_amount("credit_notes", "amount"),
        reversible_by="stripe.credit_notes.create",
        customer_visible=True,
        destructive=True,
        **APPROVED,
    ),
)
