"""Stripe's exports: events, and lists of objects.

An event holds the object after it and, where something was updated, `previous_attributes` with
the values before (docs.stripe.com/api/events/object). `request` is null, or has a null `id`, for
what Stripe did by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from understudy.traffic.exports.history import (
    Change,
    Happening,
    Message,
    Sighting,
    Tie,
    place_of,
)
from understudy.traffic.exports.stripe_deeds import event_deeds, listed_deeds
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.rewind import Habits

__all__ = ["HABITS", "LISTS", "read_stripe"]

LISTS = frozenset(("data",))


def _unanswered(details: Any) -> Any:
    """A dispute's details without whether it was answered."""
    quiet = {"submission_count": 0, "has_evidence": False}
    return (
        {key: quiet.get(key, each) for key, each in details.items()}
        if isinstance(details, dict)
        else details
    )


def _refunded(row: Mapping[str, Any]) -> dict[str, Any]:
    amount, back = row.get("amount"), row.get("amount_refunded") or 0
    if not isinstance(amount, int) or not isinstance(back, int):
        return {}
    return {"refunded": back >= amount > 0}


HABITS = {
    "stripe.charges": Habits(
        telling={"amount_refunded": 0, "refunded": False, "disputed": False, "dispute": None},
        along={"amount_refunded": _refunded},
    ),
    "stripe.disputes": Habits(
        telling={"status": "needs_response", "evidence_details": _unanswered, "evidence": {}}
    ),
    "stripe.subscriptions": Habits(
        telling={"status": "active", "cancel_at_period_end": False, "canceled_at": None,
                 "ended_at": None}
    ),
    "stripe.payment_intents": Habits(telling={"canceled_at": None}),
}  # fmt: skip
_TABLES = frozenset((
    "balance_transaction", "charge", "credit_note", "customer", "customer_balance_transaction",
    "dispute", "invoice", "payment_intent", "price", "product", "refund", "subscription",
))  # fmt: skip
_TRIGGERS = frozenset((
    "charge.dispute.created", "invoice.payment_failed", "charge.failed",
    "radar.early_fraud_warning.created", "payment_intent.payment_failed",
))  # fmt: skip
_DEEPEST = 6
_CONTACT, _USER = ("hubspot", "crm", "contact"), ("zendesk", "support")


def read_stripe(kind: str, record: dict[str, Any], file: str) -> Iterator[Happening]:
    """What one event or object tells; `Malformed` and `LeftOut` as for every reader."""
    del kind, file
    if not isinstance(record.get("object"), str):
        raise Malformed("no `object` says what it is")
    if record["object"] == "event":
        return _event(record)
    if record["object"] not in _TABLES:
        raise LeftOut(f"Stripe {record['object']}: no system serves it")
    return _object(record)


def _object(record: dict[str, Any]) -> Iterator[Happening]:
    """A listed object, as it was at the end, and what it tells of its own past."""
    _refuse_unnamed(record)
    yield from _sightings(record, None, 0)
    yield from _ties(record)
    yield from _derived(record)
    yield from listed_deeds(record)


def _event(event: dict[str, Any]) -> Iterator[Happening]:
    at, data = moment_of(event.get("created")), event.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    if at is None or not isinstance(event.get("type"), str) or not isinstance(found, dict):
        raise Malformed("an event without `created`, `type` or `data.object`")
    if not isinstance(found.get("object"), str) or found["object"] not in _TABLES:
        raise LeftOut(f"Stripe events of {found.get('object')}: no system serves them")
    _refuse_unnamed(found)
    previous = data.get("previous_attributes") if isinstance(data, dict) else None
    yield from _ties(found)
    if event["type"] == f"{_stem(event['type'])}.deleted" and found["object"] == "customer":
        raise LeftOut("Stripe customer.deleted: what was deleted is not shown any more")
    yield from _sightings(found, at, 0)
    yield from _changes(found, previous, at)
    if event["type"] in _TRIGGERS:
        yield _message(event, found, at)
    yield from event_deeds(event, found, previous if isinstance(previous, dict) else {}, at)


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _refuse_unnamed(found: Mapping[str, Any]) -> None:
    if not isinstance(found.get("id"), str) or not found["id"]:
        raise Malformed("an object without `id`")


