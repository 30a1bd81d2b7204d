"""What is there once per world: plans on sale, sales owners, support staff, macros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from understudy.world.columns import constant, gather, integers, iso, join
from understudy.world.entropy import hashed
from understudy.world.locales import CURRENCIES
from understudy.world.people import Draws
from understudy.world.pools import load_pool
from understudy.world.recipe import Recipe
from understudy.world.table import Table, table_of

__all__ = ["GROUPS", "Catalogue", "draw_catalogue", "price_id"]

GROUPS = ("360000000101", "360000000102", "360000000103")
"""The support groups: billing, technical, account."""
_MACROS = (
    ("Refund granted", "We have refunded {amount}. It takes 5 to 10 days to reach your account."),
    ("Ask for the invoice number", "Could you send us the number of the invoice, please?"),
    ("Copy of an invoice", "Please find the copy of your invoice attached."),
    ("Payment failed", "Your last payment did not go through. Please check your card."),
    ("Address changed", "We have changed the billing address as you asked."),
    ("Hand over to billing", "A colleague from billing looks into this and answers you today."),
    ("Data deletion received", "We have received your request and answer within 30 days."),
    ("Cancelled at period end", "Your subscription ends with the current period."),
)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The shared rows, and the ids that other tables point at."""

    tables: dict[str, Table]
    owners: pa.Array
    staff: pa.Array


def price_id(seed: int, plan: str, currency: str, interval: str) -> str:
    """The id of one list price."""
    return f"price_{hashed(seed, plan, currency, interval):019d}"


def draw_catalogue(recipe: Recipe, seed: int) -> Catalogue:
    """The shared rows; they are block 0 of nobody, so every shard can make them."""
    names = _names(recipe, seed)
    owners = _owners(recipe, seed, names)
    staff = _staff(recipe, seed, names)
    tables = {
        "hubspot.owners": owners,
        "stripe.products": _products(recipe, seed),
        "stripe.prices": _prices(recipe, seed),
        "zendesk.users": staff,
        "zendesk.macros": _macros(),
    }
    return Catalogue(tables, owners.columns["id"], staff.columns["id"])


def _names(recipe: Recipe, seed: int) -> dict[str, pa.Array]:
    draws, count = Draws(seed, "staff", 0), recipe.staff + recipe.owners
    pool = load_pool("en_US")
    first = draws.below("first", count, len(pool["first"]))
    last = draws.below("last", count, len(pool["last"]))
    return {
        "first": gather(pool["first"], first),
        "last": gather(pool["last"], last),
        "email": join(
            gather(pool["first_ascii"], first), ".", gather(pool["last_ascii"], last),
            "@acme.example.com",
        ),
    }  # fmt: skip


def _owners(recipe: Recipe, seed: int, names: dict[str, pa.Array]) -> Table:
    count = recipe.owners
    columns = {
        "id": Draws(seed, "hubspot.owners", 0).numbered(50_000_000, 61, count),
        "email": names["email"][:count],
        "firstName": names["first"][:count],
        "lastName": names["last"][:count],
    }
    return Table(columns, np.full(count, -1, dtype=np.int64))


def _staff(recipe: Recipe, seed: int, names: dict[str, pa.Array]) -> Table:
    count, skip = recipe.staff, recipe.owners
    created = np.full(count, recipe.epoch - recipe.tenure_months * 30 * _DAY, dtype=np.int64)
    roles = ["admin", *["agent"] * (count - 1)]
    columns = {
        "id": Draws(seed, "zendesk.staff", 0).numbered(370_900_000_000, 53, count),
        "name": join(names["first"][skip:], names["last"][skip:], separator=" "),
        "email": names["email"][skip:],
        "phone": pa.nulls(count, pa.string()),
        "role": pa.array(roles),
        "organization_id": pa.nulls(count, pa.string()),
        "tags:json": constant("[]", count),
        "created_at": iso(created),
        "updated_at": iso(created),
        "time_zone": constant("Europe/Berlin", count),
        "locale": constant("en-US", count),
        "notes": pa.nulls(count, pa.string()),
    }
    return Table(columns, np.full(count, -1, dtype=np.int64))


def _products(recipe: Recipe, seed: int) -> Table:
    plans = list(recipe.plans)
    created = recipe.epoch - recipe.tenure_months * 30 * _DAY
    columns = {
        "id": pa.array([f"prod_{hashed(seed, plan):019d}" for plan in plans]),
        "name": pa.array([plan.replace("_", " ").title() for plan in plans]),
        "active": constant(True, len(plans)),
        "created": integers(np.full(len(plans), created, dtype=np.int64)),
    }
    return Table(columns, np.full(len(plans), -1, dtype=np.int64))


def _prices(recipe: Recipe, seed: int) -> Table:
    created = recipe.epoch - recipe.tenure_months * 30 * _DAY
    rows = [
        {
            "id": price_id(seed, plan, currency, interval),
            "product": f"prod_{hashed(seed, plan):019d}",
            "currency": currency,
            "unit_amount": recipe.plans[plan].price * rate // 100 * months,
            "recurring": {"interval": interval},
            "active": True,
            "created": created,
        }
        for plan in recipe.plans
        for currency, rate in CURRENCIES.items()
        for interval, months in (("month", 1), ("year", 10))
    ]
    return table_of("stripe.prices", rows)


def _macros() -> Table:
    rows = [
        {
            "id": str(360_000_010_000 + number),
            "title": title,
            "active": True,
            "actions": [{"field": "comment_value", "value": body}],
        }
        for number, (title, body) in enumerate(_MACROS, 1)
    ]
    return table_of("zendesk.macros", rows)
