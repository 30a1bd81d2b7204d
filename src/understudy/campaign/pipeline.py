"""The whole way of a campaign, one candidate after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import msgspec

from understudy.campaign.conclusion import conclude
from understudy.campaign.customer import Customers
from understudy.campaign.customer_record import CustomerRecords
from understudy.campaign.finish import Finished, Part
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.mounting import mounted_systems, own_places
from understudy.campaign.played_customer import played_by
from understudy.campaign.project import project_folder
from understudy.campaign.proofreading import proofread_models
from understudy.campaign.replays import replay_of
from understudy.campaign.reviewer import DeskReviewer
from understudy.campaign.run_files import RunFiles, evidence_of
from understudy.campaign.run_folder import RunFolder, count_attempts, find_run
from understudy.campaign.run_head import manifest_of, refuse_other, with_report
from understudy.campaign.run_request import RunRequest
from understudy.campaign.selection import Selection, select
from understudy.campaign.settings import Settings
from understudy.campaign.source import Source, open_source
from understudy.campaign.standing import Standing
from understudy.campaign.survey_text import replay_lines
from understudy.doors.gateway_faults import is_about_models
from understudy.model.campaign import (
    CandidateSpec,
)
from understudy.model.case import Case
from understudy.model.customer_settings import CustomerSettings
from understudy.model.errors import (
    UnderstudyError,
)
from understudy.model.limits import Stop
from understudy.model.manifest import RunManifest
from understudy.model.proposal import CaseRecord
from understudy.shadow.models import ModelService
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.runner import run_shadow

__all__ = ["Progress", "dry_run_campaign", "opened", "plan_of", "run_campaign", "run_shard"]


class Progress(Protocol):
    """Told of each step: the stage, how much of how many is done, and how it stands."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Note that `done` of `total` are finished."""


def run_campaign(settings: Settings, request: RunRequest, progress: Progress) -> list[Finished]:
    """Run every candidate of the campaign, or the one that was asked for, and judge each."""
    return [
        conclude(_shadowed(one, source, request, progress))
        for one, source in opened(settings, request, progress)
    ]


def opened(
    settings: Settings, request: RunRequest, progress: Progress
) -> Iterator[tuple[Settings, Source]]:
    """A campaign of one candidate for each that is run, all over the same cases."""
    candidates = settings.candidates(request.candidate)
    stop = settings.campaign.stop
    if request.budget is not None:
        stop = stop.model_copy(update={"budget": request.budget})
    changes = {"candidates": tuple(candidates), "stop": stop}
    asked = replace(settings, campaign=settings.campaign.model_copy(update=changes))
    proofread_models(asked.campaign, settings.document, resumed=bool(request.resume))
    source = open_source(settings, request.reports, progress)
    yield from ((_of_one(asked, one), source) for one in candidates)


def dry_run_campaign(settings: Settings, request: RunRequest, progress: Progress) -> str:
    """What a run would be, told without calling any candidate."""
    settings.candidates(request.candidate)
    source = open_source(settings, request.reports, progress)
    cases = select(source, settings, request).cases
    return "\n".join(replay_lines(source.recording, cases))


def _of_one(settings: Settings, candidate: CandidateSpec) -> Settings:
    """The same campaign with one candidate only."""
    campaign = settings.campaign.model_copy(update={"candidates": (candidate,)})
    return replace(settings, campaign=campaign)


def run_shard(settings: Settings, request: RunRequest, progress: Progress) -> list[Part]:
    """Run a part of the cases for every candidate of the campaign; nothing is judged."""
    return [
        _part(_shadowed(one, source, request, progress))
        for one, source in opened(settings, request, progress)
    ]


def _part(end: RunFiles) -> Part:
    number, total = end.manifest.shard or (1, 1)
    stopped = f"; it was stopped: {end.manifest.stopped}" if end.manifest.stopped else ""
    text = (
        f"shard {number}/{total} of {end.manifest.campaign}, {end.manifest.candidate}: "
        f"{len(end.records):,} of {end.manifest.planned:,} cases are done in "
        f"{end.folder.path}{stopped}\n"
        "a shard gives no verdict; with all of them there: understudy merge RUN RUN …"
    )
    return Part(end.folder, end.manifest, text)


def _shadowed(
    settings: Settings, source: Source, request: RunRequest, progress: Progress
) -> RunFiles:
    """Shadow one candidate over the cases.

    Raises `KeyboardInterrupt` where it was interrupted; the store then holds what was done.
    """
    asked = ModelPlan.of(settings.campaign, settings.folder)
    models = model_service(asked, resumed=bool(request.resume))
    selection = select(source, settings, request)
    folder, manifest = _folder(settings, source, request, selection)
    cases = request.shard.of(selection.cases) if request.shard else selection.cases
    plan = plan_of(settings, source, request, cases, folder, models)
    replay = replay_of(manifest)
    standing = Standing(
        source.recording, replay, settings.rules, _stop(settings, request), cases, plan.repeats
    )
    records: list[CaseRecord] = []
    stage, planned = f"shadow {plan.candidate.name}", len(cases) * plan.repeats

    def keep(record: CaseRecord) -> str | None:
        records.append(record)
        why = standing.add(record)
        progress(stage, len(records), planned, standing.told())
        return why

    try:
        report = run_shadow(plan, keep)
    except UnderstudyError:
        folder.discard_unless_begun()
        raise
    folder.write_manifest(manifest := with_report(manifest, report))
    if report.interrupted:
        raise KeyboardInterrupt
    proposals = [record.proposal for record in records]
    evidence = evidence_of(source.recording, proposals, source.world_folder, replay)
    return RunFiles(
        folder, manifest, settings.rules, evidence, records, source.recording.manifest,
        wall=manifest.wall, stopped=manifest.stopped,
    )  # fmt: skip


def _stop(settings: Settings, request: RunRequest) -> Stop:
    stop = settings.campaign.stop
    if request.shard is None:
        return stop
    # Looks are planned along all cases in their order; a shard sees every N-th.
    return stop.model_copy(update={"harm": False, "futility": False})


def plan_of(
    settings: Settings,
    source: Source,
    request: RunRequest,
    cases: Sequence[Case],
    folder: RunFolder,
    models: ModelService | None,
) -> ShadowPlan:
    """What a run of these cases is to do; its store lies in the folder."""
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
    )


def _customers(
    settings: CustomerSettings, source: Source, cases: Sequence[Case], models: ModelService | None
) -> Customers:
    play = None if settings.model is None else played_by(models, settings.model)
    by_id = {case.case_id: case for case in cases}
    record = CustomerRecords(source.world_folder)
    return Customers(by_id, source.recording.cases, settings.most_turns, play, record)


def _folder(
    settings: Settings,
    source: Source,
    request: RunRequest,
    selection: Selection,
) -> tuple[RunFolder, RunManifest]:
    """A new run's folder with its manifest, or the one that is gone on with."""
    manifest = manifest_of(settings, source, selection, request.shard)
    if not request.rehearsal:
        before = count_attempts(request.reports, source.recording.digest)
        manifest = msgspec.structs.replace(manifest, attempt=before + 1)
    if request.resume is not None:
        folder = find_run(request.resume, request.reports)
        refuse_other(folder.read_manifest(), manifest)
        return folder, folder.read_manifest()
    path = request.reports / manifest.campaign / manifest.run_id
    path.mkdir(parents=True)
    folder = RunFolder(path)
    folder.write_manifest(manifest)
    return folder, manifest
