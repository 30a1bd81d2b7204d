"""Values in the wrong field: swapped, swallowed by a neighbour, moved by a change of schema."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
import pydantic
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


class DriftParameters(Configuration):
    """What the upgrade did: another name, new words for the values, another type, or a column gone.

    `rename` needs `to`; `values` are new words in any case.
    """

    how: Literal["rename", "values", "retype", "drop"] = "rename"
    to: str | None = Field(None, min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    values: dict[str, str] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.how == "rename") != (self.to is not None):
            raise ValueError("`to` is the new name, which `how: rename` needs and nothing else has")
        if self.how == "values" and not self.values:
            raise ValueError("`how: values` needs `values`: the new word of each old one")
        return self


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
    """After an upgrade a batch has the property otherwise: name, words or type, or not at all."""
    (old, values), *_ = work.columns.items()
    p = work.parameters
    drifted = pa.array([p.values.get(value, value) for value in values.to_pylist()], pa.string())
    gone = pa.nulls(len(values), values.type)
    if p.how == "rename":
        return {old: gone, p.to: drifted}
    if p.how == "drop":
        return {old: gone}
    return {old: drifted if p.how == "values" else _retyped(drifted)}


def _retyped(values: pa.Array) -> pa.Array:
    """Numbers as decimals, yes and no as 1 and 0, times as milliseconds since 1970."""
    return pa.array([_as_other_type(value) for value in values.to_pylist()], pa.string())


def _as_other_type(value: str | None) -> str | None:
    if value is None or value.lower() in _FLAGS:
        return _FLAGS[value.lower()] if value else value
    if re.fullmatch(r"-?\d+", value):
        return f"{value}.0"
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return str(int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * 1000)


_FLAGS = {"true": "1", "false": "0", "yes": "1", "no": "0"}


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
        DriftParameters,
        works_on=Works.ROWS,
    ),
)
