"""Prices by tiers: what a price's tiers may be, and what so many cost by them.

docs.stripe.com/products-prices/pricing-models#tiered-pricing
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import invalid, missing

__all__ = ["asked_tiers", "tiered_cost"]

Tier = Mapping[str, Any]
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,12})?")
_AMOUNTS = ("unit_amount", "flat_amount")
_KNOWN = frozenset(
    ("up_to", *_AMOUNTS, *(f"{name}_decimal" for name in _AMOUNTS))
)  # fmt: skip


def asked_tiers(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The tiers of a new price, lowest first, or the 400; the last has no end."""
    wanted = fields.hashes(given, "tiers")
    if not wanted:
        raise missing("tiers")
    made = [_tier(each, f"tiers[{place}]") for place, each in enumerate(wanted)]
    ends = [each["up_to"] for each in made]
    if ends[-1] is not None or None in ends[:-1]:
        raise invalid("The last tier, and no other, must have `up_to` set to `inf`.", param="tiers")
    if ends[:-1] != sorted(set(ends[:-1])):
        raise invalid("`up_to` of tiers must be in ascending order.", param="tiers")
    return made


def _tier(asked: dict[str, Any], place: str) -> dict[str, Any]:
    fields.nested({place: asked}, place, _KNOWN)
    end = fields.text(asked, "up_to")
    if end is None:
        raise missing(f"{place}[up_to]")
    made: dict[str, Any] = {"up_to": None}
    if end != "inf":
        made["up_to"] = fields.integer({f"{place}[up_to]": end}, f"{place}[up_to]", least=1)
    for name in _AMOUNTS:
        whole, exact = fields.integer(asked, name), fields.text(asked, f"{name}_decimal")
        if exact is not None and not _DECIMAL.fullmatch(exact):
            raise invalid(f"Invalid decimal: {exact[:40]}", param=f"{place}[{name}_decimal]")
        made |= {name: whole, f"{name}_decimal": exact if whole is None else str(whole)}
    if all(made[f"{name}_decimal"] is None for name in _AMOUNTS):
        raise missing(f"{place}[unit_amount]")
    return made


def tiered_cost(tiers: Iterable[Tier], mode: str | None, count: int) -> Decimal:
    """What so many cost in minor units: all by the tier they reach, or each by its own.

    `volume` is the one, `graduated` the other; a flat amount is charged with every tier reached,
    and the first is reached by none at all.

    >>> tiers = [{"up_to": 5, "unit_amount": 500, "flat_amount": 100},
    ...          {"up_to": None, "unit_amount": 400}]
    >>> [int(tiered_cost(tiers, "graduated", count)) for count in (0, 5, 7)]
    [100, 2600, 3400]
    >>> [int(tiered_cost(tiers, "volume", count)) for count in (5, 7)]
    [2600, 2800]
    """
    total, start = Decimal(0), 0
    for tier in tiers:
        end = tier.get("up_to")
        last = not isinstance(end, int) or count <= end
        if mode == "volume" and last:
            return _amount(tier, "unit_amount") * count + _amount(tier, "flat_amount")
        if mode != "volume":
            here = (count if last else int(end or 0)) - start
            total += _amount(tier, "unit_amount") * here + _amount(tier, "flat_amount")
        if last:
            break
        start = int(end or 0)
    return total


def _amount(tier: Tier, name: str) -> Decimal:
    whole, exact = tier.get(name), str(tier.get(f"{name}_decimal"))
    if isinstance(whole, int):
        return Decimal(whole)
    return Decimal(exact) if _DECIMAL.fullmatch(exact) else Decimal(0)
