"""The hidden people and firms that every system's copies are copies of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.columns import (
    filled,
    gather,
    integers,
    join,
    keys,
    masked,
    numbered,
    text,
    when,
)
from understudy.world.entropy import Stream, below, chosen, share
from understudy.world.locales import LOCALES, Locale
from understudy.world.pools import load_pool
from understudy.world.recipe import Recipe
from understudy.world.table import Table

__all__ = ["SOURCES", "Draws", "People", "draw_people"]

Ints = npt.NDArray[np.int64]
SOURCES = ("web_form", "sales_import", "legacy_crm", "partner_list", "api")
"""Where a person's first record came from: mess is keyed by it."""
_SOURCE_WEIGHTS = (44, 18, 20, 10, 8)
_MAIL = ("example.com", "mail.example.com", "example.net", "post.example.net", "example.org")
_MAIL_WEIGHTS = (40, 22, 14, 14, 10)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Draws:
    """The random words of one table in one block."""

    seed: int
    table: str
    block: int

    def stream(self, column: str, purpose: str = "") -> Stream:
        """The stream of one column."""
        return Stream(self.seed, self.table, column, purpose)

    def words(self, column: str, count: int, purpose: str = "") -> npt.NDArray[np.uint64]:
        """Words for one column of this block."""
        return self.stream(column, purpose).words(self.block, count)

    def below(self, column: str, count: int, limit: int | Ints) -> Ints:
        """Whole numbers for one column of this block."""
        return below(self.words(column, count), limit)

    def share(self, column: str, count: int, rate: float) -> npt.NDArray[np.bool_]:
        """Which rows of this block a rate hits."""
        return share(self.words(column, count), rate)

    def keys(self, prefix: str, count: int, length: int = 14) -> pa.Array:
        """Ids of this block as Stripe writes them."""
        return keys(prefix, self.stream("id"), self.block, count, length)

    def numbered(self, start: int, step: int, count: int) -> pa.Array:
        """Ids of this block as HubSpot and Zendesk write them."""
        return numbered(start, step, self.stream("id"), self.block, count)


@dataclass(frozen=True)
class People:
    """The people of one block: first its customers, then its leads, who have bought nothing.

    `firm` is the position of the firm's first employee, who stands for the firm; -1 is a private
    person. `created` is epoch seconds.
    """

    recipe: Recipe
    block: int
    customers: int
    locale: Ints
    firm: Ints
    source: Ints
    plan: Ints
    created: Ints
    columns: dict[str, pa.Array]

    def __len__(self) -> int:
        return len(self.locale)

    @cached_property
    def locales(self) -> list[Locale]:
        """The recipe's locales, in the order that `locale` counts them."""
        return [LOCALES[name] for name in self.recipe.locales]

    @cached_property
    def firms(self) -> Ints:
        """The positions of the people who stand for a firm."""
        return np.flatnonzero(self.firm == np.arange(len(self)))

    def by_locale(self, value: Callable[[Locale], str]) -> pa.Array:
        """One text per person, by locale."""
        return gather(pa.array([value(locale) for locale in self.locales]), self.locale)

    def table(self) -> Table:
        """The hidden table: who has which id in which system."""
        return Table(self.columns, np.arange(len(self), dtype=np.int64))


def draw_people(recipe: Recipe, seed: int, block: int) -> People:
    """The people of a block with everything about them that the systems copy."""
    customers = recipe.customers_in(block)
    count = customers + round(customers * recipe.leads)
    draws = Draws(seed, "people", block)
    firm = _firms(draws, count, recipe.private)
    leader = np.where(firm >= 0, firm, np.arange(count))
    locale = chosen(draws.words("locale", count), list(recipe.locales.values()))[leader]
    plans = [plan.share for plan in recipe.plans.values()]
    ages = np.minimum(*draws.words("created", count * 2).reshape(2, count))
    people = People(
        recipe=recipe,
        block=block,
        customers=customers,
        locale=locale,
        firm=firm,
        source=chosen(draws.words("source", count), _SOURCE_WEIGHTS),
        plan=chosen(draws.words("plan", count), plans)[leader],
        created=recipe.epoch - _DAY - below(ages, recipe.tenure_months * 30 * _DAY),
        columns={},
    )
    for part in (_ids, _identity, _contact, _places, _standing):
        people.columns.update(part(people, draws))
    return people


def _firms(draws: Draws, count: int, private: float) -> Ints:
    """A firm is a run of people: one in three of those who are not private begins a new one."""
    alone = draws.share("private", count, private)
    begins = draws.share("firm", count, 0.35)
    order = np.arange(count)
    workers = np.flatnonzero(~alone)
    starts = begins[workers]
    if len(starts):
        starts[0] = True
    firm = np.full(count, -1, dtype=np.int64)
    leaders = np.maximum.accumulate(np.where(starts, order[workers], 0))
    firm[workers] = leaders
    return firm


