"""A subscription's items as its row tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.model.world import Row
from understudy.systems.stripe.invoice_lines import named_price
from understudy.systems.stripe.shape import item_id

__all__ = ["Item", "Items", "items_of"]

Item = dict[str, Any]
Items = Sequence[Item]


def items_of(row: Row) -> list[Item]:
    """A row's items with id, price and quantity; what its own columns say is of the first."""
    known = row.get("items")
    listed = known if isinstance(known, list) else (known or {}).get("data", [])
    given = [each for each in listed if isinstance(each, dict)] or [{}]
    own = {name: row[name] for name in ("price", "quantity") if row.get(name) is not None}
    usual = {"id": row.get("item_id") or item_id(row["id"]), "quantity": 1}
    items = ({**given[0], **own}, *given[1:])
    return [{**usual, **each, "price": named_price(each.get("price"))} for each in items]
