"""The clean, consistent world: every table of a block, and all blocks together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from understudy.world.billing import draw_bills, draw_payments
from understudy.world.catalogue import draw_catalogue
from understudy.world.crm import draw_crm
from understudy.world.finance import draw_contracts, draw_customers
from understudy.world.happenings import draw_events
from understudy.world.population import draw_people
from understudy.world.recipe import Recipe
from understudy.world.schema import PEOPLE, TABLES
from understudy.world.support import draw_support
from understudy.world.table import Table, join_tables, table_of

__all__ = ["EXTRA", "SHARED", "Block", "Truth", "build_block", "build_shared", "build_truth"]

SHARED = -1
"""The number of the block with what is there once per world."""
EXTRA = -2
"""The number of the block with the rows that were added by hand."""


_REFERENCES = (
    ("customer", "customer_id"),
    ("requester_id", "user_id"),
    ("author_id", "user_id"),
    ("id", "contact_id"),
    ("id", "customer_id"),
    ("id", "user_id"),
    ("metadata.crm_contact_id", "contact_id"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """All tables of some customers; nothing in it points at another block but the shared one."""

    number: int
    tables: Mapping[str, Table]


def build_shared(recipe: Recipe, seed: int) -> Block:
    """Owners, staff, products, prices and macros."""
    return Block(SHARED, draw_catalogue(recipe, seed).tables)


def build_block(recipe: Recipe, seed: int, number: int) -> Block:
    """One block of customers with everything about them; equal whatever else is built."""
    catalogue = draw_catalogue(recipe, seed)
    people = draw_people(recipe, seed, number)
    contract = draw_contracts(people, seed)
    bills = draw_bills(people, contract, seed)
    delinquent = np.zeros(people.customers, dtype=bool)
    delinquent[bills.who[~bills.paid]] = True
    tables = draw_payments(bills, contract, seed)
    tables["stripe.customers"] = draw_customers(people, delinquent, seed)
    tables["stripe.subscriptions"] = contract.table
    tables |= draw_events(people, tables, seed)
    tables |= draw_crm(people, catalogue, seed)
    tables |= draw_support(people, catalogue, seed)
    tables[PEOPLE] = people.table()
    return Block(number, tables)


@dataclass(slots=True)
class Truth:
    """The clean world, block by block, and the rows that were added to it."""

    recipe: Recipe
    seed: int
    blocks: tuple[Block, ...]
    added: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The tables that have rows, in the order of the schema."""
        known = {name for block in self.blocks for name in block.tables} | set(self.added)
        return [name for name in (*TABLES, PEOPLE) if name in known]

    def table(self, name: str) -> Table:
        """A table of the whole world, added rows last."""
        parts = [
            block.tables[name]
            for block in self.all_blocks()
            if name in block.tables and not (block.number == EXTRA and name == PEOPLE)
        ]
        return join_tables(name, parts)

    def all_blocks(self) -> Iterator[Block]:
        """Every block, the added rows as the last one."""
        yield from self.blocks
        if self.added:
            yield Block(EXTRA, self._added_tables())

    def _added_tables(self) -> dict[str, Table]:
        """The added rows, each with the person it is about where an id tells it."""
        people = join_tables(PEOPLE, [b.tables[PEOPLE] for b in self.blocks if PEOPLE in b.tables])
        tables = {}
        for name, rows in self.added.items():
            table = table_of(name, rows)
            tables[name] = Table(table.columns, _about(table, people))
        return {**tables, PEOPLE: people}

    def columns_added(self) -> dict[str, list[str]]:
        """The columns beyond the schema that the added rows have, by table."""
        return {
            name: [column for column in table_of(name, rows).columns if column not in TABLES[name]]
            for name, rows in self.added.items()
        }

    def rows(self, name: str) -> Mapping[str, dict[str, Any]]:
        """A table's rows by id, nested as the systems are given them."""
        if name not in self._rows:
            self._rows[name] = {row["id"]: row for row in self.table(name).rows()}
        return self._rows[name]

    def get(self, name: str, row_id: str) -> dict[str, Any] | None:
        """One row, or None."""
        return self.rows(name).get(row_id)

    def add_rows(self, name: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put rows under a table's own ones and return their ids.

        Raises `ValueError` for an unknown table, a row without a text `id` and an id that is there.
        """
        if name not in TABLES:
            raise ValueError(f"there is no table `{name}` in a world")
        known = self.rows(name)
        for row in rows:
            row_id = row.get("id")
            if not isinstance(row_id, str) or not row_id:
                raise ValueError(f"a row of `{name}` needs a text `id`, got `{row_id!r}`")
            if row_id in known:
                raise ValueError(f"`{name}` has a row `{row_id}` already")
            self._rows[name][row_id] = dict(row)
            self.added.setdefault(name, []).append(dict(row))
        return [row["id"] for row in rows]


def _about(table: Table, people: Table) -> npt.NDArray[np.int64]:
    """The position of the person behind each row, by the first reference that names one."""
    found = np.full(len(table), -1, dtype=np.int64)
    for column, known in _REFERENCES:
        if column in table.columns:
            place = pc.index_in(table.columns[column], people.columns[known], skip_nulls=True)
            where = np.asarray(pc.fill_null(place, -1), dtype=np.int64)
            found = np.where(found < 0, where, found)
    return found


def build_truth(recipe: Recipe, seed: int, numbers: Sequence[int] | None = None) -> Truth:
    """The clean world in memory: all of it, or the shared rows and the blocks of `numbers`."""
    blocks = [build_shared(recipe, seed)]
    wanted = range(recipe.blocks()) if numbers is None else numbers
    blocks += [build_block(recipe, seed, number) for number in wanted]
    return Truth(recipe, seed, tuple(blocks))
