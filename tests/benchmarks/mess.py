"""The parts of MESS-1M: contacts of 12 columns, seven kinds of damage, Parquet, and their floor."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.csv import CSVWriter

from understudy.world.damage import damage_draft
from understudy.world.draft import LEDGER, Draft
from understudy.world.entropy import below
from understudy.world.heap import one_heap
from understudy.world.pools import load_pool
from understudy.world.population import draw_people
from understudy.world.profile import Profile
from understudy.world.recipe import Recipe
from understudy.world.table import Table

__all__ = [
    "WIDTH",
    "block",
    "contacts",
    "damaged",
    "floor",
    "one_thread",
    "recipe",
    "saved",
    "written",
]

_BLOCK = 65_536
CONTACTS = "hubspot.contacts"
COLUMNS = {
    "customer_id": "contact_id", "first_name": "firstname", "last_name": "lastname",
    "email": "email", "phone": "phone", "company": "company", "street": "address", "city": "city",
    "postcode": "zip", "country": "country_name", "created_at": "created",
}  # fmt: skip
"""The workload's columns, and the hidden people's columns that they are; `credit_limit` is the
twelfth, which no system of a world has."""
WIDTH = len(COLUMNS) + 1
_SEED = 1
_HEAP = ExitStack()
_WORDS = 11
_KEYED = {"on": "country", "rates": {"Deutschland": "6%", "日本": "4%", "United States": "1%"}}
_CELLS: dict[str, Any] = {
    "phone": [{"op": "null_explicit", "rate": "5%"}],
    "last_name": [{"op": "typo_keyboard", "rate": "3%"}],
    "city": [{"op": "mojibake", "rate": "1%"}],
    "credit_limit": [{"op": "currency_unit_slip", "rate": "1%", "options": {"grows": "100%"}}],
    "email": [{"op": "typo_keyboard", "rate": "1%", **_KEYED}],
    "postcode": [
        {"op": "null_explicit", "rate": "8%", "longer_than": 5, "otherwise": "2.4%"},
    ],
    "company": [{"op": "escape_artifact", "rate": "1%"}],
}
"""Two of a hundred e-mails by country and four of a hundred postcodes by themselves are hit."""
PROFILE = Profile.model_validate(
    {"version": 1, "name": "mess-1m", "tables": {CONTACTS: {"cells": _CELLS}}}
)


def one_thread() -> None:
    """Arrow works on this thread alone, and takes memory as it does when a world is built."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _HEAP.enter_context(one_heap())


def recipe(rows: int) -> Recipe:
    """A world of that many contacts, each of them a customer."""
    return Recipe(customers=rows, block=_BLOCK, leads=0.0)


def contacts(made: Recipe, number: int) -> Table:
    """One block's contacts, in the workload's twelve columns."""
    people = draw_people(made, _SEED, number)
    columns = {name: people.columns[source] for name, source in COLUMNS.items()}
    columns["credit_limit"] = pa.array(people.draws.below("credit_limit", len(people), 100_000))
    return Table(columns, np.arange(len(people), dtype=np.int64))


def damaged(made: Recipe, number: int, table: Table) -> Draft:
    """The block after seven steps, with its ledger."""
    draft = Draft({CONTACTS: table}, "customer_id")
    return damage_draft(draft, PROFILE, _SEED, number, made.epoch)


def written(made: Recipe) -> int:
    """Everything, block by block: contacts, damage, ledger, snappy Parquet; gives the rows."""
    rows = 0
    with TemporaryDirectory() as name, _Files(Path(name)) as files:
        for number in range(made.blocks()):
            table = contacts(made, number)
            draft = damaged(made, number, table)
            files.append("contacts", pa.table(dict(draft.tables[CONTACTS].columns)))
            files.append("ledger", pa.Table.from_batches(draft.entries, schema=LEDGER))
            rows += len(table)
    return rows


def saved(made: Recipe, file: Path) -> None:
    """The clean contacts as CSV, for a peer to read."""
    with CSVWriter(file, block().schema) as writer:
        for number in range(made.blocks()):
            writer.write(pa.table(dict(contacts(made, number).columns)))


def block() -> pa.Table:
    """A whole block of contacts, as a floor writes it again and again."""
    return pa.table(dict(contacts(recipe(_BLOCK), 0).columns))


def floor(made: Recipe, rows_written: pa.Table | None = None) -> int:
    """What nothing can do without: eleven random words a row, and eight columns gathered by them.

    With `rows_written` a file of as many rows too, the same texts as the workload's own: short or
    repeated ones would make a floor of other work.
    """
    pools = [load_pool(name) for name in made.locales]
    kinds = ("first", "last", "street", "city", "company", "first_ascii", "last_ascii", "job")
    texts = [pa.concat_arrays([pool[kind] for pool in pools]) for kind in kinds]
    rows = 0
    with TemporaryDirectory() as name, _Files(Path(name)) as files:
        for number in range(made.blocks()):
            count = made.customers_in(number)
            generator = np.random.Philox(key=1, counter=[0, 0, 0, number])
            words = generator.random_raw(_WORDS * count).reshape(_WORDS, count)
            found = [
                text.take(pa.array(below(word, len(text))))
                for text, word in zip(texts, words[: len(texts)], strict=True)
            ]
            if rows_written is not None:
                files.append("floor", rows_written.slice(0, count))
            rows += len(found[0])
    return rows


class _Files:
    """Parquet files that are appended to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()

    def append(self, name: str, rows: pa.Table) -> None:
        """More rows of a file."""
        if name not in self._open:
            file = self._folder / f"{name}.parquet"
            self._open[name] = pq.ParquetWriter(file, rows.schema, compression="snappy")
        self._open[name].write_table(rows)
