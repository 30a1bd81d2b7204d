"""Draws the people of a block; each column is made when a system asks for it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.columns import filled, gather, integers, join, keys, numbered, text, when
from understudy.world.entropy import below, chosen
from understudy.world.locales import Locale
from understudy.world.people import SOURCES, Draws, Lazy, People
from understudy.world.recipe import Recipe
from understudy.world.shelves import kind_shelf, mask_halves, mask_shelf, stitched

__all__ = ["draw_people"]

Ints = npt.NDArray[np.int64]
Maker = Callable[[People], pa.Array]
_MAIL = ("example.com", "mail.example.com", "example.net", "post.example.net", "example.org")
_ENDINGS = ("example.com", "example.net", "example.org")
_MAIL_WEIGHTS = (40, 22, 14, 14, 10)
_DAY = 86_400
_NUMBERS = ("", *(str(number) for number in range(10, 100)))
_HOUSES = 180


def draw_people(recipe: Recipe, seed: int, block: int) -> People:
    """The people of a block with everything about them that the systems copy."""
    customers = recipe.customers_in(block)
    count = customers + round(customers * recipe.leads)
    draws = Draws(seed, "people", block)
    firm = _firms(draws, count, recipe.private)
    # Each private person's firm is -1: with the position and one more that is the position.
    leader = firm + (np.arange(count) + 1) * (firm < 0)
    ages = np.minimum(*draws.words("created", 2 * count).reshape(2, count))
    people = People(
        recipe=recipe,
        block=block,
        customers=customers,
        locale=chosen(draws.words("locale", count), list(recipe.locales.values()))[leader],
        firm=firm,
        leader=leader,
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
    begins &= ~alone
    begins[np.argmin(alone)] = not alone.all()
    firm = np.maximum.accumulate(np.arange(count) * begins)
    firm *= ~alone
    firm -= alone
    return firm


def _company(form: str, people: People) -> pa.Array:
    """The firm's name, or its form in ASCII letters; private people have none."""
    names = people.shelf(f"company{form}").values
    return names.take(pa.array(people.employer, mask=people.private))


def _first(people: People) -> pa.Array:
    return gather(people.shelf("first").values, people.first)


def _last(people: People) -> pa.Array:
    return gather(people.shelf("last").values, people.last)


def _maiden(people: People) -> Ints:
    return people.pick("last", people.draws.words("maiden", len(people)))


def _name(people: People) -> pa.Array:
    return _written(people, people.last)


def _maiden_name(people: People) -> pa.Array:
    return _written(people, _maiden(people))


def _written(people: People, last: Ints) -> pa.Array:
    """First and last name, in the order that the place has them."""
    pool, firsts = _name_parts(tuple(people.recipe.locales))
    names = people.first, firsts + last
    before, behind = (np.where(people.family_first, *pair) for pair in (names[::-1], names))
    return stitched(pool, before, np.full(len(people), len(pool) - 1), behind)


@lru_cache(maxsize=64)
def _name_parts(locales: tuple[str, ...]) -> tuple[pa.Array, int]:
    """First names, last names and a space, and where the last names begin."""
    first, last = (kind_shelf(locales, kind).values for kind in ("first", "last"))
    return pa.concat_arrays([first, last, pa.array([" "])]), len(first)


@dataclass(frozen=True, slots=True, eq=False)
class _Mail:
    """All that stands in e-mail addresses, in one array, and where each sort of it begins."""

    parts: pa.Array
    last: int
    firm: int
    private: int


@lru_cache(maxsize=64)
def _mail_parts(locales: tuple[str, ...]) -> _Mail:
    first, last = (kind_shelf(locales, f"{kind}_ascii").values for kind in ("first", "last"))
    firms, private = _domains(locales), [f"{n}@{host}" for n in _NUMBERS for host in _MAIL]
    parts = pa.concat_arrays([join(first, "."), last, join("@", firms), pa.array(private)])
    begins = len(first) + len(last)
    return _Mail(parts, len(first), begins, begins + len(firms))


@lru_cache(maxsize=64)
def _domains(locales: tuple[str, ...]) -> pa.Array:
    """Every firm's domains: one for each ending."""
    names = kind_shelf(locales, "company_ascii").values
    name, ending = np.divmod(np.arange(len(names) * len(_ENDINGS)), len(_ENDINGS))
    return join(gather(names, name), gather(pa.array(_ENDINGS), ending), separator=".")


def _domain_place(people: People) -> Ints:
    endings = below(people.of_firm("ending"), len(_ENDINGS))
    return people.employer * len(_ENDINGS) + endings


def _domain(people: People) -> pa.Array:
    names = _domains(tuple(people.recipe.locales))
    return names.take(pa.array(_domain_place(people), mask=people.private))


def _slug(people: People) -> pa.Array:
    mail = _mail_parts(tuple(people.recipe.locales))
    return stitched(mail.parts, people.first, mail.last + people.last)


