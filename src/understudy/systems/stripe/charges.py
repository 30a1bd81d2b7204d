"""Charges: money that was taken or is held, and how it is taken."""

from __future__ import annotations

from typing import Any

from understudy.model.action import AmountSource
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call, Refusal, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, params, says
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.balance import book
from understudy.systems.stripe.currencies import refuse_amount
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.payment_objects import refused_outcome
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve, search_of
from understudy.systems.stripe.trial_cards import refuse_declined, refuse_token
from understudy.systems.stripe.writes import PAID, changed, write

__all__ = ["OPERATIONS", "capture_amount", "collect", "release", "take"]

_TABLE = "stripe.charges"


def take(call: Call, method: str | None, amount: int, *, held: bool = False, **other: Any) -> Row:
    """Charge a payment method; held money is collected later. A 402 leaves a failed charge."""
    session = call.session
    row: dict[str, Any] = {
        "id": f"ch_3{session.letters('charge', 23)}", "amount": amount, "amount_refunded": 0,
        "status": "succeeded", "paid": True, "refunded": False, "captured": not held,
        "created": session.clock.seconds, "payment_method": method, **other,
    }  # fmt: skip
    known = session.overlay.get("stripe.payment_methods", method) if method else None
    try:
        refuse_declined(method, known and known.get("card"))
    except Refusal as refusal:
        raise _failed(refusal.reply, row) from None
    if not held:
        row["balance_transaction"] = book(session, "charge", row["id"], amount, row.get("currency"))
    return session.overlay.put(_TABLE, row)


def _failed(reply: Reply, row: Row) -> Refusal:
    error = reply.payload["error"]
    charge = {
        **row, "status": "failed", "paid": False, "captured": False,
        "failure_code": error["code"], "failure_message": error["message"],
        "outcome": refused_outcome(error.get("decline_code") or error["code"]),
    }  # fmt: skip
    told = {"error": {**error, "charge": row["id"]}}
    return Refusal(reply.status, told, left=((_TABLE, charge),))


def collect(call: Call, charge: Row, amount: int) -> Row:
    """Take held money, in minor units; what is not taken is let go."""
    left = int(charge.get("amount") or 0) - amount
    entry = book(call.session, "charge", charge["id"], amount, charge.get("currency"))
    changes = {
        "captured": True, "amount_captured": amount, "amount_refunded": left,
        "balance_transaction": entry,
    }  # fmt: skip
    return call.session.overlay.patch(_TABLE, charge["id"], changes)


def release(call: Call, charge: Row) -> Row:
    """Let held money go; money that was taken already stays."""
    if charge.get("captured"):
        return charge
    changes = {"refunded": True, "amount_refunded": charge.get("amount")}
    return call.session.overlay.patch(_TABLE, charge["id"], changes)


def capture_amount(table: str, name: str) -> Any:
    """The amount is what the parameter says, else all that the path's object holds."""

    def amount(call: Call) -> Amount | None:
        number = fields.lenient_integer(fields.params(call).get(name))
        row = aims.named_row(call, table, call.path["id"])
        if number is not None:
            return Amount(number, aims.currency_of(row))
        held = row.get("amount") if row else None
        if not isinstance(held, int):
            return None
        return Amount(held, aims.currency_of(row), AmountSource.DEFAULTED_FULL)

    return amount


def _create(call: Call) -> Reply:
    given = fields.params(call)
    amount, currency = fields.integer(given, "amount", least=1), fields.currency(given)
    if amount is None:
        raise missing("amount")
    refuse_amount(amount, currency)
    customer, source = fields.text(given, "customer"), fields.text(given, "source")
    if customer is not None:
        fields.require(call, "customers", customer, "customer")
    elif source is None:
        raise invalid("Must provide source or customer.", code="parameter_missing")
    if source is not None and source.startswith("tok_"):
        refuse_token(source, "source")
    said = {name: fields.text(given, name) for name in _TEXTS if name in given}
    held = fields.boolean(given, "capture") is False
    said |= fields.merged_metadata({}, given)
    row = take(call, source, amount, held=held, currency=currency, customer=customer, **said)
    return answer(call, "charges", row, created=(_TABLE, row["id"]))


def _update(call: Call) -> Reply:
    row, given = fields.require(call, "charges", call.path["id"]), fields.params(call)
    changes: dict[str, Any] = fields.merged_metadata(row, given)
    for name in ("description", "receipt_email", "customer"):
        if name in given:
            changes[name] = fields.text(given, name)
    if changes.get("customer"):
        fields.require(call, "customers", changes["customer"], "customer")
    return changed(call, "charges", row, changes)


def _capture(call: Call) -> Reply:
    row, given = fields.require(call, "charges", call.path["id"]), fields.params(call)
    if row.get("captured") is not False:
        message = f"Charge {row['id']} has already been captured."
        raise invalid(message, code="charge_already_captured")
    if row.get("refunded"):
        message = f"Charge {row['id']} has already been refunded."
        raise invalid(message, code="charge_already_refunded")
    if row.get("payment_intent"):
        # docs.stripe.com/api/charges/capture: "Don't use this method to capture a
        # PaymentIntent-initiated charge."
        raise invalid(
            f"Charge {row['id']} belongs to the PaymentIntent {row['payment_intent']}; capture"
            " that instead.",
            code="payment_intent_unexpected_state",
        )
    held = int(row.get("amount") or 0)
    amount = fields.integer(given, "amount", least=1) or held
    if amount > held:
        raise invalid("You cannot capture a charge for an amount larger than it already is.",
                      param="amount")  # fmt: skip
    return answer(call, "charges", collect(call, row, amount))


_TEXTS = ("description", "receipt_email", "statement_descriptor_suffix")
OPERATIONS = (
    list_of("charges", "charge", ("customer", "payment_intent", "transfer_group")),
    search_of("charges", "charge"),
    retrieve("charges", "charge"),
    write(
        "charges.create", "/v1/charges", "charge",
        "Charge a card or a customer at once; payment intents are the newer way.",
        _create,
        params(
            "amount currency", amount=says(INTEGER, "Minor units."), currency=STRING,
            customer=STRING, source=STRING, capture=BOOLEAN, description=STRING,
            receipt_email=STRING, metadata=OBJECT, expand=EXPAND,
        ),
        target=aims.customer_named, amount=aims.given_amount,
        reversible_by="stripe.refunds.create",
        accepts=frozenset((
            "application_fee", "application_fee_amount", "destination", "on_behalf_of",
            "radar_options", "shipping", "statement_descriptor", "statement_descriptor_suffix",
            "transfer_data", "transfer_group",
        )),
        **PAID,
    ),
    write(
        "charges.update", "/v1/charges/{id}", "charge",
        "Change a charge's description, receipt address or metadata.",
        _update,
        params(
            "id", id=STRING, description=STRING, receipt_email=STRING, customer=STRING,
            metadata=OBJECT, expand=EXPAND,
        ),
        reversible_by="stripe.charges.update",
        accepts=frozenset(("fraud_details", "shipping", "transfer_group")),
    ),
    write(
        "charges.capture", "/v1/charges/{id}/capture", "charge",
        "Collect a charge that was authorized.",
        _capture,
        params("id", id=STRING, amount=INTEGER, expand=EXPAND),
        amount=capture_amount("charges", "amount"), reversible_by="stripe.refunds.create",
        accepts=frozenset((
            "application_fee", "application_fee_amount", "receipt_email", "statement_descriptor",
            "statement_descriptor_suffix", "transfer_data", "transfer_group",
        )),
        **PAID,
    ),
)  # fmt: skip
