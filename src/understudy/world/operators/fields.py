"""Values in the wrong field: swapped, swallowed by a neighbour, moved by a change of schema."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from understudy.model.configuration import Configuration
from understudy.world.operators.registry import (
    ANY_TEXT,
    Kim,
    Level,
    Operator,
    RahmDo,
    RowWork,
    Works,
)

__all__ = ["OPERATORS", "schema_drift", "swallow_neighbour", "swap_columns"]


class SwallowParameters(Configuration):
    """What stands between the two values in the field that took both."""

    separator: str = " "


class RenameParameters(Configuration):
    """The property's name after the upgrade, and its values' new words."""

    to: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    values: dict[str, str] = Field(default_factory=dict)


def swap_columns(work: RowWork) -> dict[str, pa.Array]:
    """Two values, each in the other's field."""
    (left, first), (right, second) = list(work.columns.items())[:2]
    return {left: second, right: first}


def swallow_neighbour(work: RowWork) -> dict[str, pa.Array]:
    """The first field's value stands in the second one, and the first is empty."""
    (source, moved), (target, kept) = list(work.columns.items())[:2]
    both = pc.binary_join_element_wise(kept, moved, work.parameters.separator)
    return {source: pa.nulls(len(moved), moved.type), target: pc.coalesce(both, moved, kept)}


def schema_drift(work: RowWork) -> dict[str, pa.Array]:
    """After an upgrade a batch has the property under another name, with other words in it."""
    (old, values), *_ = work.columns.items()
    words = work.parameters.values
    renamed = [words.get(value, value) for value in values.to_pylist()]
    return {
        old: pa.nulls(len(values), values.type),
        work.parameters.to: pa.array(renamed, pa.string()),
    }


OPERATORS = (
    Operator(
        "swap_columns",
        Level.ROW,
        Kim.WRONG,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        swap_columns,
        works_on=Works.ROWS,
        columns=2,
    ),
    Operator(
        "swallow_neighbour",
        Level.ROW,
        Kim.WRONG,
        RahmDo.SINGLE_SCHEMA,
        ANY_TEXT,
        swallow_neighbour,
        SwallowParameters,
        works_on=Works.ROWS,
        columns=2,
    ),
    Operator(
        "schema_drift",
        Level.TABLE,
        Kim.UNUSABLE,
        RahmDo.MULTI_SCHEMA,
        ANY_TEXT,
        schema_drift,
        RenameParameters,
        works_on=Works.ROWS,
    ),
)
