"""The same value in another writing: a template, another word, another case, stray spaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, field_validator

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
from understudy.world.quality import pattern
from understudy.world.template import parse

__all__ = ["OPERATORS", "SPACES", "letter_case", "recode", "rewrite", "stray_space"]

Case = Literal["upper", "lower", "title", "capital"]
Place = Literal["before", "after", "double", "none", "tab"]


class RewriteParameters(Configuration):
    """How the value is written; see the fields of a template.

    With `form` only values of that pattern are, as in `9.9`: what is written so already stays.
    """

    template: str = Field(min_length=1)
    form: str | None = None

    @field_validator("template")
    @classmethod
    def _parsed(cls, template: str) -> str:
        parse(template)
        return template


class RecodeParameters(Configuration):
    """The other word of each value; a value that is not named stays."""

    words: dict[str, str] = Field(min_length=1)


class CaseParameters(Configuration):
    """Which cases, and how often each."""

    cases: Annotated[dict[Case, float], WEIGHTS] = Field({"upper": 2.0, "lower": 1.0}, min_length=1)


class SpaceParameters(Configuration):
    """Where the spaces are, and how often: before, after, doubled within, or gone."""

    places: Annotated[dict[Place, float], WEIGHTS] = Field(
        {"before": 1.0, "after": 2.0, "double": 1.0}, min_length=1
    )


def rewrite(work: CellWork) -> pa.Array:
    """The value as a template writes it; one that lacks a part stays as it was."""
    template, form = parse(work.parameters.template), work.parameters.form
    made = [
        value
        if (form is not None and pattern(value) != form)
        or (text := template.render(value, word)) is None
        else text or None
        for value, word in zip(work.values.to_pylist(), work.words[0].tolist(), strict=True)
    ]
    return pa.array(made, pa.string())


def recode(work: CellWork) -> pa.Array:
    """Another system's word for the same thing: `F` for `female`."""
    words = work.parameters.words
    return pa.array([words.get(value, value) for value in work.values.to_pylist()], pa.string())


def letter_case(work: CellWork) -> pa.Array:
    """Capitals throughout, or none, as the older system stored them."""
    return _picked(work, work.parameters.cases, _CASES)


_CASES: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "capital": str.capitalize,
}


def stray_space(work: CellWork) -> pa.Array:
    """Spaces that nobody sees: before, after, doubled, a tab; or one that is missing."""
    return _picked(work, work.parameters.places, SPACES)


SPACES: dict[str, Callable[[str], str]] = {
    "before": lambda value: f" {value}",
    "after": lambda value: f"{value} ",
    "double": lambda value: value.replace(" ", "  ", 1) if " " in value else f"{value} ",
    "none": lambda value: value.replace(" ", ""),
    "tab": lambda value: value.replace(" ", "\t", 1) if " " in value else f"{value}\t",
}


def _picked(
    work: CellWork, weights: dict[str, float], changes: dict[str, Callable[[str], str]]
) -> pa.Array:
    names = list(weights)
    picks = chosen(work.words[0], list(weights.values())).tolist()
    values = work.values.to_pylist()
    made = [changes[names[pick]](value) for value, pick in zip(values, picks, strict=True)]
    return pa.array(made, pa.string())


OPERATORS = (
    Operator(
        "rewrite",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.MULTI_INSTANCE,
        ANY_TEXT,
        rewrite,
        RewriteParameters,
    ),
    Operator(
        "recode", Level.CELL, Kim.UNUSABLE, RahmDo.MULTI_SCHEMA, ANY_TEXT, recode, RecodeParameters
    ),
    Operator(
        "letter_case",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        letter_case,
        CaseParameters,
    ),
    Operator(
        "stray_space",
        Level.CELL,
        Kim.UNUSABLE,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        stray_space,
        SpaceParameters,
    ),
)
