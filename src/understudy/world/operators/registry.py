"""What an operator is, and all of them by name."""

from __future__ import annotations

import enum
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.model.configuration import Configuration
from understudy.world.entropy import below

__all__ = [
    "ANY_TEXT",
    "CellWork",
    "Kim",
    "Level",
    "Operator",
    "RahmDo",
    "RowWork",
    "Works",
    "operators",
]

Ints = npt.NDArray[np.int64]
ANY_TEXT = frozenset({"text", "markup"})
_MODULES = (
    "copies", "deliveries", "encodings", "fields", "formats", "links", "missing", "numbers",
    "otherwise", "repeats", "rewriting", "threads", "typos", "written",
)  # fmt: skip


class Level(enum.StrEnum):
    """What one hit is."""

    CELL = "cell"
    ROW = "row"
    TABLE = "table"
    EVENT = "event"
    TEXT = "text"


class Works(enum.StrEnum):
    """What an operator is handed: cells of one column, several columns of a row, or the block."""

    CELLS = "cells"
    ROWS = "rows"
    BLOCK = "block"


class Kim(enum.StrEnum):
    """The three roots of the taxonomy of dirty data by Kim and others (2003)."""

    MISSING = "missing"
    WRONG = "wrong"
    UNUSABLE = "not wrong but unusable"


class RahmDo(enum.StrEnum):
    """The four fields of the taxonomy of Rahm and Do (2000)."""

    SINGLE_SCHEMA = "single source, schema"
    SINGLE_INSTANCE = "single source, instance"
    MULTI_SCHEMA = "multiple sources, schema"
    MULTI_INSTANCE = "multiple sources, instance"


@dataclass(frozen=True, slots=True)
class CellWork:
    """The cells of one column that are hit, none of them null unless the operator takes nulls.

    `words` has four independent rows of random words, one word per cell in each. `block` holds the
    columns of the block before this step, and `rows` where in it the cells stand.
    """

    values: pa.Array
    words: npt.NDArray[np.uint64]
    parameters: Any
    table: str = ""
    column: str = ""
    block: Mapping[str, pa.Array] = field(default_factory=dict)
    rows: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.values)

    def below(self, lane: int, limit: int | Ints) -> Ints:
        """A whole number below `limit` for each cell."""
        return below(self.words[lane], limit)


@dataclass(frozen=True, slots=True)
class RowWork:
    """The rows that are hit: the columns that the step names, in its order."""

    columns: dict[str, pa.Array]
    words: npt.NDArray[np.uint64]
    parameters: Any


@dataclass(frozen=True, slots=True)
class Operator:
    """One sort of damage.

    `fits` are the kinds of vendor fields that can hold what it writes. `change` takes `CellWork`
    and gives values, takes `RowWork` and gives columns, or takes a `View` and gives changes.
    """

    name: str
    level: Level
    kim: Kim
    rahm_do: RahmDo
    fits: frozenset[str]
    change: Callable[..., Any]
    parameters: type[Configuration] = Configuration
    works_on: Works = Works.CELLS
    takes_null: bool = False
    columns: int = 1
    """How many columns a row operator needs at least."""
    needs: tuple[str, ...] = ()
    """The columns that a table operator needs in its table."""


@lru_cache(maxsize=1)
def operators() -> Mapping[str, Operator]:
    """All operators by name, sorted."""
    found: dict[str, Operator] = {}
    for name in _MODULES:
        module = importlib.import_module(f"understudy.world.operators.{name}")
        for operator in module.OPERATORS:
            if operator.name in found:
                raise ValueError(f"two operators are named `{operator.name}`")
            found[operator.name] = operator
    return dict(sorted(found.items()))
