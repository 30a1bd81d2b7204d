"""Values that are not there: null, a stand-in for null, several columns null together."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration
from understudy.world.entropy import chosen
from understudy.world.operators.registry import (
    ANY_TEXT,
    CellWork,
    Kim,
    Level,
    Operator,
    RahmDo,
    RowWork,
    Works,
)

__all__ = ["OPERATORS", "null_explicit", "null_joint", "null_sentinel"]

_SENTINELS = {
    "N/A": 30.0,
    "n/a": 14.0,
    "-": 18.0,
    "null": 8.0,
    "unknown": 10.0,
    "none": 6.0,
    "?": 4.0,
}


class SentinelParameters(Configuration):
    """Which stand-ins, and how often each."""

    values: Annotated[dict[str, float], WEIGHTS] = Field(
        default_factory=lambda: dict(_SENTINELS), min_length=1
    )


def null_explicit(work: CellWork) -> pa.Array:
    """The cell is empty."""
    return pa.nulls(len(work), work.values.type)


def null_sentinel(work: CellWork) -> pa.Array:
    """The cell holds a word that somebody had to type because the field was obligatory."""
    values = work.parameters.values
    picked = chosen(work.words[0], list(values.values()))
    return pa.array(list(values), pa.string()).take(pa.array(picked))


def null_joint(work: RowWork) -> dict[str, pa.Array]:
    """A whole section of the form was left empty: every named column of the row is null."""
    return {name: pa.nulls(len(values), values.type) for name, values in work.columns.items()}


_NULLABLE = ANY_TEXT | {"nullable"}
OPERATORS = (
    Operator(
        "null_explicit", Level.CELL, Kim.MISSING, RahmDo.SINGLE_INSTANCE, _NULLABLE, null_explicit
    ),
    Operator(
        "null_sentinel",
        Level.CELL,
        Kim.MISSING,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        null_sentinel,
        SentinelParameters,
        takes_null=True,
    ),
    Operator(
        "null_joint",
        Level.ROW,
        Kim.MISSING,
        RahmDo.SINGLE_INSTANCE,
        _NULLABLE,
        null_joint,
        works_on=Works.ROWS,
        columns=2,
    ),
)
