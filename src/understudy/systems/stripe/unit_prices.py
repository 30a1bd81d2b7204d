"""What so many of a price cost, also where one of them costs parts of a minor unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.products import spelt
from understudy.systems.stripe.tiers import tiered_cost

__all__ = ["cost", "exact_cost", "price_of", "rounded", "unit_of"]

_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,12})?")


def cost(price: Row | None, count: int) -> int | None:
    """What so many of a price cost in minor units, or None where that is not known.

    docs.stripe.com/api/prices/create: `unit_amount_decimal` has parts of minor units; only what
    all of them cost is rounded.

    >>> cost({"unit_amount": None, "unit_amount_decimal": "10.5"}, 3), cost({}, 3)
    (32, None)
    """
    exact = exact_cost(price or {}, count)
    return None if exact is None else rounded(exact)


def exact_cost(price: Mapping[str, Any], count: int) -> Decimal | None:
    """The same with its parts of a minor unit."""
    tiers = price.get("tiers")
    if price.get("billing_scheme") == "tiered" and tiers:
        return tiered_cost(tiers, price.get("tiers_mode"), count)
    unit = unit_of(price)
    return None if unit is None else unit * count


def unit_of(told: Mapping[str, Any]) -> Decimal | None:
    """What one costs in minor units and parts of them, as a price's row or a parameter tells it."""
    whole = told.get("unit_amount")
    number = whole if isinstance(whole, int) else fields.lenient_integer(whole)
    if number is not None:
        return Decimal(number)
    exact = str(told.get("unit_amount_decimal"))
    return Decimal(exact) if _DECIMAL.fullmatch(exact) else None


def rounded(amount: Decimal) -> int:
    """Whole minor units; half of one is rounded up.

    >>> rounded(Decimal("10.5")), rounded(Decimal("-10.5"))
    (11, -11)
    """
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def price_of(call: Call, item: Mapping[str, Any]) -> Row | None:
    """The price that an item names or spells out, or None where it is not known."""
    data = item.get("price_data")
    return spelt(data) if data else aims.named_row(call, "prices", item.get("price"))
