"""Amounts gone astray: other separators, cents for units, units in the field, words for numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration, ShareText
from understudy.world.entropy import chosen
from understudy.world.operators.registry import (
    ANY_TEXT,
    CellWork,
    Kim,
    Level,
    Operator,
    RahmDo,
)

__all__ = ["OPERATORS", "currency_unit_slip", "number_locale", "text_in_numeric", "unit_suffix"]

_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
Writing = Literal["comma", "space", "swiss", "thousands", "parentheses"]


class LocaleParameters(Configuration):
    """Which ways of writing numbers are used."""

    styles: tuple[Writing, ...] = Field(("comma", "space", "thousands"), min_length=1)


class SlipParameters(Configuration):
    """The factor, how often the amount grew instead of shrinking, and a symbol before it.

    The symbol stands in fields of text only.
    """

    factor: Literal[100, 1000] = 100
    grows: ShareText = 0.7
    symbol: str = ""


class SuffixParameters(Configuration):
    """Which units people type behind the number, and how often each."""

    suffixes: Annotated[dict[str, float], WEIGHTS] = Field(
        default_factory=lambda: {" EUR": 3.0, "€": 2.0, " eur": 1.0, "k": 1.0, " USD": 2.0},
        min_length=1,
    )


class PhraseParameters(Configuration):
    """Which words people type for a number, and how often each."""

    phrases: Annotated[dict[str, float], WEIGHTS] = Field(
        default_factory=lambda: {"TBD": 4.0, "see notes": 3.0, "ask sales": 2.0, "???": 1.0},
        min_length=1,
    )


def number_locale(work: CellWork) -> pa.Array:
    """A number with the separators of another country: `1.234,56`."""
    styles = work.parameters.styles
    picked = work.below(0, len(styles)).tolist()
    made = [
        _written(value, styles[style]) if _NUMBER.match(value) else value
        for value, style in zip(work.values.to_pylist(), picked, strict=True)
    ]
    return pa.array(made, pa.string())


def _written(value: str, style: str) -> str:
    amount = Decimal(value)
    plain = f"{abs(amount):,}"
    marks = {"comma": (".", ","), "space": (" ", ","), "swiss": ("'", "."), "thousands": (",", ".")}
    thousand, point = marks.get(style, (",", "."))
    text = plain.replace(",", "\0").replace(".", point).replace("\0", thousand)
    if style == "parentheses":
        return f"({text})"
    return f"-{text}" if amount < 0 else text


def currency_unit_slip(work: CellWork) -> pa.Array:
    """Cents booked as units, or units as cents: the amount is a hundred times what it was.

    Where the vendor's field is an integer of minor units it stays one.
    """
    grows = chosen(work.words[0], (work.parameters.grows, 1 - work.parameters.grows)) == 0
    factor = work.parameters.factor
    if pa.types.is_integer(work.values.type):
        values = np.asarray(work.values)
        return pa.array(np.where(grows, values * factor, values // factor), pa.int64())
    made = [
        _slipped(value, factor, up, work.parameters.symbol)
        for value, up in zip(work.values.to_pylist(), grows.tolist(), strict=True)
    ]
    return pa.array(made, pa.string())


def _slipped(value: str, factor: int, up: bool, symbol: str) -> str:
    if not _NUMBER.match(value):
        return value
    amount = Decimal(value)
    digits = -int(amount.as_tuple().exponent)
    moved = amount * factor if up else amount / factor
    return f"{symbol}{moved.quantize(Decimal(1).scaleb(-digits))}"


def unit_suffix(work: CellWork) -> pa.Array:
    """The unit stands in the number's field, spelled in many ways."""
    return _appended(work, work.parameters.suffixes, replace=False)


def text_in_numeric(work: CellWork) -> pa.Array:
    """Words where a number belongs: `TBD`, `see notes`."""
    return _appended(work, work.parameters.phrases, replace=True)


def _appended(work: CellWork, weights: dict[str, float], *, replace: bool) -> pa.Array:
    words: list[Any] = list(weights)
    picked = chosen(work.words[0], list(weights.values())).tolist()
    values = work.values.to_pylist()
    made = [
        words[pick] if replace else f"{value}{words[pick]}"
        for value, pick in zip(values, picked, strict=True)
    ]
    return pa.array(made, pa.string())


OPERATORS = (
    Operator(
        "number_locale",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        number_locale,
        LocaleParameters,
    ),
    Operator(
        "currency_unit_slip",
        Level.CELL,
        Kim.WRONG,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT | {"money"},
        currency_unit_slip,
        SlipParameters,
    ),
    Operator(
        "unit_suffix",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        unit_suffix,
        SuffixParameters,
    ),
    Operator(
        "text_in_numeric",
        Level.CELL,
        Kim.WRONG,
        RahmDo.SINGLE_SCHEMA,
        ANY_TEXT,
        text_in_numeric,
        PhraseParameters,
    ),
)
