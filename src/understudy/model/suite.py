"""The scenario suite: hand-written cases with what is expected of them."""

from __future__ import annotations

from typing import Any, Self

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
from understudy.model.configuration import Configuration, MoneyText, Version
from understudy.model.limits import Stop

__all__ = [
    "Expectation",
    "Scenario",
    "ScenarioAction",
    "ScenarioBaseline",
    "ScenarioTrigger",
    "Suite",
    "SuiteCandidate",
]


class ScenarioTrigger(Configuration):
    """The inbound event of a hand-written case."""

    system: str
    type: str
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


class Scenario(Configuration):
    """One hand-written case."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    tags: tuple[str, ...] = ()
    scenario: str | None = None
    tier: str = "standard"
    trigger: ScenarioTrigger
    turns: tuple[str, ...] = ()
    world: dict[str, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    mess: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    models: ModelSettings | None = Field(
        None, description="where this case's model calls go, in place of the suite's own"
    )
    expect: Expectation | None = None
    baseline: ScenarioBaseline | None = None
    repeats: int = Field(1, ge=1)
    passes: int | None = Field(None, ge=1, alias="pass")

    @pydantic.model_validator(mode="after")
    def _judgeable(self) -> Self:
        if (self.expect is None) == (self.baseline is None):
            raise ValueError(f"case `{self.id}` needs either `expect` or `baseline`, and not both")
        if self.passes is not None and self.passes > self.repeats:
            raise ValueError(f"`pass: {self.passes}` is more than `repeats: {self.repeats}`")
        return self


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
