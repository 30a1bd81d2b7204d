"""One step of a profile: an operator, its options, and when its rate is another one."""

from __future__ import annotations

from typing import Any, Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, ShareText
from understudy.model.errors import nearest
from understudy.world.operators.registry import Operator, operators

__all__ = ["Condition", "Step"]


class Condition(Configuration):
    """When a step's rate is another one.

    `on` names a column of the row, or of the person behind it, and `rates` the rate per value
    (a constant rate has none). `longer_than` makes the rate depend on the cell itself.
    """

    on: str | None = None
    rates: dict[str, ShareText] = Field(default_factory=dict)
    longer_than: int | None = Field(None, ge=0)
    otherwise: ShareText = 0.0

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.on) != bool(self.rates):
            raise ValueError("`on` and `rates` belong together: the column, and a rate per value")
        return self


class Step(Condition):
    """One operator at work on one column, some columns of a row, or a table."""

    op: str
    rate: ShareText = 0.0
    columns: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _known(self) -> Self:
        if self.op not in operators():
            raise ValueError(f"unknown operator `{self.op}`{nearest(self.op, operators())}")
        _parameters(self)
        return self

    @property
    def operator(self) -> Operator:
        """The operator that the step names."""
        return operators()[self.op]

    @property
    def parameters(self) -> Configuration:
        """The operator's options, defaults filled in."""
        return _parameters(self)


def _parameters(step: Step) -> Configuration:
    model = step.operator.parameters
    try:
        return model.model_validate(step.options)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(model.model_fields) or "none"
        named = f"option `{place}`" if place else "the options"
        reason = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{named} of `{step.op}`: {reason}; its options: {known}") from None
