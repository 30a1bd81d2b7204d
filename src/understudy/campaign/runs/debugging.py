"""`understudy run … --case ID --debug`: one case under a debugger, then what it differs in."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from understudy.campaign.judging.replays import replay_of
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.one_case import case_text
from understudy.campaign.pipeline import opened
from understudy.campaign.progress import Progress
from understudy.campaign.projects.settings import Settings
from understudy.campaign.runs.files import evidence_of
from understudy.campaign.runs.folder import RunFolder
from understudy.campaign.runs.head import manifest_of
from understudy.campaign.runs.plan import plan_of
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.runs.selection import select
from understudy.model.campaign import ModelMode
from understudy.shadow.debugging import debug_case

__all__ = ["debug"]

_PAID = (ModelMode.RECORD, ModelMode.LIVE)


def debug(settings: Settings, request: RunRequest, progress: Progress) -> str:
    """The request's case in this process, as `understudy case` shows it; no run is kept.

    Models answer what was recorded, since nobody pays for an answer each time a debugger starts
    anew. Of several candidates it is the first, unless one is named.
    """
    one, source = next(opened(_replaying(settings, request), request, progress))
    models = model_service(ModelPlan.of(one.campaign, one.folder))
    selection = select(source, one, request)
    manifest = manifest_of(one, source, selection, None)
    with tempfile.TemporaryDirectory(prefix="run-") as place:
        plan = plan_of(one, source, request, selection.cases, RunFolder(Path(place)), models)
        record = debug_case(plan)
    replay = replay_of(manifest)
    evidence = evidence_of(source.recording, [record.proposal], source.world_folder, replay)
    (case,) = selection.cases
    prices = evidence.prices(one.rules.policy)
    return case_text(case, record, evidence.baselines[case.case_id], prices, replay)


def _replaying(settings: Settings, request: RunRequest) -> Settings:
    """The campaign with its first candidate alone, or the one that is asked for."""
    candidate = settings.candidates(request.candidate)[0]
    if candidate.models in _PAID:
        candidate = candidate.model_copy(update={"models": ModelMode.REPLAY})
    changes = {"candidates": (candidate,), "repeats": 1}
    return replace(settings, campaign=settings.campaign.model_copy(update=changes))
