"""`expand[]`: ids in an answer replaced by the objects they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson

from understudy.model.world import Row
from understudy.systems.rendering import dumps, show_bytes
from understudy.systems.session import CaseSession
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.objects import deleted, payload_of

__all__ = ["EXPANDABLE", "Expansion", "as_list", "present", "present_bytes"]

EXPANDABLE: Mapping[str, str] = {
    "customer": "customers", "charge": "charges", "latest_charge": "charges",
    "payment_intent": "payment_intents", "invoice": "invoices", "latest_invoice": "invoices",
    "subscription": "subscriptions", "product": "products", "price": "prices",
    "balance_transaction": "balance_transactions", "failure_balance_transaction":
    "balance_transactions", "default_price": "prices",
}  # fmt: skip
_LISTS = {("charges", "refunds"): "charge", ("customers", "subscriptions"): "customer"}
_KNOWN_BUT_EMPTY = {
    "application", "confirmation_secret", "default_payment_method", "default_source", "discount",
    "discounts", "invoice_credit_balance", "on_behalf_of",
    "payment_method", "pending_setup_intent", "review", "schedule", "setup_intent", "source",
    "source_transfer", "source_transfer_reversal", "tax", "tax_rate", "test_clock", "transfer",
    "transfer_data", "transfer_reversal",
}  # fmt: skip
# Shown only to who expands them: empty, as the world keeps none of them.
_INCLUDED: Mapping[tuple[str, str], Callable[[str], Any]] = {
    ("customers", "sources"): lambda id: as_list([], f"/v1/customers/{id}/sources"),
    ("customers", "tax_ids"): lambda id: as_list([], f"/v1/customers/{id}/tax_ids"),
    ("customers", "invoice_credit_balance"): lambda _: {},
    ("customers", "tax"): lambda _: {
        "automatic_tax": "unrecognized_location", "ip_address": None, "location": None,
        "provider": "stripe",
    },
    ("customers", "cash_balance"): lambda id: {
        "object": "cash_balance", "available": None, "customer": id, "livemode": False,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    },
    ("invoices", "payments"): lambda id: as_list([], f"/v1/invoice_payments?invoice={id}"),
    ("invoices", "confirmation_secret"): lambda _: None,
    ("invoices", "discounts"): lambda _: [],
}  # fmt: skip
_DEEPEST = 4
_COUNT = "total_count"
"""What a search's page has only where it is asked for; it is no object's id."""

Paths = dict[str, Any]


class Expansion:
    """The tree of fields to expand."""

    __slots__ = ("paths",)

    def __init__(self, paths: Paths) -> None:
        self.paths = paths

    @classmethod
    def of(cls, values: Mapping[str, Any], *, listed: bool = False) -> Expansion | None:
        """What `expand` asks for; in lists its paths start with `data.`."""
        asked = values.get("expand")
        if asked is None or asked == "":
            return None
        paths: Paths = {}
        for path in asked if isinstance(asked, list) else [asked]:
            if not (listed and path == _COUNT):
                _enter(paths, _parts(path, listed))
        return cls(paths)


def present(session: CaseSession, table: str, row: Row, expansion: Expansion | None = None) -> Any:
    """A row as Stripe shows it, ready to be written as JSON."""
    if expansion is None:
        return orjson.Fragment(present_bytes(session, table, row))
    payload = payload_of(session.overlay, table, row)
    return _expanded(session, table, payload, expansion.paths)


def present_bytes(session: CaseSession, table: str, row: Row) -> bytes:
    """A row as the bytes of a whole answer, ids not expanded."""
    full, overlay = f"stripe.{table}", session.overlay
    own = overlay.touched(full, row["id"])
    # What a subscription shows of its price may be the case's own.
    if table == "subscriptions" and not own:
        own = overlay.touched("stripe.prices", str(row.get("price")))
    if own:
        return dumps(payload_of(overlay, table, row))
    known = session.renderings.get((full, row["id"], None))
    if known is not None:
        return known
    return show_bytes(session, full, row, partial(payload_of, overlay, table))


def as_list(data: list[Any], url: str) -> dict[str, Any]:
    """A complete list inside an object."""
    return {
        "object": "list", "data": data, "has_more": False, "total_count": len(data), "url": url,
    }  # fmt: skip


def _parts(path: Any, listed: bool) -> list[str]:
    if not isinstance(path, str):
        raise invalid("Invalid string", param="expand")
    parts = path.split(".")
    if len(parts) - listed > _DEEPEST:
        raise invalid(f"You cannot expand more than {_DEEPEST} levels of a property.")
    if listed and parts[0] != "data":
        raise _not_expandable(path, f" You may want to try expanding 'data.{path}' instead.")
    return parts[1:] if listed else parts


def _enter(paths: Paths, parts: list[str]) -> None:
    for part in parts:
        paths = paths.setdefault(part, {})


def _expanded(
    session: CaseSession, table: str, payload: dict[str, Any], paths: Paths
) -> dict[str, Any]:
    for name, below in paths.items():
        payload[name] = _member(session, table, payload, name, below)
    return payload


def _member(
    session: CaseSession, table: str, payload: dict[str, Any], name: str, below: Paths
) -> Any:
    if (table, name) in _LISTS:
        rows = session.overlay.find(f"stripe.{name}", _LISTS[table, name], payload["id"])
        url = f"/v1/{name}?{_LISTS[table, name]}={payload['id']}"
        made = [payload_of(session.overlay, name, row) for row in rows]
        return as_list([_expanded(session, name, each, below) for each in made], url)
    if name not in payload and (table, name) in _INCLUDED:
        payload[name] = _INCLUDED[table, name](payload["id"])
    value = payload.get(name)
    if below and isinstance(value, dict | list) and name not in EXPANDABLE:
        return _inside(session, table, value, below)
    included = (table, name) in _INCLUDED
    if not included and (name not in payload or name not in EXPANDABLE.keys() | _KNOWN_BUT_EMPTY):
        raise _not_expandable(name)
    row = _row(session, name, value)
    if row is None:
        return _left(session, name, value)
    kind = EXPANDABLE[name]
    return _expanded(session, kind, payload_of(session.overlay, kind, row), below)


def _inside(session: CaseSession, table: str, value: Any, below: Paths) -> Any:
    if isinstance(value, list):
        return [_inside(session, table, item, below) for item in value]
    return _expanded(session, table, dict(value), below) if isinstance(value, dict) else value


def _row(session: CaseSession, name: str, value: Any) -> Row | None:
    if name not in EXPANDABLE or not isinstance(value, str):
        return None
    return session.overlay.get(f"stripe.{EXPANDABLE[name]}", value)


def _left(session: CaseSession, name: str, value: Any) -> Any:
    """What an id is replaced by where its object is not there: a deleted customer still says so."""
    gone = name == "customer" and value and session.overlay.touched("stripe.customers", value)
    return deleted("customer", value) if gone else value


def _not_expandable(path: str, hint: str = "") -> Exception:
    return invalid(f"This property cannot be expanded ({path}).{hint}", param="expand")
