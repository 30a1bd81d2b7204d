"""Refunds: the money that goes back over a charge."""

from __future__ import annotations

from typing import Any

from understudy.model.action import AmountSource, Effect, Target
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call, Refusal, Reply
from understudy.systems.schema import INTEGER, OBJECT, STRING, one_of, params, says
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.balance import book
from understudy.systems.stripe.errors import invalid, money_text
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve
from understudy.systems.stripe.writes import APPROVED, PAID, changed, metadata_write, write

__all__ = ["OPERATIONS", "refund_charge", "refund_of", "refuse_unrefundable"]

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_LOST_TO_DISPUTE = ("needs_response", "under_review", "lost", "charge_refunded")


def _charge(call: Call, given: dict[str, Any]) -> Row | None:
    charge = aims.named_row(call, "charges", given.get("charge"))
    intent = aims.named_row(call, "payment_intents", given.get("payment_intent"))
    if charge is None and intent is not None:
        charge = aims.named_row(call, "charges", intent.get("latest_charge"))
    return charge


def _remaining(charge: Row) -> int:
    return int(charge.get("amount") or 0) - int(charge.get("amount_refunded") or 0)


def _target(call: Call) -> Target | None:
    given = fields.params(call)
    charge = _charge(call, given)
    if charge is not None:
        return Target(type="charge", id=charge["id"])
    for kind in ("charge", "payment_intent"):
        if isinstance(given.get(kind), str):
            return Target(type=kind, id=given[kind])
    return None


def _amount(call: Call) -> Amount | None:
    given = fields.params(call)
    return _amount_of(_charge(call, given), given)


def _amount_of(charge: Row | None, given: dict[str, Any]) -> Amount | None:
    number = fields.lenient_integer(given.get("amount"))
    if number is not None:
        return Amount(number, aims.currency_of(charge), AmountSource.EXPLICIT)
    if charge is None or given.get("amount") is not None:
        return None
    return Amount(_remaining(charge), aims.currency_of(charge), AmountSource.DEFAULTED_FULL)


def _gist(call: Call) -> dict[str, Any]:
    """Whether the charge or its payment intent was named is no difference; nor is a full amount."""
    given, named = fields.params(call), aims.gist(call)
    charge = _charge(call, given)
    amount = _amount_of(charge, given)
    if charge is not None:
        named.pop("payment_intent", None)
        named["charge"] = charge["id"]
    if amount is not None:
        named["amount"] = amount.minor
    return named


def _wanted(call: Call, given: dict[str, Any]) -> Row:
    charge_id, intent_id = (fields.text(given, name) for name in ("charge", "payment_intent"))
    if charge_id and intent_id:
        raise invalid("You may only specify one of these parameters: charge, payment_intent.")
    if charge_id:
        return fields.require(call, "charges", charge_id, "charge")
    if not intent_id:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent"
            " or charge."
        )
    intent = fields.require(call, "payment_intents", intent_id, "payment_intent")
    charge = aims.named_row(call, "charges", intent.get("latest_charge"))
    if charge is None:
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise invalid(message, param="payment_intent", code="payment_intent_unexpected_state")
    return charge


def refuse_unrefundable(call: Call, charge: Row) -> None:
    """The 400 of a charge whose money cannot go back."""
    if charge.get("status") != "succeeded" or charge.get("paid") is False:
        message = f"Charge {charge['id']} did not succeed and cannot be refunded."
        raise invalid(message, param="charge", code="charge_not_refundable")
    if charge.get("refunded") or _remaining(charge) <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid(message, code="charge_already_refunded")
    disputes = call.session.overlay.find("stripe.disputes", "charge", charge["id"])
    if any(dispute.get("status") in _LOST_TO_DISPUTE for dispute in disputes):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(message, param="charge", code="charge_disputed")


