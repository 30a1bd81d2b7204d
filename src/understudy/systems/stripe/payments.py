"""Charges, payment intents, disputes, events, prices and the balance."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass, AmountSource, Effect
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, one_of, params
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve, search_of
from understudy.systems.stripe.writes import PAID, write

__all__ = ["OPERATIONS"]

_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_CANCELABLE = (
    "requires_payment_method", "requires_capture", "requires_confirmation", "requires_action",
    "processing",
)  # fmt: skip
_ANSWERABLE = ("needs_response", "warning_needs_response")


def _update_charge(call: Call) -> Reply:
    row, given = fields.require(call, "charges", call.path["id"]), fields.params(call)
    changes: dict[str, Any] = fields.merged_metadata(row, given)
    for name in ("description", "receipt_email", "customer"):
        if name in given:
            changes[name] = fields.text(given, name)
    if changes.get("customer"):
        fields.require(call, "customers", changes["customer"], "customer")
    row = call.session.overlay.patch("stripe.charges", row["id"], changes)
    return answer(call, "charges", row)


def _cancel_intent(call: Call) -> Reply:
    row, given = fields.require(call, "payment_intents", call.path["id"]), fields.params(call)
    reason = fields.one_of(given, "cancellation_reason", _REASONS)
    status = row.get("status")
    if status not in _CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a"
            f" PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}."
        )
        raise invalid(message, code="payment_intent_unexpected_state")
    now = call.session.clock.seconds
    changes = {"status": "canceled", "canceled_at": now, "cancellation_reason": reason}
    row = call.session.overlay.patch("stripe.payment_intents", row["id"], changes)
    return answer(call, "payment_intents", row)


def _capture_intent(call: Call) -> Reply:
    row, given = fields.require(call, "payment_intents", call.path["id"]), fields.params(call)
    if row.get("status") != "requires_capture":
        message = (
            "This PaymentIntent could not be captured because it has a status of"
            f" {row.get('status')}."
        )
        raise invalid(message, code="payment_intent_unexpected_state")
    amount = fields.integer(given, "amount_to_capture", least=1) or int(row.get("amount") or 0)
    if amount > int(row.get("amount") or 0):
        message = "amount_to_capture must not be larger than the authorized amount."
        raise invalid(message, param="amount_to_capture", code="amount_too_large")
    changes = {"status": "succeeded", "amount_received": amount}
    row = call.session.overlay.patch("stripe.payment_intents", row["id"], changes)
    return answer(call, "payment_intents", row)


def _capture_amount(call: Call) -> Amount | None:
    number = fields.lenient_integer(fields.params(call).get("amount_to_capture"))
    row = aims.named_row(call, "payment_intents", call.path["id"])
    if number is not None:
        return Amount(number, aims.currency_of(row))
    amount = row.get("amount") if row else None
    if not isinstance(amount, int):
        return None
    return Amount(amount, aims.currency_of(row), AmountSource.DEFAULTED_FULL)


def _submits(call: Call) -> bool:
    return fields.params(call).get("submit") in ("true", "1")


def _submitting(call: Call) -> ActionClass | None:
    return ActionClass.APPROVAL_REQUIRED if _submits(call) else None


def _sending(call: Call) -> Effect | None:
    return Effect.SEND if _submits(call) else None


def _answerable(call: Call) -> Row:
    row = fields.require(call, "disputes", call.path["id"])
    if row.get("status") not in _ANSWERABLE:
        message = f"This dispute is {row.get('status')} and can no longer be answered."
        raise invalid(message)
    return row


def _answer_dispute(call: Call) -> Reply:
    row, given = _answerable(call), fields.params(call)
    changes: dict[str, Any] = fields.merged_metadata(row, given)
    evidence = fields.texts(given, "evidence")
    if evidence is not None:
        changes["evidence"] = {**(row.get("evidence") or {}), **evidence}
    fields.boolean(given, "submit")
    if _submits(call):
        changes["status"] = "under_review"
        details = row.get("evidence_details") or {}
        changes["evidence_details"] = {**details, "submission_count": 1}
    row = call.session.overlay.patch("stripe.disputes", row["id"], changes)
    return answer(call, "disputes", row)


def _close_dispute(call: Call) -> Reply:
    row = _answerable(call)
    row = call.session.overlay.patch("stripe.disputes", row["id"], {"status": "lost"})
    return answer(call, "disputes", row)


OPERATIONS = (
    list_of("charges", "charge", ("customer", "payment_intent", "transfer_group")),
    search_of("charges", "charge"),
    retrieve("charges", "charge"),
    write(
        "charges.update", "/v1/charges/{id}", "charge",
        "Change a charge's description, receipt address or metadata.",
        _update_charge,
        params(
            "id", id=STRING, description=STRING, receipt_email=STRING, customer=STRING,
            metadata=OBJECT, expand=EXPAND,
        ),
        reversible_by="stripe.charges.update",
        accepts=frozenset(("fraud_details", "shipping", "transfer_group")),
    ),
    list_of("payment_intents", "payment intent", ("customer",)),
    search_of("payment_intents", "payment intent"),
    retrieve("payment_intents", "payment intent"),
    write(
        "payment_intents.cancel", "/v1/payment_intents/{id}/cancel", "payment_intent",
        "Cancel a payment that was not completed.",
        _cancel_intent,
        params("id", id=STRING, cancellation_reason=one_of(*_REASONS), expand=EXPAND),
        amount=aims.column_amount("payment_intents", "amount"), destructive=True, **PAID,
    ),
    write(
        "payment_intents.capture", "/v1/payment_intents/{id}/capture", "payment_intent",
        "Collect a payment that was authorized.",
        _capture_intent,
        params("id", id=STRING, amount_to_capture=INTEGER, metadata=OBJECT, expand=EXPAND),
        amount=_capture_amount, reversible_by="stripe.refunds.create", **PAID,
    ),
    list_of("disputes", "dispute", ("charge", "payment_intent")),
    retrieve("disputes", "dispute"),
    write(
        "disputes.update", "/v1/disputes/{id}", "dispute",
        "Add evidence to a dispute; with submit=true it is sent to the bank for good.",
        _answer_dispute,
        params("id", id=STRING, evidence=OBJECT, submit=BOOLEAN, metadata=OBJECT, expand=EXPAND),
        amount=aims.column_amount("disputes", "amount"), effect=Effect.DRAFT,
        action_class=ActionClass.DRAFT_ONLY, escalate=_submitting, effect_of=_sending,
        reversible_by="stripe.disputes.update",
    ),
    write(
        "disputes.close", "/v1/disputes/{id}/close", "dispute",
        "Accept a dispute as lost. Cannot be undone.",
        _close_dispute,
        params("id", id=STRING, expand=EXPAND),
        amount=aims.column_amount("disputes", "amount"), destructive=True, **PAID,
    ),
    list_of("events", "event", ("type",)),
    retrieve("events", "event"),
    list_of("prices", "price", ("product", "currency")),
    retrieve("prices", "price"),
    list_of("products", "product"),
    retrieve("products", "product"),
    list_of("balance_transactions", "balance transaction", ("source", "type", "currency")),
    retrieve("balance_transactions", "balance transaction"),
)  # fmt: skip
