"""A campaign's models: which answers its candidate gets, from where, and what they may cost."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.candidates.use import parse_use, stands_outside
from understudy.doors.gateway_faults import is_about_models
from understudy.doors.gateway_meter import Meter, ModelBudget, TokenPrice
from understudy.doors.gateway_provider import PassThrough, Provider
from understudy.doors.gateway_replay import Replay
from understudy.doors.gateway_script import Script, script_from
from understudy.doors.gateway_wire import Source
from understudy.model.campaign import Campaign, CandidateSpec, Fault, ModelMode, ModelSettings
from understudy.model.candidate_use import ModelUse
from understudy.model.errors import ConfigurationError
from understudy.model.money import Money
from understudy.shadow.models import ModelService

__all__ = ["ModelPlan", "model_service"]

_PAYING = (ModelMode.RECORD, ModelMode.LIVE)


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What a campaign or a suite says about the models of one candidate."""

    candidate: CandidateSpec
    settings: ModelSettings | None
    folder: Path
    """Where paths are relative to."""
    faults: Sequence[Fault] = ()
    """All that are planned; those that befall models are taken."""
    budget: Money | None = None
    seed: int = 0

    @classmethod
    def of(cls, campaign: Campaign, folder: Path) -> ModelPlan:
        """That of a campaign's first candidate."""
        return cls(
            campaign.candidates[0], campaign.models, folder, campaign.faults,
            campaign.stop.budget, campaign.seed,
        )  # fmt: skip

    @property
    def serves_any(self) -> bool:
        """Whether anything is said about models; without a word none can be called."""
        named = "models" in self.candidate.model_fields_set
        return self.settings is not None or named or isinstance(self.candidate.use, ModelUse)

    @property
    def served(self) -> ModelSettings:
        """What is said of models, with the provider that the candidate names for itself."""
        settings, use = self.settings or ModelSettings(), self.candidate.use
        if not isinstance(use, ModelUse) or use.openai.base_url is None:
            return settings
        provider = settings.provider.model_copy(update={"base_url": use.openai.base_url})
        return settings.model_copy(update={"provider": provider})

    @property
    def recording(self) -> Path:
        """The file that its answers are recorded in; `{candidate}` in its name is the candidate."""
        return self.folder / self.served.recording.replace("{candidate}", self.candidate.name)


def model_service(
    plan: ModelPlan,
    *,
    resumed: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> ModelService | None:
    """What answers the candidate's model calls.

    Raises `ConfigurationError` where the mode lacks what it needs.
    """
    faults = [fault for fault in plan.faults if is_about_models(fault)]
    if not plan.serves_any:
        if faults:
            raise ConfigurationError(
                "faults are to befall models, but none are served",
                hint="write `models: replay`, `record`, `live` or `scripted` at the candidate",
            )
        return None
    mode = plan.candidate.models
    settings = plan.served
    meter = Meter(_budget(plan, settings, mode))
    source = _source(mode, settings, plan.recording, meter, resumed, environment)
    outside = stands_outside(parse_use(plan.candidate.spec))
    other_ways = outside or bool(plan.candidate.needs)
    return ModelService(source, meter=meter, faults=faults, seed=plan.seed, other_ways=other_ways)


def _source(
    mode: ModelMode,
    settings: ModelSettings,
    recording: Path,
    meter: Meter,
    resumed: bool,
    environment: Mapping[str, str],
) -> Source:
    if mode is ModelMode.SCRIPTED:
        return Script(script_from(settings.script))
    if mode is ModelMode.REPLAY:
        return _replay(recording)
    given = settings.provider
    key = environment.get(given.key, "")
    if not key:
        raise ConfigurationError(
            f"the variable `{given.key}` holds no key for the model provider `{given.name}`",
            hint=f"export {given.key}=…, or replay recorded answers with `models: replay`",
        )
    keep = mode is ModelMode.RECORD
    if keep and recording.exists() and not resumed:
        raise ConfigurationError(
            f"`{recording}` holds recorded answers already",
            hint="replay them with `models: replay`, or name another file: models: {recording: …}",
        )
    provider = Provider(given.name, given.base_url, key)
    record = recording if keep else None
    return PassThrough(provider, [given.base_url], meter=meter, record=record)


def _replay(recording: Path) -> Replay:
    if not recording.is_file():
        raise ConfigurationError(
            f"there are no recorded answers of models at `{recording}`",
            hint="record them with `models: record`, or name the file: models: {recording: …}",
        )
    return Replay(recording)


def _budget(plan: ModelPlan, settings: ModelSettings, mode: ModelMode) -> ModelBudget:
    """What the run and each of its cases may cost, where calls cost anything."""
    prices = {
        name: TokenPrice(price.input.minor, price.output.minor)
        for name, price in settings.prices.items()
    }
    limits = {"stop.budget": plan.budget, "limits.spend": plan.candidate.limits.spend}
    named = {name: limit for name, limit in limits.items() if limit is not None}
    if mode is ModelMode.SCRIPTED:
        return ModelBudget()
    if not named or mode not in _PAYING:
        return ModelBudget(prices=prices, currency=settings.currency)
    for name, limit in named.items():
        _refuse_unpriced(name, limit, settings)
    whole, case = limits.values()
    return ModelBudget(
        cost_minor=whole.minor if whole else None,
        case_minor=case.minor if case else None,
        prices=prices,
        currency=settings.currency,
    )


def _refuse_unpriced(limit: str, money: Money, settings: ModelSettings) -> None:
    if not settings.prices:
        raise ConfigurationError(
            f"`{limit}` of {money} cannot be kept without the models' prices",
            hint="models: {prices: {NAME: {input: 0.25 EUR, output: 2 EUR}}}, per million tokens",
        )
    if settings.currency != money.currency:
        raise ConfigurationError(
            f"the models' prices are in {settings.currency}, and `{limit}` is {money}",
            hint=f"write both in one currency, as in `{limit}: 25 {settings.currency}`",
        )
