"""A table of one block: Arrow columns, whom each row is about, and its rows as plain dicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from understudy.world.schema import TABLES, arrow_type

__all__ = ["Rows", "Table", "flatten", "join_tables", "table_of", "unflatten"]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length; `people` holds each row's person in the block, or -1."""

    columns: Mapping[str, pa.Array]
    people: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.people)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows as the systems are given them: nested, without null cells."""
        yield from Rows(list(self.columns)).of([col.to_pylist() for col in self.columns.values()])

    def ids(self) -> list[str]:
        """The rows' ids, in order."""
        found: list[str] = self.columns["id"].to_pylist()
        return found


class Rows:
    """Makes nested rows of flat columns; which columns are nested is worked out once."""

    def __init__(self, names: Sequence[str]) -> None:
        self._plain = [
            (place, name)
            for place, name in enumerate(names)
            if "." not in name and not name.endswith(":json")
        ]
        plain = {place for place, _ in self._plain}
        self._others = [(place, name) for place, name in enumerate(names) if place not in plain]

    def of(self, columns: Sequence[list[Any]]) -> Iterator[dict[str, Any]]:
        """The rows of these columns."""
        for cells in zip(*columns, strict=True):
            row = {name: cells[place] for place, name in self._plain if cells[place] is not None}
            if self._others:
                row |= unflatten((name, cells[place]) for place, name in self._others)
            yield row


def unflatten(cells: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A row of flat columns as nested values; `x:json` is decoded where it is JSON.

    >>> unflatten([("id", "1"), ("a.b", 2), ("tags:json", '["x"]'), ("none", None)])
    {'id': '1', 'a': {'b': 2}, 'tags': ['x']}
    """
    row: dict[str, Any] = {}
    for name, value in cells:
        if value is None:
            continue
        if name.endswith(":json"):
            row[name[:-5]] = _decoded(value)
        elif "." in name:
            *path, last = name.split(".")
            inner = row
            for part in path:
                inner = inner.setdefault(part, {})
            inner[last] = value
        else:
            row[name] = value
    return row


def flatten(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A nested row as flat cells; the schema says which columns hold JSON.

    >>> flatten("zendesk.tickets", {"id": "1", "tags": ["x"], "via": {"channel": "email"}})
    {'id': '1', 'tags:json': '["x"]', 'via.channel': 'email'}
    """
    known = TABLES.get(table, {})
    cells: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        if f"{name}:json" in known or isinstance(value, list):
            cells[f"{name}:json"] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        elif isinstance(value, Mapping):
            cells |= {f"{name}.{key}": inner for key, inner in flatten("", value).items()}
        else:
            cells[name] = value
    return cells


def table_of(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """A table of nested rows, with the schema's columns and those that only the rows have."""
    cells = [flatten(name, row) for row in rows]
    columns = list(TABLES.get(name, {}))
    columns += sorted({key for row in cells for key in row} - set(columns))
    return Table(
        {
            column: pa.array([row.get(column) for row in cells], arrow_type(name, column))
            for column in columns
        },
        np.full(len(cells), -1, dtype=np.int64),
    )


def join_tables(name: str, parts: Sequence[Table]) -> Table:
    """Tables one under the other; a column that a part lacks is null there."""
    columns = list(TABLES.get(name, {}))
    columns += sorted({key for part in parts for key in part.columns} - set(columns))
    return Table(
        {column: _joined(name, column, parts) for column in columns},
        np.concatenate([part.people for part in parts]) if parts else np.zeros(0, np.int64),
    )


def _joined(name: str, column: str, parts: Sequence[Table]) -> pa.Array:
    kind = arrow_type(name, column)
    arrays = [part.columns.get(column, pa.nulls(len(part), kind)) for part in parts]
    return pa.concat_arrays([array.cast(kind) for array in arrays]) if arrays else pa.nulls(0, kind)


def _decoded(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
