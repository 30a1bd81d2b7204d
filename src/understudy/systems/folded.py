"""Look-ups by a column's text without regard to case, as the vendors' searches make them."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from understudy.model.world import Row, World
from understudy.systems.overlay import Overlay

__all__ = ["find_folded", "fold"]

_Index = dict[str, list[str]]
_INDEXES: WeakKeyDictionary[World, dict[tuple[str, str], _Index]] = WeakKeyDictionary()


def fold(value: Any) -> str:
    """A value as searches compare it: text in small letters, truths as JSON writes them.

    >>> fold("Ada@Example.com"), fold(True), fold(12)
    ('ada@example.com', 'true', '12')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).lower()


def find_folded(overlay: Overlay, table: str, column: str, value: str) -> list[Row]:
    """The rows whose `column` reads as `value`: the world's order, then the case's own."""
    wanted = fold(value)
    ids = _index(overlay.world, table, column).get(wanted, ())
    base = overlay.world.table(table)
    found = [base[row_id] for row_id in ids if not overlay.touched(table, row_id)]
    own = (row for row in overlay.written(table) if row.get(column) is not None)
    return found + [row for row in own if fold(row[column]) == wanted]


def _index(world: World, table: str, column: str) -> _Index:
    indexes = _INDEXES.setdefault(world, {})
    if (table, column) not in indexes:
        made: _Index = {}
        for row_id, row in world.table(table).items():
            value = row.get(column)
            if value is not None and not isinstance(value, list | dict):
                made.setdefault(fold(value), []).append(row_id)
        indexes[table, column] = made
    return indexes[table, column]
