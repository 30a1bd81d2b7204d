"""Subscriptions: change, cancel at the period's end, cancel now, resume."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass, AmountSource, Effect
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call, Operation, Refusal, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, array, one_of, params, says
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.errors import invalid, no_such
from understudy.systems.stripe.invoices import WAYS
from understudy.systems.stripe.item_rows import Item, Items, items_of
from understudy.systems.stripe.listing import Keep, between, both, list_reply
from understudy.systems.stripe.prorating import PRORATIONS, book, prorations
from understudy.systems.stripe.reads import EXPAND, list_of, retrieve, search_of
from understudy.systems.stripe.shape import ENDED
from understudy.systems.stripe.shapes import page
from understudy.systems.stripe.subscribing import begin, billed, period_end
from understudy.systems.stripe.subscription_items import (
    added,
    columns,
    interval_of,
    once,
    planned,
    worth,
)
from understudy.systems.stripe.unit_prices import price_of
from understudy.systems.stripe.writes import APPROVED, PAID, changed, write

__all__ = ["OPERATIONS"]

_DETAILS = "cancellation_details"
_NO_DETAILS = {"comment": None, "feedback": None, "reason": None}
_TEXTS = ("description", "default_payment_method", "collection_method")
_MONEY = (
    "items", "price", "proration_behavior", "trial_end", "quantity", "discounts", "cancel_at",
    "billing_cycle_anchor", "pause_collection", "coupon", "add_invoice_items",
)  # fmt: skip
_STATES = (
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused",
    "trialing", "unpaid",
)  # fmt: skip
_PERIOD_ENDS = ("max_period_end", "min_period_end")
_ALWAYS = {"metadata", "cancellation_details", "expand"}
_ACCEPTED = frozenset(
    ("add_invoice_items", "application_fee_percent", "automatic_tax", "billing_thresholds",
     "billing_cycle_anchor", "collection_method", "coupon", "days_until_due", "discounts",
     "default_payment_method", "default_source", "default_tax_rates", "invoice_settings",
     "off_session", "on_behalf_of", "pause_collection", "payment_behavior", "payment_settings",
     "pending_invoice_item_interval", "promotion_code", "proration_date", "transfer_data",
     "billing_schedules", "trial_from_plan", "trial_settings", "cancellation_details", "cancel_at")
)  # fmt: skip


def _period_amount(call: Call) -> Amount | None:
    row = aims.named_row(call, "subscriptions", call.path["id"])
    value = worth(call, items_of(row)) if row else None
    return None if value is None else Amount(value, aims.currency_of(row), AmountSource.DERIVED)


def _change_amount(call: Call) -> Amount | None:
    """What a period costs that begins now, else how much more or less one will, without its sign.

    What is charged once is counted with it.
    """
    row = aims.named_row(call, "subscriptions", call.path["id"])
    after = _planned_then(call, row) if row else None
    if row is None or after is None:
        return None
    then, further = worth(call, after), _once_worth(call)
    anew = _begins_anew(call, row, after)
    if not anew and not fields.params(call).get("items"):
        return Amount(further, aims.currency_of(row), AmountSource.DERIVED) if further else None
    before = 0 if anew else worth(call, items_of(row))
    if before is None or then is None:
        return None
    return Amount(abs(then - before) + further, aims.currency_of(row), AmountSource.DERIVED)


def _planned_then(call: Call, row: Row | None) -> list[Item] | None:
    """The items as they will be, where what is asked for can be."""
    try:
        return planned(call, row, fields.params(call))
    except Refusal:
        return None


def _once_worth(call: Call) -> int:
    """What is charged once, as far as it is known."""
    try:
        return sum(worth(call, [each]) or 0 for each in once(call))
    except Refusal:
        return 0


def _touches_money(call: Call) -> ActionClass | None:
    given = fields.params(call)
    return ActionClass.APPROVAL_REQUIRED if any(name in given for name in _MONEY) else None


def _ends_later(call: Call) -> bool:
    return fields.is_true(fields.params(call), "cancel_at_period_end")


def _alive(call: Call) -> Row:
    row = fields.require(call, "subscriptions", call.path["id"])
    if row.get("status") in ENDED:
        message = "A canceled subscription can only update its cancellation_details and metadata."
        raise invalid(message)
    return row


def _changeable(call: Call, given: dict[str, Any]) -> Row:
    """Of what has ended only what is said about it may still change."""
    if given.keys() <= _ALWAYS:
        return fields.require(call, "subscriptions", call.path["id"])
    return _alive(call)


def _update(call: Call) -> Reply:
    given = fields.params(call)
    row = _changeable(call, given)
    changes = fields.merged_metadata(row, given) | _changed_items(call, row, given)
    at_end = fields.boolean(given, "cancel_at_period_end")
    if at_end is not None:
        changes["cancel_at_period_end"] = at_end
        changes["cancel_at"] = row.get("current_period_end") if at_end else None
        changes["canceled_at"] = call.session.clock.seconds if at_end else None
    if given.get("cancel_at") in _PERIOD_ENDS:
        changes["cancel_at"] = row.get("current_period_end")
    if given.get("trial_end") == "now":
        changes["trial_end"] = call.session.clock.seconds
    elif "trial_end" in given:
        changes["trial_end"] = fields.integer(given, "trial_end", least=1)
    about = fields.texts(given, _DETAILS)
    if about is not None:
        changes[_DETAILS] = {**_NO_DETAILS, **(row.get(_DETAILS) or {}), **about}
    return changed(call, "subscriptions", row, changes | _said(given))


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """What is kept as it is said."""
    changes: dict[str, Any] = {name: fields.text(given, name) for name in _TEXTS if name in given}
    for name in ("cancel_at", "days_until_due"):
        if name in given and given[name] not in _PERIOD_ENDS:
            changes[name] = fields.integer(given, name, least=0)
    if isinstance(given.get("pause_collection"), dict):
        changes["pause_collection"] = {"resumes_at": None, **given["pause_collection"]}
    elif given.get("pause_collection") == "":
        changes["pause_collection"] = None
    return changes


def _create(call: Call) -> Reply:
    given = fields.params(call)
    said = _said(given) | fields.merged_metadata({}, given)
    if fields.boolean(given, "cancel_at_period_end"):
        said["cancel_at_period_end"] = True
    return begin(call, planned(call, None, given), said)


def _first_amount(call: Call) -> Amount | None:
    """What the first period costs, and what is charged once with it."""
    items = _planned_then(call, None)
    value = worth(call, items) if items else None
    if not items or value is None:
        return None
    currency = aims.currency_of(price_of(call, items[0]))
    return Amount(value + _once_worth(call), currency, AmountSource.DERIVED)


def _changed_items(call: Call, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    """The changes that `items` and a new start ask for; what they cost or give back is booked."""
    behavior = fields.one_of(given, "proration_behavior", PRORATIONS) or PRORATIONS[0]
    after = planned(call, row, given)
    changes = columns(call, row, after) if given.get("items") else {}
    running, anew = row.get("status") in ("active", "past_due"), _begins_anew(call, row, after)
    if anew:
        changes |= _period(call, {**row, **changes})
    then = {**row, **changes}
    booked = book(call, row.get("customer"), added(call, row))
    if running and behavior != "none":
        at = fields.integer(given, "proration_date", least=1) or call.session.clock.seconds
        come = [] if anew else items_of(then)
        booked += book(call, row.get("customer"), prorations(call, row, items_of(row), come, at))
    if anew or (booked and behavior == "always_invoice"):
        changes["latest_invoice"] = billed(call, then, anew=anew)
        changes |= {"status": then["status"]} if then["status"] != row.get("status") else {}
    return changes


def _begins_anew(call: Call, row: Row, after: Items) -> bool:
    """Whether a period begins now: it is asked for, a trial ends, or another interval is chosen.

    docs.stripe.com/billing/subscriptions/change-price: then the billing date is that of the change.
    """
    given, status = fields.params(call), row.get("status")
    if status == "trialing":
        return given.get("trial_end") == "now"
    if status not in ("active", "past_due"):
        return False
    told = [price_of(call, each[0]) for each in (items_of(row), after)]
    before, then = (interval_of((each or {}).get("recurring")) for each in told)
    return given.get("billing_cycle_anchor") == "now" or (None not in told and before != then)


def _period(call: Call, row: Row) -> dict[str, Any]:
    now = int(call.session.clock.seconds)
    price = aims.named_row(call, "prices", row.get("price")) or {}
    status = "active" if row.get("status") == "trialing" else row.get("status")
    end = period_end(now, price.get("recurring"))
    return {"current_period_start": now, "current_period_end": end, "status": status}


def _cancel(call: Call) -> Reply:
    row = fields.require(call, "subscriptions", call.path["id"])
    if row.get("status") in ENDED:
        raise no_such("subscription", row["id"])
    now, given = call.session.clock.seconds, fields.texts(fields.params(call), _DETAILS) or {}
    details = {**_NO_DETAILS, **given, "reason": "cancellation_requested"}
    ended = {"status": "canceled", "canceled_at": now, "ended_at": now, _DETAILS: details}
    if fields.boolean(fields.params(call), "prorate"):
        book(call, row.get("customer"), prorations(call, row, items_of(row), [], now))
    if fields.boolean(fields.params(call), "invoice_now"):
        ended["latest_invoice"] = billed(call, dict(row))
    return changed(call, "subscriptions", row, ended)


def _resume(call: Call) -> Reply:
    row = _alive(call)
    if row.get("status") != "paused":
        raise invalid(f"Subscription {row['id']} is not paused and cannot be resumed.")
    return changed(call, "subscriptions", row, {"status": "active"})


def _sells(price: str | None) -> Keep | None:
    if price is None:
        return None
    return lambda row: price in [each["price"] for each in items_of(row)]


def _list(call: Call) -> Reply:
    """Ended subscriptions are left out unless asked for, as at Stripe."""
    status = fields.one_of(fields.params(call), "status", _STATES)
    fields.one_of(fields.params(call), "collection_method", WAYS)
    if status in ("all", "ended"):
        call.query = {key: value for key, value in call.query.items() if key != "status"}
    keep = _KEPT.get(status or "")
    for name in ("plan", "price"):
        keep = both(keep, _sells(fields.text(fields.params(call), name)))
    for name in ("current_period_start", "current_period_end"):
        keep = both(keep, between(fields.params(call), name))
    equal = ("customer", "status", "collection_method")
    return list_reply(call, "subscriptions", "/v1/subscriptions", equal, keep)


_KEPT: dict[str, Keep] = {
    "": lambda row: row.get("status") not in ENDED,
    "ended": lambda row: row.get("status") in ENDED,
}
_LISTED = list_of(
    "subscriptions", "subscription", ("customer", "price"),
    words={"status": _STATES, "collection_method": WAYS}, current_period_start=OBJECT,
    current_period_end=OBJECT, plan=STRING,
)  # fmt: skip
_UPDATE: dict[str, Any] = {
    "id": STRING,
    "items": says(array(OBJECT), "Items with id, price and quantity."),
    "cancel_at_period_end": BOOLEAN, "proration_behavior": one_of(*PRORATIONS),
    "trial_end": INTEGER, "description": STRING, "metadata": OBJECT, "expand": EXPAND,
}  # fmt: skip

OPERATIONS = (
    Operation(
        name=_LISTED.name,
        system="stripe",
        method="GET",
        template=_LISTED.template,
        description="List subscriptions, newest first; ended ones only with status=all.",
        params=_LISTED.params,
        handler=_list,
        answers=page("subscription"),
    ),
    search_of("subscriptions", "subscription"),
    retrieve("subscriptions", "subscription"),
    write(
        "subscriptions.create", "/v1/subscriptions", "subscription",
        "Begin a subscription; its first invoice is charged at once.",
        _create,
        params(
            "customer items", customer=STRING,
            items=says(array(OBJECT), "Items with price and quantity."), metadata=OBJECT,
            trial_period_days=INTEGER, trial_end=INTEGER, description=STRING,
            collection_method=one_of("charge_automatically", "send_invoice"),
            days_until_due=INTEGER, cancel_at_period_end=BOOLEAN, expand=EXPAND,
        ),
        target=aims.customer_named, amount=_first_amount,
        reversible_by="stripe.subscriptions.cancel",
        accepts=_ACCEPTED | {"backdate_start_date", "billing_mode", "currency", "prebilling",
                             "customer_account", "billing_cycle_anchor_config",
                             "proration_behavior"},
        **PAID,
    ),
    write(
        "subscriptions.cancel_at_period_end", "/v1/subscriptions/{id}", "subscription",
        "Let a subscription end with its current period.",
        _update,
        params("id cancel_at_period_end", **_UPDATE),
        when=_ends_later, amount=_period_amount, reversible_by="stripe.subscriptions.update",
        customer_visible=True, accepts=_ACCEPTED, **APPROVED,
    ),
    write(
        "subscriptions.update", "/v1/subscriptions/{id}", "subscription",
        "Change a subscription's plan, quantity, trial or metadata.",
        _update,
        params("id", **_UPDATE),
        escalate=_touches_money, amount=_change_amount, reversible_by="stripe.subscriptions.update",
        customer_visible=True, accepts=_ACCEPTED,
    ),
    write(
        "subscriptions.cancel", "/v1/subscriptions/{id}", "subscription",
        "End a subscription now. Cannot be undone.",
        _cancel,
        params(
            "id", id=STRING, invoice_now=BOOLEAN, prorate=BOOLEAN, cancellation_details=OBJECT,
            expand=EXPAND,
        ),
        method="DELETE", effect=Effect.DELETE, amount=_period_amount, customer_visible=True,
        destructive=True, **APPROVED,
    ),
    write(
        "subscriptions.resume", "/v1/subscriptions/{id}/resume", "subscription",
        "Resume a paused subscription.",
        _resume,
        params("id", id=STRING, billing_cycle_anchor=STRING, expand=EXPAND),
        amount=_period_amount, reversible_by="stripe.subscriptions.update",
        accepts=frozenset(("payment_behavior", "proration_behavior", "proration_date")), **PAID,
    ),
)  # fmt: skip
