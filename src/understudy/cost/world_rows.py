"""What a policy's expressions see of a world: its rows as of the moment that a case began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from understudy.model.errors import nearest
from understudy.model.world import Row, World

__all__ = ["WorldRows"]


@dataclass(frozen=True, slots=True)
class WorldRows:
    """The rows of a world, or of none, as where a log tells actions alone; later ones are unseen.

    >>> world = World({"stripe.charges": {"ch_1": {"id": "ch_1", "customer": "cus_1"}}})
    >>> rows = WorldRows(world)
    >>> rows.row(("stripe", "charges"), "ch_1")["customer"]
    'cus_1'
    >>> rows.row(("stripe", "charges", "customer"), "cus_1")["id"]
    'ch_1'
    >>> rows.row(("stripe", "charges"), "ch_2") is None
    True
    """

    world: World | None
    moment: datetime | None = None

    def row(self, place: Sequence[str], key: Any) -> Row | None:
        """The row of a table with this id, or the first with this value in a column of it.

        `place` is system and table, and the column where one is asked for. Raises `ValueError`
        where there is no world, or no such table.
        """
        system, name, *column = place
        table = f"{system}.{name}"
        if self.world is None:
            raise ValueError(f"these cases have no world whose `{table}` could be asked for")
        _refuse_stray(table, self.world)
        world = self.world if self.moment is None else self.world.as_of(self.moment)
        if not column:
            return world.get(table, str(key))
        found = () if isinstance(key, list | dict) else world.find(table, column[0], key)
        return world.get(table, found[0]) if found else None


def _refuse_stray(table: str, world: World) -> None:
    """A table that a built-in system would not serve, or that the world has of no other."""
    from understudy.systems.routes import KNOWN, stray_table

    stray = stray_table(table)
    if stray is not None:
        raise ValueError(stray)
    if table.partition(".")[0] not in KNOWN and table not in world.tables:
        raise ValueError(f"the world has no table `{table}`{nearest(table, world.tables)}")
