"""The account's balance: its entries, what may be paid out, and payouts to the bank."""

from __future__ import annotations

from collections import Counter
from typing import Any

from understudy.model.action import ActionClass, Target
from understudy.model.world import Row
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.schema import INTEGER, OBJECT, STRING, one_of, params, says
from understudy.systems.session import CaseSession
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.listing import Keep, between
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve
from understudy.systems.stripe.shapes import one
from understudy.systems.stripe.writes import PAID, changed, metadata_write, write

__all__ = ["OPERATIONS", "book"]

_ENTRIES = "stripe.balance_transactions"
_METHODS = ("standard", "instant")
_STATES = ("canceled", "failed", "in_transit", "paid", "pending")
_TWO_DAYS = 2 * 86_400
_FEE, _FIXED_FEE = 0.029, 30


def book(
    session: CaseSession, kind: str, source: str, amount: int, currency: Any, entry: str = ""
) -> str:
    """Write an entry of the balance and give its id; `amount` in minor units may be negative.

    A charge bears Stripe's standard fee, 2.9 % and 30 minor units.
    """
    fee = round(amount * _FEE) + _FIXED_FEE if kind == "charge" else 0
    row = {
        "id": entry or f"txn_3{session.letters('entry', 23)}", "amount": amount,
        "currency": currency, "fee": fee, "net": amount - fee, "type": kind, "source": source,
        "created": session.clock.seconds,
    }  # fmt: skip
    session.overlay.put(_ENTRIES, row)
    return str(row["id"])


def _available(overlay: Overlay) -> Counter[str]:
    """What each currency's entries sum up to, in minor units."""
    found: Counter[str] = Counter()
    for row in overlay.rows(_ENTRIES):
        net, currency = row.get("net"), row.get("currency")
        if isinstance(net, int) and isinstance(currency, str):
            found[currency] += net
    return found


def _balance(call: Call) -> Reply:
    found = sorted(_available(call.session.overlay).items())
    sums = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in found
    ]
    none = [{**each, "amount": 0, "source_types": {"card": 0}} for each in sums]
    return Reply(
        200, {"object": "balance", "available": sums, "livemode": False, "pending": none}
    )  # fmt: skip


def _pay_out(call: Call) -> Reply:
    given, session = fields.params(call), call.session
    amount = fields.integer(given, "amount", least=1)
    if amount is None:
        raise missing("amount")
    currency = fields.currency(given)
    if amount > _available(session.overlay)[currency]:
        message = (
            "You have insufficient funds in your Stripe account for this transfer. Your card"
            " balance is too low. You can use the /v1/balance endpoint to view your Stripe balance"
            " (for more details, see stripe.com/docs/api#balance)."
        )
        raise invalid(message, code="balance_insufficient")
    row_id, now = f"po_1{session.letters('payout', 23)}", session.clock.seconds
    instant = fields.one_of(given, "method", _METHODS) == "instant"
    row = {
        "id": row_id, "amount": amount, "currency": currency, "status": "pending", "created": now,
        "arrival_date": now if instant else now + _TWO_DAYS, "automatic": False,
        "method": "instant" if instant else "standard",
        "description": fields.text(given, "description"),
        "statement_descriptor": fields.text(given, "statement_descriptor"),
        "destination": fields.text(given, "destination") or "ba_1AcmeMainAccount",
        "balance_transaction": book(session, "payout", row_id, -amount, currency),
        **fields.merged_metadata({}, given),
    }  # fmt: skip
    session.overlay.put("stripe.payouts", row)
    return answer(call, "payouts", row, created=("stripe.payouts", row_id))


def _cancel(call: Call) -> Reply:
    row: Row = fields.require(call, "payouts", call.path["id"])
    if row.get("status") != "pending":
        message = (
            f"Payouts can only be canceled while they are pending. This payout's status is"
            f" {row.get('status')}."
        )
        raise invalid(message)
    back = book(call.session, "payout_cancel", row["id"], row["amount"], row["currency"])
    changes = {"status": "canceled", "failure_balance_transaction": back}
    return changed(call, "payouts", row, changes)


def _account(_: Call) -> Target:
    return Target(type="account")


def _arriving(given: dict[str, Any]) -> Keep | None:
    return between(given, "arrival_date")


OPERATIONS = (
    Operation(
        name="stripe.balance.retrieve",
        system="stripe",
        method="GET",
        template="/v1/balance",
        description="Retrieve what the account holds, by currency.",
        params=params("", expand=EXPAND),
        handler=_balance,
        answers=one("balance"),
    ),
    list_of(
        "balance_transactions", "balance transaction", ("source", "type", "currency", "payout")
    ),
    retrieve("balance_transactions", "balance transaction"),
    list_of(
        "payouts", "payout", ("destination",), words={"status": _STATES}, also=_arriving,
        arrival_date=OBJECT,
    ),
    retrieve("payouts", "payout"),
    write(
        "payouts.create", "/v1/payouts", "payout",
        "Pay out a part of the account's own balance to its bank.",
        _pay_out,
        params(
            "amount currency", amount=says(INTEGER, "Minor units."), currency=STRING,
            description=STRING, method=one_of(*_METHODS), statement_descriptor=STRING,
            metadata=OBJECT, expand=EXPAND,
        ),
        target=_account, amount=aims.given_amount, reversible_by="stripe.payouts.cancel",
        accepts=frozenset(("destination", "payout_method", "source_type")),
        **{**PAID, "customer_visible": False},
    ),
    metadata_write("payouts", "payout"),
    write(
        "payouts.cancel", "/v1/payouts/{id}/cancel", "payout",
        "Cancel a payout that is still pending.",
        _cancel,
        params("id", id=STRING, expand=EXPAND),
        action_class=ActionClass.APPROVAL_REQUIRED, amount=aims.column_amount("payouts", "amount"),
        reversible_by="stripe.payouts.create",
    ),
)  # fmt: skip
