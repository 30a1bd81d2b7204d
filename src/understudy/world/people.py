"""The hidden people and firms that every system's copies are copies of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.columns import gather, keys, numbered
from understudy.world.entropy import Halves, Stream, below, chosen, share
from understudy.world.locales import LOCALES, Locale
from understudy.world.recipe import Recipe
from understudy.world.shelves import Shelf, kind_shelf
from understudy.world.table import Table

__all__ = ["SOURCES", "Draws", "Lazy", "People"]

Ints = npt.NDArray[np.int64]
SOURCES = {"web_form": 44, "sales_import": 18, "legacy_crm": 20, "partner_list": 10, "api": 8}
"""Where people's first records came from, and how often: mess is keyed by it."""


@dataclass(frozen=True, slots=True)
class Draws:
    """The random words of one table in one block."""

    seed: int
    table: str
    block: int

    def stream(self, column: str, purpose: str = "") -> Stream:
        """The stream of one column."""
        return Stream(self.seed, self.table, column, purpose)

    def words(self, column: str, count: int, purpose: str = "") -> Halves:
        """Words for one column of this block."""
        return self.stream(column, purpose).halves(self.block, count)

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


class Lazy(Mapping[str, pa.Array]):
    """Columns that are made when they are first asked for."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[], pa.Array]] = {}
        self._made: dict[str, pa.Array] = {}

    def add(self, name: str, maker: Callable[[], pa.Array]) -> None:
        """Say how a column is made."""
        self._makers[name] = maker

    def __getitem__(self, name: str) -> pa.Array:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True)
class People:
    """The people of one block: first its customers, then its leads, who have bought nothing.

    `firm` is the position of the firm's first employee, who stands for the firm; -1 is a private
    person, and `leader` is the same, but the own position for these. `created` is epoch seconds.
    """

    recipe: Recipe
    block: int
    customers: int
    locale: Ints
    firm: Ints
    leader: Ints
    created: Ints
    draws: Draws
    columns: Lazy

    def __len__(self) -> int:
        return len(self.locale)

    @cached_property
    def locales(self) -> list[Locale]:
        """The recipe's locales, in the order that `locale` counts them."""
        return [LOCALES[name] for name in self.recipe.locales]

    @cached_property
    def private(self) -> npt.NDArray[np.bool_]:
        """Who works for no firm."""
        return self.firm < 0

    @cached_property
    def source(self) -> Ints:
        """Which of `SOURCES` each person's first record came from."""
        return chosen(self.draws.words("source", len(self)), list(SOURCES.values()))

    @cached_property
    def plan(self) -> Ints:
        """Which of the recipe's plans each person's firm has."""
        shares = [plan.share for plan in self.recipe.plans.values()]
        return chosen(self.draws.words("plan", len(self)), shares)[self.leader]

    @cached_property
    def first(self) -> Ints:
        """Where each first name stands on its shelf."""
        return self.pick("first", self.draws.words("first", len(self)))

    @cached_property
    def last(self) -> Ints:
        """Where each last name stands on its shelf."""
        return self.pick("last", self.draws.words("last", len(self)))

    @cached_property
    def employer(self) -> Ints:
        """Where the name of each person's firm stands on its shelf."""
        return self.pick("company", self.of_firm("company"))

    def of_firm(self, column: str) -> Halves:
        """A word for each row of a column in which all people of a firm have the same value."""
        return self.draws.words(column, len(self)).take(self.leader)

    def pick(self, kind: str, words: Halves) -> Ints:
        """Where the value of a kind stands that each word draws for its row's locale."""
        return self.shelf(kind).pick(self.locale, words)

    def shelf(self, kind: str) -> Shelf:
        """The values of a kind in all locales of the recipe."""
        return kind_shelf(tuple(self.recipe.locales), kind)

    @cached_property
    def family_first(self) -> npt.NDArray[np.bool_]:
        """Who writes the family name first."""
        return np.array([locale.family_first for locale in self.locales])[self.locale]

    @cached_property
    def firms(self) -> Ints:
        """The positions of the people who stand for a firm."""
        return np.flatnonzero(self.firm == np.arange(len(self)))

    def of(self, rows: Ints) -> Mapping[str, pa.Array]:
        """The columns of some people, each gathered when it is asked for."""
        found = Lazy()
        for name in self.columns:
            found.add(name, partial(self._gathered, name, rows))
        return found

    def _gathered(self, name: str, rows: Ints) -> pa.Array:
        return gather(self.columns[name], rows)

    def by_locale(self, value: Callable[[Locale], str]) -> pa.Array:
        """One text per person, by locale."""
        return gather(pa.array([value(locale) for locale in self.locales]), self.locale)

    def table(self) -> Table:
        """The hidden table: who has which id in which system."""
        return Table(dict(self.columns), np.arange(len(self), dtype=np.int64))
