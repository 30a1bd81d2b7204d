"""Links into nothing: an id that never was, or a row that was deleted while others point at it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.model.configuration import Configuration
from understudy.world.operators.changes import Change, DropRows, SetCells, View
from understudy.world.operators.registry import ANY_TEXT, Kim, Level, Operator, RahmDo, Works
from understudy.world.schema import CRM_NOTE

__all__ = ["OPERATORS", "orphan_stale_fk", "stale_links"]


Ints = npt.NDArray[np.int64]
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
    hit are gone, and whatever points at them still does.
    """

    column: str = "id"
    mode: Literal["orphan", "deleted"] = "orphan"


def orphan_stale_fk(view: View) -> list[Change]:
    """A link that leads nowhere."""
    order = np.arange(len(view.hits), dtype=np.int64)
    if view.parameters.mode == "deleted":
        gone = view.column("id")
        stale = stale_links(view, gone, order, "points at a deleted row")
        return [DropRows(view.table, view.hits, order, "deleted, still pointed at"), *stale]
    values = view.column(view.parameters.column)
    held = np.asarray(values.is_valid())
    words = view.words("digits")
    made = [
        None if value is None else _elsewhere(value, word)
        for value, word in zip(values.to_pylist(), words.tolist(), strict=True)
    ]
    made_array = pa.array(made, pa.string()).filter(pa.array(held))
    return [SetCells(view.table, view.parameters.column, view.hits[held], made_array, order[held])]


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
