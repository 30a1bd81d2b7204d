"""Payment intents: drafts until they are confirmed; then money moves, or is held."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, one_of, params, says
from understudy.systems.stripe import aims, charges, fields
from understudy.systems.stripe.currencies import refuse_amount
from understudy.systems.stripe.errors import declined, invalid, missing
from understudy.systems.stripe.expand import Expansion, present
from understudy.systems.stripe.payment_methods import made_of, refuse_anothers, refuse_unknown
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve, search_of
from understudy.systems.stripe.settling import UNPAID, answered, settled
from understudy.systems.stripe.trial_cards import asks
from understudy.systems.stripe.writes import PAID, changed, write

__all__ = ["OPERATIONS", "confirmed", "drafted", "unanswered"]

_TABLE = "stripe.payment_intents"
_CAPTURES = ("automatic", "automatic_async", "manual")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_CANCELABLE = (
    "requires_payment_method", "requires_capture", "requires_confirmation", "requires_action",
    "processing",
)  # fmt: skip
# https://docs.stripe.com/api/payment_intents/create: "can only be used with confirm=true".
_ON_CONFIRMATION = (
    "error_on_requires_action", "mandate", "mandate_data", "off_session", "return_url",
)  # fmt: skip
_TEXTS = ("description", "receipt_email", "payment_method", "statement_descriptor_suffix")
_ACCEPTED = frozenset(
    ("allowed_payment_method_types", "amount_details", "application_fee_amount",
     "automatic_payment_methods", "confirmation_method", "confirmation_token", "customer_account",
     "error_on_requires_action", "excluded_payment_method_types", "hooks", "mandate",
     "mandate_data", "off_session", "on_behalf_of", "payment_details",
     "payment_method_configuration", "payment_method_data", "payment_method_options",
     "payment_method_types", "radar_options", "return_url", "setup_future_usage", "shipping",
     "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group",
     "use_stripe_sdk")
)  # fmt: skip


def _confirms(call: Call) -> bool:
    return fields.is_true(fields.params(call), "confirm")


def _moves_money(call: Call) -> ActionClass | None:
    return ActionClass.APPROVAL_REQUIRED if _confirms(call) else None


def _pays(call: Call) -> Effect | None:
    return Effect.PAY if _confirms(call) else None


def drafted(call: Call, amount: int, currency: Any, **other: Any) -> dict[str, Any]:
    """A new intent, not written yet; `amount` is in minor units."""
    return {
        "id": f"pi_3{call.session.letters('payment_intent', 23)}", "amount": amount,
        "currency": currency, "created": call.session.clock.seconds, "latest_charge": None,
        "capture_method": "automatic_async", "status": "requires_payment_method",
        "amount_received": 0, **other,
    }  # fmt: skip


def confirmed(call: Call, intent: Row, **other: Any) -> dict[str, Any]:
    """What becomes of an intent whose payment method is charged; `other` is the charge's."""
    held = intent.get("capture_method") == "manual"
    method = intent.get("payment_method")
    refuse_anothers(call.session, method, intent.get("customer"))
    kept = aims.named_row(call, "payment_methods", method) or {}
    if asks(method, kept.get("card")) and not fields.is_true(fields.params(call), "off_session"):
        return {"status": "requires_action", "next_action": _next(call, intent)}
    passed = {name: intent.get(name) for name in ("currency", "customer", "description")}
    try:
        charge = charges.take(
            call, method, intent["amount"], held=held,
            payment_intent=intent["id"], **passed, **other,
        )  # fmt: skip
    except Refusal as refusal:
        raise _declined(call, intent, refusal.reply) from None
    taken = {"amount_capturable" if held else "amount_received": intent["amount"]}
    status = "requires_capture" if held else "succeeded"
    return {"status": status, "latest_charge": charge["id"], **taken, **answered(intent)}


def _next(call: Call, intent: Row) -> dict[str, Any]:
    """Where whoever pays is asked by the bank: at an address, or by the vendor's own script."""
    back = fields.text(fields.params(call), "return_url")
    url = (
        f"https://hooks.stripe.com/3d_secure_2/hosted?merchant=acct_1&payment_intent={intent['id']}"
    )
    if back is None:
        told: dict[str, Any] = {"type": "three_d_secure_redirect", "stripe_js": url}
        return {"type": "use_stripe_sdk", "use_stripe_sdk": told}
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": back, "url": url}}


def unanswered(call: Call, intent: Row) -> Refusal:
    """The 402 of an invoice whose payer is to be asked first; the intent waits for the answer."""
    message = (
        "This payment requires additional user action before it can be completed successfully."
        " Payment can be completed using the PaymentIntent associated with the invoice."
    )
    refusal = declined("invoice_payment_intent_requires_action", None, message)
    shown = present(call.session, "payment_intents", intent, Expansion({}, call.version))
    error = {**refusal.reply.payload["error"], "payment_intent": shown}
    return Refusal(refusal.reply.status, {"error": error}, left=((_TABLE, intent),))


