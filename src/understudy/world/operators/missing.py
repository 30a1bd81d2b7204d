"""Values that are not there: null, a stand-in for null, several columns null together."""

from __future__ import annotations

from typing import Annotated, Literal

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

Sort = Literal["word", "number", "date"]
_SENTINELS: dict[Sort, dict[str, float]] = {
    "word": {"N/A": 30, "n/a": 14, "-": 18, "null": 8, "unknown": 10, "none": 6, "?": 4},
    "number": {"-1": 30, "0": 25, "999": 15, "9999": 10, "99999": 5},
    "date": {"1900-01-01": 40, "1970-01-01": 30, "9999-12-31": 15, "0000-00-00": 10},
}


class SentinelParameters(Configuration):
    """Which stand-ins, and how often each; `type` says for which sort of value they are typed."""

    type: Sort = "word"
    values: Annotated[dict[str, float], WEIGHTS] = Field(
        default_factory=lambda given: dict(_SENTINELS[given["type"]]), min_length=1
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
