"""The policy file: what an error costs, what needs approval, who owns the prices."""

from __future__ import annotations

import enum
import graphlib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

import pydantic
from pydantic import Field

from understudy.model.action import ActionClass
from understudy.model.configuration import (
    Configuration,
    DurationText,
    MoneyText,
    ShareText,
    Version,
)
from understudy.model.expression import NAMES, check_expression
from understudy.model.finding import Kind, Severity
from understudy.model.money import Money

__all__ = [
    "Clause",
    "Deadline",
    "FieldPolicy",
    "FieldSort",
    "Handling",
    "KindPolicy",
    "OperationPolicy",
    "OrderPolicy",
    "Owner",
    "Policy",
    "Rates",
    "Review",
    "SeverityTable",
    "WritePolicy",
]


class Owner(Configuration):
    """Who answers for a number, and since when."""

    name: str = Field(min_length=1)
    role: str = Field(min_length=1)
    date: date


class SeverityTable(Configuration):
    """One number for each severity above none, in major units or as a factor."""

    low: Decimal = Field(ge=0)
    medium: Decimal = Field(ge=0)
    high: Decimal = Field(ge=0)
    critical: Decimal = Field(ge=0)

    def of(self, severity: Severity) -> Decimal:
        """The number of one severity; zero for none."""
        if severity is Severity.NONE:
            return Decimal(0)
        number: Decimal = getattr(self, severity.value)
        return number


class Rates(pydantic.BaseModel):
    """How much of the policy's currency one unit of another buys, and as of when."""

    model_config = pydantic.ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Decimal]
    date: date

    @pydantic.model_validator(mode="after")
    def _worth_something(self) -> Self:
        for name, rate in self.__pydantic_extra__.items():
            if rate <= 0:
                raise ValueError(f"one {name} must be worth more than nothing, not {rate}")
        return self

    def of(self, currency: str) -> Decimal | None:
        """The rate of one currency, or None."""
        return self.__pydantic_extra__.get(currency)


class OperationPolicy(pydantic.BaseModel):
    """What one operation may do, and how hard it is to undo."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    action_class: ActionClass | None = Field(None, alias="class")
    above: MoneyText | None = None
    irreversibility: Decimal | None = Field(None, ge=0, le=1)
    severity: Severity | None = None
    reads: int | None = Field(
        None, ge=0, description="how often a case may look; more is an `excess_read`"
    )


class WritePolicy(enum.StrEnum):
    """What the mocked systems do with a write: apply it, leave it waiting, or refuse it."""

    OBSERVE = "observe"
    QUEUE = "queue"
    DENY = "deny"


class KindPolicy(Configuration):
    """How one kind of finding is priced, where that differs from the default list."""

    severity: Severity | None = None
    floor: Decimal | None = Field(None, ge=0)
    weight: Decimal | None = Field(None, ge=0)


class Clause(Configuration):
    """One sentence of the written policy as an expression over action, case and world."""

    id: str = Field(min_length=1)
    text: str
    when: str
    requires: str | None = Field(None, pattern=r"^(approval|operation):\S+$")
    """`approval:ROLE` or `operation:NAME`; without it, what `when` says must not happen."""
    owner: str | None = None

    @pydantic.field_validator("when")
    @classmethod
    def _readable(cls, source: str) -> str:
        return check_expression(source)


class FieldSort(enum.StrEnum):
    """How a field is compared."""

    EXACT = "exact"
    """Ids, enums, numbers, dates and lists: one canonical form, then equality."""
    IGNORED = "ignored"
    """No two people would write it alike, and nobody is harmed by it."""
    TEXT = "text"
    """Read by people: its facts count, its wording does not."""
    AMOUNT = "amount"
    """Money; a difference is priced by its size."""
    EMAIL = "email"
    PHONE = "phone"


class FieldPolicy(pydantic.BaseModel):
    """How one field is compared, where that differs from what its name suggests."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    sort: FieldSort = Field(FieldSort.EXACT, alias="as")
    tolerance: Decimal = Field(Decimal(0), ge=0, allow_inf_nan=False)
    """The greatest difference of two numbers that is none, or of two dates in days."""
    classes: tuple[tuple[str, ...], ...] = ()
    """Values that stand for one another."""


class OrderPolicy(Configuration):
    """One operation that has to be done before another; behind a `gate` stands a control."""

    first: str = Field(min_length=1)
    then: str = Field(min_length=1)
    gate: bool = False


class Deadline(Configuration):
    """How long a case may take: what is usual, and what the customer was promised."""

    expected: DurationText
    promised: DurationText
    penalty: MoneyText | None = None
    """What breaking the promise costs by contract."""

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.expected > self.promised:
            raise ValueError("`expected` lies after `promised`")
        return self


