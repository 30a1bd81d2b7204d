"""A tau domain's database as a system: shared entities, copied when they are written to."""

from __future__ import annotations

import copy
import enum
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from understudy.model.action import Action
from understudy.model.state import Change, State, changes

__all__ = ["Books", "Dialect", "Refusal", "number", "text"]

ACCEPTED, REFUSED = 200, 400


class Refusal(Exception):
    """The environment answers with an error instead of doing what was asked."""


class Dialect(enum.StrEnum):
    """The two benchmarks share their domains; a few operations differ."""

    TAU = "tau-bench"
    TAU2 = "tau2-bench"


# What a call with arguments that the operation cannot work with ends in.
_BROKEN = (Refusal, TypeError, KeyError, ValueError, AttributeError, IndexError)


class Books:
    """State of one run. What the shared initial state holds is never written to."""

    operations: Mapping[str, Callable[..., None]] = {}

    def __init__(self, initial: Mapping[str, Mapping[str, Any]], dialect: Dialect) -> None:
        self.dialect = dialect
        self._tables = {name: dict(table) for name, table in initial.items()}
        self._own: set[tuple[str, str]] = set()
        self._folds = False

    def apply(self, action: Action) -> Action:
        """Play the action; one that the environment refuses keeps what it had done by then."""
        if action.escalates:
            return msgspec.structs.replace(action, response_status=ACCEPTED)
        self._folds = action.response_status == ACCEPTED
        status = ACCEPTED
        try:
            operation = self.operations[action.operation.rpartition(".")[2]]
            operation(self, **copy.deepcopy(action.fields))
        except _BROKEN:
            status = REFUSED
        return msgspec.structs.replace(action, response_status=status)

    def snapshot(self) -> State:
        """The tables as they are now; entities written to later are copied first."""
        self._own.clear()
        return {name: dict(table) for name, table in self._tables.items()}

    def diff(self, since: State) -> tuple[Change, ...]:
        """Every field that differs from a snapshot."""
        return tuple(changes(since, self._tables))

    def read(self, table: str, key: Any) -> Mapping[str, Any]:
        """An entity to look at."""
        entity: Mapping[str, Any] = self._tables[table][self.key(table, key)]
        return entity

    def key(self, table: str, key: Any) -> str:
        """The id as the table spells it.

        Later versions of the environments take `ab12` for `AB12`, earlier ones refuse it; a log
        that says that such a call was accepted is one of theirs.
        """
        if isinstance(key, str) and key in self._tables[table]:
            return key
        if isinstance(key, str) and self._folds:
            for known in self._tables[table]:
                if _folded(known) == _folded(key):
                    return known
        raise Refusal(f"{table}: {key} not found")

    def write(self, table: str, key: Any) -> dict[str, Any]:
        """An entity to change: this run's own copy."""
        key = self.key(table, key)
        if (table, key) not in self._own:
            self.add(table, key, copy.deepcopy(dict(self._tables[table][key])))
        entity: dict[str, Any] = self._tables[table][key]
        return entity

    def add(self, table: str, key: str, entity: dict[str, Any]) -> None:
        """A new entity."""
        self._tables[table][key] = entity
        self._own.add((table, key))

    def has(self, table: str, key: str) -> bool:
        """Whether there is such an entity."""
        return key in self._tables[table]


def text(value: Any) -> str:
    """A text as the second benchmark's models accept it: nothing is turned into one."""
    if not isinstance(value, str):
        raise Refusal(f"{value!r} is not a text")
    return value


def number(value: Any) -> int:
    """A whole number as those models accept it: `3`, `3.0` and `"3"`, but not `3.5`."""
    if isinstance(value, str):
        value = float(value.strip())
    if not isinstance(value, int | float) or value != int(value):
        raise Refusal(f"{value!r} is not a whole number")
    return int(value)


def _folded(key: str) -> str:
    """An id without case, accents and space around it."""
    parts = unicodedata.normalize("NFKD", key.strip())
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()
