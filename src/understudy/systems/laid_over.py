"""A world with rows of one's own laid over it, which keeps what the world knows of its past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from understudy.model.world import Row, World

__all__ = ["LaidOver", "furnished"]

Tables = Mapping[str, Mapping[str, Row]]
Change = Callable[[Row], Row]

_NOTHING: Mapping[str, Row] = {}


class LaidOver(World):
    """The world beneath, where `rows` do not stand under the same id, and `changes` by table.

    `names` says what a table is called in the world beneath, where that is another name. What is
    laid over was there at all times; the world beneath is seen as of the same moment.

    >>> below = World({"t": {"1": {"id": "1", "a": 1}}})
    >>> world = LaidOver(below, {"t": {"2": {"id": "2", "a": 1}}})
    >>> world.find("t", "a", 1), len(world.table("t"))
    (('1', '2'), 2)
    """

    def __init__(
        self,
        beneath: World,
        rows: Tables,
        changes: Mapping[str, Change] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._beneath, self._rows, self._above = beneath, rows, World(rows)
        self._changes, self._names = changes or {}, names or {}
        touched = {*rows, *self._changes, *self._names}
        own = {table: self._laid(table) for table in touched}
        super().__init__(
            {**beneath.tables, **own},
            content_digest=beneath.content_digest,
            now=beneath.now,
            ledger=beneath.ledger,
        )

    def as_of(self, moment: datetime) -> World:
        """The same rows over the world beneath at a moment."""
        then = self._beneath.as_of(moment)
        if then is self._beneath:
            return self
        return LaidOver(then, self._rows, self._changes, self._names)

    def find(self, table: str, column: str, value: Any) -> tuple[str, ...]:
        """The ids of the rows whose `column` equals `value`: those beneath, then those laid over.

        A change may add values, and none that rows are looked up by.
        """
        own = self._rows.get(table, _NOTHING)
        beneath = self._beneath.find(self._names.get(table, table), column, value)
        if not own:
            return beneath
        kept = [row_id for row_id in beneath if row_id not in own]
        return (*kept, *self._above.find(table, column, value))

    def ever(self, table: str, column: str, value: Any) -> bool:
        """Whether an object has a value, or had it at any time in the world beneath."""
        return self._beneath.ever(self._names.get(table, table), column, value) or bool(
            self.find(table, column, value)
        )

    def _laid(self, table: str) -> Mapping[str, Row]:
        beneath = self._beneath.table(self._names.get(table, table))
        return _Laid(beneath, self._rows.get(table, _NOTHING), self._changes.get(table))


class _Laid(Mapping[str, Row]):
    """One table; what is changed is changed once, so that a row stays the same object."""

    __slots__ = ("_beneath", "_change", "_changed", "_rows")

    def __init__(
        self, beneath: Mapping[str, Row], rows: Mapping[str, Row], change: Change | None
    ) -> None:
        self._beneath, self._rows, self._change = beneath, rows, change
        self._changed: dict[str, Row] = {}

    def get(self, row_id: str, default: Any = None) -> Any:
        row = self._changed.get(row_id)
        if row is None:
            row = self._rows.get(row_id) or self._beneath.get(row_id)
            if row is None:
                return default
            if self._change is not None:
                row = self._changed[row_id] = self._change(row)
        return row

    def __getitem__(self, row_id: str) -> Row:
        row: Row | None = self.get(row_id)
        if row is None:
            raise KeyError(row_id)
        return row

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows or row_id in self._beneath

    def __iter__(self) -> Iterator[str]:
        yield from self._beneath
        yield from (row_id for row_id in self._rows if row_id not in self._beneath)

    def __len__(self) -> int:
        return len(self._beneath) + sum(row_id not in self._beneath for row_id in self._rows)


def furnished(world: World, brought: Iterable[Mapping[str, Iterable[Row]]]) -> World:
    """The world with rows that systems bring along, where it has no such table itself."""
    own = {
        table: {row["id"]: row for row in rows}
        for tables in brought
        for table, rows in tables.items()
        if table not in world.tables
    }
    return LaidOver(world, own) if own else world