class Review(Configuration):
    """What it costs to have a person look, and how often that person sees the error."""

    cost: MoneyText = Money(75, "EUR")
    catch_rate: ShareText = 0.7
    delay: DurationText = Field(timedelta(), json_schema_extra={"default": "0s"})
    """How long an approval asked for at the desk stays pending."""
    seeded: ShareText = 0.0
    """The share of approvals beside which one with an error is shown, to count what is seen."""
    rework: MoneyText = Money(5, "EUR")


class Handling(Configuration):
    """What one case costs people, escalation and the model."""

    human_cost: MoneyText = Money(300, "EUR")
    human_error_cost: MoneyText | None = None
    escalation_overhead: MoneyText = Money(50, "EUR")
    model_cost: MoneyText = Money(4, "EUR")


class Policy(Configuration):
    """`policy.yaml`. Without an owner the prices are illustrative, and every page says so."""

    version: Version
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    owner: Owner | None = None
    floors: SeverityTable = SeverityTable(
        low=Decimal(2), medium=Decimal(20), high=Decimal(150), critical=Decimal(1500)
    )
    weights: SeverityTable = SeverityTable(
        low=Decimal("0.05"), medium=Decimal("0.25"), high=Decimal(1), critical=Decimal(2)
    )
    cap: MoneyText = Money(500_000, "EUR")
    tiers: dict[str, Decimal] = Field(
        default_factory=lambda: {
            "standard": Decimal(1),
            "premium": Decimal("1.5"),
            "regulated": Decimal(2),
        }
    )
    tier: str | None = None
    rates: Rates | None = None
    operations: dict[str, OperationPolicy] = Field(default_factory=dict)
    writes: dict[str, WritePolicy] = Field(
        default_factory=dict,
        description="By operation, pattern of operations or action class; observed without it",
    )
    kinds: dict[Kind, KindPolicy] = Field(default_factory=dict)
    fields: dict[str, FieldPolicy] = Field(
        default_factory=dict, description="by `operation:field`, or by `field` of any operation"
    )
    order: tuple[OrderPolicy, ...] = ()
    clauses: tuple[Clause, ...] = ()
    deadline: Deadline | None = None
    least_confidence: ShareText | None = Field(
        None, description="below it a candidate should hand over what cannot be written back"
    )
    review: Review = Review()
    handling: Handling = Handling()

    def write_modes(self) -> dict[str, str]:
        """`writes` by operation and class, where a class of the policy's own counts as well."""
        modes = {key: mode.value for key, mode in self.writes.items()}
        own = {
            name: modes[each.action_class.value]
            for name, each in self.operations.items()
            if each.action_class is not None
            and each.above is None
            and each.action_class.value in modes
        }
        return own | modes

    @pydantic.field_validator("tier")
    @classmethod
    def _readable(cls, source: str | None) -> str | None:
        if source is None:
            return None
        return check_expression(source, tuple(name for name in NAMES if name != "action"))

    @pydantic.field_validator("clauses")
    @classmethod
    def _told_apart(cls, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
        names = [clause.id for clause in clauses]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two clauses have the id `{twice[0]}`")
        return clauses

    @pydantic.field_validator("tiers")
    @classmethod
    def _weighing_something(cls, tiers: dict[str, Decimal]) -> dict[str, Decimal]:
        for name, factor in tiers.items():
            if factor <= 0:
                raise ValueError(f"tier `{name}` must weigh more than nothing, not {factor}")
        return tiers

    @pydantic.field_validator("order")
    @classmethod
    def _without_cycles(cls, order: tuple[OrderPolicy, ...]) -> tuple[OrderPolicy, ...]:
        sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
        for each in order:
            sorter.add(each.then, each.first)
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            raise ValueError(f"the order goes round: {' before '.join(error.args[1])}") from None
        return order

    @pydantic.model_validator(mode="after")
    def _one_currency(self) -> Self:
        for name, money in self._own_amounts().items():
            if isinstance(money, Money) and money.minor < 0:
                raise ValueError(f"`{name}` is {money}; it cannot be negative")
            if isinstance(money, Money) and money.currency != self.currency:
                raise ValueError(
                    f"`{name}` is in {money.currency}, but the policy's currency is {self.currency}"
                )
        return self

    @pydantic.model_validator(mode="after")
    def _cap_above_floors(self) -> Self:
        """A cap below a floor would price unlike errors alike, down to nothing."""
        dearest = max(Severity, key=self.floors.of)
        floor = self.floors.of(dearest)
        if self.cap.major < floor:
            raise ValueError(
                f"`cap` is {self.cap}, which lies below the floor of {dearest}, {floor:f}; a cap "
                "under a floor would make all such errors cost the same"
            )
        return self

    def _own_amounts(self) -> dict[str, Any]:
        own: dict[str, Any] = {"cap": self.cap}
        if self.deadline is not None:
            own["deadline.penalty"] = self.deadline.penalty
        for part, model in (("review", self.review), ("handling", self.handling)):
            if part in self.model_fields_set:
                own |= {f"{part}.{key}": getattr(model, key) for key in model.model_fields_set}
        return own
