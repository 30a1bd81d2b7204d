"""Webhooks as they really arrive: twice, late, out of order, or never."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, possible_weights
from understudy.world.columns import integers, keys
from understudy.world.entropy import Stream, chosen
from understudy.world.operators.changes import AddRows, Change, DropRows, SetCells, View
from understudy.world.operators.registry import Kim, Level, Operator, RahmDo, Works
from understudy.world.table import Table

__all__ = ["OPERATORS", "event_dup_late_reorder"]

Ints = npt.NDArray[np.int64]
_TIME = "delivered_at"


class DeliveryParameters(Configuration):
    """What befalls a delivery that is hit, by weight, and within which times in seconds."""

    duplicate: float = Field(40, ge=0)
    late: float = Field(40, ge=0)
    reorder: float = Field(15, ge=0)
    lost: float = Field(5, ge=0)
    skewed: float = Field(0, ge=0)
    shortest_delay: int = Field(60, ge=1)
    doublings: int = Field(12, ge=1, le=18)
    window: int = Field(30, ge=1)
    skew: int = Field(300, ge=-86_400, le=86_400)

    @pydantic.model_validator(mode="after")
    def _some(self) -> Self:
        possible_weights((self.duplicate, self.late, self.reorder, self.lost, self.skewed))
        return self

    """How many seconds the receiver's clock is ahead, or behind where it is negative."""


def event_dup_late_reorder(view: View) -> list[Change]:
    """Each hit is delivered twice, late, before what came before it, by another clock, or never.

    Delays double like the retries behind them: `shortest_delay` times 2 to the power of 0 to
    `doublings`, so three days are reached with 60 and 12.
    """
    p = view.parameters
    fate = chosen(view.words("fate"), (p.duplicate, p.late, p.reorder, p.lost, p.skewed))
    order = np.arange(len(view.hits), dtype=np.int64)
    at = np.asarray(view.column(_TIME), dtype=np.int64)
    delay = p.shortest_delay << view.below("delay", p.doublings + 1)
    earlier = at - 1 - view.below("window", p.window)
    late, back, lost, skewed = (np.flatnonzero(fate == number) for number in (1, 2, 3, 4))
    changes: list[Change] = [
        AddRows(view.table, _again(view, fate == 0, at + delay), order[fate == 0], "again"),
        _set(view, late, (at + delay)[late], "late"),
        _set(view, back, earlier[back], "out of order"),
        _set(view, skewed, (at + p.skew)[skewed], "another clock"),
    ]
    return [*changes, DropRows(view.table, view.hits[lost], order[lost], "lost")]


def _set(view: View, which: Ints, times: Ints, detail: str) -> SetCells:
    return SetCells(view.table, _TIME, view.hits[which], integers(times), which, detail)


def _again(view: View, mask: npt.NDArray[np.bool_], times: Ints) -> Table:
    table = view.tables[view.table]
    rows = view.hits[mask]
    columns = {name: column.take(pa.array(rows)) for name, column in table.columns.items()}
    ids = Stream(view.stream.seed, view.stream.table, "id", f"{view.stream.purpose}/again")
    columns["id"] = keys("whd_1", ids, view.block, len(rows), 23)
    columns[_TIME] = integers(times[mask])
    columns["attempt"] = integers(np.full(len(rows), 2, dtype=np.int64))
    return Table(columns, table.people[rows])


OPERATORS = (
    Operator(
        "event_dup_late_reorder",
        Level.EVENT,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        frozenset({"epoch"}),
        event_dup_late_reorder,
        DeliveryParameters,
        works_on=Works.BLOCK,
        needs=("delivered_at", "attempt"),
    ),
)