def _sightings(found: dict[str, Any], at: datetime | None, depth: int) -> Iterator[Sighting]:
    """The object, and what is expanded within it."""
    if depth > _DEEPEST:
        return
    for value in _parts(found):
        yield from _sightings(value, at, depth + 1)
    if found.get("object") in _TABLES and isinstance(found.get("id"), str):
        born = moment_of(found.get("created"))
        by = "" if found["object"] in _MADE else "stripe"
        yield Sighting(table=f"stripe.{found['object']}s", id=found["id"], row=_row(found),
                       at=at, born=born, by=by)  # fmt: skip


_MADE = ("refund", "credit_note", "customer_balance_transaction")


def _parts(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in found.values():
        inner = value.get("data") if isinstance(value, dict) and _is_list(value) else [value]
        for each in inner if isinstance(inner, list) else ():
            if isinstance(each, dict) and isinstance(each.get("object"), str):
                yield each


def _is_list(value: Mapping[str, Any]) -> bool:
    return value.get("object") == "list"


def _row(found: dict[str, Any]) -> dict[str, Any]:
    """An object as a system keeps it: what is expanded is named by its id, lists are plain."""
    row = {key: _plain(value) for key, value in found.items() if key != "object"}
    if found["object"] == "subscription":
        row |= _item(found)
        row.pop("items", None)
    return {key: _without_gaps(value) for key, value in row.items() if value is not None}


def _without_gaps(value: Any) -> Any:
    """Nothing is kept of what is null, however deep."""
    if isinstance(value, dict):
        return {key: _without_gaps(each) for key, each in value.items() if each is not None}
    return [_without_gaps(each) for each in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("object"), str):
        if _is_list(value):
            return value.get("data")
        return value["id"] if isinstance(value.get("id"), str) else value
    return value


def _item(found: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription's first item, which the system keeps with the subscription itself."""
    items = found.get("items")
    data = items.get("data") if isinstance(items, dict) else None
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    price = first.get("price")
    named = price.get("id") if isinstance(price, dict) else price
    told = {"price": named, "quantity": first.get("quantity"), "item_id": first.get("id")}
    return {key: value for key, value in told.items() if value is not None}


def _changes(found: dict[str, Any], previous: Any, at: datetime) -> Iterator[Change]:
    """What an event changed: the values before lie in `previous_attributes`, nested as it is."""
    if not isinstance(previous, dict):
        return
    earlier = _row({**_merged(found, previous), "object": found["object"]})
    row = _row(found)
    for name in sorted(row.keys() | earlier.keys()):
        if row.get(name) != earlier.get(name):
            yield Change(table=f"stripe.{found['object']}s", id=found["id"], field=name, at=at,
                         after=row.get(name), before=earlier.get(name))  # fmt: skip


def _merged(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(now)
    for key, value in before.items():
        inner = now.get(key)
        nested = isinstance(value, dict) and isinstance(inner, dict)
        made[key] = _merged(inner, value) if nested and isinstance(inner, dict) else value
    return made


def _derived(record: dict[str, Any]) -> Iterator[Change]:
    """What other objects' listings tell of an object's past."""
    kind, at = record["object"], moment_of(record.get("created"))
    if kind == "refund" and isinstance(record.get("charge"), str) and at is not None:
        amount = record.get("amount")
        if isinstance(amount, int) and record.get("status") not in ("failed", "canceled"):
            yield Change(table="stripe.charges", id=record["charge"], at=at, derived=True,
                         field="+amount_refunded", after=amount)  # fmt: skip
    elif kind == "customer_balance_transaction" and isinstance(record.get("customer"), str):
        ending, amount = record.get("ending_balance"), record.get("amount")
        if isinstance(ending, int) and isinstance(amount, int) and at is not None:
            yield Change(table="stripe.customers", id=record["customer"], field="balance", at=at,
                         after=ending, before=ending - amount, derived=True)  # fmt: skip
    elif kind == "dispute" and isinstance(record.get("charge"), str) and at is not None:
        yield Change(table="stripe.charges", id=record["charge"], field="disputed", at=at,
                     after=True, before=False, derived=True)  # fmt: skip
    elif kind == "invoice":
        yield from _transitions(record)
    elif kind == "subscription":
        yield from _cancelled(record)


_STEPS = {"finalized_at": ("draft", "open"), "paid_at": ("open", "paid"),
          "voided_at": ("open", "void"),
          "marked_uncollectible_at": ("open", "uncollectible")}  # fmt: skip


def _transitions(invoice: dict[str, Any]) -> Iterator[Change]:
    """An invoice tells when its status changed."""
    told = invoice.get("status_transitions")
    times = {n: moment_of(told.get(n)) for n in _STEPS} if isinstance(told, dict) else {}
    born = moment_of(invoice.get("created"))
    for name, at in times.items():
        if at is None or (born is not None and at <= born):
            continue
        before, after = _STEPS[name]
        base: dict[str, Any] = {"table": "stripe.invoices", "id": invoice["id"], "at": at,
                                "derived": True}  # fmt: skip
        yield Change(**base, field="status", after=after, before=before)
        earlier = {key: when for key, when in (told or {}).items() if key != name}
        yield Change(**base, field="status_transitions", after=told, before=earlier)
        if name == "paid_at":
            total = invoice.get("amount_due")
            yield Change(**base, field="amount_paid", after=invoice.get("amount_paid"), before=0)
            yield Change(**base, field="amount_remaining",
                         after=invoice.get("amount_remaining"), before=total)  # fmt: skip


def _cancelled(subscription: dict[str, Any]) -> Iterator[Change]:
    at, row_id = moment_of(subscription.get("canceled_at")), subscription["id"]
    if at is None:
        return
    base: dict[str, Any] = {"table": "stripe.subscriptions", "id": row_id, "at": at,
                            "derived": True}  # fmt: skip
    yield Change(**base, field="canceled_at", after=subscription["canceled_at"], before=None)
    if subscription.get("cancel_at_period_end") is True:
        yield Change(**base, field="cancel_at_period_end", after=True, before=False)
    ended = moment_of(subscription.get("ended_at"))
    if ended is not None:
        gone: dict[str, Any] = {**base, "at": ended}
        yield Change(**gone, field="status", after=subscription.get("status"), before="active")
        yield Change(**gone, field="ended_at", after=subscription["ended_at"], before=None)


def _ties(found: dict[str, Any]) -> Iterator[Tie]:
    if found["object"] != "customer":
        return
    place = place_of("stripe.customers", found["id"])
    if isinstance(found.get("email"), str):
        yield Tie(one=place, other=f"email:{found['email'].strip().lower()}", sure=False)
    metadata = found.get("metadata")
    for key, value in metadata.items() if isinstance(metadata, dict) else ():
        name = str(key).lower()
        if any(word in name for word in _CONTACT):
            yield Tie(one=place, other=place_of("hubspot.contacts", value))
        elif any(word in name for word in _USER):
            yield Tie(one=place, other=place_of("zendesk.users", value))


def _message(event: dict[str, Any], found: dict[str, Any], at: datetime) -> Message:
    named = place_of(f"stripe.{found['object']}s", found["id"])
    customer = found.get("customer")
    charge = found.get("charge")
    owner = (
        place_of("stripe.customers", customer)
        if isinstance(customer, str)
        else (place_of("stripe.charges", charge) if isinstance(charge, str) else "")
    )
    return Message(
        entity=named, at=at, author="stripe", text="", system="stripe", type=event["type"],
        customer=owner, payload={"event_id": event.get("id"), "object": found["object"],
                                 "object_id": found["id"]}, named=(found["id"],),
    )  # fmt: skip
