"""The gate file: the limits that were set before the first case."""

from __future__ import annotations

import enum
from typing import Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, MoneyText, ShareText, Version
from understudy.model.money import Money

__all__ = ["Gate", "Gates", "Metric"]


class Metric(enum.StrEnum):
    """What a gate can measure."""

    CRITICAL_FINDINGS = "critical_findings"
    ERROR_COST_PER_CASE = "error_cost_per_case"
    NET_VALUE_PER_CASE = "net_value_per_case"


class Gate(Configuration):
    """One limit on one metric. Without a `limit` the metric's own default applies."""

    id: str = Field(min_length=1)
    metric: Metric
    limit: float | None = None


class Gates(Configuration):
    """`gates.yaml`; hashed before the first case."""

    version: Version
    alpha: ShareText = 0.05
    alpha_harm: ShareText = 0.10
    budget: MoneyText = Money(600, "EUR")
    cap: MoneyText = Money(50_000, "EUR")
    max_cases: int = Field(4000, ge=1)
    look_every: int = Field(50, ge=1)
    burn_in: int = Field(50, ge=0)
    gates: tuple[Gate, ...] = Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.budget.currency != self.cap.currency:
            raise ValueError(
                f"`budget` is in {self.budget.currency} and `cap` in {self.cap.currency}"
            )
        if not 0 < self.budget.minor < self.cap.minor:
            raise ValueError(
                f"`budget` ({self.budget}) must lie between zero and `cap` ({self.cap})"
            )
        if not (0 < self.alpha < 1 and 0 < self.alpha_harm < 1):
            raise ValueError("`alpha` and `alpha_harm` must lie between 0% and 100%")
        ids = [gate.id for gate in self.gates]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two gates are named `{twice[0]}`; an id stands once")
        return self
