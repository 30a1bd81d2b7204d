"""How a column writes its values as a rule: decimals, leading zeros, dates, case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field, field_validator

from understudy.model.configuration import Configuration
from understudy.world.operators.registry import (
    ANY_TEXT,
    CellWork,
    Kim,
    Level,
    Operator,
    RahmDo,
)

__all__ = ["OPERATORS", "date_form", "usual_writing"]

Counts = Mapping[str, int]
_FEWEST = 20
_USUAL = 0.6
_NEARLY_ALL, _NEARLY_NONE = 0.98, 0.005
_NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")
_DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
_FORM = re.compile(r"(yyyy|yy|y|mm|m|dd|d)([-/.])(mm|m|dd|d)\2(yyyy|yy|y|dd|d)")
_ORDERS = ("ymd", "mdy", "dmy")
_CENTURY = 69
"""The first two-digit year of the last century, as POSIX reads them."""


class WrittenParameters(Configuration):
    """How values are written; what is written so already, or cannot be read so, stays.

    `decimals`: numbers have at least so many, and with 0 no fraction of nothing but zeros.
    `width`: digits alone are filled up with zeros. `date`: as in `y/m/dd`, where the order of the
    dates that are there is told by their own days and months. `case`: of all letters.
    """

    decimals: int | None = Field(None, ge=0, le=6)
    width: int | None = Field(None, ge=2, le=20)
    date: str | None = None
    case: Literal["upper", "lower"] | None = None

    @field_validator("date")
    @classmethod
    def _form(cls, date: str | None) -> str | None:
        if date is not None and not (_FORM.fullmatch(date) and len({*date} & {*"ymd"}) == 3):
            raise ValueError("a date is written as in `y/m/dd`, `mm/dd/yyyy` or `d.m.yy`")
        return date


def usual_writing(counts: Counts) -> dict[str, Any]:
    """The options of `written_as` that most values keep to; empty where there is no such rule.

    >>> usual_writing({"0.0": 15, "7.25": 9}), usual_writing({"01907": 25, "89140": 40})
    ({'decimals': 1}, {'width': 5})
    """
    total = sum(counts.values())
    for name, read in _RULES.items():
        found = read(counts, total)
        if found is not None:
            return {name: found}
    return {}


def date_form(counts: Counts, total: int) -> str | None:
    """How most dates of a column are written, where only one order of day, month and year fits.

    >>> date_form({"1/14/71": 3, "12/1/06": 2}, 5), date_form({"1/2/03": 9}, 9)
    ('m/d/yy', None)
    """
    dates = {found: n for text, n in counts.items() if (found := _DATE.fullmatch(text))}
    marks = Counter[str]()
    for found, count in dates.items():
        marks[found[2]] += count
    if not dates or marks.total() < _USUAL * total:
        return None
    mark, often = marks.most_common(1)[0]
    fitting = [order for order in _ORDERS if _share(dates, order) >= _NEARLY_ALL * marks.total()]
    if len(fitting) != 1 or often < _NEARLY_ALL * marks.total():
        return None
    return mark.join(_as_written(dates, place, part) for place, part in enumerate(fitting[0]))


def _share(dates: Mapping[re.Match[str], int], order: str) -> int:
    return sum(count for found, count in dates.items() if _read(found, order) is not None)


def _read(found: re.Match[str], order: str) -> dict[str, str] | None:
    """Year, month and day in their own digits, where they can be such in this order."""
    told = dict(zip(order, (found[1], found[3], found[4]), strict=True))
    day, month, year = (told[name] for name in "dmy")
    if len(year) == 3 or len(day) > 2 or len(month) > 2:
        return None
    return told if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else None


def _as_written(dates: Mapping[re.Match[str], int], place: int, part: str) -> str:
    """`yyyy`, or the letter twice where small numbers have a zero before them."""
    group = (1, 3, 4)[place]
    small = {True: 0, False: 0}
    long = 0
    for found, count in dates.items():
        text = found[group]
        long += count * (len(text) == 4)
        if len(text) <= 2 and int(text) < 10:
            small[len(text) == 2] += count
    if part == "y" and 2 * long > sum(dates.values()):
        return "yyyy"
    return part * (2 if small[True] > small[False] or not any(small.values()) else 1)


def _decimals(counts: Counts, total: int) -> int | None:
    """How many decimals nearly all numbers have; 0 where whole ones have none."""
    found = Counter[int]()
    whole = 0
    for text, count in counts.items():
        match = _NUMBER.fullmatch(text)
        if match:
            found[len(match[1] or "")] += count
            whole += count * (bool(match[1]) and not match[1].strip("0"))
    numbers = found.total()
    if numbers < max(_FEWEST, _USUAL * total):
        return None
    fewest = next((n for n in sorted(found) if sum(found[m] for m in found if m <= n) >
                   _NEARLY_NONE * numbers), 0)  # fmt: skip
    if fewest == 0 and (found[0] < _FEWEST or whole > _NEARLY_NONE * numbers):
        return None
    return min(fewest, 6)


def _width(counts: Counts, total: int) -> int | None:
    """The length that most runs of digits have, some of them by zeros before."""
    lengths, filled = Counter[int](), Counter[int]()
    for text, count in counts.items():
        if text.isascii() and text.isdigit():
            lengths[len(text)] += count
            filled[len(text)] += count * text.startswith("0")
    if not lengths:
        return None
    length, often = lengths.most_common(1)[0]
    usual = often >= max(_FEWEST, _USUAL * total) and filled[length] >= _FEWEST
    return length if usual and 2 <= length <= 20 else None


def _case(counts: Counts, total: int) -> str | None:
    lettered = {text: n for text, n in counts.items() if text.upper() != text.lower()}
    enough = max(_FEWEST, _USUAL * total)
    for case, is_so in (("upper", str.isupper), ("lower", str.islower)):
        often = sum(count for text, count in lettered.items() if is_so(text))
        if often >= max(enough, _NEARLY_ALL * sum(lettered.values())):
            return case
    return None


def _dated(counts: Counts, total: int) -> str | None:
    dates = sum(count for text, count in counts.items() if _DATE.fullmatch(text))
    return date_form(counts, total) if dates >= _FEWEST else None


_RULES: Mapping[str, Callable[[Counts, int], Any]] = {
    "date": _dated, "width": _width, "decimals": _decimals, "case": _case,
}  # fmt: skip


def written_as(work: CellWork) -> pa.Array:
    """The same values as another system writes them: `0` as `0.0`, `1/6/12` as `12/1/06`."""
    rule: WrittenParameters = work.parameters
    values = work.values.to_pylist()
    write = _writer(rule, values)
    return pa.array([write(value) for value in values], pa.string())


def _writer(rule: WrittenParameters, values: Iterable[str]) -> Callable[[str], str]:
    if rule.date is not None:
        return _date_writer(rule.date, Counter(values))
    width, decimals = rule.width, rule.decimals
    if width is not None:
        return lambda text: text.zfill(width) if text.isascii() and text.isdigit() else text
    if decimals is not None:
        return lambda text: _with_decimals(text, decimals)
    return {"upper": str.upper, "lower": str.lower}.get(rule.case or "", str)


def _with_decimals(text: str, decimals: int) -> str:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    fraction = match[1] or ""
    whole = text.partition(".")[0]
    if not decimals:
        return text if fraction.strip("0") else whole
    return f"{whole}.{fraction.ljust(decimals, '0')}"


@dataclass(frozen=True, slots=True)
class _DateWriter:
    """Writes dates of one order in another form."""

    order: str
    form: str

    def __call__(self, text: str) -> str:
        found = _DATE.fullmatch(text)
        told = _read(found, self.order) if found else None
        parts = _FORM.fullmatch(self.form)
        if told is None or parts is None:
            return text
        return parts[2].join(_part(told[word[0]], word) for word in (parts[1], parts[3], parts[4]))


def _part(text: str, word: str) -> str:
    number = int(text)
    if word == "yyyy" and len(text) <= 2:
        number += 1900 if number >= _CENTURY else 2000
    elif word in ("y", "yy"):
        number %= 100
    return f"{number:0{len(word)}d}"


def _date_writer(form: str, counts: Counts) -> Callable[[str], str]:
    own = date_form(counts, sum(counts.values()))
    if own is None:
        return str
    order = "".join(dict.fromkeys(letter for letter in own if letter in "ymd"))
    return _DateWriter(order, form)


OPERATORS = (
    Operator(
        "written_as",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        written_as,
        WrittenParameters,
    ),
)
