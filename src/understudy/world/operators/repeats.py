"""Whole rows that stand more than once, in any table."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration
from understudy.world.columns import join, text
from understudy.world.entropy import chosen
from understudy.world.operators.changes import AddRows, Change, View
from understudy.world.operators.registry import ANY_TEXT, Kim, Level, Operator, RahmDo, Works
from understudy.world.table import Table

__all__ = ["OPERATORS", "duplicate_rows"]


class RepeatParameters(Configuration):
    """How many copies a repeated row has: the first weight is of one copy."""

    copies: Annotated[tuple[float, ...], WEIGHTS] = Field((87, 10, 3), min_length=1, max_length=20)


def duplicate_rows(view: View) -> list[Change]:
    """Copies of rows, as an import that ran twice leaves them; further steps damage them apart."""
    count = chosen(view.words("copies"), view.parameters.copies) + 1
    group = np.repeat(np.arange(len(view.hits), dtype=np.int64), count)
    number = np.arange(len(group), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    table = view.tables[view.table]
    rows = pa.array(view.hits[group])
    columns = {name: column.take(rows) for name, column in table.columns.items()}
    marked = view.id_column
    columns[marked] = join(columns[marked].cast(pa.string()), "/copy", text(number + 1))
    return [AddRows(view.table, Table(columns, table.people[view.hits[group]]), group, "copy")]


OPERATORS = (
    Operator(
        "duplicate_rows",
        Level.TABLE,
        Kim.WRONG,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        duplicate_rows,
        RepeatParameters,
        works_on=Works.BLOCK,
    ),
)
