"""`expand[]`: ids in an answer replaced by the objects they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.overlay import Overlay
from understudy.systems.rendering import dumps, show_bytes
from understudy.systems.session import CaseSession
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.fields import params
from understudy.systems.stripe.item_rows import items_of
from understudy.systems.stripe.objects import deleted, payload_of
from understudy.systems.stripe.paying import payments_of, secret_of
from understudy.systems.stripe.shape import ENDED
from understudy.systems.stripe.versions import PAYMENT_LISTS_GONE, SOURCES_GONE

__all__ = ["EXPANDABLE", "Expansion", "as_list", "expanded", "present", "present_bytes"]

EXPANDABLE: Mapping[str, str] = {
    "customer": "customers", "charge": "charges", "latest_charge": "charges",
    "payment_intent": "payment_intents", "invoice": "invoices", "latest_invoice": "invoices",
    "subscription": "subscriptions", "product": "products", "price": "prices",
    "balance_transaction": "balance_transactions", "failure_balance_transaction":
    "balance_transactions", "default_price": "prices", "refund": "refunds",
}  # fmt: skip
_LISTS = {
    ("charges", "refunds"): "charge", ("customers", "subscriptions"): "customer",
    ("payment_intents", "charges"): "payment_intent",
}  # fmt: skip
_KNOWN_BUT_EMPTY = {
    "application", "default_payment_method", "default_source", "discount",
    "discounts", "invoice_credit_balance", "on_behalf_of",
    "payment_method", "pending_setup_intent", "review", "schedule", "setup_intent", "source",
    "source_transfer", "source_transfer_reversal", "tax", "tax_rate", "test_clock", "transfer",
    "transfer_data", "transfer_reversal",
}  # fmt: skip


def _own(render: Callable[[str], Any]) -> Callable[[Overlay, str], Any]:
    """What follows from the object's id alone."""
    return lambda _, row_id: render(row_id)


# Shown only to who expands them; but for payments they are empty, as the world keeps none of them.
_INCLUDED: Mapping[tuple[str, str], Callable[[Overlay, str], Any]] = {
    ("customers", "sources"): _own(lambda id: as_list([], f"/v1/customers/{id}/sources")),
    ("customers", "tax_ids"): _own(lambda id: as_list([], f"/v1/customers/{id}/tax_ids")),
    ("customers", "invoice_credit_balance"): _own(lambda _: {}),
    ("customers", "tax"): _own(lambda _: {
        "automatic_tax": "unrecognized_location", "ip_address": None, "location": None,
        "provider": "stripe",
    }),
    ("customers", "cash_balance"): _own(lambda id: {
        "object": "cash_balance", "available": None, "customer": id, "livemode": False,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }),
    ("invoices", "payments"): lambda overlay, id: as_list(
        payments_of(overlay, id), f"/v1/invoice_payments?invoice={id}"
    ),
    ("invoices", "confirmation_secret"): secret_of,
    ("invoices", "discounts"): _own(lambda _: []),
    ("products", "tax_details"): _own(lambda _: None),
    ("prices", "tiers"): lambda overlay, id: (overlay.get("stripe.prices", id) or {}).get("tiers"),
    ("prices", "currency_options"): _own(lambda _: {}),
}  # fmt: skip
_NEWER = {("invoices", "payments"), ("invoices", "confirmation_secret")}
"""What no version before 2025-03-31.basil has."""
_ONCE_SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "charges": (PAYMENT_LISTS_GONE, ("refunds",)),
    "customers": (SOURCES_GONE, ("sources", "subscriptions", "tax_ids")),
    "payment_intents": (PAYMENT_LISTS_GONE, ("charges",)),
}
"""What was shown unasked in all versions before this one."""
_DEEPEST = 4
_COUNT = "total_count"
"""What a search's page has only where it is asked for; it is no object's id."""

