"""A block on its way from clean to dirty: tables that change, and the ledger of what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.columns import integers
from understudy.world.operators.changes import AddRows, Change, DropRows, SetCells
from understudy.world.schema import arrow_type
from understudy.world.table import Table, join_tables

__all__ = ["LEDGER", "Draft", "Source"]

Ints = npt.NDArray[np.int64]
LEDGER = pa.schema(
    [
        ("table", pa.string()),
        ("id", pa.string()),
        ("column", pa.string()),
        ("operator", pa.string()),
        ("before", pa.string()),
        ("group", pa.int64()),
        ("detail", pa.string()),
    ]
)
"""One row per damage. `column` is empty where a whole row was added or is gone; `before` is the
cell's value as text, null where it was empty; entries of one event share their `group`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which operator damages, and the number that its groups start from."""

    operator: str
    start: int


@dataclass(slots=True)
class Draft:
    """The tables as they stand, and what was done to them so far.

    `id_column` names the rows in the ledger, `new` the type of a column that a table gets.
    """

    tables: dict[str, Table]
    id_column: str = "id"
    new: Callable[[str, str], pa.DataType] = arrow_type
    entries: list[pa.RecordBatch] = field(default_factory=list)

    def type_of(self, table: str, column: str) -> pa.DataType:
        """The Arrow type of a table's column, or of one that it may get."""
        held = self.tables[table].columns.get(column)
        return self.new(table, column) if held is None else held.type

    def apply(self, change: Change, source: Source) -> None:
        """Carry out one change and note it."""
        if isinstance(change, SetCells):
            self.set_cells(change, source)
        elif isinstance(change, AddRows):
            self._add(change, source)
        else:
            self._drop(change, source)

    def set_cells(self, change: SetCells, source: Source) -> None:
        """Put new values into a column; only cells that become different are noted."""
        table = self.tables[change.table]
        kind = self.type_of(change.table, change.column)
        column = table.columns.get(change.column, pa.nulls(len(table), kind))
        before = column.take(pa.array(change.rows))
        same = np.asarray(pc.equal(before, change.values).fill_null(False))
        both_null = np.asarray(before.is_null()) & np.asarray(change.values.is_null())
        differs = np.flatnonzero(~(same | both_null) | change.mark)
        if not len(differs):
            return
        rows, picked = change.rows[differs], pa.array(differs)
        self._note(change, source, rows, before.take(picked), differs)
        if not change.mark:
            columns = dict(table.columns)
            columns[change.column] = _scattered(column, rows, change.values.take(picked))
            self.tables[change.table] = Table(columns, table.people)

    def _note(
        self, change: SetCells, source: Source, rows: Ints, before: pa.Array, differs: Ints
    ) -> None:
        ids = self.tables[change.table].columns[self.id_column].take(pa.array(rows))
        detail = change.detail
        if isinstance(detail, pa.Array):
            detail = detail.take(pa.array(differs))
        cells = {"table": change.table, "column": change.column, "detail": detail}
        self._enter(cells, source, ids, before.cast(pa.string()), change.group[differs])

    def _enter(
        self,
        cells: Mapping[str, Any],
        source: Source,
        ids: pa.Array,
        before: pa.Array,
        group: Ints,
    ) -> None:
        count = len(ids)
        detail = cells["detail"]
        texts = {
            name: pa.repeat(pa.scalar(value, pa.string()), count)
            for name, value in (
                ("table", cells["table"]),
                ("column", cells["column"]),
                ("operator", source.operator),
            )
        }
        if not isinstance(detail, pa.Array):
            detail = pa.repeat(pa.scalar(detail, pa.string()), count)
        arrays = {**texts, "id": ids, "before": before, "detail": detail}
        arrays["group"] = integers(group + source.start)
        self.entries.append(
            pa.RecordBatch.from_arrays([arrays[name] for name in LEDGER.names], schema=LEDGER)
        )

    def _add(self, change: AddRows, source: Source) -> None:
        if not len(change.rows):
            return
        cells = {"table": change.table, "column": "", "detail": change.detail}
        nothing = pa.nulls(len(change.rows), pa.string())
        self._enter(cells, source, change.rows.columns[self.id_column], nothing, change.group)
        parts = [self.tables[change.table], change.rows]
        self.tables[change.table] = join_tables(change.table, parts)

    def _drop(self, change: DropRows, source: Source) -> None:
        if not len(change.rows):
            return
        table = self.tables[change.table]
        gone = pa.array(change.rows)
        dropped = Table(
            {name: column.take(gone) for name, column in table.columns.items()},
            table.people[change.rows],
        )
        before = pa.array([_as_json(row) for row in dropped.rows()], pa.string())
        cells = {"table": change.table, "column": "", "detail": change.detail}
        self._enter(cells, source, dropped.columns[self.id_column], before, change.group)
        kept = np.ones(len(table), dtype=bool)
        kept[change.rows] = False
        left = pa.array(np.flatnonzero(kept))
        self.tables[change.table] = Table(
            {name: column.take(left) for name, column in table.columns.items()},
            table.people[kept],
        )


def _as_json(row: dict[str, Any]) -> str:
    import orjson

    return orjson.dumps(row).decode()


def _scattered(column: pa.Array, rows: Ints, values: pa.Array) -> pa.Array:
    """`values` at `rows`; the last one counts where a row stands twice."""
    index = np.arange(len(column), dtype=np.int64)
    index[rows] = len(column) + np.arange(len(rows), dtype=np.int64)
    return pa.concat_arrays([column, values.cast(column.type)]).take(pa.array(index))
