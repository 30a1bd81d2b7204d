"""Draws the people of a block; each column is made when a system asks for it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import lru_cache, partial

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
from understudy.world.entropy import below, chosen
from understudy.world.locales import Locale
from understudy.world.people import Draws, Lazy, People
from understudy.world.pools import load_pool
from understudy.world.recipe import Recipe

__all__ = ["SOURCES", "draw_people"]

Ints = npt.NDArray[np.int64]
Maker = Callable[[People], pa.Array]
SOURCES = ("web_form", "sales_import", "legacy_crm", "partner_list", "api")
"""Where a person's first record came from: mess is keyed by it."""
_SOURCE_WEIGHTS = (44, 18, 20, 10, 8)
_MAIL = ("example.com", "mail.example.com", "example.net", "post.example.net", "example.org")
_MAIL_WEIGHTS = (40, 22, 14, 14, 10)
_ENDINGS = ("example.com", "example.net", "example.org")
_DAY = 86_400
_NUMBERS = pa.array(["", *(str(number) for number in range(10, 100))])
_HOSTS = pa.array([*(f".{ending}" for ending in _ENDINGS), *_MAIL])
_HOUSES_BEFORE = pa.array(["", *(f"{number} " for number in range(1, 181))])
_HOUSES_BEHIND = pa.array(["", *(f" {number}" for number in range(1, 181))])


def draw_people(recipe: Recipe, seed: int, block: int) -> People:
    """The people of a block with everything about them that the systems copy."""
    customers = recipe.customers_in(block)
    count = customers + round(customers * recipe.leads)
    draws = Draws(seed, "people", block)
    firm = _firms(draws, count, recipe.private)
    leader = np.where(firm >= 0, firm, np.arange(count))
    plans = [plan.share for plan in recipe.plans.values()]
    ages = np.minimum(*draws.words("created", count * 2).reshape(2, count))
    people = People(
        recipe=recipe,
        block=block,
        customers=customers,
        locale=chosen(draws.words("locale", count), list(recipe.locales.values()))[leader],
        firm=firm,
        source=chosen(draws.words("source", count), _SOURCE_WEIGHTS),
        plan=chosen(draws.words("plan", count), plans)[leader],
        created=recipe.epoch - _DAY - below(ages, recipe.tenure_months * 30 * _DAY),
        draws=draws,
        columns=Lazy(),
    )
    # A weak reference: a block's memory is given back at once, not when cycles are looked for.
    owner = weakref.proxy(people)
    for name, make in _COLUMNS.items():
        people.columns.add(name, partial(make, owner))
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


@lru_cache(maxsize=256)
def _pool(locales: tuple[str, ...], kind: str) -> pa.Array:
    return pa.concat_arrays([load_pool(name)[kind] for name in locales])


