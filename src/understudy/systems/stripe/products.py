"""Products and their prices."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, params, says
from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import invalid, missing
from understudy.systems.stripe.listing import Keep
from understudy.systems.stripe.reads import EXPAND, answer, list_of, retrieve, search_of
from understudy.systems.stripe.tiers import asked_tiers
from understudy.systems.stripe.writes import changed, write

__all__ = ["OPERATIONS", "inline_price", "spelt"]

# "Maximum of three years interval allowed" (docs.stripe.com/api/prices/create).
_INTERVALS = {"day": 1095, "week": 156, "month": 36, "year": 3}
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_OF_PRODUCT = ("name", "description", "statement_descriptor", "unit_label", "url", "tax_code")
_OF_PRICE = ("nickname", "lookup_key", "tax_behavior")


def _texts(given: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    changes: dict[str, Any] = {name: fields.text(given, name) for name in names if name in given}
    active = fields.boolean(given, "active")
    return changes if active is None else {**changes, "active": active}


def _create_product(call: Call) -> Reply:
    given = fields.params(call)
    fields.required(given, "name")
    row = _product(call, given)
    if isinstance(given.get("default_price_data"), dict):
        price = _price(call, {**given["default_price_data"], "product": row["id"]})
        row = call.session.overlay.patch("stripe.products", row["id"], {"default_price": price})
    return answer(call, "products", row, created=("stripe.products", row["id"]))


def _product(call: Call, given: dict[str, Any]) -> Row:
    session = call.session
    row_id = fields.text(given, "id") or f"prod_{session.letters('product', 14)}"
    if session.overlay.get("stripe.products", row_id) is not None:
        raise invalid("Product already exists.", code="resource_already_exists", param="id")
    row = {"id": row_id, "active": True, "created": session.clock.seconds}
    row |= _texts(given, _OF_PRODUCT) | fields.merged_metadata({}, given)
    return session.overlay.put("stripe.products", row)


def _update_product(call: Call) -> Reply:
    row, given = fields.require(call, "products", call.path["id"]), fields.params(call)
    changes = _texts(given, (*_OF_PRODUCT, "default_price")) | fields.merged_metadata(row, given)
    if changes.get("default_price"):
        fields.require(call, "prices", changes["default_price"], "default_price")
    return changed(call, "products", row, changes)


def _create_price(call: Call) -> Reply:
    row_id = _price(call, fields.params(call))
    row = fields.require(call, "prices", row_id)
    return answer(call, "prices", row, created=("stripe.prices", row_id))


def _price(call: Call, given: dict[str, Any]) -> str:
    session = call.session
    row_id = f"price_1{session.letters('price', 23)}"
    row = {
        "id": row_id, "active": True, "created": session.clock.seconds,
        "currency": fields.currency(given), "unit_amount": _unit_amount(given),
        "unit_amount_decimal": fields.text(given, "unit_amount_decimal"),
        "product": _sold(call, given), **_recurring(given), **_scheme(given),
        "type": "recurring" if given.get("recurring") else "one_time", **_texts(given, _OF_PRICE),
        **fields.merged_metadata({}, given),
    }  # fmt: skip
    session.overlay.put("stripe.prices", row)
    return row_id


def _scheme(given: dict[str, Any]) -> dict[str, Any]:
    """How the price is worked out: by the unit, or by tiers of how many there are."""
    scheme = fields.one_of(given, "billing_scheme", ("per_unit", "tiered"))
    if scheme != "tiered":
        return {}
    mode = fields.one_of(given, "tiers_mode", ("graduated", "volume"))
    if mode is None:
        raise missing("tiers_mode")
    return {"billing_scheme": scheme, "tiers_mode": mode, "tiers": asked_tiers(given)}


def inline_price(call: Call, data: dict[str, Any]) -> str:
    """The id of a price that is spelt out where it is used, and is not for sale otherwise."""
    row_id = _price(call, data)
    call.session.overlay.patch("stripe.prices", row_id, {"active": False})
    return row_id


def spelt(data: dict[str, Any]) -> Row:
    """What is charged by a price that is spelt out, or the 400; nothing is written."""
    return {
        "currency": fields.currency(data), "unit_amount": _unit_amount(data),
        "unit_amount_decimal": fields.text(data, "unit_amount_decimal"),
        "product": fields.text(data, "product"), **_recurring(data),
    }  # fmt: skip


def _unit_amount(given: dict[str, Any]) -> int | None:
    """Minor units; a decimal amount that is no whole number of them is shown as null."""
    whole = fields.integer(given, "unit_amount", least=0)
    if whole is not None:
        return whole
    exact = fields.text(given, "unit_amount_decimal")
    if exact is None and fields.hashes(given, "tiers"):
        return None
    if exact is None:
        raise missing("unit_amount")
    if not _DECIMAL.fullmatch(exact):
        raise invalid(f"Invalid decimal: {exact[:40]}", param="unit_amount_decimal")
    number = Decimal(exact)
    return int(number) if number == number.to_integral_value() else None


def _sold(call: Call, given: dict[str, Any]) -> str:
    made = given.get("product_data")
    if isinstance(made, dict):
        fields.required(made, "name")
        return str(_product(call, made)["id"])
    return str(fields.require(call, "products", fields.required(given, "product"), "product")["id"])


def _recurring(given: dict[str, Any]) -> dict[str, Any]:
    told = fields.nested(given, "recurring")
    if not told:
        return {}
    interval = fields.one_of(told, "interval", tuple(_INTERVALS))
    if interval is None:
        raise missing("recurring[interval]")
    count = fields.integer(told, "interval_count", least=1) or 1
    if count > _INTERVALS[interval]:
        raise invalid("Prices can be recurring at most every three years.",
                      param="recurring[interval_count]")  # fmt: skip
    return {"recurring": {"interval": interval, "interval_count": count}}


def _sorts_of_price(given: dict[str, Any]) -> Keep | None:
    kind = fields.one_of(given, "type", ("one_time", "recurring"))
    told = given.get("recurring")
    interval = (
        fields.one_of(told, "interval", tuple(_INTERVALS)) if isinstance(told, dict) else None
    )
    if kind is None and interval is None:
        return None
    return lambda row: _is_sort(row.get("recurring"), kind, interval)


def _is_sort(recurring: Any, kind: str | None, interval: str | None) -> bool:
    repeated = recurring.get("interval", "month") if isinstance(recurring, dict) else None
    fits = kind is None or (repeated is not None) == (kind == "recurring")
    return fits and interval in (None, repeated)


def _sort_of_product(given: dict[str, Any]) -> Keep | None:
    kind = fields.one_of(given, "type", ("good", "service"))
    return None if kind is None else lambda row: (row.get("type") or "service") == kind


def _update_price(call: Call) -> Reply:
    row, given = fields.require(call, "prices", call.path["id"]), fields.params(call)
    changes = _texts(given, _OF_PRICE) | fields.merged_metadata(row, given)
    return changed(call, "prices", row, changes)


_PRODUCT: dict[str, Any] = {
    "name": STRING, "description": STRING, "active": BOOLEAN, "url": STRING, "unit_label": STRING,
    "metadata": OBJECT, "expand": EXPAND,
}  # fmt: skip
_PRICE: dict[str, Any] = {
    "active": BOOLEAN, "nickname": STRING, "lookup_key": STRING, "metadata": OBJECT,
    "expand": EXPAND,
}  # fmt: skip
_ALSO = frozenset(
    ("attributes", "features", "id", "images", "marketing_features", "package_dimensions",
     "shippable", "statement_descriptor", "tax_code", "tax_details", "type")
)  # fmt: skip

OPERATIONS = (
    list_of(
        "prices", "price", ("product", "currency"), flags=("active",),
        several={"lookup_keys": "lookup_key"}, also=_sorts_of_price, type=STRING, recurring=OBJECT,
    ),
    search_of("prices", "price"),
    retrieve("prices", "price"),
    write(
        "prices.create", "/v1/prices", "price",
        "Create a price for a product; a price's amount cannot be changed later.",
        _create_price,
        params(
            "currency", currency=STRING, unit_amount=says(INTEGER, "Minor units."), product=STRING,
            recurring=says(OBJECT, "interval: day, week, month or year; interval_count."),
            product_data=says(OBJECT, "name of a product to be made with it."), **_PRICE,
        ),
        reversible_by="stripe.prices.update",
        accepts=frozenset((
            "billing_scheme", "currency_options", "custom_unit_amount", "tax_behavior", "tiers",
            "tiers_mode", "transfer_lookup_key", "transform_quantity", "unit_amount_decimal",
        )),
    ),
    write(
        "prices.update", "/v1/prices/{id}", "price", "Rename a price, or take it out of use.",
        _update_price, params("id", id=STRING, **_PRICE), reversible_by="stripe.prices.update",
        accepts=frozenset(("currency_options", "tax_behavior", "transfer_lookup_key")),
    ),
    list_of(
        "products", "product", ("url",), flags=("active", "shippable"), several={"ids": "id"},
        also=_sort_of_product, type=STRING,
    ),
    search_of("products", "product"),
    retrieve("products", "product"),
    write(
        "products.create", "/v1/products", "product", "Create a product.",
        _create_product,
        params(
            "name", **_PRODUCT,
            default_price_data=says(OBJECT, "currency, unit_amount, recurring."),
        ),
        reversible_by="stripe.products.update", accepts=_ALSO | {"default_price"},
    ),
    write(
        "products.update", "/v1/products/{id}", "product", "Change a product, or take it off sale.",
        _update_product, params("id", id=STRING, default_price=STRING, **_PRODUCT),
        reversible_by="stripe.products.update", accepts=_ALSO,
    ),
)  # fmt: skip
