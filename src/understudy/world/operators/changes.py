"""What table operators see and what they ask for; a draft carries it out and keeps the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.entropy import Stream, below, share
from understudy.world.table import Table

__all__ = ["AddRows", "Change", "DropRows", "SetCells", "View"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SetCells:
    """New values in one column; `group` numbers the hits that a change belongs to.

    With `mark`, cells are only noted in the ledger: they stayed, and became wrong nonetheless.
    """

    table: str
    column: str
    rows: Ints
    values: pa.Array
    group: Ints
    detail: str | pa.Array | None = None
    mark: bool = False


@dataclass(frozen=True, slots=True)
class AddRows:
    """Rows that nobody should have made."""

    table: str
    rows: Table
    group: Ints
    detail: str | pa.Array | None = None


@dataclass(frozen=True, slots=True)
class DropRows:
    """Rows that are gone."""

    table: str
    rows: Ints
    group: Ints
    detail: str | pa.Array | None = None


Change = SetCells | AddRows | DropRows


@dataclass(frozen=True, slots=True)
class View:
    """A block as it stands, and the rows of the step's table that are hit."""

    tables: Mapping[str, Table]
    people: Mapping[str, pa.Array]
    table: str
    hits: Ints
    parameters: Any
    stream: Stream
    block: int
    now: int
    id_column: str = "id"

    def column(self, name: str) -> pa.Array:
        """The hit cells of a column of the step's table."""
        return self.tables[self.table].columns[name].take(pa.array(self.hits))

    def who(self) -> Ints:
        """The people that the hit rows are about; -1 where nobody is known."""
        return self.tables[self.table].people[self.hits]

    def words(self, purpose: str, count: int | None = None) -> npt.NDArray[np.uint64]:
        """Random words for one purpose: one per hit unless a count is given."""
        base = self.stream
        stream = Stream(base.seed, base.table, base.column, f"{base.purpose}/{purpose}")
        return stream.words(self.block, len(self.hits) if count is None else count)

    def below(self, purpose: str, limit: int | Ints) -> Ints:
        """A whole number below `limit` for each hit."""
        return below(self.words(purpose), limit)

    def share(self, purpose: str, rate: float) -> npt.NDArray[np.bool_]:
        """Which hits a rate takes."""
        return share(self.words(purpose), rate)
