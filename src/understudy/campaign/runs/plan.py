"""From a campaign and what was asked for to the plan of one run."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.campaign.customers.customer import Customers
from understudy.campaign.customers.played import played_by
from understudy.campaign.customers.record import CustomerRecords
from understudy.campaign.projects.mounting import mounted_systems, own_places
from understudy.campaign.projects.project import project_folder
from understudy.campaign.projects.settings import Settings
from understudy.campaign.reviewer import DeskReviewer
from understudy.campaign.runs.folder import RunFolder
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.runs.source import Source
from understudy.doors.gateway_faults import is_about_models
from understudy.model.case import Case
from understudy.model.customer_settings import CustomerSettings
from understudy.shadow.models import ModelService
from understudy.shadow.plan import ShadowPlan

__all__ = ["plan_of"]


def plan_of(
    settings: Settings,
    source: Source,
    request: RunRequest,
    cases: Sequence[Case],
    folder: RunFolder,
    models: ModelService | None,
) -> ShadowPlan:
    """What the campaign's first candidate is to do, and where everything lies."""
    campaign = settings.campaign
    candidate = campaign.candidates[0]
    reviewer = DeskReviewer(source.recording, settings.rules.policy.review, campaign.seed)
    return ShadowPlan(
        world=source.world_folder,
        cases=cases,
        candidate=candidate,
        systems=mounted_systems(campaign.systems, settings.folder, source.recording.path),
        paths=own_places(campaign.systems, settings.folder),
        equipment=tuple(each.model_dump(mode="json") for each in settings.equipment),
        run_folder=folder.path,
        project=project_folder(candidate.spec, settings.folder),
        seed=campaign.seed,
        workers=request.workers,
        repeats=campaign.repeats,
        faults=tuple(fault for fault in campaign.faults if not is_about_models(fault)),
        models=models,
        converse=_customers(campaign.customer, source, cases, models),
        writes=settings.rules.policy.write_modes(),
        decide=reviewer,
        reviews=reviewer.reviews,
        resume=request.resume is not None,
        most_blocked=campaign.stop.on_egress,
        speed=request.speed,
        sync=request.sync,
    )


def _customers(
    settings: CustomerSettings, source: Source, cases: Sequence[Case], models: ModelService | None
) -> Customers:
    play = None if settings.model is None else played_by(models, settings.model)
    by_id = {case.case_id: case for case in cases}
    record = CustomerRecords(source.world_folder)
    return Customers(by_id, source.recording.cases, settings.most_turns, play, record)
