"""The scenario suite: hand-written cases with what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

import pydantic
from pydantic import Field

from understudy.model.campaign import (
    DEFAULT_SYSTEMS,
    CandidateSpec,
    Fault,
    ModelSettings,
    SystemUse,
)
from understudy.model.candidate_use import CandidateUse
from understudy.model.configuration import Configuration, MoneyText, ShareText, Version
from understudy.model.document import Place
from understudy.model.limits import Stop

__all__ = [
    "Expectation",
    "Scenario",
    "ScenarioAction",
    "ScenarioBaseline",
    "ScenarioMess",
    "ScenarioTrigger",
    "Suite",
    "SuiteCandidate",
    "Variant",
]

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Rows = dict[str, tuple[dict[str, Any], ...]]


class ScenarioTrigger(Configuration):
    """The inbound event of a hand-written case."""

    system: str
    type: str
    at: pydantic.AwareDatetime | None = Field(
        None, description="when it comes in, which is the systems' present; a fixed day without it"
    )
    payload: dict[str, Any] = Field(default_factory=dict)


class ScenarioAction(Configuration):
    """A write that is expected; the system is the operation's first part."""

    operation: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    target: dict[str, str] | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    amount: MoneyText | None = None


class ScenarioBaseline(Configuration):
    """What people would do."""

    actions: tuple[ScenarioAction, ...] = ()
    reply_facts: tuple[str, ...] = ()


class Expectation(Configuration):
    """What must hold of the candidate's handling."""

    actions: tuple[ScenarioAction, ...] | None = None
    escalated: bool | None = None
    cost_at_most: MoneyText | None = None
    no_writes: bool | None = None
    fallback: bool | None = None

    @pydantic.model_validator(mode="after")
    def _priced_against_something(self) -> Self:
        if self.cost_at_most is not None and self.actions is None:
            raise ValueError("`cost_at_most` needs the `actions` that differences are priced from")
        return self


class ScenarioMess(Configuration):
    """One of the world's operators at work on rows of the case, drawn by the suite's seed."""

    op: str
    table: str
    columns: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    rate: ShareText = 1.0
    options: dict[str, Any] = Field(default_factory=dict)


class Variant(Configuration):
    """How a case is told once more: what is written here is added to it or stands in its place.

    `mess`, `faults` and `tags` are added. Rows of `world` are laid over the case's rows of the same
    id, column by column. Everything else stands in the place of the case's own.
    """

    tags: tuple[str, ...] = ()
    tier: str | None = None
    trigger: ScenarioTrigger | None = None
    turns: tuple[str, ...] | None = None
    world: Rows = Field(default_factory=dict)
    mess: tuple[ScenarioMess, ...] = ()
    faults: tuple[Fault, ...] = ()
    models: ModelSettings | None = None
    expect: Expectation | None = None
    baseline: ScenarioBaseline | None = None
    repeats: int | None = Field(None, ge=1)
    passes: int | None = Field(None, ge=1, alias="pass")


class Scenario(Configuration):
    """One hand-written case, or several variants of one."""

    id: str = Field(pattern=_NAME)
    why: str = ""
    tags: tuple[str, ...] = ()
    scenario: str | None = None
    tier: str = "standard"
    trigger: ScenarioTrigger
    turns: tuple[str, ...] = ()
    world: Rows = Field(default_factory=dict)
    mess: tuple[ScenarioMess, ...] = ()
    faults: tuple[Fault, ...] = ()
    variants: dict[Annotated[str, Field(pattern=_NAME)], Variant] = Field(default_factory=dict)
    models: ModelSettings | None = Field(
        None, description="where this case's model calls go, in place of the suite's own"
    )
    expect: Expectation | None = None
    baseline: ScenarioBaseline | None = None
    repeats: int = Field(1, ge=1)
    passes: int | None = Field(None, ge=1, alias="pass")

    @pydantic.model_validator(mode="after")
    def _judgeable(self) -> Self:
        for each, _ in self.played():
            if (each.expect is None) == (each.baseline is None):
                raise ValueError(
                    f"case `{each.id}` needs either `expect` or `baseline`, and not both"
                )
            if each.passes is not None and each.passes > each.repeats:
                raise ValueError(f"`pass: {each.passes}` is more than `repeats: {each.repeats}`")
        return self

    def played(self) -> Iterator[tuple[Scenario, Place]]:
        """The cases that this one stands for, with their places in it: itself, or its variants.

        A variant is called after both, as in `dup-charge[yen]`.
        """
        if not self.variants:
            yield self, ()
        for name, variant in self.variants.items():
            changes = {**_instead(variant), **_besides(self, variant), "variants": {}}
            changes["id"] = f"{self.id}[{name}]"
            changes["scenario"] = self.scenario or self.id
            yield self.model_copy(update=changes), ("variants", name)

    def written(self) -> Iterator[tuple[Scenario, Place]]:
        """What stands in the file, with its place in the case: the case, then each variant.

        Each has the rows that it is played with, and of the rest only what it adds.
        """
        yield self, ()
        for (played, place), variant in zip(self.played(), self.variants.values(), strict=False):
            own = {name: getattr(variant, name) for name in ("mess", "faults", "models")}
            yield played.model_copy(update=own), place


def _instead(variant: Variant) -> dict[str, Any]:
    """What a variant says in place of its case; one way of judging takes the other one's place."""
    given = {name: getattr(variant, name) for name in variant.model_fields_set}
    judged = {"expect": None, "baseline": None} if given.keys() & {"expect", "baseline"} else {}
    return {**judged, **given}


def _besides(case: Scenario, variant: Variant) -> dict[str, Any]:
    return {
        "tags": (*case.tags, *variant.tags),
        "mess": (*case.mess, *variant.mess),
        "faults": (*case.faults, *variant.faults),
        "world": {
            table: _laid_over(case.world.get(table, ()), variant.world.get(table, ()))
            for table in {**case.world, **variant.world}
        },
    }


def _laid_over(
    beneath: tuple[dict[str, Any], ...], above: tuple[dict[str, Any], ...]
) -> tuple[dict[str, Any], ...]:
    """Rows with others over those of the same id.

    >>> _laid_over(({"id": "1", "a": 1, "b": 1},), ({"id": "1", "b": 2}, {"id": "2"}))
    ({'id': '1', 'a': 1, 'b': 2}, {'id': '2'})
    """
    changes: Mapping[Any, dict[str, Any]] = {row.get("id"): row for row in above}
    known = {row.get("id") for row in beneath}
    changed = ({**row, **changes.get(row.get("id"), {})} for row in beneath)
    return (*changed, *(row for row in above if row.get("id") not in known))


class SuiteCandidate(CandidateSpec):
    """How the candidate is run; which one it is can be left to whoever runs the suite."""

    name: str = "candidate"
    use: CandidateUse = ""


def _default_systems() -> dict[str, str | SystemUse]:
    return {**DEFAULT_SYSTEMS}


class Suite(Configuration):
    """A file of hand-written cases.

    Of candidate, models, systems and policy it says what a campaign does.
    """

    version: Version
    candidate: SuiteCandidate = Field(default_factory=SuiteCandidate)
    systems: dict[str, str | SystemUse] = Field(default_factory=_default_systems)
    models: ModelSettings | None = None
    policy: str | None = None
    seed: int = Field(0, ge=0)
    stop: Stop = Stop()
    cases: tuple[Scenario, ...] = Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _ids_stand_once(self) -> Self:
        ids = [case.id for case in self.cases]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two cases have the id `{twice[0]}`; an id stands once")
        return self
