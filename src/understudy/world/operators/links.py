"""Links into nothing: an id that never was, or a row that was deleted while others point at it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from understudy.model.configuration import Configuration, ShareText
from understudy.world.entropy import uniform
from understudy.world.operators.changes import Change, DropRows, SetCells, View
from understudy.world.operators.registry import ANY_TEXT, Kim, Level, Operator, RahmDo, Works
from understudy.world.schema import CRM_NOTE

__all__ = ["OPERATORS", "orphan_stale_fk", "stale_links"]


Ints = npt.NDArray[np.int64]
_BORN = ("createdAt", "created_at", "created")
_MONTH = 30 * 86_400
_LINKS = {
    "hubspot.contacts": (
        ("stripe.customers", "metadata.crm_contact_id", ""),
        ("hubspot.associations", "from_id", ""),
        ("hubspot.associations", "to_id", ""),
        ("zendesk.users", "notes", CRM_NOTE),
    ),
    "hubspot.companies": (
        ("hubspot.associations", "from_id", ""),
        ("hubspot.associations", "to_id", ""),
    ),
    "zendesk.organizations": (("zendesk.users", "organization_id", ""),),
}
"""Where rows of a table are pointed at: table, column, and what stands before the id."""


class LinkParameters(Configuration):
    """The link's column, and what became of it.

    `orphan`: the cell names a row that never was. `deleted`: the rows of the step's table that are
    hit are gone, and whatever points at them still does. `stale`: whoever the cell leads to has
    left since the row was made; each month that befalls the share `hazard` of those still there.
    Nothing is changed by it, and the ledger says since when the cell is wrong.
    """

    column: str = "id"
    mode: Literal["orphan", "deleted", "stale"] = "orphan"
    hazard: ShareText = 0.021

    @pydantic.model_validator(mode="after")
    def _named(self) -> Self:
        if self.mode != "deleted" and self.column == "id":
            raise ValueError(f"`mode: {self.mode}` needs the `column` that holds the link")
        return self


def orphan_stale_fk(view: View) -> list[Change]:
    """A link that leads nowhere."""
    order = np.arange(len(view.hits), dtype=np.int64)
    if view.parameters.mode == "deleted":
        gone = view.column("id")
        stale = stale_links(view, gone, order, "points at a deleted row")
        return [DropRows(view.table, view.hits, order, "deleted, still pointed at"), *stale]
    if view.parameters.mode == "stale":
        return [_left(view, order)]
    values = view.column(view.parameters.column)
    held = np.asarray(values.is_valid())
    words = view.words("digits")
    made = [
        None if value is None else _elsewhere(value, word)
        for value, word in zip(values.to_pylist(), words.tolist(), strict=True)
    ]
    made_array = pa.array(made, pa.string()).filter(pa.array(held))
    return [SetCells(view.table, view.parameters.column, view.hits[held], made_array, order[held])]


def _left(view: View, order: Ints) -> SetCells:
    """Marks the cells of those who have left, by how long their rows are there."""
    values = view.column(view.parameters.column)
    months = _age_in_months(view)
    stays = 1.0 - view.parameters.hazard
    # The share still there after so many months; multiplied out, as powers differ by machine.
    still = np.cumprod([1.0, *[stays] * int(months.max(initial=0))])
    drawn = uniform(view.words("left"))
    gone = np.searchsorted(-still, -drawn, side="left")
    left = np.flatnonzero((gone <= months) & np.asarray(values.is_valid()))
    since = (months - gone)[left].tolist()
    detail = pa.array([f"left {number} months ago" for number in since], pa.string())
    kept = values.take(pa.array(left))
    place = view.parameters.column
    return SetCells(view.table, place, view.hits[left], kept, order[left], detail, mark=True)


def _age_in_months(view: View) -> Ints:
    """For how many months each row has been there; 0 where it does not say."""
    columns = view.tables[view.table].columns
    name = next((name for name in _BORN if name in columns), None)
    if name is None:
        return np.zeros(len(view.hits), dtype=np.int64)
    born = [_seconds(value) for value in view.column(name).to_pylist()]
    ages = [0 if at is None else max(0, view.now - at) // _MONTH for at in born]
    return np.array(ages, dtype=np.int64)


def _seconds(value: int | str | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except ValueError:
        return None


def stale_links(view: View, gone: pa.Array, group: Ints, detail: str) -> list[Change]:
    """Cells elsewhere that still name rows which are gone: noted in the ledger, not changed."""
    changes: list[Change] = []
    for table, column, prefix in _LINKS.get(view.table, ()):
        if table not in view.tables:
            continue
        cells = view.tables[table].columns[column]
        wanted = pc.binary_join_element_wise(prefix, gone, "")
        place = pc.index_in(cells, wanted, skip_nulls=True)
        rows = np.flatnonzero(np.asarray(place.is_valid()))
        found = np.asarray(place.take(pa.array(rows)), dtype=np.int64)
        values = cells.take(pa.array(rows))
        changes.append(SetCells(table, column, rows, values, group[found], detail, mark=True))
    return changes


def _elsewhere(value: str, word: int) -> str:
    """An id of the same shape whose last places are others.

    >>> _elsewhere("201711953", 0x123)
    '201999678'
    """
    places = min(6, len(value) - 1)
    tail = "999" + "".join("9876543210"[(word >> 4 * place) % 16 % 10] for place in range(3))
    return value[: len(value) - places] + tail[-places:] if places else value


OPERATORS = (
    Operator(
        "orphan_stale_fk",
        Level.TABLE,
        Kim.WRONG,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT | {"key"},
        orphan_stale_fk,
        LinkParameters,
        works_on=Works.BLOCK,
    ),
)
