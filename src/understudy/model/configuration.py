"""What every YAML dialect shares: no unknown keys, version 1, money, durations and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import pydantic

from understudy.model.money import Money, parse_money
from understudy.model.quantity import parse_duration, parse_share, parse_size

__all__ = [
    "WEIGHTS",
    "Configuration",
    "DurationText",
    "MoneyText",
    "ShareText",
    "SizeText",
    "Version",
    "possible_weights",
]

_Weights = TypeVar("_Weights", bound=Mapping[Any, float] | Sequence[float])


class Configuration(pydantic.BaseModel):
    """A part of a YAML file: unknown keys are errors, and values do not change once read."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _money(value: Any) -> Any:
    return parse_money(value) if isinstance(value, str) else _expect(value, Money, "`25 EUR`")


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else _expect(value, timedelta, "`30s`")


def _size(value: Any) -> Any:
    return parse_size(value) if isinstance(value, str) else _expect(value, int, "`2 GB`")


def _share(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"`{value}` is not a share; write `10%` or `0.1`")
    return parse_share(value)


def _expect(value: Any, kind: type, example: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"`{value}` has no unit; write it as in {example}")
    return value


def possible_weights(weights: _Weights) -> _Weights:
    """The weights of choices as they are; `ValueError` where one is below 0 or all are 0."""
    values = list(weights.values()) if isinstance(weights, Mapping) else list(weights)
    if any(value < 0 for value in values):
        raise ValueError(f"a weight cannot be below 0: {min(values):g}")
    if values and not sum(values):
        raise ValueError("all weights are 0, so there is nothing to choose")
    return weights


WEIGHTS = pydantic.AfterValidator(possible_weights)
MoneyText = Annotated[
    Money,
    pydantic.PlainValidator(_money),
    pydantic.PlainSerializer(lambda money: f"{money.major} {money.currency}", return_type=str),
    pydantic.WithJsonSchema(
        {"type": "string", "pattern": r"^-?\d+(\.\d+)? ?[A-Za-z]{3}$", "examples": ["25 EUR"]}
    ),
]
DurationText = Annotated[
    timedelta,
    pydantic.PlainValidator(_duration),
    pydantic.PlainSerializer(lambda span: f"{span.total_seconds():g}s", return_type=str),
    pydantic.WithJsonSchema(
        {"type": "string", "pattern": r"^\d+(\.\d+)? ?(ms|s|m|h|d)$", "examples": ["30s"]}
    ),
]
ShareText = Annotated[
    float,
    pydantic.PlainValidator(_share),
    pydantic.WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+(\.\d+)? ?%$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ],
            "examples": ["10%", 0.1],
        }
    ),
]
SizeText = Annotated[
    int,
    pydantic.PlainValidator(_size),
    pydantic.PlainSerializer(lambda size: f"{size / (1 << 20):g} MB", return_type=str),
    pydantic.WithJsonSchema(
        {"type": "string", "pattern": r"^\d+(\.\d+)? ?(MB|GB)$", "examples": ["2 GB"]}
    ),
]
Version = Literal[1]
