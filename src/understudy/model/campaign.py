"""The campaign file: which cases, which candidates, which policy and gates."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Annotated, Any, Self

import pydantic
from pydantic import Field

from understudy.model.candidate_use import CandidateUse
from understudy.model.configuration import (
    Configuration,
    DurationText,
    MoneyText,
    ShareText,
    SizeText,
    Version,
)
from understudy.model.customer_settings import CustomerSettings
from understudy.model.http_use import Delivery, ServiceUse
from understudy.model.limits import CaseLimits, Drills, Stop
from understudy.model.verdict import Stage

__all__ = [
    "DEFAULT_SYSTEMS",
    "Campaign",
    "CandidateSpec",
    "Economics",
    "Fault",
    "FaultKind",
    "FaultMatch",
    "Isolation",
    "ModelMode",
    "ModelPrice",
    "ModelProvider",
    "ModelSettings",
    "SystemUse",
    "WorldRequest",
]

DEFAULT_SYSTEMS: dict[str, str] = {"crm": "hubspot", "finance": "stripe", "support": "zendesk"}


class Isolation(enum.StrEnum):
    """How a candidate's cases are kept apart."""

    CASE = "case"
    """Each case has its own credential."""
    SERIAL = "serial"
    """The candidate has one static key, so one case at a time."""


class ModelMode(enum.StrEnum):
    """What the model gateway does with the candidate's model calls."""

    REPLAY = "replay"
    """Recorded answers, and an error for every call that is not among them."""
    RECORD = "record"
    """The provider's answers, kept to be replayed."""
    LIVE = "live"
    """The provider's answers."""
    SCRIPTED = "scripted"
    """The answers that the campaign lists."""


class FaultKind(enum.StrEnum):
    """What can go wrong between a candidate and a system."""

    LATENCY = "latency"
    HANG = "hang"
    STATUS = "status"
    RESET = "reset"
    APPLY_THEN_RESET = "apply_then_reset"
    TRUNCATE = "truncate"
    HALF_JSON = "half_json"
    HTML = "html"
    STALE_READ = "stale_read"
    INDEX_LAG = "index_lag"
    PAGE_DRIFT = "page_drift"
    TOKEN_EXPIRY = "token_expiry"
    SCOPE_DENIED = "scope_denied"
    SCHEMA_DRIFT = "schema_drift"
    WEBHOOK_DUPLICATE = "webhook_duplicate"
    WEBHOOK_REORDER = "webhook_reorder"
    WEBHOOK_LATE = "webhook_late"
    CONCURRENT_EDIT = "concurrent_edit"
    NONSENSE = "nonsense"
    """Well formed, and wrong; of models only."""


class CandidateSpec(Configuration):
    """One AI integration under test and how it is reached."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    use: CandidateUse = Field(
        description="`module:callable`, `http://host:port/path`, `exec: COMMAND`, `mcp: COMMAND`, "
        "`http: {…}` or `openai: {…}`"
    )
    release: str | None = None
    authors: tuple[str, ...] = Field(
        (), description="who made it: none of them approves it when its verdict is signed"
    )
    isolation: Isolation = Isolation.CASE
    needs: tuple[str, ...] = ()
    env: dict[str, str] = Field(
        {},
        description="settings that it reads from its environment, as `{CURRENCY: EUR}`; all values "
        "are text, and none a secret",
    )
    expect_blocked: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")], ...] = (
        Field((), description="hosts that it tries by itself, as those of telemetry: blocked too")
    )
    models: ModelMode = ModelMode.REPLAY
    limits: CaseLimits = CaseLimits()
    timeout: DurationText = Field(timedelta(seconds=30), json_schema_extra={"default": "30s"})
    memory: SizeText = Field(
        2 << 30,
        json_schema_extra={"default": "2 GB"},
        description="how much more than the world it may hold; what asks for more is refused it",
    )
    virtual_timeout: DurationText | None = Field(
        None,
        description="the most that a case may last as its systems count the time: calls, latency "
        "and waiting, which cost no time here; twenty times `timeout` where it is not given",
    )

    @pydantic.model_validator(mode="after")
    def _webhooks_carry_no_credential(self) -> Self:
        use = self.use
        sent = isinstance(use, ServiceUse) and use.http.deliver is Delivery.WEBHOOK
        if sent and self.isolation is not Isolation.SERIAL:
            raise ValueError(
                "webhooks carry no credential that could name a case: write `isolation: serial`"
            )
        return self

    @property
    def spec(self) -> str | dict[str, Any]:
        """What it is reached by, as plain data: a line, or a mapping."""
        if isinstance(self.use, str):
            return self.use
        return self.use.model_dump(mode="json", exclude_defaults=True)

    @property
    def longest_case(self) -> timedelta:
        """The most that a case may last in virtual time.

        By default longer than by the wall's clock, because a Retry-After of half a minute is
        waited for in virtual time only; and in proportion to it, because it is set by the same
        patience.
        """
        return self.virtual_timeout or 20 * self.timeout


class ModelProvider(Configuration):
    """The one model provider that may be reached, and where the user's key for it is found."""

    name: str = "openai"
    base_url: str = "https://api.openai.com/v1"
    key: str = Field("OPENAI_API_KEY", description="The environment variable that holds the key")