def _declined(call: Call, intent: Row, reply: Reply) -> Refusal:
    """The 402 as it tells of the intent, which stays and waits for another payment method."""
    error = reply.payload["error"]
    row = {
        **intent, "status": "requires_payment_method", "payment_method": None,
        "latest_charge": error["charge"], "last_payment_error": error, **answered(intent),
    }  # fmt: skip
    told = {
        **error,
        "payment_intent": present(
            call.session, "payment_intents", row, Expansion({}, call.version)
        ),
    }
    return Refusal(reply.status, {"error": told}, left=(*reply.left, (_TABLE, row)))


def _said(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    said = {name: fields.text(given, name) for name in _TEXTS if name in given}
    refuse_unknown(call.session, said.get("payment_method"), "payment_method")
    made = made_of(call.session, given)
    return said if made is None else {**said, "payment_method": made}


def _refuse_early(given: dict[str, Any]) -> None:
    """Some parameters are about the confirmation, and mean nothing without it."""
    early = next((name for name in _ON_CONFIRMATION if given.get(name) not in (None, "")), None)
    if early is not None and not fields.boolean(given, "confirm"):
        message = f"The parameter `{early}` can only be used when `confirm` is true."
        raise invalid(message, param=early)


def _unexpected(message: str) -> Exception:
    return invalid(message, code="payment_intent_unexpected_state")


def _refuse_unpayable(intent: Row) -> None:
    if not intent.get("payment_method"):
        raise _unexpected(
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update"
            " the PaymentIntent with a payment method and then confirm it again."
        )


def _create(call: Call) -> Reply:
    given = fields.params(call)
    _refuse_early(given)
    amount = fields.integer(given, "amount", least=1)
    if amount is None:
        raise missing("amount")
    customer = fields.text(given, "customer")
    if customer is not None:
        fields.require(call, "customers", customer, "customer")
    said = _said(call, given) | fields.merged_metadata({}, given)
    way = fields.one_of(given, "capture_method", _CAPTURES) or "automatic_async"
    currency = fields.currency(given)
    refuse_amount(amount, currency)
    intent = drafted(call, amount, currency, customer=customer, capture_method=way, **said)
    if fields.boolean(given, "confirm"):
        _refuse_unpayable(intent)
        intent |= confirmed(call, intent)
    elif intent.get("payment_method"):
        intent["status"] = "requires_confirmation"
    call.session.overlay.put(_TABLE, intent)
    return answer(call, "payment_intents", intent, created=(_TABLE, intent["id"]))


def _update(call: Call) -> Reply:
    row, given = fields.require(call, "payment_intents", call.path["id"]), fields.params(call)
    changes: dict[str, Any] = _said(call, given) | fields.merged_metadata(row, given)
    money: dict[str, Any] = {}
    if given.get("amount"):
        money["amount"] = fields.integer(given, "amount", least=1)
    if given.get("currency"):
        money["currency"] = fields.currency(given)
    if (money or "payment_method" in changes) and row.get("status") not in UNPAID:
        name = next(iter(money), "payment_method")
        raise _unexpected(
            f"This PaymentIntent's {name} could not be updated because it has a status of"
            f" {row.get('status')}. You may only update the {name} of a PaymentIntent with one of"
            f" the following statuses: {', '.join(UNPAID)}."
        )
    if money:
        asked = {**row, **money}
        refuse_amount(int(asked.get("amount") or 0), str(asked.get("currency")))
    if given.get("customer"):
        changes["customer"] = fields.require(call, "customers", given["customer"], "customer")["id"]
    if changes.get("payment_method"):
        changes |= {"status": "requires_confirmation", **answered(row)}
    return changed(call, "payment_intents", row, {**changes, **money})


def _confirm(call: Call) -> Reply:
    row, given = fields.require(call, "payment_intents", call.path["id"]), fields.params(call)
    if row.get("status") not in UNPAID:
        raise _unexpected(
            "You cannot confirm this PaymentIntent because it has a status of"
            f" {row.get('status')}. Only a PaymentIntent with one of the following statuses may be"
            f" confirmed: {', '.join(UNPAID)}."
        )
    said = _said(call, given)
    row = {**row, **said}
    _refuse_unpayable(row)
    named = {"invoice": row["invoice"]} if row.get("invoice") else {}
    reply = changed(call, "payment_intents", row, {**said, **confirmed(call, row, **named)})
    settled(call, fields.require(call, "payment_intents", row["id"]))
    return reply


def _cancel(call: Call) -> Reply:
    row, given = fields.require(call, "payment_intents", call.path["id"]), fields.params(call)
    reason = fields.one_of(given, "cancellation_reason", _REASONS)
    status = row.get("status")
    if status not in _CANCELABLE:
        raise _unexpected(
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a"
            f" PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}."
        )
    charge = aims.named_row(call, "charges", row.get("latest_charge"))
    if charge is not None:
        charges.release(call, charge)
    changes = {
        "status": "canceled", "canceled_at": call.session.clock.seconds, "amount_capturable": 0,
        "cancellation_reason": reason, **answered(row),
    }  # fmt: skip
    return changed(call, "payment_intents", row, changes)


def _capture(call: Call) -> Reply:
    row, given = fields.require(call, "payment_intents", call.path["id"]), fields.params(call)
    if row.get("status") != "requires_capture":
        raise _unexpected(
            "This PaymentIntent could not be captured because it has a status of"
            f" {row.get('status')}. Only a PaymentIntent with one of the following statuses may be"
            " captured: requires_capture."
        )
    held = int(row.get("amount") or 0)
    amount = fields.integer(given, "amount_to_capture", least=1) or held
    if amount > held:
        message = "amount_to_capture must not be larger than the authorized amount."
        raise invalid(message, param="amount_to_capture", code="amount_too_large")
    charge = aims.named_row(call, "charges", row.get("latest_charge"))
    if charge is not None:
        charges.collect(call, charge, amount)
    changes = {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    changes |= fields.merged_metadata(row, given)
    return changed(call, "payment_intents", row, changes)


_WRITABLE: dict[str, Any] = {
    "amount": says(INTEGER, "Minor units."), "currency": STRING, "customer": STRING,
    "payment_method": STRING, "description": STRING, "receipt_email": STRING,
    "metadata": OBJECT, "expand": EXPAND,
}  # fmt: skip

OPERATIONS = (
    list_of("payment_intents", "payment intent", ("customer",)),
    search_of("payment_intents", "payment intent"),
    retrieve("payment_intents", "payment intent", frozenset(("client_secret",))),
    write(
        "payment_intents.create", "/v1/payment_intents", "payment_intent",
        "Prepare a payment; with confirm=true the customer is charged at once.",
        _create,
        params(
            "amount currency", **_WRITABLE, confirm=BOOLEAN, capture_method=one_of(*_CAPTURES)
        ),
        effect=Effect.DRAFT, action_class=ActionClass.DRAFT_ONLY, escalate=_moves_money,
        effect_of=_pays, target=aims.customer_named, amount=aims.given_amount,
        reversible_by="stripe.payment_intents.cancel", customer_visible=True, accepts=_ACCEPTED,
    ),
    write(
        "payment_intents.update", "/v1/payment_intents/{id}", "payment_intent",
        "Change a payment that was not confirmed yet, or any payment's description and metadata.",
        _update,
        params("id", id=STRING, **_WRITABLE),
        effect=Effect.DRAFT, action_class=ActionClass.DRAFT_ONLY, amount=aims.given_amount,
        reversible_by="stripe.payment_intents.update",
        accepts=_ACCEPTED | {"capture_method"},
    ),
    write(
        "payment_intents.confirm", "/v1/payment_intents/{id}/confirm", "payment_intent",
        "Charge the customer for a payment that was prepared.",
        _confirm,
        params(
            "id", id=STRING, payment_method=STRING, receipt_email=STRING, expand=EXPAND
        ),
        amount=aims.column_amount("payment_intents", "amount"),
        reversible_by="stripe.refunds.create",
        accepts=_ACCEPTED | {"amount_to_confirm", "capture_method"}, **PAID,
    ),
    write(
        "payment_intents.cancel", "/v1/payment_intents/{id}/cancel", "payment_intent",
        "Cancel a payment that was not completed.",
        _cancel,
        params("id", id=STRING, cancellation_reason=one_of(*_REASONS), expand=EXPAND),
        amount=aims.column_amount("payment_intents", "amount"), destructive=True, **PAID,
    ),
    write(
        "payment_intents.capture", "/v1/payment_intents/{id}/capture", "payment_intent",
        "Collect a payment that was authorized.",
        _capture,
        params("id", id=STRING, amount_to_capture=INTEGER, metadata=OBJECT, expand=EXPAND),
        amount=charges.capture_amount("payment_intents", "amount_to_capture"),
        reversible_by="stripe.refunds.create",
        accepts=frozenset((
            "amount_details", "application_fee_amount", "final_capture", "hooks",
            "payment_details", "statement_descriptor", "statement_descriptor_suffix",
            "transfer_data",
        )),
        **PAID,
    ),
)  # fmt: skip
