"""A company's prices and the keys of its metadata, out of Stripe's lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["learn"]


def learn(name: str, document: Any) -> dict[str, Any] | None:
    """What one exported list tells, as a part of the settings; None where it is no such list."""
    del name
    found = document.get("data") if isinstance(document, Mapping) else document
    if not isinstance(found, list):
        return None
    rows = [row for row in found if isinstance(row, Mapping) and isinstance(row.get("object"), str)]
    prices = [_price(row) for row in rows if row["object"] == "price"]
    keys: dict[str, list[str]] = {}
    for row in rows:
        held = row.get("metadata") or {}
        known = keys.setdefault(f"{row['object']}s", [])
        known += [key for key in held if key not in known]
    told = {kind: sorted(names) for kind, names in keys.items() if names}
    made = {"prices": prices, "metadata": told}
    return {key: value for key, value in made.items() if value} if rows else None


def _price(row: Mapping[str, Any]) -> dict[str, Any]:
    recurring, product = row.get("recurring") or {}, row.get("product")
    named = product if isinstance(product, Mapping) else {"id": product}
    made: dict[str, Any] = {
        "id": row["id"], "product": named.get("id"), "product_name": named.get("name"),
        "currency": row.get("currency"), "unit_amount": row.get("unit_amount"),
        "interval": recurring.get("interval"), "nickname": row.get("nickname"),
    }  # fmt: skip
    if recurring.get("interval_count", 1) != 1:
        made["interval_count"] = recurring["interval_count"]
    made = {key: value for key, value in made.items() if value is not None}
    return made if row.get("active", True) else {**made, "active": False}
