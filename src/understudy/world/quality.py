"""What a world looks like from outside: counts, null shares, formats; measured, never planned."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.schema import column_of

__all__ = ["NULL", "Measures", "operator_counts", "pattern"]

NULL = "∅"
_SAMPLE = 1_000
_SHOWN = 8


@lru_cache(maxsize=100_000)
def pattern(value: str | None) -> str:
    """The shape of a value: digits 9, letters a and A, other scripts by class, runs collapsed.

    >>> pattern("+49 30 23125 518"), pattern("Müller"), pattern("木村"), pattern(None)
    ('+9 9 9 9', 'Aa', 'x', '∅')
    """
    if value is None:
        return NULL
    return "".join(shape for shape, _ in groupby(map(_shape, value[:120])))


@cache
def _shape(letter: str) -> str:
    if letter.isdigit():
        return "9"
    if letter.isalpha():
        if letter.islower():
            return "a"
        return "A" if letter.isupper() else "x"
    category = unicodedata.category(letter)
    return "\u25a1" if category in ("Cf", "Mn", "So", "Co", "Cn") else letter


@dataclass(slots=True)
class _Column:
    rows: int = 0
    nulls: int = 0
    sampled: int = 0
    patterns: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Measures:
    """Counts of one side of a world, taken block by block."""

    columns: dict[str, dict[str, _Column]] = field(default_factory=dict)

    def take(self, tables: Mapping[str, Mapping[str, pa.Array]]) -> None:
        """Add the rows of one block; formats are read off the first rows of free text only."""
        for table, cells in tables.items():
            kept = self.columns.setdefault(table, {})
            for name, values in cells.items():
                _count(kept.setdefault(name, _Column()), values, column_of(table, name).text)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return max((column.rows for column in self.columns.get(table, {}).values()), default=0)

    def summary(self) -> dict[str, Any]:
        """Per table its rows, and per column its null share and its commonest formats."""
        return {
            table: {
                "rows": self.rows(table),
                "columns": {name: _described(column) for name, column in columns.items()},
            }
            for table, columns in sorted(self.columns.items())
        }


def _count(column: _Column, values: pa.Array, text: bool) -> None:
    column.rows += len(values)
    column.nulls += values.null_count
    if text and column.sampled < _SAMPLE:
        sample = values[: _SAMPLE - column.sampled].to_pylist()
        column.sampled += len(sample)
        column.patterns.update(map(pattern, sample))


def _described(column: _Column) -> dict[str, Any]:
    shares = np.round(column.nulls / max(column.rows, 1), 6)
    described: dict[str, Any] = {"null_share": float(shares)}
    if column.patterns:
        described["formats"] = len(column.patterns)
        described["format_shares"] = {
            shape: round(count / column.sampled, 4)
            for shape, count in sorted(
                column.patterns.items(), key=lambda item: (-item[1], item[0])
            )[:_SHOWN]
        }
    return described


def operator_counts(operators: pa.Array) -> dict[str, int]:
    """How many ledger entries each operator left."""
    return {item["values"]: item["counts"] for item in pc.value_counts(operators).to_pylist()}
