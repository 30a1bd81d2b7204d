"""The finance system's standing tables: customers and their subscriptions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.catalogue import price_id
from understudy.world.columns import filled, gather, integers, join, when
from understudy.world.entropy import share
from understudy.world.locales import CURRENCIES
from understudy.world.people import Draws, People
from understudy.world.recipe import Recipe
from understudy.world.table import Table

__all__ = [
    "Contract",
    "draw_contracts",
    "draw_customers",
    "months_after",
    "periods_begun",
    "unit_price",
]

Ints = npt.NDArray[np.int64]
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Contract:
    """The subscriptions of one block, one for each customer, with what invoices need of them."""

    table: Table
    currency: pa.Array
    unit: Ints
    seats: Ints
    yearly: npt.NDArray[np.bool_]
    begins: Ints
    ends: Ints
    """When it was cancelled, or the world's present."""


def unit_price(recipe: Recipe, plan: Ints, currency: pa.Array) -> Ints:
    """The list price per seat and month in minor units of each row's currency."""
    rates = np.array(list(CURRENCIES.values()), dtype=np.int64)
    which = pc.index_in(currency, pa.array(list(CURRENCIES)))
    prices = np.array([item.price for item in recipe.plans.values()], dtype=np.int64)
    chosen_rates = rates[np.asarray(which.to_numpy(zero_copy_only=False), dtype=np.int64)]
    return np.asarray(prices[plan] * chosen_rates // 100, dtype=np.int64)


def months_after(begins: Ints, months: Ints) -> Ints:
    """The same day and time some months later; days after the 28th become the 28th.

    >>> import numpy as np
    >>> str(np.datetime64(months_after(np.array([1_769_860_800]), np.array([1])).item(), "s"))
    '2026-02-28T12:00:00'
    """
    moments = begins.astype("datetime64[s]")
    month = moments.astype("datetime64[M]")
    offset = (moments - month.astype("datetime64[s]")).astype(np.int64)
    day = np.minimum(offset // _DAY, 27) * _DAY + offset % _DAY
    return np.asarray((month + months).astype("datetime64[s]").astype(np.int64) + day)


def draw_customers(people: People, delinquent: npt.NDArray[np.bool_], seed: int) -> Table:
    """One customer for each person who buys; metadata holds the CRM's id."""
    count = people.customers
    draws = Draws(seed, "stripe.customers", people.block)
    of = people.of(np.arange(count, dtype=np.int64))
    credit = np.where(
        draws.share("balance", count, 0.03),
        -(100 + draws.below("credit", count, 4900)) * _scale(of["currency"]),
        0,
    )
    columns = {
        "id": of["customer_id"],
        "created": integers(people.created[:count] + 2 * 3600),
        "email": of["email"],
        "name": pc.coalesce(
            filled(of["company"], draws.share("named", count, 0.5)), of["name"]
        ),
        "phone": of["phone"],
        "currency": of["currency"],
        "balance": integers(credit),
        "delinquent": pa.array(delinquent),
        "description": filled(
            join(of["plan"], of["name"], separator=" / "), draws.share("described", count, 0.3)
        ),
        "address.line1": of["address"],
        "address.city": of["city"],
        "address.postal_code": of["zip"],
        "address.country": of["country"],
        "metadata.crm_contact_id": of["contact_id"],
        "metadata.plan": of["plan"],
        "metadata.tier": of["tier"],
    }  # fmt: skip
    return Table(columns, np.arange(count, dtype=np.int64))


def _scale(currency: pa.Array) -> Ints:
    """Credits are whole units in yen and tenths in dinars, so that they stay payable."""
    return np.where(np.asarray(pc.equal(currency, "kwd")), 10, 1)


def draw_contracts(people: People, seed: int) -> Contract:
    """One subscription for each customer; some are cancelled, some billed by the year."""
    recipe, count = people.recipe, people.customers
    draws = Draws(seed, "stripe.subscriptions", people.block)
    begins = np.minimum(people.created[:count] + 3 * _DAY, recipe.epoch - _DAY)
    yearly = draws.share("yearly", count, recipe.yearly)
    gone = draws.share("cancelled", count, recipe.cancelled)
    until = begins + 1 + draws.below("until", count, np.maximum(recipe.epoch - begins - 1, 1))
    ends = np.where(gone, until, recipe.epoch)
    most = np.array([plan.seats for plan in recipe.plans.values()], dtype=np.int64)
    seats = 1 + draws.below("quantity", count, most[people.plan[:count]])
    currency = people.columns["currency"][:count]
    months = np.where(yearly, 12, 1)
    done = _periods(begins, ends, months) - 1
    leaving = share(draws.words("leaving", count), 0.03) & ~gone
    columns = {
        "id": draws.keys("sub_1", count, 23),
        "customer": people.columns["customer_id"][:count],
        "status": when(gone, "canceled", "active"),
        "created": integers(begins),
        "current_period_start": integers(months_after(begins, done * months)),
        "current_period_end": integers(months_after(begins, (done + 1) * months)),
        "cancel_at_period_end": pa.array(leaving),
        "price": _price_ids(recipe, seed, people.plan[:count], currency, yearly),
        "quantity": integers(seats),
        "currency": currency,
    }
    unit = unit_price(recipe, people.plan[:count], currency) * np.where(yearly, 10, 1)
    table = Table(columns, np.arange(count, dtype=np.int64))
    return Contract(table, currency, unit, seats, yearly, begins, ends)


def _periods(begins: Ints, ends: Ints, months: Ints) -> Ints:
    """How many periods have begun by `ends`; at least one."""
    first = begins.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    last = ends.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    passed = (last - first) // months
    early = months_after(begins, passed * months) > ends
    return np.asarray(np.maximum(passed - early + 1, 1), dtype=np.int64)


def _price_ids(
    recipe: Recipe, seed: int, plan: Ints, currency: pa.Array, yearly: npt.NDArray[np.bool_]
) -> pa.Array:
    codes = list(CURRENCIES)
    ids = [
        price_id(seed, name, code, interval)
        for name in recipe.plans
        for code in codes
        for interval in ("month", "year")
    ]
    code = np.asarray(pc.index_in(currency, pa.array(codes)).to_numpy(zero_copy_only=False))
    return gather(pa.array(ids), (plan * len(codes) + code) * 2 + yearly)


def periods_begun(contract: Contract) -> Ints:
    """How many periods of each subscription have begun."""
    return _periods(contract.begins, contract.ends, np.where(contract.yearly, 12, 1))
