"""One step of a profile: an operator, its options, and when its rate is another one."""

from __future__ import annotations

from typing import Any

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, ShareText
from understudy.model.errors import nearest
from understudy.world.operators.registry import Operator, operators

__all__ = ["Condition", "Step"]


class Condition(Configuration):
    """When a step's rate is another one.

    `on` names a column of the row, or of the person behind it, and `rates` the rate per value
    (a constant rate has none). `since` is the value of that column, a number or an ISO time, from
    which on the rate holds: a batch and those after it. `longer_than` makes the rate depend on the
    cell itself. Where either does not hold the rate is `otherwise`.
    """

    on: str | None = None
    rates: dict[str, ShareText] = Field(default_factory=dict)
    since: str | None = Field(None, min_length=1)
    longer_than: int | None = Field(None, ge=0)
    otherwise: ShareText = 0.0


class Step(Condition):
    """One operator at work on one column, some columns of a row, or a table."""

    op: str
    rate: ShareText = 0.0
    columns: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict, validate_default=True)

    @pydantic.field_validator("op")
    @classmethod
    def _known(cls, op: str) -> str:
        if op not in operators():
            raise ValueError(f"unknown operator `{op}`{nearest(op, operators())}")
        return op

    @pydantic.field_validator("options")
    @classmethod
    def _taken(cls, options: dict[str, Any], info: pydantic.ValidationInfo) -> dict[str, Any]:
        if "op" in info.data:
            _parameters(info.data["op"], options)
        return options

    @property
    def operator(self) -> Operator:
        """The operator that the step names."""
        return operators()[self.op]

    @property
    def parameters(self) -> Configuration:
        """The operator's options, defaults filled in."""
        return _parameters(self.op, self.options)


def _parameters(op: str, options: dict[str, Any]) -> Configuration:
    """The options, or everything that is wrong with them."""
    model = operators()[op].parameters
    try:
        return model.model_validate(options)
    except pydantic.ValidationError as error:
        told = "; ".join(_said(op, each["loc"], each["msg"]) for each in error.errors())
        known = ", ".join(model.model_fields) or "none"
        raise ValueError(f"{told}; its options: {known}") from None


def _said(op: str, loc: tuple[int | str, ...], message: str) -> str:
    place = ".".join(str(part) for part in loc)
    named = f"option `{place}`" if place else "the options"
    return f"{named} of `{op}`: {message.removeprefix('Value error, ')}"