class ModelPrice(Configuration):
    """What a million tokens of one model cost."""

    input: MoneyText
    output: MoneyText


class ModelSettings(Configuration):
    """Where a candidate's model calls go; paths are relative to the campaign file."""

    provider: ModelProvider = ModelProvider()
    recording: str = "models.jsonl"
    prices: dict[str, ModelPrice] = Field(default_factory=dict)
    script: tuple[dict[str, Any], ...] = ()

    @property
    def currency(self) -> str | None:
        """What the prices are in; None where there are none."""
        return next((price.input.currency for price in self.prices.values()), None)

    @pydantic.model_validator(mode="after")
    def _prices_add_up(self) -> Self:
        for name, price in self.prices.items():
            for money in (price.input, price.output):
                if money.currency != self.currency:
                    raise ValueError(
                        f"the price of `{name}` is in {money.currency}, others are in "
                        f"{self.currency}; write all in one currency, so that they add up"
                    )
        return self


class WorldRequest(Configuration):
    """A world to build for this campaign, with a recording of simulated staff."""

    recipe: str | None = None
    profile: str | None = None
    customers: int = Field(2000, ge=1)
    cases: int = Field(800, ge=1)


class FaultMatch(Configuration):
    """Which calls a fault befalls."""

    operation: str | None = None
    system: str | None = None
    nth: int | None = Field(None, ge=1)
    after: int | None = Field(
        None, ge=1, description="so many of a case's calls are spared: it fails in mid-case"
    )
    share: ShareText = 1.0
    case: str | None = None


class Fault(Configuration):
    """One fault of the plan; seeded by campaign, case, operation and attempt."""

    match: FaultMatch
    do: FaultKind
    options: dict[str, Any] = Field(default_factory=dict)

    def spares(self, nth: int) -> bool:
        """Whether the case's call of that number, among those it could befall, is left alone."""
        wanted, after = self.match.nth, self.match.after
        return (wanted is not None and nth != wanted) or (after is not None and nth <= after)

    def __str__(self) -> str:
        """The fault as people tell it apart from the plan's others.

        >>> str(Fault(match=FaultMatch(operation="stripe.refunds.create", nth=2), do="reset"))
        'reset of stripe.refunds.create, call 2'
        """
        match = self.match
        nth = f", call {match.nth}" if match.nth else ""
        nth += f", after call {match.after}" if match.after else ""
        case = f", case {match.case}" if match.case else ""
        share = f", {match.share * 100:g}% of them" if match.share < 1 else ""
        what = "any event" if self.do.startswith("webhook_") else "any call"
        return f"{self.do} of {match.operation or match.system or what}{nth}{case}{share}"


class Economics(Configuration):
    """The business case."""

    integration_cost: MoneyText | None = None
    monthly_cases: int | None = Field(None, ge=1)
    hourly_cost: MoneyText | None = None


class SystemUse(Configuration):
    """A mocked system with what a company has defined in its own.

    `use: recorded` answers calls to `host` from a recording: the campaign's, or the one named.
    """

    use: str
    settings: str | None = None
    host: str | None = None
    recording: str | None = None

    @pydantic.model_validator(mode="after")
    def _recorded_has_a_host(self) -> Self:
        if (self.use == "recorded") != (self.host is not None):
            raise ValueError("`host` goes with `use: recorded`, and is obligatory there")
        return self


def _default_systems() -> dict[str, str | SystemUse]:
    return {**DEFAULT_SYSTEMS}


class Campaign(Configuration):
    """`campaign.yaml`."""

    version: Version
    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    recording: str | None = None
    world: str | WorldRequest | None = None
    candidates: tuple[CandidateSpec, ...] = Field(min_length=1)
    systems: dict[str, str | SystemUse] = Field(default_factory=_default_systems)
    policy: str = "standard"
    gates: str = "standard"
    intended_use: str = Field(
        "", max_length=2000, description="What the candidate is to be used for; stands on page one"
    )
    stage: Stage = Stage.SHADOW
    seed: int = Field(0, ge=0)
    repeats: int = Field(1, ge=1)
    sample: ShareText = Field(
        1.0, description="The share of customers whose cases are run; each one's history whole"
    )
    held_out: ShareText = Field(
        0.0, description="The share of customers whose cases only `run --held-out` opens, once"
    )
    faults: tuple[Fault, ...] = ()
    models: ModelSettings | None = None
    stop: Stop = Stop()
    drills: Drills = Drills()
    economics: Economics = Economics()
    customer: CustomerSettings = CustomerSettings()

    @property
    def mounted(self) -> dict[str, str]:
        """The systems by role, each by its name or as `module:Class`."""
        used = self.systems.items()
        return {role: each if isinstance(each, str) else each.use for role, each in used}

    @property
    def settings_files(self) -> tuple[str, ...]:
        """The files that say what a company has defined in its systems, each once."""
        used = [each.settings for each in self.systems.values() if isinstance(each, SystemUse)]
        return tuple(dict.fromkeys(file for file in used if file is not None))

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.recording is None) == (self.world is None):
            raise ValueError("name either `recording` or `world`, and not both")
        names = [candidate.name for candidate in self.candidates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two candidates are named `{twice[0]}`; a name stands once")
        return self
