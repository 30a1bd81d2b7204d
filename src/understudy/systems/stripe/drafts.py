"""Payments made: a payment intent is a draft until it is confirmed, then money moves."""

from __future__ import annotations

import re
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, one_of, params, says
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.errors import declined, invalid, missing
from understudy.systems.stripe.reads import EXPAND, answer
from understudy.systems.stripe.writes import write

__all__ = ["OPERATIONS"]

_CAPTURES = ("automatic", "automatic_async", "manual")
_CURRENCY = re.compile(r"[a-z]{3}")
# Stripe's own payment methods for trying declines (docs.stripe.com/testing, "Declined payments").
_DECLINED: dict[str, tuple[str, str | None, str]] = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline", "Your card was declined."),
    "pm_card_visa_chargeDeclinedInsufficientFunds": (
        "card_declined", "insufficient_funds", "Your card has insufficient funds.",
    ),
    "pm_card_visa_chargeDeclinedLostCard": (
        "card_declined", "lost_card", "Your card was declined.",
    ),
    "pm_card_visa_chargeDeclinedStolenCard": (
        "card_declined", "stolen_card", "Your card was declined.",
    ),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None, "Your card has expired."),
    "pm_card_chargeDeclinedIncorrectCvc": (
        "incorrect_cvc", None, "Your card's security code is incorrect.",
    ),
    "pm_card_chargeDeclinedProcessingError": (
        "processing_error", None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}  # fmt: skip
_DECLINED |= {name.replace("_visa", ""): why for name, why in _DECLINED.items() if "_visa" in name}
# https://docs.stripe.com/api/payment_intents/create: "can only be used with confirm=true".
_ON_CONFIRMATION = (
    "error_on_requires_action", "mandate", "mandate_data", "off_session", "return_url",
)  # fmt: skip
_TEXTS = ("description", "receipt_email", "payment_method", "statement_descriptor_suffix")


def _confirms(call: Call) -> bool:
    return fields.params(call).get("confirm") in ("true", "1")


def _moves_money(call: Call) -> ActionClass | None:
    return ActionClass.APPROVAL_REQUIRED if _confirms(call) else None


def _pays(call: Call) -> Effect | None:
    return Effect.PAY if _confirms(call) else None


def _currency(given: dict[str, Any]) -> str:
    currency = fields.required(given, "currency").lower()
    if not _CURRENCY.fullmatch(currency):
        raise invalid(f"Invalid currency: {currency[:40]}.", param="currency")
    return currency


def _drafted(call: Call, given: dict[str, Any]) -> Row:
    amount = fields.integer(given, "amount", least=1)
    if amount is None:
        raise missing("amount")
    customer = fields.text(given, "customer")
    if customer is not None:
        fields.require(call, "customers", customer, "customer")
    said = {name: fields.text(given, name) for name in _TEXTS if name in given}
    capture = fields.one_of(given, "capture_method", _CAPTURES) or "automatic_async"
    return {
        "id": f"pi_3{call.session.letters('payment_intent', 23)}", "amount": amount,
        "currency": _currency(given), "customer": customer, "capture_method": capture,
        "created": call.session.clock.seconds, "status": "requires_payment_method",
        "latest_charge": None, "amount_received": 0, **said, **fields.merged_metadata({}, given),
    }  # fmt: skip


def _confirmed(call: Call, intent: Row) -> dict[str, Any]:
    """What becomes of an intent whose payment method is charged."""
    if not intent.get("payment_method"):
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update"
            " the PaymentIntent with a payment method and then confirm it again."
        )
        raise invalid(message, code="payment_intent_unexpected_state")
    if intent["payment_method"] in _DECLINED:
        raise declined(*_DECLINED[intent["payment_method"]])
    held = intent["capture_method"] == "manual"
    charge = {
        "id": f"ch_3{call.session.letters('charge', 23)}", "payment_intent": intent["id"],
        "amount": intent["amount"], "amount_refunded": 0, "currency": intent["currency"],
        "customer": intent["customer"], "status": "succeeded", "paid": True, "refunded": False,
        "captured": not held, "created": call.session.clock.seconds,
        "payment_method": intent["payment_method"], "description": intent.get("description"),
    }  # fmt: skip
    call.session.overlay.put("stripe.charges", charge)
    taken = {"amount_capturable" if held else "amount_received": intent["amount"]}
    status = "requires_capture" if held else "succeeded"
    return {"status": status, "latest_charge": charge["id"], **taken}


def _refuse_early(given: dict[str, Any]) -> None:
    """Some parameters are about the confirmation, and mean nothing without it."""
    early = next((name for name in _ON_CONFIRMATION if given.get(name) not in (None, "")), None)
    if early is not None and not fields.boolean(given, "confirm"):
        message = f"The parameter `{early}` can only be used when `confirm` is true."
        raise invalid(message, param=early)


def _create(call: Call) -> Reply:
    given = fields.params(call)
    _refuse_early(given)
    intent = {**_drafted(call, given)}
    if fields.boolean(given, "confirm"):
        intent |= _confirmed(call, intent)
    elif intent.get("payment_method"):
        intent["status"] = "requires_confirmation"
    call.session.overlay.put("stripe.payment_intents", intent)
    created = ("stripe.payment_intents", intent["id"])
    return answer(call, "payment_intents", intent, created=created)


OPERATIONS = (
    write(
        "payment_intents.create", "/v1/payment_intents", "payment_intent",
        "Prepare a payment; with confirm=true the customer is charged at once.",
        _create,
        params(
            "amount currency", amount=says(INTEGER, "Minor units."), currency=STRING,
            customer=STRING, payment_method=STRING, confirm=BOOLEAN,
            capture_method=one_of(*_CAPTURES), description=STRING, receipt_email=STRING,
            metadata=OBJECT, expand=EXPAND,
        ),
        effect=Effect.DRAFT, action_class=ActionClass.DRAFT_ONLY, escalate=_moves_money,
        effect_of=_pays, target=aims.customer_named, amount=aims.given_amount,
        reversible_by="stripe.payment_intents.cancel", customer_visible=True,
        accepts=frozenset((
            "application_fee_amount", "automatic_payment_methods", "confirmation_method",
            "confirmation_token", "error_on_requires_action", "excluded_payment_method_types",
            "mandate", "mandate_data", "off_session", "on_behalf_of",
            "payment_method_configuration", "payment_method_data", "payment_method_options",
            "payment_method_types", "return_url", "setup_future_usage", "shipping",
            "statement_descriptor", "statement_descriptor_suffix", "transfer_data",
            "transfer_group",
        )),
    ),
)  # fmt: skip
