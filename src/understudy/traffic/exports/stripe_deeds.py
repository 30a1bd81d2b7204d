"""What people did in Stripe, as the requests that a client would send for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from understudy.traffic.exports.history import Deed, Maker, place_of
from understudy.traffic.moments import moment_of

__all__ = ["event_deeds", "listed_deeds", "maker_of"]

Found = Mapping[str, Any]
Told = tuple[str, dict[str, Any]] | None
"""An operation and its parameters."""
_CUSTOMER_FIELDS = ("email", "name", "phone", "description", "tax_exempt")


def maker_of(event: Found) -> Maker:
    """Who made a request: nobody where Stripe did it by itself, else a person or an integration.

    Stripe does not name people. Its own client libraries send an idempotency key with each write,
    so a request with a key is taken as an integration's, and one without as somebody's in the
    dashboard.

    >>> maker_of({"request": {"id": "req_1", "idempotency_key": None}}).value
    'person'
    """
    request = event.get("request")
    if isinstance(request, dict):
        if request.get("idempotency_key"):
            return Maker.INTEGRATION
        return Maker.PERSON if request.get("id") else Maker.AUTOMATION
    return Maker.UNTOLD if isinstance(request, str) else Maker.AUTOMATION


def listed_deeds(found: dict[str, Any]) -> Iterator[Deed]:
    """What a listed object tells that somebody did; it does not tell who."""
    at = moment_of(found.get("created"))
    if at is not None and found["object"] in _MADE:
        yield from _deed(found, _MADE[found["object"]](found), Maker.UNTOLD, at)


def event_deeds(event: Found, found: dict[str, Any], before: Found, at: datetime) -> Iterator[Deed]:
    """What an event tells that somebody did."""
    told = _BY_TYPE.get(event["type"])
    made = list(_told(event, found, before, told, at))
    request = event.get("request")
    named = request.get("id") if isinstance(request, dict) else request
    for deed in made:
        yield msgspec.structs.replace(deed, request=str(named or ""))


def _told(
    event: Found,
    found: dict[str, Any],
    before: Found,
    told: Callable[[Found, Found], Told] | None,
    at: datetime,
) -> Iterator[Deed]:
    maker = maker_of(event)
    if told is not None:
        yield from _deed(found, told(found, before), maker, at, before)
    elif event["type"].endswith(".created") and found["object"] in _MADE:
        yield from _deed(found, _MADE[found["object"]](found), maker, at)
    if event["type"] == "customer.updated" and "balance" in before:
        yield from _deed(found, _balance_moved(found, before), maker, at, before)


def _deed(
    found: dict[str, Any], told: Told, maker: Maker, at: datetime, before: Found | None = None
) -> Iterator[Deed]:
    if told is None:
        return
    operation, params = told
    kind = found["object"]
    made = place_of(f"stripe.{kind}s", found["id"]) if kind in _MADE else None
    needs = [place_of(f"stripe.{_PLURALS[n]}", params[n]) for n in _PLURALS if n in params]
    if not made and "id" in params:
        needs.append(place_of(f"stripe.{kind}s", params["id"]))
    amount, currency = _at_stake(found, params), found.get("currency")
    metadata = found.get("metadata")
    yield Deed(
        key=_key(found, operation, params, at), at=at, operation=operation, params=params,
        maker=maker, entity=made or place_of(f"stripe.{kind}s", found["id"]),
        customer=_customer(found), needs=tuple(dict.fromkeys(needs)), made=made,
        named=tuple(str(v) for v in metadata.values()) if isinstance(metadata, dict) else (),
        amount=amount, currency=currency.upper() if isinstance(currency, str) else None,
        before=dict(before) if before else None,
        hint=operation in _CONSEQUENCES and kind not in _MADE,
    )  # fmt: skip


_CONSEQUENCES = ("stripe.refunds.create", "stripe.customer_balance.create")
"""What a charge or a customer tells of too, where it is a consequence of another object's birth."""
_PLURALS = {"charge": "charges", "invoice": "invoices", "payment_intent": "payment_intents"}


def _key(found: Found, operation: str, params: Found, at: datetime) -> str:
    if operation == "stripe.customer_balance.create":
        return f"stripe/balance/{params['id']}/{params['amount']}/{int(at.timestamp())}"
    if found["object"] in _MADE:
        return f"stripe/{operation}/{found['id']}"
    return f"stripe/{operation}/{found['id']}/{int(at.timestamp())}"


def _customer(found: Found) -> str:
    if found["object"] == "customer":
        return place_of("stripe.customers", found["id"])
    for name, plural in (("customer", "customers"), *_PLURALS.items()):
        value = found.get(name)
        value = value.get("id") if isinstance(value, dict) else value
        if isinstance(value, str):
            return place_of(f"stripe.{plural}", value)
    return place_of(f"stripe.{found['object']}s", found["id"])


def _at_stake(found: Found, params: Found) -> int | None:
    for value in (params.get("amount"), found.get("amount"), found.get("amount_due")):
        if isinstance(value, int):
            return value
    return None


