"""The copy-on-write layer of one case over the immutable world."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping, Set
from typing import Any

from understudy.model.canonical import digest
from understudy.model.world import Row, World

__all__ = ["Changes", "Overlay"]

Changes = dict[tuple[str, str], dict[str, tuple[Any, Any]]]
"""What differs, by (table, id) and field, as (before, after)."""

_UNTOUCHED: Any = object()
_MAKING = threading.Lock()
_NOTHING: frozenset[Hashable] = frozenset()
_NO_LAYER: Mapping[str, Row | None] = {}


class Overlay:
    """What one case wrote. Reads see it; the world below never changes.

    >>> overlay = Overlay(World({"stripe.charges": {"ch_1": {"id": "ch_1", "refunded": False}}}))
    >>> _ = overlay.patch("stripe.charges", "ch_1", {"refunded": True})
    >>> overlay.diff()
    {('stripe.charges', 'ch_1'): {'refunded': (False, True)}}
    """

    __slots__ = ("_elsewhere", "_journal", "_layers", "world", "wrote")

    _elsewhere: dict[tuple[str, str], dict[str, Any]]
    _journal: list[tuple[str, str, Any]]
    _layers: dict[str, dict[str, Row | None]]

    def __init__(self, world: World) -> None:
        self.world = world
        self.wrote: Set[Hashable] = _NOTHING
        """Every table, and every (table, id), that was ever written, undone or not."""

    def __getattr__(self, name: str) -> Any:
        """A container that is made when it is first asked for, since many cases need none."""
        if name not in Overlay.__slots__:
            raise AttributeError(f"an overlay has no `{name}`")
        with _MAKING:  # two threads may ask at once
            try:
                return object.__getattribute__(self, name)
            except AttributeError:
                made: Any = [] if name == "_journal" else {}
                setattr(self, name, made)
                return made

    def get(self, table: str, row_id: str) -> Row | None:
        """One row as this case sees it, or None."""
        row = self._layers.get(table, _NO_LAYER).get(row_id, _UNTOUCHED)
        return self.world.get(table, row_id) if row is _UNTOUCHED else row

    def touched(self, table: str, row_id: str) -> bool:
        """Whether this case wrote or deleted the row."""
        return row_id in self._layers.get(table, _NO_LAYER)

    def written(self, table: str) -> list[Row]:
        """The rows of a table that this case wrote and did not delete, in order of first write."""
        return [row for row in self._layers.get(table, _NO_LAYER).values() if row is not None]

    def find(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows whose `column` equals `value`: the world's order, then this case's own."""
        layer = self._layers.get(table, _NO_LAYER)
        base = self.world.table(table)
        found = [base[i] for i in self.world.find(table, column, value) if i not in layer]
        return found + [row for row in self.written(table) if row.get(column) == value]

    def rows(self, table: str) -> Iterator[Row]:
        """Every row of a table: the world's untouched ones, then this case's own."""
        layer = self._layers.get(table, _NO_LAYER)
        for row_id, row in self.world.table(table).items():
            if row_id not in layer:
                yield row
        yield from self.written(table)

    def put(self, table: str, row: Row) -> Row:
        """Write a whole row under its own id."""
        self._set(table, row["id"], row)
        return row

    def patch(self, table: str, row_id: str, changes: Mapping[str, Any]) -> Row:
        """Write some fields of a row that exists."""
        row = self.get(table, row_id)
        if row is None:
            raise KeyError(f"{table} has no row {row_id}")
        return self.put(table, {**row, **changes})

    def delete(self, table: str, row_id: str) -> None:
        """Take a row out of this case's sight."""
        self._set(table, row_id, None)

    def meddle(self, table: str, row_id: str, changes: Mapping[str, Any]) -> None:
        """Write fields as somebody else would: seen by the case, and not its own effect."""
        row = self.get(table, row_id)
        if row is not None:
            self._elsewhere.setdefault((table, row_id), {}).update(changes)
            self._layers.setdefault(table, {})[row_id] = {**row, **changes}
            self._note(table, row_id)

    def beside(self, table: str, rows: Iterable[Row]) -> Overlay:
        """The same with these rows there as well, to be read only."""
        wider = Overlay(self.world)
        wider._share(self)
        added = {row["id"]: row for row in rows}
        wider._layers = {**self._layers, table: {**self._layers.get(table, _NO_LAYER), **added}}
        return wider

    def as_of(self, mark: int) -> Overlay:
        """What the case had written at `mark`, to be read only."""
        past = Overlay(self.world)
        past._layers = {table: dict(layer) for table, layer in self._layers.items()}
        past._journal = list(self._journal)
        past.rollback(mark)
        return past

    def mark(self) -> int:
        """A point to roll back to, or to ask changes since."""
        return len(self._journal)

    def rollback(self, mark: int, left: Iterable[tuple[str, Row]] = ()) -> None:
        """Undo everything written after `mark`; rows that are `left` are then there as others'."""
        while len(self._journal) > mark:
            table, row_id, previous = self._journal.pop()
            if previous is _UNTOUCHED:
                del self._layers[table][row_id]
            else:
                self._layers[table][row_id] = previous
        for table, row in left:
            known = self.get(table, row["id"]) or {}
            self._layers.setdefault(table, {}).setdefault(row["id"], known)
            news = {name: value for name, value in row.items() if known.get(name) != value}
            self.meddle(table, row["id"], news)

    def changed(self, mark: int, table: str, row_id: str) -> dict[str, tuple[Any, Any]]:
        """What was changed of one row after `mark`, by field."""
        for where, which, previous in self._journal[mark:]:
            if which == row_id and where == table:
                before = self.world.get(table, row_id) if previous is _UNTOUCHED else previous
                return _fields(before or {}, self.get(table, row_id) or {})
        return {}

    def versions(self, table: str, row_id: str) -> list[Row]:
        """A row as it was before each write of this case, oldest first, and as it is."""
        past = [
            self.world.get(table, row_id) if previous is _UNTOUCHED else previous
            for where, which, previous in self._journal
            if which == row_id and where == table
        ]
        return [row for row in (*past, self.get(table, row_id)) if row is not None]

    def written_since(self, mark: int) -> list[tuple[str, str]]:
        """The table and id of every row that was written after `mark`, each once."""
        return list(dict.fromkeys((table, row_id) for table, row_id, _ in self._journal[mark:]))

    def diff(self) -> Changes:
        """The case's effect on state; it costs what was touched, whatever the world's size."""
        return _differences(
            {
                (table, row_id): (self._before(table, row_id), row)
                for table, layer in self._layers.items()
                for row_id, row in layer.items()
            }
        )

    def digest(self) -> str:
        """The sha256 of the effect, whatever the order in which it came about.

        >>> one, other = (Overlay(World({"t": {"a": {"id": "a"}}})) for _ in range(2))
        >>> _ = one.patch("t", "a", {"x": 1}), one.patch("t", "a", {"y": 2})
        >>> _ = other.patch("t", "a", {"y": 2}), other.patch("t", "a", {"x": 1})
        >>> one.digest() == other.digest() != Overlay(one.world).digest()
        True
        """
        return digest(
            [
                [*place, dict(sorted(fields.items()))]
                for place, fields in sorted(self.diff().items())
            ]
        )

    def _before(self, table: str, row_id: str) -> Row | None:
        row = self.world.get(table, row_id)
        meddled = self._elsewhere.get((table, row_id))
        return {**(row or {}), **meddled} if meddled else row

    def _set(self, table: str, row_id: str, row: Row | None) -> None:
        layer = self._layers.setdefault(table, {})
        self._journal.append((table, row_id, layer.get(row_id, _UNTOUCHED)))
        layer[row_id] = row
        self._note(table, row_id)

    def _note(self, table: str, row_id: str) -> None:
        wrote = self.wrote
        if not isinstance(wrote, set):
            wrote = self.wrote = set()
        wrote.add(table)
        wrote.add((table, row_id))

    def _share(self, other: Overlay) -> None:
        """Become another view of the same writes."""
        self.world, self.wrote = other.world, other.wrote
        self._layers, self._journal = other._layers, other._journal
        self._elsewhere = other._elsewhere


def _differences(pairs: Mapping[tuple[str, str], tuple[Row | None, Row | None]]) -> Changes:
    found = {key: _fields(before or {}, after or {}) for key, (before, after) in pairs.items()}
    return {key: fields for key, fields in found.items() if fields}


def _fields(before: Row, after: Row) -> dict[str, tuple[Any, Any]]:
    names = after if before.keys() <= after.keys() else dict.fromkeys((*before, *after))
    found, old_of, new_of = {}, before.get, after.get
    for name in names:
        old, new = old_of(name), new_of(name)
        if old is not new and old != new:
            found[name] = (old, new)
    return found
