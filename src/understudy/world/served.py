"""Damaged tables in memory as the systems serve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.model.world import Row, World
from understudy.world.damage import Damaged

__all__ = ["served"]


def served(damaged: Damaged, now: int) -> World:
    """What `load_world` gives of the same tables on disk, without their ledger.

    `now` is in epoch seconds.
    """
    return World(_Rows(damaged), now=now)


class _Rows(Mapping[str, Mapping[str, Row]]):
    """The rows of each table by id, made on the first look."""

    def __init__(self, damaged: Damaged) -> None:
        self._damaged = damaged
        self._made: dict[str, dict[str, dict[str, Any]]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Row]:
        if name not in self._made:
            rows = self._damaged.tables[name].rows()
            self._made[name] = {row["id"]: row for row in rows}
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._damaged.tables)

    def __len__(self) -> int:
        return len(self._damaged.tables)