def _picked(
    kind: str, column: str, people: People, *, form: str = "", of_firm: bool = False
) -> pa.Array:
    """A value of a kind by locale; with a form, its ASCII letters; of the firm or one's own."""
    locales = tuple(people.recipe.locales)
    words = people.draws.words(column, len(people))
    if of_firm:
        words = words[people.leader]
    sizes = np.array([len(load_pool(name)[kind]) for name in locales], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    return gather(
        _pool(locales, kind + form), starts[people.locale] + below(words, sizes[people.locale])
    )


def _firm_only(maker: Maker, people: People) -> pa.Array:
    return filled(maker(people), people.firm >= 0)


def _name(last: Maker, people: People) -> pa.Array:
    first, family = people.columns["firstname"], last(people)
    return when(
        people.family_first,
        join(family, first, separator=" "),
        join(first, family, separator=" "),
    )


def _slug(people: People) -> pa.Array:
    first = _picked("first", "first", people, form="_ascii")
    return join(first, _picked("last", "last", people, form="_ascii"), separator=".")


def _domain(people: People) -> pa.Array:
    endings = people.draws.below("ending", len(people), 3)[people.leader]
    return join(people.columns["company_slug"], gather(pa.array(_ENDINGS), endings), separator=".")


def _mail(people: People) -> pa.Array:
    return gather(pa.array(_MAIL), chosen(people.draws.words("mail", len(people)), _MAIL_WEIGHTS))


def _number(people: People) -> pa.Array:
    return text(people.draws.below("number", len(people), 90) + 10)


def _email(people: People) -> pa.Array:
    """`first.last@host` in one join: every part is gathered, and empty where it does not apply."""
    count, draws, private = len(people), people.draws, people.firm < 0
    # Two people of one name get a number, as mail providers ask for; in firms it is rare.
    numbers = np.where(
        draws.share("numbered", count, 0.35) & private, draws.below("number", count, 90) + 1, 0
    )
    endings = draws.below("ending", count, 3)[people.leader]
    mails = len(_ENDINGS) + chosen(draws.words("mail", count), _MAIL_WEIGHTS)
    return join(
        _picked("first", "first", people, form="_ascii"),
        ".",
        _picked("last", "last", people, form="_ascii"),
        gather(_NUMBERS, numbers),
        "@",
        pc.fill_null(people.columns["company_slug"], ""),
        gather(_HOSTS, np.where(private, mails, endings)),
    )


def _private_email(people: People) -> pa.Array:
    return join(people.columns["slug"], _number(people), "@", _mail(people))


def _masked(value: Callable[[Locale], str], column: str, people: People) -> pa.Array:
    masks = [value(locale) for locale in people.locales]
    return masked(masks, people.locale, people.draws.stream(column), people.block)


def _zip(people: People) -> pa.Array:
    return gather(_masked(lambda locale: locale.postcode, "zip", people), people.leader)


def _address(people: People) -> pa.Array:
    """The street with its number before or behind it, as the place has it."""
    street = _picked("street", "street", people, of_firm=True)
    house = people.draws.below("house", len(people), 180)[people.leader] + 1
    first = np.array([locale.number_first for locale in people.locales])[people.locale]
    before, behind = (np.where(mask, house, 0) for mask in (first, ~first))
    return join(gather(_HOUSES_BEFORE, before), street, gather(_HOUSES_BEHIND, behind))


def _id(people: People) -> pa.Array:
    return join("person_", text(people.block * (1 << 20) + np.arange(len(people))))


def _numbered(column: str, start: int, step: int, people: People) -> pa.Array:
    return numbered(start, step, people.draws.stream(column), people.block, len(people))


def _firm_id(column: str, start: int, step: int, people: People) -> pa.Array:
    own = _numbered(column, start, step, people)
    return own.take(pa.array(people.firm, mask=people.firm < 0))


def _user_id(people: People) -> pa.Array:
    buys = np.arange(len(people)) < people.customers
    known = buys | people.draws.share("asks", len(people), 0.3)
    return filled(_numbered("user_id", 370_000_000_000, 7919, people), known)


def _customer_id(people: People) -> pa.Array:
    ids = keys("cus_", people.draws.stream("customer_id"), people.block, len(people))
    return filled(ids, np.arange(len(people)) < people.customers)


def _currency(people: People) -> pa.Array:
    own = people.by_locale(lambda locale: locale.currency)
    foreign = people.draws.share("currency", len(people), people.recipe.foreign_currency)
    return gather(when(foreign, "usd", own), people.leader)


def _by_plan(values: Callable[[Recipe], list[str]], people: People) -> pa.Array:
    return gather(pa.array(values(people.recipe)), people.plan)


def _by_locale(value: Callable[[Locale], str], people: People) -> pa.Array:
    return people.by_locale(value)


_COLUMNS: dict[str, Maker] = {
    "id": _id,
    "contact_id": partial(_numbered, "contact_id", 100_000_000, 97),
    "company_id": partial(_firm_id, "company_id", 7_000_000_000, 89),
    "user_id": _user_id,
    "organization_id": partial(_firm_id, "organization_id", 360_000_000_000, 6007),
    "customer_id": _customer_id,
    "firstname": partial(_picked, "first", "first"),
    "lastname": partial(_picked, "last", "last"),
    "name": partial(_name, lambda people: people.columns["lastname"]),
    "maiden_name": partial(_name, partial(_picked, "last", "maiden")),
    "slug": _slug,
    "jobtitle": partial(_picked, "job", "job"),
    "company": partial(_firm_only, partial(_picked, "company", "company", of_firm=True)),
    "company_slug": partial(
        _firm_only, partial(_picked, "company", "company", form="_ascii", of_firm=True)
    ),
    "domain": _domain,
    "email": _email,
    "private_email": _private_email,
    "phone": partial(_masked, lambda locale: locale.phone, "phone"),
    "address": _address,
    "city": partial(_picked, "city", "city", of_firm=True),
    "zip": _zip,
    "country": partial(_by_locale, lambda locale: locale.country),
    "country_name": partial(_by_locale, lambda locale: locale.country_name),
    "currency": _currency,
    "plan": partial(_by_plan, lambda recipe: list(recipe.plans)),
    "tier": partial(_by_plan, lambda recipe: [plan.tier for plan in recipe.plans.values()]),
    "locale": partial(_by_locale, lambda locale: locale.name),
    "language": partial(_by_locale, lambda locale: locale.language),
    "time_zone": partial(_by_locale, lambda locale: locale.time_zone),
    "source": lambda people: gather(pa.array(SOURCES), people.source),
    "created": lambda people: integers(people.created),
    "firm": lambda people: integers(people.firm),
}
