"""The gate file: the limits that were set before the first case."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Self

import pydantic
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration, MoneyText, ShareText, Version
from understudy.model.errors import nearest
from understudy.model.expression import check_expression
from understudy.model.money import Money
from understudy.model.pilot import Rung

__all__ = ["Gate", "Gates", "KillBudget", "Metric", "Population", "Strata"]


def _rung(value: Any) -> Rung:
    if isinstance(value, Rung):
        return value
    known = [rung.label for rung in Rung]
    if value not in known:
        raise ValueError(f"`{value}` is no rung{nearest(str(value), known)}")
    return Rung[str(value).upper()]


RungText = Annotated[
    Rung,
    pydantic.PlainValidator(_rung),
    pydantic.PlainSerializer(lambda rung: rung.label, return_type=str),
    pydantic.WithJsonSchema({"type": "string", "enum": [rung.label for rung in Rung]}),
]
"""A rung of the ladder by its name."""


class Metric(enum.StrEnum):
    """What a gate can measure."""

    CRITICAL_FINDINGS = "critical_findings"
    ERROR_COST_PER_CASE = "error_cost_per_case"
    NET_VALUE_PER_CASE = "net_value_per_case"
    DIFFERENCE_FROM_PEOPLE = "difference_from_people_per_case"
    EXCEEDANCE_RATE = "exceedance_rate"
    SEGMENT_ERROR_COST = "segment_error_cost_per_case"
    UNSAFE_FALLBACKS = "unsafe_fallbacks"
    UNCONTROLLED_WRITES = "uncontrolled_writes"
    ESCALATION_RATE = "escalation_rate"
    EXCEPTION_RATE = "exception_rate"
    COST_PER_TASK = "cost_per_task"
    P95_CYCLE_TIME = "p95_cycle_time"


class Gate(Configuration):
    """One limit on one metric. Without a `limit` the metric's own default applies."""

    id: str = Field(min_length=1)
    metric: Metric
    limit: float | None = None
    by: str | None = Field(
        None,
        description="For segment_error_cost_per_case: `scenario`, `tier`, or a key of the segment",
    )
    scopes: dict[str, Annotated[str, pydantic.AfterValidator(check_expression)]] | None = Field(
        None,
        min_length=1,
        description="Instead of `by`: names of kinds of work, each with an expression over an "
        "action, as in `action.operation == 'stripe.refunds.create' and action.amount < 50`",
    )

    @pydantic.model_validator(mode="after")
    def _grouped_where_it_is_a_segment(self) -> Self:
        named = (self.by is not None) + (self.scopes is not None)
        if named != (self.metric is Metric.SEGMENT_ERROR_COST):
            raise ValueError(
                f"gate `{self.id}`: either `by` or `scopes` goes with {Metric.SEGMENT_ERROR_COST}, "
                "is obligatory there and nowhere else"
            )
        return self


class Population(enum.StrEnum):
    """What a verdict is about."""

    FUTURE = "future"
    """Cases to come, of which the recorded ones are a sample."""
    RECORDING = "recording"
    """The recorded cases alone, which are drawn without replacement."""


class Strata(Configuration):
    """Groups of cases that were sampled in another mix than production's."""

    by: str = Field(min_length=1, description="`scenario`, `tier`, or a key of the segment")
    weights: Annotated[dict[str, Annotated[float, Field(ge=0)]], WEIGHTS] = Field(
        min_length=1, description="What each group is of production's cases; 0 leaves it out"
    )


class KillBudget(Configuration):
    """What one rung of the ladder may take before the pilot is to be ended."""

    cases: int | None = Field(None, ge=1, description="Cases with the operation, on this rung")
    money: MoneyText | None = Field(None, description="What its runs cost in models and reviews")
    days: int | None = Field(None, ge=1, description="Days since it came to this rung")


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
    population: Population = Field(
        Population.FUTURE,
        description="Whether GO is about cases to come or about the recorded ones alone",
    )
    strata: Strata | None = Field(
        None, description="Production's mix, where the recorded cases have another one"
    )
    gates: tuple[Gate, ...] = Field(min_length=1)
    ceilings: dict[str, RungText] = Field(
        default_factory=dict, description="The highest rung of an operation, by its name"
    )
    kill: dict[RungText, KillBudget] = Field(
        default_factory=dict, description="What a rung may take before the pilot is to be ended"
    )

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
        if self.strata is not None and self.population is Population.RECORDING:
            raise ValueError(
                "`strata` weigh cases to come, and with `population: recording` there are none"
            )
        scoped = next((gate for gate in self.gates if gate.scopes), None)
        if scoped is not None and self.population is Population.RECORDING:
            raise ValueError(
                f"gate `{scoped.id}`: `scopes` take in a case by what is done in it, so that "
                "nobody knows how many of the cases not run belong to one, and with `population: "
                "recording` that must be known: write `by`, or leave the population out"
            )
        ids = [gate.id for gate in self.gates]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two gates are named `{twice[0]}`; an id stands once")
        return self