def _email(people: People) -> pa.Array:
    """`first.last@host`: the firm's domain, or a mail provider's with or without a number."""
    mail, private = _mail_parts(tuple(people.recipe.locales)), np.flatnonzero(people.private)
    hosts = mail.firm + _domain_place(people)
    # Two people of one name get a number, as mail providers ask for.
    numbers = _mail_numbers(people, len(private))
    numbers *= people.draws.share("numbered", len(private), 0.35)
    hosts[private] = mail.private + numbers * len(_MAIL) + _mail_hosts(people, len(private))
    return stitched(mail.parts, people.first, mail.last + people.last, hosts)


def _private_email(people: People) -> pa.Array:
    """Another address, which a person of a firm has too; always with a number."""
    mail, count = _mail_parts(tuple(people.recipe.locales)), len(people)
    hosts = _mail_numbers(people, count, "private") * len(_MAIL)
    hosts += mail.private + _mail_hosts(people, count, "private")
    return stitched(mail.parts, people.first, mail.last + people.last, hosts)


def _mail_numbers(people: People, count: int, purpose: str = "") -> Ints:
    return below(people.draws.words("number", count, purpose), len(_NUMBERS) - 1) + 1


def _mail_hosts(people: People, count: int, purpose: str = "") -> Ints:
    return chosen(people.draws.words("mail", count, purpose), _MAIL_WEIGHTS)


def _phone(people: People) -> pa.Array:
    shelves = mask_halves(tuple(locale.phone for locale in people.locales))
    halves = [
        shelf.pick(people.locale, people.draws.words("phone", len(people), half))
        for shelf, half in zip(shelves, ("head", "tail"), strict=True)
    ]
    return stitched(shelves[0].values, *halves)


def _zip(people: People) -> pa.Array:
    shelf = mask_shelf(tuple(locale.postcode for locale in people.locales))
    return gather(shelf.values, shelf.pick(people.locale, people.of_firm("zip")))


def _city(people: People) -> pa.Array:
    return gather(people.shelf("city").values, people.pick("city", people.of_firm("city")))


def _address(people: People) -> pa.Array:
    """The street with its number before or behind it, as the place has it."""
    parts = _street_parts(tuple(people.recipe.locales))
    street = people.pick("street", people.of_firm("street"))
    house = len(parts) - 2 * _HOUSES + below(people.of_firm("house"), _HOUSES)
    first = np.array([locale.number_first for locale in people.locales])[people.locale]
    # What numpy's `where` does, in a third of its time.
    before, behind = street + (house - street) * first, house + _HOUSES
    return stitched(parts, before, behind + (street - behind) * first)


@lru_cache(maxsize=64)
def _street_parts(locales: tuple[str, ...]) -> pa.Array:
    """All streets, then the numbers as they stand before one, then as they stand behind one."""
    houses = range(1, _HOUSES + 1)
    written = [*(f"{number} " for number in houses), *(f" {number}" for number in houses)]
    return pa.concat_arrays([kind_shelf(locales, "street").values, pa.array(written)])


def _job(people: People) -> pa.Array:
    words = people.draws.words("job", len(people))
    return gather(people.shelf("job").values, people.pick("job", words))


def _id(people: People) -> pa.Array:
    return join("person_", text(people.block * (1 << 20) + np.arange(len(people))))


def _numbered(column: str, start: int, step: int, people: People) -> pa.Array:
    return numbered(start, step, people.draws.stream(column), people.block, len(people))


def _firm_id(column: str, start: int, step: int, people: People) -> pa.Array:
    own = _numbered(column, start, step, people)
    return own.take(pa.array(people.firm, mask=people.private))


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
    "firstname": _first,
    "lastname": _last,
    "name": _name,
    "maiden_name": _maiden_name,
    "slug": _slug,
    "jobtitle": _job,
    "company": partial(_company, ""),
    "company_slug": partial(_company, "_ascii"),
    "domain": _domain,
    "email": _email,
    "private_email": _private_email,
    "phone": _phone,
    "address": _address,
    "city": _city,
    "zip": _zip,
    "country": partial(_by_locale, lambda locale: locale.country),
    "country_name": partial(_by_locale, lambda locale: locale.country_name),
    "currency": _currency,
    "plan": partial(_by_plan, lambda recipe: list(recipe.plans)),
    "tier": partial(_by_plan, lambda recipe: [plan.tier for plan in recipe.plans.values()]),
    "locale": partial(_by_locale, lambda locale: locale.name),
    "language": partial(_by_locale, lambda locale: locale.language),
    "time_zone": partial(_by_locale, lambda locale: locale.time_zone),
    "source": lambda people: gather(pa.array(list(SOURCES)), people.source),
    "created": lambda people: integers(people.created),
    "firm": lambda people: integers(people.firm),
}