def _identity(people: People, draws: Draws) -> dict[str, pa.Array]:
    recipe, count = people.recipe, len(people)
    pools = [load_pool(name) for name in recipe.locales]
    picked = {}
    for kind, column in (("first", "first"), ("last", "last"), ("last", "maiden"), ("job", "job")):
        picked[column] = _picked(pools, kind, people.locale, draws.words(column, count))
    leader = np.where(people.firm >= 0, people.firm, np.arange(count))
    company = _picked(pools, "company", people.locale, draws.words("company", count)[leader])
    family_first = np.array([locale.family_first for locale in people.locales])[people.locale]
    first, last, maiden = (picked[name][0] for name in ("first", "last", "maiden"))
    private = pa.array(people.firm < 0)
    return {
        "firstname": first,
        "lastname": last,
        "name": when(
            family_first, join(last, first, separator=" "), join(first, last, separator=" ")
        ),
        "maiden_name": when(
            family_first, join(maiden, first, separator=" "), join(first, maiden, separator=" ")
        ),
        "slug": join(picked["first"][1], picked["last"][1], separator="."),
        "jobtitle": picked["job"][0],
        "company": pc.if_else(private, pa.scalar(None, pa.string()), company[0]),
        "company_slug": pc.if_else(private, pa.scalar(None, pa.string()), company[1]),
    }


def _picked(
    pools: list[dict[str, pa.Array]], kind: str, locale: Ints, words: npt.NDArray[np.uint64]
) -> tuple[pa.Array, pa.Array]:
    """Values of a kind by locale, and their ASCII forms (or the values again)."""
    sizes = np.array([len(pool[kind]) for pool in pools], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    index = starts[locale] + below(words, sizes[locale])
    plain = f"{kind}_ascii" if f"{kind}_ascii" in pools[0] else kind
    values, written = (
        gather(pa.concat_arrays([pool[name] for pool in pools]), index) for name in (kind, plain)
    )
    return values, written


def _contact(people: People, draws: Draws) -> dict[str, pa.Array]:
    count, columns = len(people), people.columns
    leader = np.where(people.firm >= 0, people.firm, np.arange(count))
    ending = gather(
        pa.array(["example.com", "example.net", "example.org"]),
        draws.below("ending", count, 3)[leader],
    )
    mail = gather(pa.array(_MAIL), chosen(draws.words("mail", count), _MAIL_WEIGHTS))
    domain = join(columns["company_slug"], ending, separator=".")
    number = draws.below("number", count, 90) + 10
    # Two people of one name get a number, as mail providers ask for; in firms it is rare.
    numbered_too = draws.share("numbered", count, 0.35) & (people.firm < 0)
    local = when(numbered_too, join(columns["slug"], text(number)), columns["slug"])
    private = join(columns["slug"], text(number), "@", mail)
    return {
        "domain": domain,
        "email": join(local, "@", pc.coalesce(domain, mail)),
        "private_email": private,
        "phone": masked(
            [locale.phone for locale in people.locales],
            people.locale,
            draws.stream("phone"),
            draws.block,
        ),
    }


def _places(people: People, draws: Draws) -> dict[str, pa.Array]:
    count = len(people)
    leader = np.where(people.firm >= 0, people.firm, np.arange(count))
    pools = [load_pool(name) for name in people.recipe.locales]
    street = _picked(pools, "street", people.locale, draws.words("street", count)[leader])[0]
    city = _picked(pools, "city", people.locale, draws.words("city", count)[leader])[0]
    house = text(draws.below("house", count, 180)[leader] + 1)
    number_first = np.array([locale.number_first for locale in people.locales])[people.locale]
    masks = [locale.postcode for locale in people.locales]
    postcode = masked(masks, people.locale, draws.stream("zip"), draws.block)
    return {
        "address": when(
            number_first, join(house, street, separator=" "), join(street, house, separator=" ")
        ),
        "city": city,
        "zip": gather(postcode, leader),
        "country": people.by_locale(lambda locale: locale.country),
        "country_name": people.by_locale(lambda locale: locale.country_name),
    }


def _ids(people: People, draws: Draws) -> dict[str, pa.Array]:
    count = len(people)
    buys = np.arange(count) < people.customers
    leader = np.where(people.firm >= 0, people.firm, -1)
    of_firm = pa.array(leader, mask=leader < 0)
    ids: dict[str, tuple[int, int]] = {
        "contact_id": (100_000_000, 97),
        "company_id": (7_000_000_000, 89),
        "user_id": (370_000_000_000, 7919),
        "organization_id": (360_000_000_000, 6007),
    }
    columns = {
        name: numbered(start, step, draws.stream(name), draws.block, count)
        for name, (start, step) in ids.items()
    }
    for name in ("company_id", "organization_id"):
        columns[name] = columns[name].take(of_firm)
    customer = keys("cus_", draws.stream("customer_id"), draws.block, count)
    known = buys | draws.share("asks", count, 0.3)
    return {
        "id": join("person_", text(draws.block * (1 << 20) + np.arange(count))),
        **columns,
        "customer_id": filled(customer, buys),
        "user_id": filled(columns["user_id"], known),
    }


def _standing(people: People, draws: Draws) -> dict[str, pa.Array]:
    recipe, count = people.recipe, len(people)
    own = people.by_locale(lambda locale: locale.currency)
    foreign = draws.share("currency", count, recipe.foreign_currency)
    leader = np.where(people.firm >= 0, people.firm, np.arange(count))
    plans = list(recipe.plans)
    return {
        "currency": gather(when(foreign, "usd", own), leader),
        "plan": gather(pa.array(plans), people.plan),
        "tier": gather(pa.array([recipe.plans[plan].tier for plan in plans]), people.plan),
        "locale": people.by_locale(lambda locale: locale.name),
        "language": people.by_locale(lambda locale: locale.language),
        "time_zone": people.by_locale(lambda locale: locale.time_zone),
        "source": gather(pa.array(SOURCES), people.source),
        "created": integers(people.created),
        "firm": integers(people.firm),
    }
