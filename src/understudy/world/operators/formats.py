"""The same value written otherwise: dates, time zones, lost zeros, what spreadsheets make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, get_args

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
)

__all__ = ["OPERATORS", "date_format_mix", "leading_zero_loss", "spreadsheet_coerce", "tz_drift"]

Style = Literal["dmy", "mdy", "ymd", "dotted", "epoch_ms", "spoken", "time_12h"]
_STYLES: dict[str, Callable[[datetime], str]] = {
    "dmy": lambda at: at.strftime("%d/%m/%Y"),
    "mdy": lambda at: at.strftime("%m/%d/%Y"),
    "ymd": lambda at: at.strftime("%Y-%m-%d"),
    "dotted": lambda at: f"{at.day}.{at.month}.{at.year % 100:02d}",
    "epoch_ms": lambda at: str(int(at.timestamp()) * 1000),
    "spoken": lambda at: at.strftime("%d-%b-%Y"),
    "time_12h": lambda at: at.strftime("%m/%d/%Y %I:%M %p").lower(),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TWO_NUMBERS = re.compile(r"^(\d{1,4})[-/ ](\d{1,4})$")
_LONG_NUMBER = re.compile(r"^\+?[\d ]{10,}$")


class DateParameters(Configuration):
    """Which ways of writing a date, and how often each."""

    styles: Annotated[dict[Style, float], WEIGHTS] = Field(
        default_factory=lambda: dict.fromkeys(get_args(Style), 1.0), min_length=1
    )


class ZoneParameters(Configuration):
    """The offsets in minutes that were added, and whether the `Z` went missing too.

    With `summer_only` only times from April to October moved, as where daylight saving is applied
    twice.
    """

    offsets: tuple[int, ...] = Field((60, 120, -300, -480, 540), min_length=1)
    naive: bool = True
    summer_only: bool = False


class CoerceParameters(Configuration):
    """Which conversions the spreadsheet made."""

    kinds: tuple[Literal["date", "scientific", "rounded"], ...] = Field(
        ("date", "scientific", "rounded"), min_length=1
    )


def date_format_mix(work: CellWork) -> pa.Array:
    """A time as some other tool writes it; `04/02` is then April or February."""
    styles = work.parameters.styles
    names = list(styles)
    picked = chosen(work.words[0], list(styles.values()))
    made = [
        _rewritten(value, _STYLES[names[style]])
        for value, style in zip(work.values.to_pylist(), picked.tolist(), strict=True)
    ]
    return pa.array(made, pa.string())


def _rewritten(value: str, style: Callable[[datetime], str]) -> str:
    try:
        return style(datetime.fromisoformat(value))
    except ValueError:
        return value


def tz_drift(work: CellWork) -> pa.Array:
    """Local time kept as if it were UTC: near midnight the day is another one."""
    p, offsets = work.parameters, work.parameters.offsets
    made = [
        value
        if p.summer_only and not _in_summer(value)
        else _drifted(value, offsets[pick], p.naive)
        for value, pick in zip(
            work.values.to_pylist(), work.below(0, len(offsets)).tolist(), strict=True
        )
    ]
    return pa.array(made, pa.string())


def _in_summer(value: str) -> bool:
    try:
        return 4 <= datetime.fromisoformat(value).month <= 10
    except ValueError:
        return False


def _drifted(value: str, minutes: int, naive: bool) -> str:
    try:
        at = datetime.fromisoformat(value).astimezone(UTC) + timedelta(minutes=minutes)
    except ValueError:
        return value
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ("" if naive else "Z")


def leading_zero_loss(work: CellWork) -> pa.Array:
    """A code that was read as a number: `01907` is `1907`."""
    made = [
        value.lstrip("0") or "0" if value[:1] == "0" else value for value in work.values.to_pylist()
    ]
    return pa.array(made, pa.string())


def spreadsheet_coerce(work: CellWork) -> pa.Array:
    """What a spreadsheet makes of a cell: `3-82` a month, a long number 9.79E+12."""
    kinds = work.parameters.kinds
    made = [
        _coerced(value, kinds, pick)
        for value, pick in zip(work.values.to_pylist(), work.words[0].tolist(), strict=True)
    ]
    return pa.array(made, pa.string())


def _coerced(value: str, kinds: tuple[str, ...], pick: int) -> str:
    digits = re.sub(r"\D", "", value)
    if "scientific" in kinds and _LONG_NUMBER.match(value):
        return f"{digits[0]}.{digits[1:3]}E+{len(digits) - 1}"
    if "date" in kinds and (match := _TWO_NUMBERS.match(value)):
        return _as_month(match[1], match[2]) or value
    if "rounded" in kinds and re.fullmatch(r"\d+\.\d+", value):
        return value.partition(".")[0] + ("" if pick % 2 else ".0")
    return value


def _as_month(first: str, second: str) -> str:
    """The month and year that a spreadsheet sees in two numbers; empty where neither is a month.

    >>> _as_month("3", "82"), _as_month("3582", "9"), _as_month("3582", "90")
    ('Mar-82', 'Sep-82', '')
    """
    for month, year in ((first, second), (second, first)):
        if 1 <= int(month) <= 12:
            return f"{_MONTHS[int(month) - 1]}-{year[-2:]:0>2}"
    return ""


OPERATORS = (
    Operator(
        "date_format_mix",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        date_format_mix,
        DateParameters,
    ),
    Operator(
        "tz_drift", Level.CELL, Kim.WRONG, RahmDo.MULTI_INSTANCE, ANY_TEXT, tz_drift, ZoneParameters
    ),
    Operator(
        "leading_zero_loss",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_SCHEMA,
        ANY_TEXT,
        leading_zero_loss,
    ),
    Operator(
        "spreadsheet_coerce",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_SCHEMA,
        ANY_TEXT,
        spreadsheet_coerce,
        CoerceParameters,
    ),
)
