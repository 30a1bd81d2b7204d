"""A subscription begun: its first period, and the invoice for it."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.stripe import fields
from understudy.systems.stripe.collecting import (
    balanced,
    charge_for,
    finalized,
    first_number,
    intended,
)
from understudy.systems.stripe.errors import missing
from understudy.systems.stripe.invoice_items import pending, settle
from understudy.systems.stripe.invoices import WAYS, new_invoice
from understudy.systems.stripe.item_rows import Items, items_of
from understudy.systems.stripe.reads import answer
from understudy.systems.stripe.subscription_items import added, columns, worth

__all__ = ["begin", "billed", "period_end"]

_BEHAVIORS = (
    "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete",
)  # fmt: skip
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def period_end(start: int, recurring: Any) -> int:
    """The end of a period that begins at `start`, in epoch seconds; a month's last day is kept.

    >>> period_end(1769817600, {"interval": "month"}) == 1772236800  # January 31st, February 28th
    True
    """
    told = recurring if isinstance(recurring, dict) else {}
    interval, count = told.get("interval", "month"), int(told.get("interval_count") or 1)
    moment = datetime.fromtimestamp(start, UTC)
    if interval in _DAYS:
        return int((moment + timedelta(days=_DAYS[interval] * count)).timestamp())
    months = moment.month - 1 + _MONTHS.get(interval, 1) * count
    year, month = moment.year + months // 12, months % 12 + 1
    day = min(moment.day, monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())


def begin(call: Call, items: Items, said: dict[str, Any]) -> Reply:
    """Write a new subscription with its first invoice; `said` is what it has beside its items."""
    given, session = fields.params(call), call.session
    customer = fields.require(call, "customers", fields.required(given, "customer"), "customer")
    if not items:
        raise missing("items")
    now, trial = session.clock.seconds, _trial_end(call, given)
    waits = fields.one_of(given, "payment_behavior", _BEHAVIORS) == "default_incomplete"
    chosen = columns(call, {}, items)
    price = fields.require(call, "prices", chosen["price"])
    row = {
        "id": f"sub_1{session.letters('subscription', 23)}", "customer": customer["id"],
        "status": "trialing" if trial else "incomplete" if waits else "active", "created": now,
        "current_period_start": now, "cancel_at_period_end": False,
        "current_period_end": trial or period_end(now, price.get("recurring")),
        "currency": price.get("currency"), "trial_start": now if trial else None,
        "trial_end": trial, "collection_method": _way(given), **chosen, **said,
    }  # fmt: skip
    row["latest_invoice"] = _first_invoice(call, customer, row, waits=waits)
    session.overlay.put("stripe.subscriptions", row)
    return answer(call, "subscriptions", row, created=("stripe.subscriptions", row["id"]))


def _way(given: dict[str, Any]) -> str:
    return fields.one_of(given, "collection_method", WAYS) or WAYS[0]


def _trial_end(call: Call, given: dict[str, Any]) -> int | None:
    days = fields.integer(given, "trial_period_days", least=1)
    if days:
        return int(call.session.clock.seconds) + days * 86_400
    return None if given.get("trial_end") == "now" else fields.integer(given, "trial_end", least=1)


def _first_invoice(call: Call, customer: Row, row: dict[str, Any], *, waits: bool) -> str:
    """The invoice of the first period: paid, or open where somebody is still to pay it.

    In a trial that is what `add_invoice_items` cost; where the subscription `waits` for it, the
    trial is told once it is paid.

    A subscription of whose invoice nothing is due waits for nobody; `row` is told so.
    """
    now = call.session.clock.seconds
    once = [{**each, "id": f"il_1{call.session.letters('line', 23)}"} for each in added(call, row)]
    lines = [*(_line(call, row, each) for each in items_of(row)), *once]
    due = sum(each["amount"] for each in lines)
    made = new_invoice(
        call, customer, subscription=row["id"], lines=lines, subtotal=due, total=due,
        amount_due=due, amount_remaining=due, billing_reason="subscription_create",
        status_transitions={"finalized_at": now},
    ) | {"currency": row["currency"], "status": "open"}  # fmt: skip
    made |= {"number": first_number(made["id"]), **balanced(call, made)}
    due = int(made["amount_due"])
    if not due and row["status"] == "incomplete":
        row["status"] = "active"
    if due and waits:
        row["status"] = "incomplete"
    if due and (row["status"] == "incomplete" or row["collection_method"] != WAYS[0]):
        made |= intended(call, made, due)
    else:
        made |= _collected(call, made, row, due)
    return str(call.session.overlay.put("stripe.invoices", made)["id"])


def _line(call: Call, row: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    free = row["status"] == "trialing"
    return {
        "id": f"il_1{call.session.letters('line', 23)}",
        "amount": 0 if free else worth(call, [item]) or 0, "currency": row["currency"],
        "description": f"{item['quantity']} x {item['price']}", "quantity": item["quantity"],
        "price": item["price"], "subscription_item": item["id"],
        "period": {"start": row["current_period_start"], "end": row["current_period_end"]},
    }  # fmt: skip


def billed(call: Call, row: dict[str, Any], *, anew: bool = False) -> str:
    """The id of an invoice for what waits for the subscription's next one, collected at once.

    Where its period begins `anew`, that is charged too. A subscription whose invoice nobody could
    pay is past due; `row` is told so.
    """
    customer = fields.require(call, "customers", str(row.get("customer")))
    way = row.get("collection_method") or WAYS[0]
    made = new_invoice(
        call, customer, subscription=row["id"], billing_reason="subscription_update",
        currency=row.get("currency"), collection_method=way,
        lines=[_line(call, row, each) for each in items_of(row)] if anew else [],
    )  # fmt: skip
    overlay = call.session.overlay
    overlay.put("stripe.invoices", made)
    for item in pending(call, made):
        overlay.patch("stripe.invoiceitems", item["id"], {"invoice": made["id"]})
    settled = settle(call, made)
    owed = {**settled, **finalized(call, settled)}
    if owed["amount_due"] and way == WAYS[0]:
        owed |= _collected(call, owed, row, int(owed["amount_due"]), "past_due")
    return str(overlay.put("stripe.invoices", owed)["id"])


def _collected(
    call: Call, made: Row, row: dict[str, Any], due: int, waits: str = "incomplete"
) -> dict[str, Any]:
    """The invoice as paid; where the card is declined, it and the subscription wait for another.

    docs.stripe.com/billing/subscriptions/overview: so it is unless `error_if_incomplete` is asked.
    """
    stamps = {**made["status_transitions"], "paid_at": call.session.clock.seconds}
    paid = {
        "status": "paid", "amount_paid": due, "amount_remaining": 0, "status_transitions": stamps,
    }  # fmt: skip
    if not due:
        return paid
    try:
        given = {"payment_method": row.get("default_payment_method")}
        return {**charge_for(call, made, due, given), **paid}
    except Refusal as refusal:
        if fields.params(call).get("payment_behavior") == "error_if_incomplete":
            raise
        for table, left in refusal.reply.left:
            call.session.overlay.put(table, left)
        row["status"] = waits
        intent = refusal.reply.payload["error"]["payment_intent"]
        return {"payment_intent": intent["id"], "charge": intent["latest_charge"],
                "attempt_count": 1}  # fmt: skip
