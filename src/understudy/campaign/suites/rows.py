"""The rows of a world that one case is about: what it names, and what belongs to that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy.model.action import Action
from understudy.model.case import Case
from understudy.model.world import Row, World

__all__ = ["rows_of"]

Key = tuple[str, str]
"""A table, and the id of a row."""

_MOST_REFERRING = 80
"""A row that more refer to is a hub, such as a product: what refers to it is not this case's."""
_ROUNDS = 4
_WORD = re.compile(r"[A-Za-z0-9_.+@-]{4,}")


def rows_of(world: World, case: Case, actions: Iterable[Action]) -> dict[str, list[Row]]:
    """The case's rows by table, in the world's order.

    Begins with what its event, its conversation and the actions name; takes what those rows refer
    to, what refers to them, and the same customer in other systems, until nothing is added.
    """
    reached = _Reached(world)
    reached.name(_named(case, actions))
    for _ in range(_ROUNDS):
        if not reached.widen():
            break
    tables: dict[str, list[Row]] = {}
    for table in world.tables:
        kept = [
            row for row_id, row in world.table(table).items() if (table, row_id) in reached.rows
        ]
        if kept:
            tables[table] = kept
    return tables


def _named(case: Case, actions: Iterable[Action]) -> Iterator[str]:
    for turn in case.turns:
        yield from _WORD.findall(turn.text)
    yield from _texts(case.trigger.payload)
    for action in actions:
        yield from _texts(action.fields)
        if action.target is not None and action.target.id is not None:
            yield action.target.id


class _Reached:
    """The rows that are known to belong to the case.

    What refers to a row is taken where the row is the case's own: named by it, one of its
    customers, or itself taken that way. What a row only refers to, such as an agent or a price,
    brings along only what it refers to itself.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.rows: set[Key] = set()
        self._own: set[Key] = set()
        self._asked: set[str] = set()

    def name(self, words: Iterable[str]) -> None:
        """Take the rows whose ids these words are, as the case's own."""
        self._own |= self._called(words)
        self.rows |= self._own

    def _called(self, words: Iterable[str]) -> set[Key]:
        return {
            (table, word)
            for word in set(words)
            for table in self._world.tables
            if self._world.get(table, word) is not None
        }

    def widen(self) -> bool:
        """Take what the rows refer to and what refers to them; whether that added any."""
        before = len(self.rows)
        for key in list(self.rows):
            self.rows |= self._called(_texts(self._row(key)))
        self._own |= {key for key in self.rows if _is_customer(self._row(key))}
        names = self._names() - self._asked
        self._asked |= names
        for keys in self._referring(names).values():
            if len(keys) <= _MOST_REFERRING:
                self._own.update(keys)
        self.rows |= self._own
        return len(self.rows) > before

    def _row(self, key: Key) -> Row:
        return self._world.get(*key) or {}

    def _names(self) -> set[str]:
        """What other rows could call the case's own rows by: ids, and customers' addresses."""
        customers = (self._row(key) for key in self._own if _is_customer(self._row(key)))
        emails = {str(row["email"]).strip().lower() for row in customers}
        return {row_id for _, row_id in self._own} | emails

    def _referring(self, names: set[str]) -> Mapping[str, list[Key]]:
        found: dict[str, list[Key]] = {name: [] for name in names}
        many: Counter[str] = Counter()
        for table, rows in self._world.tables.items():
            for row_id, row in rows.items():
                for text in {each.strip().lower() if "@" in each else each for each in _texts(row)}:
                    if text in names and many[text] <= _MOST_REFERRING:
                        many[text] += 1
                        found[text].append((table, row_id))
        return found


def _is_customer(row: Row) -> bool:
    """Whether a row is a person of the outside: somebody with an address and no role within."""
    return (
        bool(row.get("email"))
        and row.get("role", "end-user") == "end-user"
        and ("created" in row or "createdAt" in row or "created_at" in row)
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text that stands in a value, however deep, and whole numbers as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
