"""Plausible and wrong: a value somewhat off, rounded, another row's, or the neighbour's as well."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from understudy.model.configuration import Configuration
from understudy.world.entropy import below, uniform
from understudy.world.operators.registry import (
    ANY_TEXT,
    CellWork,
    Kim,
    Level,
    Operator,
    RahmDo,
)

__all__ = [
    "OPERATORS", "clock_minutes", "drifted", "number_round", "other_value", "take_neighbour",
    "value_drift",
]  # fmt: skip

_CLOCK = re.compile(r"\b(\d{1,2})(:)(\d\d)(\s*)([ap]?)(\.?m?\.?)", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_DAY = 1440


class DriftParameters(Configuration):
    """How far the value is off: rising quantiles, drawn between; minutes where it is a time."""

    quantiles: tuple[float, ...] = Field((-10, -2, 1, 5, 20), min_length=2, max_length=100)


class RoundParameters(Configuration):
    """How many decimals are left."""

    decimals: int = Field(0, ge=0, le=12)


class NeighbourParameters(Configuration):
    """The column whose value is written here, and what stands between the two.

    Without a separator the own value is gone.
    """

    column: str
    separator: str | None = " "


def value_drift(work: CellWork) -> pa.Array:
    """A number or a time of day that another source has slightly otherwise."""
    edges = work.parameters.quantiles
    at = uniform(work.words[0]) * (len(edges) - 1)
    low = at.astype(np.int64)
    steps = np.array(edges)[low] + (at - low) * np.diff(np.array(edges))[low]
    made = [
        drifted(value, step)
        for value, step in zip(work.values.to_pylist(), steps.tolist(), strict=True)
    ]
    return pa.array(made, pa.string())


def drifted(value: str, step: float) -> str:
    """The number or time of day, so much off, in the same writing; other text stays.

    >>> drifted("11:55 a.m.", 10), drifted("0.050", 0.0123), drifted("soon", 1)
    ('12:05 p.m.', '0.062', 'soon')
    """
    match = _CLOCK.search(value)
    if match:
        minutes = (_minutes(match) + (round(step) or 1)) % _DAY
        return value[: match.start()] + _clock(match, minutes) + value[match.end() :]
    if not _NUMBER.fullmatch(value):
        return value
    old = Decimal(value)
    unit = Decimal(1).scaleb(int(old.as_tuple().exponent))
    new = (old + Decimal(repr(step))).quantize(unit)
    return str(new if new != old else old + unit)


def clock_minutes(value: str) -> int | None:
    """The minute of the day of the first time in a text.

    >>> clock_minutes("12:05 a.m."), clock_minutes("17:30"), clock_minutes("noon")
    (5, 1050, None)
    """
    match = _CLOCK.search(value)
    return _minutes(match) if match else None


def _minutes(match: re.Match[str]) -> int:
    hour, half = int(match.group(1)), match.group(5).lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour * 60 + int(match.group(3))


def _clock(match: re.Match[str], minutes: int) -> str:
    hour, minute = divmod(minutes, 60)
    half = match.group(5)
    if half:
        letter = "p" if hour >= 12 else "a"
        half = letter.upper() if half.isupper() else letter
        hour = hour % 12 or 12
    padded = f"{hour:02d}" if match.group(1).startswith("0") else str(hour)
    return f"{padded}:{minute:02d}{match.group(4)}{half}{match.group(6)}"


def number_round(work: CellWork) -> pa.Array:
    """A number of which some tool kept only so many decimals."""
    unit = Decimal(1).scaleb(-work.parameters.decimals)
    return pa.array([_rounded(value, unit) for value in work.values.to_pylist()], pa.string())


def _rounded(value: str, unit: Decimal) -> str:
    try:
        number = Decimal(value)
        return str(number.quantize(unit)) if number.is_finite() else value
    except InvalidOperation:
        return value


def other_value(work: CellWork) -> pa.Array:
    """The value of another row of the same block: a mix-up that looks right."""
    pool = work.block[work.column].drop_null() if work.column in work.block else work.values
    if not len(pool):
        return work.values
    picked = pool.take(pa.array(below(work.words[0], len(pool))))
    again = pool.take(pa.array(below(work.words[1], len(pool))))
    return pc.if_else(pc.equal(picked, work.values).fill_null(False), again, picked)


def take_neighbour(work: CellWork) -> pa.Array:
    """The neighbour's value stands here too, or instead."""
    neighbour = work.block.get(work.parameters.column)
    if neighbour is None:
        return work.values
    moved = neighbour.take(pa.array(work.rows))
    if work.parameters.separator is None:
        return moved
    return pc.coalesce(
        pc.binary_join_element_wise(work.values, moved, work.parameters.separator), work.values
    )


OPERATORS = (
    Operator(
        "value_drift",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        value_drift,
        DriftParameters,
    ),
    Operator(
        "number_round",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        number_round,
        RoundParameters,
    ),
    Operator(
        "other_value",
        Level.CELL,
        Kim.WRONG,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        other_value,
        takes_null=True,
    ),
    Operator(
        "take_neighbour",
        Level.CELL,
        Kim.WRONG,
        RahmDo.SINGLE_SCHEMA,
        ANY_TEXT,
        take_neighbour,
        NeighbourParameters,
        takes_null=True,
    ),
)
