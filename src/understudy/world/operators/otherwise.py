"""Plausible and wrong: a value somewhat off, rounded, another row's, or the neighbour's as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, ShareText
from understudy.world.entropy import Words, below, chosen, uniform
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
_SLACK = 1.001
Size = Annotated[int, Field(ge=0, le=30)]


class DriftParameters(Configuration):
    """How far the value is off: rising quantiles, drawn between; minutes where it is a time.

    A number keeps its decimals, or has one of so many `decimals`, or as many as make so many
    `digits` in all, without `zeros` at the end if these are not written. With `instead` the
    quantiles are those of the numbers that come in place of the old ones.
    """

    quantiles: tuple[float, ...] = Field((-10, -2, 1, 5, 20), min_length=2, max_length=100)
    decimals: dict[Size, float] = Field(default_factory=dict)
    digits: dict[Size, float] = Field(default_factory=dict)
    zeros: bool = True
    instead: bool = False


class OtherParameters(Configuration):
    """The shares of the values that stand there most often; the rest are other rows' values."""

    values: dict[str, ShareText] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(self.values.values()) > _SLACK:
            raise ValueError("the shares of `values` add up to more than all")
        return self


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
    values = work.values.to_pylist()
    if work.parameters.instead:
        steps = steps - [_plain(value) for value in values]
    sizes = _sizes(work.parameters, work.words[1])
    made = [drifted(*one) for one in zip(values, steps.tolist(), sizes, strict=True)]
    if not work.parameters.zeros:
        made = [_bare(value) for value in made]
    return pa.array(made, pa.string())


def _plain(value: str) -> float:
    return float(value) if _NUMBER.fullmatch(value) else 0.0


def _bare(value: str) -> str:
    return value.rstrip("0").rstrip(".") if _NUMBER.fullmatch(value) and "." in value else value


@dataclass(frozen=True, slots=True)
class _Size:
    """How many decimals a number has, or digits if it is the whole of it."""

    count: int
    whole: bool


def _sizes(parameters: DriftParameters, words: Words) -> list[_Size | None]:
    """How each number is written; None as it was."""
    weights = parameters.digits or parameters.decimals
    if not weights:
        return [None] * len(words)
    sizes = [_Size(count, bool(parameters.digits)) for count in weights]
    return [sizes[pick] for pick in chosen(words, list(weights.values())).tolist()]


def drifted(value: str, step: float, size: _Size | None = None) -> str:
    """The number or time of day, so much off, in the same writing; other text stays.

    >>> drifted("11:55 a.m.", 10), drifted("0.050", 0.0123), drifted("soon", 1)
    ('12:05 p.m.', '0.062', 'soon')
    >>> drifted("13", 6585.571721, _Size(10, True)), drifted("0", -0.25, _Size(2, False))
    ('6598.571721', '-0.25')
    """
    match = _CLOCK.search(value)
    if match:
        minutes = (_minutes(match) + (round(step) or 1)) % _DAY
        return value[: match.start()] + _clock(match, minutes) + value[match.end() :]
    if not _NUMBER.fullmatch(value):
        return value
    old = Decimal(value)
    new = old + Decimal(repr(step))
    places = -int(old.as_tuple().exponent)
    if size is not None:
        places = max(0, size.count - len(str(abs(int(new))))) if size.whole else size.count
    unit = Decimal(1).scaleb(-places)
    new = new.quantize(unit)
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
    other = pc.if_else(pc.equal(picked, work.values).fill_null(False), again, picked)
    shares = work.parameters.values
    if not shares:
        return other
    rest = max(0.0, 1.0 - sum(shares.values()))
    words = pa.array([*shares, None], pa.string())
    often = words.take(pa.array(chosen(work.words[2], [*shares.values(), rest])))
    same = pc.equal(often, work.values).fill_null(True)
    return pc.if_else(same, other, often)


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
        OtherParameters,
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
