"""The whole way of a campaign, one candidate after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from understudy.campaign.drills.rehearsal import Rehearsal
from understudy.campaign.finish import Finished, Part
from understudy.campaign.judging.conclusion import conclude
from understudy.campaign.judging.replays import open_once, replay_of
from understudy.campaign.judging.standing import Standing
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.pilot.log import enter_run
from understudy.campaign.progress import Progress
from understudy.campaign.projects.proofreading import proofread_models, proofread_places
from understudy.campaign.projects.settings import Settings
from understudy.campaign.recordings.survey_text import replay_lines
from understudy.campaign.runs.files import RunFiles, evidence_of, stored_records
from understudy.campaign.runs.folder import RunFolder, find_run
from understudy.campaign.runs.head import manifest_of, refuse_other, with_report
from understudy.campaign.runs.plan import plan_of
from understudy.campaign.runs.relocation import PLACES
from understudy.campaign.runs.request import RunRequest
from understudy.campaign.runs.selection import Selection, select
from understudy.campaign.runs.source import Source, open_source
from understudy.candidates.needs import silent_needs
from understudy.gate.wording import floor_sentence
from understudy.model.campaign import CandidateSpec
from understudy.model.case import Case
from understudy.model.errors import UnderstudyError
from understudy.model.limits import Stop
from understudy.model.line_file import Derived
from understudy.model.manifest import RunManifest
from understudy.model.proposal import CaseRecord
from understudy.shadow.plan import ShadowPlan, ShadowReport
from understudy.shadow.runner import run_shadow
from understudy.shadow.seal import seal_run
from understudy.traffic.sampling import part_of

__all__ = ["dry_run_campaign", "opened", "run_campaign", "run_shard"]


def run_campaign(settings: Settings, request: RunRequest, progress: Progress) -> list[Finished]:
    """Run every candidate of the campaign, or the one that was asked for, and judge each."""
    return [
        conclude(_rehearsed(one, source, request, progress))
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
    proofread_places(candidates, settings.folder)
    proofread_models(asked.campaign, settings.document, resumed=bool(request.resume))
    source = open_source(settings, request.reports, progress)
    yield from ((_of_one(asked, one), source) for one in candidates)


def dry_run_campaign(settings: Settings, request: RunRequest, progress: Progress) -> str:
    """What a run would be, told without calling any candidate."""
    settings.candidates(request.candidate)
    source = open_source(settings, request.reports, progress)
    selection = select(source, settings, request)
    cases = selection.cases
    part = part_of(source.recording.cases, settings.campaign.held_out or None, selection.part)
    lines = [*replay_lines(source.recording, cases), _floor(settings, cases, part)]
    return "\n".join(filter(None, lines))


def _floor(settings: Settings, cases: Sequence[Case], part: Sequence[Case]) -> str:
    """How many cases of a part GO takes at the least, which can be said before the first."""
    planned, there = (len({case.cluster_id for case in each}) for each in (cases, part))
    return floor_sentence(settings.rules.gates, planned, there)


def _of_one(settings: Settings, candidate: CandidateSpec) -> Settings:
    """The same campaign with one candidate only."""
    campaign = settings.campaign.model_copy(update={"candidates": (candidate,)})
    return replace(settings, campaign=campaign)


def run_shard(settings: Settings, request: RunRequest, progress: Progress) -> list[Part]:
    """Run a part of the cases for every candidate of the campaign; nothing is judged."""
    return [
        _part(_rehearsed(one, source, request, progress))
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


def _rehearsed(
    settings: Settings, source: Source, request: RunRequest, progress: Progress
) -> RunFiles:
    """Shadow one candidate over the cases, and then do the drills that the campaign asks for."""
    end = _shadowed(settings, source, request, progress)
    if settings.campaign.drills.asked:
        Rehearsal(settings, source, request, end).go(progress)
    return end


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
    part = part_of(source.recording.cases, manifest.held_out, manifest.part)
    for line in (_floor(settings, selection.cases, part), *silent_needs(plan.candidate.needs)):
        progress("evidence", 0, 0, line)
    try:
        standing = Standing(
            source.recording, replay, settings.rules, _stop(settings, request), cases, plan.repeats,
            part, open_once(source.world_folder),
        )  # fmt: skip
        report, handed = _watched(plan, standing, progress)
    except UnderstudyError:
        folder.discard_unless_begun()
        raise
    folder.write_manifest(manifest := with_report(manifest, report))
    if report.interrupted:
        raise KeyboardInterrupt
    seal_run(folder.path)
    records = stored_records(folder, plan.orders()[:handed])
    proposals = Derived(records, lambda record: record.proposal)
    evidence = evidence_of(source.recording, proposals, source.world_folder, replay)
    return RunFiles(
        folder, manifest, settings.rules, evidence, records, source.recording.manifest,
        wall=manifest.wall, stopped=manifest.stopped, seen=standing.seen, reports=request.history,
    )  # fmt: skip


def _watched(plan: ShadowPlan, standing: Standing, progress: Progress) -> tuple[ShadowReport, int]:
    """Run a plan to its end; how it went, and how many records were handed over in its order."""
    stage, planned, handed = f"shadow {plan.candidate.name}", len(plan.cases) * plan.repeats, 0

    ending = f"\nto stop it: understudy stop {plan.run_folder.name}"

    def keep(record: CaseRecord) -> str | None:
        nonlocal handed
        handed += 1
        why = standing.add(record)
        progress(stage, handed, planned, standing.told() + _spent(plan) + ending)
        return why

    return run_shadow(plan, keep), handed


def _spent(plan: ShadowPlan) -> str:
    """What model calls have cost so far, where they cost anything."""
    spent = plan.models.meter.spent if plan.models is not None else None
    return f"\nmodels {spent} so far" if spent else ""


def _stop(settings: Settings, request: RunRequest) -> Stop:
    stop = settings.campaign.stop
    if request.shard is None:
        return stop
    # Looks are planned along all cases in their order; a shard sees every N-th.
    return stop.model_copy(update={"harm": False, "futility": False})


def _folder(
    settings: Settings,
    source: Source,
    request: RunRequest,
    selection: Selection,
) -> tuple[RunFolder, RunManifest]:
    """A new run's folder with its manifest, or the one that is gone on with."""
    manifest = manifest_of(settings, source, selection, request.shard)
    if request.resume is not None:
        folder = find_run(request.resume, request.reports)
        before = folder.read_manifest()
        refuse_other(before, manifest)
        # It may go on elsewhere than where it began.
        here = {place: getattr(manifest, place) for place in PLACES}
        return folder, msgspec.structs.replace(before, **here)
    if not request.rehearsal:
        attempt = enter_run(request.reports, manifest)
        manifest = msgspec.structs.replace(manifest, attempt=attempt)
    path = request.reports / manifest.campaign / manifest.run_id
    path.mkdir(parents=True)
    folder = RunFolder(path)
    folder.write_manifest(manifest)
    return folder, manifest
