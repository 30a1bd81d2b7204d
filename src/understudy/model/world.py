"""The immutable data behind the mocked systems, with the indexes that look-ups need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

__all__ = ["Row", "World"]

Row = Mapping[str, Any]
"""One object as the system stores it: plain values, nested lists and dicts allowed."""

_NOTHING: Mapping[str, Row] = {}


class World:
    """Tables of rows by id, named `<system>.<plural>` as in `stripe.charges`.

    Nothing changes it: what a case writes goes into that case's overlay. Each row carries its own
    `id` as a string. Indexes are built on the first look-up by a column and then kept.

    >>> world = World({"stripe.charges": {"ch_1": {"id": "ch_1", "customer": "cus_1"}}})
    >>> world.find("stripe.charges", "customer", "cus_1")
    ('ch_1',)
    """

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, Row]],
        *,
        content_digest: str = "",
        now: int = 0,
        ledger: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
    ) -> None:
        """`now` is the world's present in epoch seconds; `ledger` maps (table, id) to mess."""
        self.tables = tables
        self.content_digest = content_digest
        self.now = now
        self.ledger = ledger or {}
        self._indexes: dict[tuple[str, str], dict[Any, tuple[str, ...]]] = {}

    def table(self, name: str) -> Mapping[str, Row]:
        """The rows of a table by id; empty where the world has no such table."""
        return self.tables.get(name, _NOTHING)

    def get(self, table: str, row_id: str) -> Row | None:
        """One row, or None."""
        return self.tables.get(table, _NOTHING).get(row_id)

    def find(self, table: str, column: str, value: Any) -> tuple[str, ...]:
        """The ids of the rows whose `column` equals `value`, in table order."""
        index = self._indexes.get((table, column))
        if index is None:
            index = self._indexes[table, column] = self._index(table, column)
        return index.get(value, ())

    def ever(self, table: str, column: str, value: Any) -> bool:
        """Whether an object has a value, or had it at any time that is known."""
        return bool(self.find(table, column, value))

    def mess(self, table: str, row_id: str) -> tuple[str, ...]:
        """The names of the mess operators that touched a row."""
        return self.ledger.get((table, row_id), ())

    def as_of(self, moment: datetime) -> World:
        """The world as it was at a moment; this one stands still and is always the same."""
        del moment
        return self

    def counts(self) -> dict[str, int]:
        """How many rows each table has, by name."""
        return {name: len(rows) for name, rows in sorted(self.tables.items())}

    def _index(self, table: str, column: str) -> dict[Any, tuple[str, ...]]:
        found: dict[Any, list[str]] = {}
        for row_id, value in _column(self.table(table), column):
            found.setdefault(value, []).append(row_id)
        return {value: tuple(ids) for value, ids in found.items()}


def _column(rows: Mapping[str, Row], column: str) -> Iterator[tuple[str, Any]]:
    for row_id, row in rows.items():
        value = row.get(column)
        if value is not None and not isinstance(value, list | dict):
            yield row_id, value