def refund_of(given: dict[str, Any], charge: Row, name: str = "amount") -> int:
    """How much is to be refunded, in minor units: what is asked for, or all that remains."""
    amount = fields.integer(given, name, least=1)
    remaining = _remaining(charge)
    if amount is None:
        return remaining
    if amount > remaining:
        currency = charge.get("currency")
        raise _too_large(amount, remaining, currency)
    return amount


def _too_large(amount: int, remaining: int, currency: str | None) -> Refusal:
    asked, left = money_text(amount, currency), money_text(remaining, currency)
    message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})"
    return invalid(message, param="amount")


def _create(call: Call) -> Reply:
    given = fields.params(call)
    charge = _wanted(call, given)
    reason = fields.one_of(given, "reason", _REASONS)
    refuse_unrefundable(call, charge)
    amount = refund_of(given, charge)
    row = refund_charge(call, charge, amount, reason=reason, **fields.merged_metadata({}, given))
    return answer(call, "refunds", row, created=("stripe.refunds", row["id"]))


def refund_charge(call: Call, charge: Row, amount: int, **other: Any) -> Row:
    """Write the refund of a charge that can bear it; `amount` is in minor units."""
    session = call.session
    drawn = session.letters("refund", 46)
    refund_id = f"re_3{drawn[:23]}"
    # Money that was only held is let go: it was never on the balance.
    entry = f"txn_3{drawn[23:]}" if charge.get("captured") is not False else None
    row: Row = {
        "id": refund_id, "charge": charge["id"], "payment_intent": charge.get("payment_intent"),
        "amount": amount, "currency": charge.get("currency"), "status": "succeeded",
        "created": session.clock.seconds,
        "balance_transaction": entry, **other,
    }  # fmt: skip
    if entry is not None:
        book(session, "refund", refund_id, -amount, row["currency"], entry)
    session.overlay.put("stripe.refunds", row)
    refunded = int(charge.get("amount_refunded") or 0) + amount
    session.overlay.patch(
        "stripe.charges",
        charge["id"],
        {"amount_refunded": refunded, "refunded": refunded >= int(charge.get("amount") or 0)},
    )
    return row


def _cancel(call: Call) -> Reply:
    refund = fields.require(call, "refunds", call.path["id"])
    if refund.get("status") not in ("pending", "requires_action"):
        message = f"Refund {refund['id']} has status {refund.get('status')} and can't be canceled."
        raise invalid(message)
    charge = aims.named_row(call, "charges", refund.get("charge"))
    if charge is not None:
        left = max(0, int(charge.get("amount_refunded") or 0) - int(refund.get("amount") or 0))
        back = {"amount_refunded": left, "refunded": False}
        call.session.overlay.patch("stripe.charges", charge["id"], back)
    return changed(call, "refunds", refund, {"status": "canceled"})


OPERATIONS = (
    list_of("refunds", "refund", ("charge", "payment_intent")),
    retrieve("refunds", "refund"),
    write(
        "refunds.create", "/v1/refunds", "refund",
        "Refund a charge, in full unless an amount in minor units is given.",
        _create,
        params(
            "", charge=says(STRING, "The charge; or give payment_intent."), payment_intent=STRING,
            amount=says(INTEGER, "Minor units; without it all that remains is refunded."),
            reason=one_of(*_REASONS), metadata=OBJECT, expand=EXPAND,
        ),
        target=_target, amount=_amount, gist=_gist, destructive=True,
        accepts=frozenset((
            "currency", "customer", "instructions_email", "origin", "refund_application_fee",
            "reverse_transfer",
        )),
        **PAID,
    ),
    metadata_write("refunds", "refund"),
    write(
        "refunds.cancel", "/v1/refunds/{id}/cancel", "refund",
        "Cancel a refund that is still pending.",
        _cancel,
        params("id", id=STRING, expand=EXPAND),
        effect=Effect.PAY, amount=aims.column_amount("refunds", "amount"),
        reversible_by="stripe.refunds.create", **APPROVED,
    ),
)  # fmt: skip
