"""The whole way on built-in data: a world, staff at work, three candidates and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from understudy.campaign.finish import Finished
from understudy.campaign.pipeline import run_campaign
from understudy.campaign.progress import Progress
from understudy.campaign.projects.settings import Settings, load_rules, load_settings
from understudy.campaign.runs.request import RunRequest
from understudy.model.campaign import Campaign, CandidateSpec, Economics, WorldRequest
from understudy.model.money import Money

__all__ = ["DemoRequest", "demo_settings", "lesson", "run_demo"]

_WORKERS = 2


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """How large the demonstration is, and where it is written."""

    reports: Path
    seed: int = 7
    customers: int = 2000
    cases: int = 900
    others: Path | None = None
    """A campaign whose candidates and models take the place of the demonstration's own."""
    candidate: str | None = None
    """The one that is run; all of them where none is named."""


def run_demo(request: DemoRequest, progress: Progress) -> list[Finished]:
    """Build, record, shadow, price and report; the same code as any campaign."""
    asked = RunRequest(
        reports=request.reports, candidate=request.candidate, workers=_WORKERS, rehearsal=True
    )
    return run_campaign(demo_settings(request), asked, progress)


def demo_settings(request: DemoRequest) -> Settings:
    """The campaign of the demonstration; raises `ConfigurationError` for one that is unusable."""
    campaign = Campaign(
        version=1,
        name="demo",
        world=WorldRequest(customers=request.customers, cases=request.cases),
        candidates=tuple(
            CandidateSpec(name=name, use=f"understudy.candidates.demo.{name}:handle", release="1.0")
            for name in ("careful", "hasty", "timid")
        ),
        policy="demo",
        seed=request.seed,
        economics=Economics(integration_cost=Money(3_000_000, "EUR"), monthly_cases=20_000),
    )
    rules = load_rules("demo", "standard", Path.cwd())
    if request.others is None:
        return Settings(campaign, rules, Path.cwd())
    given = load_settings(request.others)
    brought = {"candidates": given.campaign.candidates, "models": given.campaign.models}
    return replace(given, campaign=campaign.model_copy(update=brought), rules=rules)


def lesson(finished: Sequence[Finished]) -> str:
    """The candidates beside each other: who agreed more with people, and who cost more."""
    lines = ["candidate    agrees with people    error cost per case    net value    verdict"]
    for one in finished:
        cost = one.folder.read_cost()
        share = cost.actions_agreeing / max(1, cost.actions_proposed)
        per_case = Money(round(one.verdict.error_cost.per_case), cost.currency)
        worth = Money(round(one.verdict.net_value.per_case), cost.currency)
        lines.append(
            f"{one.verdict.candidate.name:<13}{share:>17.1%}{per_case!s:>23}{worth!s:>13}    "
            f"{one.verdict.verdict}"
        )
    return "\n".join(lines)