Paths = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expansion:
    """The tree of fields to expand, in objects of one version of the API."""

    paths: Paths
    version: str = ""

    @classmethod
    def of(cls, call: Call, *, listed: bool = False) -> Expansion | None:
        """What `expand` asks for, None where it is nothing; in lists its paths start with `data.`.

        Objects of an older version are always looked through.
        """
        asked = params(call).get("expand") if call.query or call.body else None
        if asked is None or asked == "":
            return cls({}, call.version) if call.version else None
        paths: Paths = {}
        for path in asked if isinstance(asked, list) else [asked]:
            if not (listed and path == _COUNT):
                _enter(paths, _parts(path, listed))
        return cls(paths, call.version)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What objects are looked up in, and the version that they are shown in."""

    overlay: Overlay
    version: str

    def shown(self, table: str, row: Row, paths: Paths) -> dict[str, Any]:
        """A row in full, expanded."""
        payload = payload_of(self.overlay, table, row, self.version)
        return _expanded(self, table, payload, {**self._unasked(table), **paths})

    def _unasked(self, table: str) -> Paths:
        gone, names = _ONCE_SHOWN.get(table, ("", ()))
        return {name: {} for name in names} if self.version and self.version < gone else {}

    def has(self, table: str, name: str) -> bool:
        """Whether a member is one that only who expands it is shown."""
        if (table, name) == ("payment_intents", "charges"):
            return name in self._unasked(table)
        known = (table, name) in _LISTS or (table, name) in _INCLUDED
        return known and not (self.version and (table, name) in _NEWER)


def present(session: CaseSession, table: str, row: Row, expansion: Expansion | None = None) -> Any:
    """A row as Stripe shows it, ready to be written as JSON."""
    if expansion is None:
        return orjson.Fragment(present_bytes(session, table, row))
    return _Sight(session.overlay, expansion.version).shown(table, row, expansion.paths)


def expanded(
    session: CaseSession, table: str, payload: dict[str, Any], expansion: Expansion | None
) -> dict[str, Any]:
    """What no row stands for, expanded in place."""
    if expansion is None:
        return payload
    sight = _Sight(session.overlay, expansion.version)
    return _expanded(sight, table, payload, expansion.paths)


def present_bytes(session: CaseSession, table: str, row: Row) -> bytes:
    """A row as the bytes of a whole answer, ids not expanded."""
    full, overlay = f"stripe.{table}", session.overlay
    own = overlay.touched(full, row["id"])
    # What a subscription shows of its price may be the case's own.
    if table == "subscriptions" and not own:
        prices = (str(each["price"]) for each in items_of(row))
        own = any(overlay.touched("stripe.prices", price) for price in prices)
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


def _expanded(sight: _Sight, table: str, payload: dict[str, Any], paths: Paths) -> dict[str, Any]:
    for name, below in paths.items():
        payload[name] = _member(sight, table, payload, name, below)
    return payload


def _member(sight: _Sight, table: str, payload: dict[str, Any], name: str, below: Paths) -> Any:
    included = sight.has(table, name)
    if included and (table, name) in _LISTS:
        column, kind = _LISTS[table, name], name
        rows = sight.overlay.find(f"stripe.{kind}", column, payload["id"])
        url = f"/v1/{kind}?{column}={payload['id']}"
        alive = [row for row in rows if kind != "subscriptions" or row.get("status") not in ENDED]
        made = as_list([sight.shown(kind, row, {}) for row in alive], url)
        return _inside(sight, table, made, below) if below else made
    if included and name not in payload:
        payload[name] = _INCLUDED[table, name](sight.overlay, payload["id"])
    value = payload.get(name)
    if below and isinstance(value, dict | list):
        return _inside(sight, table, value, below)
    if not included and (name not in payload or name not in EXPANDABLE.keys() | _KNOWN_BUT_EMPTY):
        raise _not_expandable(name)
    row = _row(sight, name, value)
    if row is None:
        return _left(sight, name, value)
    return sight.shown(EXPANDABLE[name], row, below)


def _inside(sight: _Sight, table: str, value: Any, below: Paths) -> Any:
    if isinstance(value, list):
        return [_inside(sight, table, item, below) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("object")
    own = f"{kind}s" if isinstance(kind, str) and kind != "list" else table
    return _expanded(sight, own, dict(value), below)


def _row(sight: _Sight, name: str, value: Any) -> Row | None:
    if name not in EXPANDABLE or not isinstance(value, str):
        return None
    return sight.overlay.get(f"stripe.{EXPANDABLE[name]}", value)


def _left(sight: _Sight, name: str, value: Any) -> Any:
    """What an id is replaced by where its object is not there: a deleted customer still says so."""
    gone = name == "customer" and value and sight.overlay.touched("stripe.customers", value)
    return deleted("customer", value) if gone else value


def _not_expandable(path: str, hint: str = "") -> Exception:
    return invalid(f"This property cannot be expanded ({path}).{hint}", param="expand")