def _named(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def _given(found: Found, *names: str) -> dict[str, Any]:
    return {name: found[name] for name in names if found.get(name) not in (None, "", {}, [])}


def _refund(found: Found) -> Told:
    charge, intent = _named(found.get("charge")), _named(found.get("payment_intent"))
    if not charge and not intent:
        return None
    about = {"charge": charge} if charge else {"payment_intent": intent}
    return "stripe.refunds.create", {**about, **_given(found, "amount", "reason", "metadata")}


def _refunded_charge(found: Found, before: Found) -> Told:
    """A charge that tells of a refund, for events that do not hold the refund itself."""
    was, now = before.get("amount_refunded"), found.get("amount_refunded")
    if not isinstance(was, int) or not isinstance(now, int) or now <= was:
        return None
    return "stripe.refunds.create", {"charge": found["id"], "amount": now - was}


def _credit_note(found: Found) -> Told:
    invoice = _named(found.get("invoice"))
    if not invoice:
        return None
    params = {"invoice": invoice, **_given(found, "amount", "reason", "memo", "metadata")}
    out = found.get("out_of_band_amount") or 0
    if found.get("type") == "post_payment" and isinstance(found.get("amount"), int):
        credit = found["amount"] - out if found.get("customer_balance_transaction") else 0
        refund = found["amount"] - out - credit
        parts = {"credit_amount": credit, "refund_amount": refund, "out_of_band_amount": out}
        params |= {name: part for name, part in parts.items() if part}
    return "stripe.credit_notes.create", params


def _balance(found: Found) -> Told:
    customer = _named(found.get("customer"))
    if found.get("type", "adjustment") != "adjustment" or not customer:
        return None
    return "stripe.customer_balance.create", {
        "id": customer, **_given(found, "amount", "currency", "description", "metadata"),
    }  # fmt: skip


def _balance_moved(found: Found, before: Found) -> Told:
    was, now, currency = before.get("balance"), found.get("balance"), found.get("currency")
    if not isinstance(was, int) or not isinstance(now, int) or not currency:
        return None
    return "stripe.customer_balance.create", {
        "id": found["id"], "amount": now - was, "currency": currency,
    }  # fmt: skip


_MADE: dict[str, Callable[[Found], Told]] = {
    "refund": _refund,
    "credit_note": _credit_note,
    "customer_balance_transaction": _balance,
}


def _customer_updated(found: Found, before: Found) -> Told:
    changed: dict[str, Any] = {n: found.get(n) or "" for n in _CUSTOMER_FIELDS if n in before}
    changed |= _nested(found, before, "address") | _nested(found, before, "metadata")
    return ("stripe.customers.update", {"id": found["id"], **changed}) if changed else None


def _nested(found: Found, before: Found, name: str) -> dict[str, Any]:
    """The parts of an object that changed; one that was not there before is new as a whole."""
    if name not in before:
        return {}
    now = found.get(name) or {}
    was = before[name]
    keys = was if isinstance(was, dict) and isinstance(now, dict) else now
    return {name: {key: now.get(key) or "" for key in keys}} if now else {name: ""}


def _subscription_updated(found: Found, before: Found) -> Told:
    params: dict[str, Any] = {
        n: found.get(n) for n in ("cancel_at_period_end",) if n in before
    } | _nested(found, before, "metadata")
    items = found.get("items")
    data = items.get("data") if isinstance(items, dict) else None
    if ("quantity" in before or "items" in before) and isinstance(data, list) and data:
        item = {"id": data[0].get("id"), "quantity": data[0].get("quantity")}
        params["items"] = [{key: value for key, value in item.items() if value is not None}]
    return ("stripe.subscriptions.update", {"id": found["id"], **params}) if params else None


def _dispute_updated(found: Found, before: Found) -> Told:
    now, was = found.get("evidence"), before.get("evidence")
    params: dict[str, Any] = {}
    if isinstance(now, dict) and isinstance(was, dict):
        params["evidence"] = {key: now.get(key) or "" for key in was}
    if before.get("status") == "needs_response" and found.get("status") == "under_review":
        params["submit"] = True
    params |= _nested(found, before, "metadata")
    return ("stripe.disputes.update", {"id": found["id"], **params}) if params else None


def _updated(operation: str, *names: str) -> Callable[[Found, Found], Told]:
    def told(found: Found, before: Found) -> Told:
        params = {name: found.get(name) or "" for name in names if name in before}
        params |= _nested(found, before, "metadata")
        return (operation, {"id": found["id"], **params}) if params else None

    return told


def _step(operation: str) -> Callable[[Found, Found], Told]:
    return lambda found, _: (operation, {"id": found["id"]})


_BY_TYPE: dict[str, Callable[[Found, Found], Told]] = {
    "charge.refunded": _refunded_charge,
    "charge.updated": _updated("stripe.charges.update", "description", "receipt_email"),
    "charge.dispute.updated": _dispute_updated,
    "credit_note.voided": _step("stripe.credit_notes.void"),
    "customer.updated": _customer_updated,
    "customer.subscription.updated": _subscription_updated,
    "customer.subscription.deleted": _step("stripe.subscriptions.cancel"),
    "invoice.finalized": _step("stripe.invoices.finalize"),
    "invoice.marked_uncollectible": _step("stripe.invoices.mark_uncollectible"),
    "invoice.paid": _step("stripe.invoices.pay"),
    "invoice.sent": _step("stripe.invoices.send"),
    "invoice.updated": _updated("stripe.invoices.update", "description", "due_date"),
    "invoice.voided": _step("stripe.invoices.void"),
    "payment_intent.canceled": _step("stripe.payment_intents.cancel"),
}
