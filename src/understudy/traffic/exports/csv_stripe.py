"""Stripe's CSV: what the dashboard exports, the reports on the balance, and Sigma's tables.

The dashboard writes amounts in major units and times in UTC, and names its columns in words;
Sigma's tables have the API's own names, minor units and UTC; the balance report names what each
movement came from (docs.stripe.com, "Report types").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from understudy.traffic.csv_file import SEPARATOR, plain_name
from understudy.traffic.exports.csv_values import minor_amount, seconds
from understudy.traffic.raw_record import LeftOut, Malformed

__all__ = ["stripe_records"]

_KINDS = {
    "ch": "charge", "py": "charge", "re": "refund", "pyr": "refund", "cus": "customer",
    "in": "invoice", "pi": "payment_intent", "sub": "subscription", "du": "dispute",
    "dp": "dispute", "cn": "credit_note", "txn": "balance_transaction", "price": "price",
    "prod": "product",
}  # fmt: skip
_NAMES = {
    "created_utc": "created", "created_date_utc": "created", "customer_id": "customer",
    "charge_id": "charge", "payment_intent_id": "payment_intent", "invoice_id": "invoice",
    "paymentintent_id": "payment_intent", "subscription_id": "subscription",
    "balance_transaction_id": "id", "source_id": "source", "gross": "amount",
}  # fmt: skip
_MONEY = (
    "amount", "amount_refunded", "amount_due", "amount_paid", "amount_remaining", "total",
    "subtotal", "tax", "fee", "net",
)  # fmt: skip
_KEPT = (
    "customer", "charge", "payment_intent", "invoice", "subscription", "source", "description",
    "status", "reason", "currency", "email", "name", "phone", "number", "quantity",
    "reporting_category", "type",
)  # fmt: skip
_FLAGS = ("refunded", "paid", "captured", "disputed", "livemode", "cancel_at_period_end")
_PAID = {"paid": "succeeded", "refunded": "succeeded", "partial refund": "succeeded",
         "partially refunded": "succeeded", "disputed": "succeeded"}  # fmt: skip
_REFUND_DAY = "refunded_date_utc"


def stripe_records(row: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The objects, and the event, that one row of any of them tells."""
    told = {plain_name(name): (name, text) for name, text in row.items() if name != SEPARATOR}
    known = _known(told)
    row_id = known["id"][1] if "id" in known else ""
    kind = _KINDS.get(row_id.partition("_")[0])
    if kind is None:
        raise LeftOut("rows of Stripe's CSV whose id is of no known kind")
    found = {"id": row_id, "object": kind, **_values(known, row, "gross" in told)}
    if kind == "charge" and "status" in found:
        found["status"] = _PAID.get(found["status"].lower(), found["status"].lower())
    yield found
    yield from _refunds(found, told.get(_REFUND_DAY))


def _known(told: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The columns by the API's names; times in UTC go before those in a report's own zone."""
    found: dict[str, tuple[str, str]] = {}
    for name, pair in told.items():
        api = name if name == "balance_transaction_id" and "id" in told else _NAMES.get(name, name)
        if api not in found or name.endswith("_utc"):
            found[api] = pair
    return found


def _values(
    known: Mapping[str, tuple[str, str]], row: Mapping[str, str], report: bool
) -> dict[str, Any]:
    currency = known.get("currency", ("", ""))[1].lower()
    found: dict[str, Any] = {name: known[name][1] for name in _KEPT if name in known}
    if currency:
        found["currency"] = currency
    for name in _MONEY:
        if name in known:
            header, text = known[name]
            major = report or header != header.lower()
            found[name] = _money(text, currency, row[SEPARATOR] == ";", major)
    if "created" in known:
        found["created"] = seconds(known["created"][1], UTC)
    found |= {name: known[name][1].lower() == "true" for name in _FLAGS if name in known}
    metadata = {
        header.rpartition("(")[0].strip(): text for header, text in row.items()
        if header.lower().endswith("(metadata)")
    }  # fmt: skip
    return {**found, "metadata": metadata} if metadata else found


def _money(text: str, currency: str, comma: bool, major: bool) -> int:
    if not major:
        try:
            return int(text)
        except ValueError:
            raise Malformed("an amount that is no number of minor units") from None
    if not currency:
        raise Malformed("an amount without its currency")
    return minor_amount(text, currency, comma=comma)


def _refunds(found: dict[str, Any], day: tuple[str, str] | None) -> Iterator[dict[str, Any]]:
    """The refund behind a movement of the balance, or behind a payment that was paid back."""
    source = str(found.get("source") or "")
    if found["object"] == "balance_transaction" and source.partition("_")[0] in ("re", "pyr"):
        kept: dict[str, Any] = {
            name: found[name] for name in ("charge", "currency", "created") if name in found
        }
        yield {"id": source, "object": "refund", "amount": -found["amount"],
               "status": "succeeded", **kept}  # fmt: skip
    if found["object"] == "charge" and day is not None and found.get("amount_refunded"):
        whole = found["amount_refunded"] == found.get("amount")
        now = {**found, "refunded": whole}
        before = {"amount_refunded": 0, "refunded": False}
        at = seconds(day[1], UTC)
        yield {"id": f"evt_csv_{found['id']}", "object": "event", "type": "charge.refunded",
               "created": at, "request": "", "data": {"object": now,
                                                      "previous_attributes": before}}  # fmt: skip
