"""The whole way of a campaign, one candidate after the other."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from understudy import __version__
from understudy.campaign.conclusion import conclude
from understudy.campaign.customer import Customers
from understudy.campaign.finish import Finished
from understudy.campaign.identity import candidate_hash, harness_hash, model_hashes
from understudy.campaign.models import ModelPlan, model_service
from understudy.campaign.mounting import mounted_systems, own_places
from understudy.campaign.played_customer import played_by
from understudy.campaign.project import project_folder
from understudy.campaign.proofreading import proofread_models
from understudy.campaign.replay import replayed
from understudy.campaign.replays import replay_of
from understudy.campaign.reviewer import DeskReviewer
from understudy.campaign.run_files import RunFiles, evidence_of
from understudy.campaign.run_folder import RunFolder, count_attempts, find_run, mint_run_id
from understudy.campaign.settings import Settings
from understudy.campaign.source import Source, open_source
from understudy.campaign.survey_text import replay_lines
from understudy.campaign.trip import CriticalTrip
from understudy.doors.gateway_faults import is_about_models
from understudy.model.campaign import (
    Campaign,
    CandidateSpec,
    Fault,
    ModelMode,
)
from understudy.model.canonical import digest
from understudy.model.case import Case
from understudy.model.customer_settings import CustomerSettings
from understudy.model.errors import (
    ConfigurationError,
    NoCasesError,
    RecordingError,
    UnderstudyError,
    nearest,
)
from understudy.model.manifest import RunManifest
from understudy.model.proposal import CaseRecord
from understudy.model.verdict import ModelTraffic
from understudy.shadow.models import ModelService
from understudy.shadow.plan import ShadowPlan, ShadowReport
from understudy.shadow.runner import run_shadow

__all__ = ["RunRequest", "dry_run_campaign", "run_campaign", "run_candidate"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line adds to a campaign file."""

    reports: Path
    candidate: str | None = None
    limit: int | None = None
    workers: int = 1
    resume: str | None = None
    case_id: str | None = None
    sample: float | None = None
    """The share of customers whose cases are run; it goes before the campaign's own."""
    speed: float | None = None
    """How many times as fast as recorded cases are handed out; None waits for nothing."""
    rehearsal: bool = False
    """A demonstration on built-in data: not an attempt on anybody's recording."""


def run_campaign(settings: Settings, request: RunRequest, progress: Progress) -> list[Finished]:
    """Run every candidate of the campaign, or the one that was asked for."""
    candidates = _candidates(settings, request.candidate)
    asked = settings.campaign.model_copy(update={"candidates": tuple(candidates)})
    proofread_models(asked, settings.document, resumed=bool(request.resume))
    source = open_source(settings, request.reports, progress)
    return [
        run_candidate(replace_candidate(settings, one), source, request, progress)
        for one in candidates
    ]


def dry_run_campaign(settings: Settings, request: RunRequest, progress: Progress) -> str:
    """What a run would be, told without calling any candidate."""
    _candidates(settings, request.candidate)
    source = open_source(settings, request.reports, progress)
    cases = _selected(source, settings, request)
    return "\n".join(replay_lines(source.recording, cases))


def replace_candidate(settings: Settings, candidate: CandidateSpec) -> Settings:
    """The same campaign with one candidate only."""
    campaign = settings.campaign.model_copy(update={"candidates": (candidate,)})
    return replace(settings, campaign=campaign)


def run_candidate(
    settings: Settings, source: Source, request: RunRequest, progress: Progress
) -> Finished:
    """Shadow one candidate over the cases, judge it, and write its run folder.

    Raises `KeyboardInterrupt` where it was interrupted; the store then holds what was done.
    """
    cases = _selected(source, settings, request)
    asked = ModelPlan.of(settings.campaign, settings.folder)
    models = model_service(asked, resumed=bool(request.resume))
    folder, manifest = _folder(settings, source, request, cases)
    plan = _plan(settings, source, request, cases, folder, models)
    replay = replay_of(manifest)
    limit = settings.campaign.stop.on_critical
    trip = CriticalTrip(limit, source.recording, settings.rules.policy, replay)
    records: list[CaseRecord] = []

    def keep(record: CaseRecord) -> bool:
        records.append(record)
        progress(f"shadow {plan.candidate.name}", len(records), manifest.planned)
        return trip.trips(record)

    try:
        report = run_shadow(plan, keep)
    except UnderstudyError:
        folder.discard_unless_begun()
        raise
    if report.interrupted:
        raise KeyboardInterrupt
    folder.write_manifest(manifest := _with_report(manifest, report))
    proposals = [record.proposal for record in records]
    evidence = evidence_of(source.recording, proposals, source.world_folder, replay)
    return conclude(
        RunFiles(
            folder, manifest, settings.rules, evidence, records, source.recording.manifest,
            wall=manifest.wall, stopped=manifest.stopped,
        )
    )  # fmt: skip


def _plan(
    settings: Settings,
    source: Source,
    request: RunRequest,
    cases: Sequence[Case],
    folder: RunFolder,
    models: ModelService | None,
) -> ShadowPlan:
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
        speed=request.speed,
    )


def _customers(
    settings: CustomerSettings, source: Source, cases: Sequence[Case], models: ModelService | None
) -> Customers:
    play = None if settings.model is None else played_by(models, settings.model)
    by_id = {case.case_id: case for case in cases}
    return Customers(by_id, source.recording.cases, settings.most_turns, play)


def _world_hash(source: Source, settings: Settings) -> str | None:
    """The world's digest, with what the company has defined in it."""
    if not settings.equipment:
        return source.world_digest
    return digest([source.world_digest, *[e.model_dump(mode="json") for e in settings.equipment]])


def _candidates(settings: Settings, wanted: str | None) -> Sequence[CandidateSpec]:
    known = settings.campaign.candidates
    if wanted is None:
        return known
    named = [candidate for candidate in known if candidate.name == wanted]
    if named:
        return named
    if ":" in wanted:
        return [known[0].model_copy(update={"use": wanted, "name": "candidate", "release": None})]
    names = [candidate.name for candidate in known]
    raise ConfigurationError(
        f"the campaign has no candidate `{wanted}`{nearest(wanted, names)}",
        code="U111",
        hint=f"known: {', '.join(names)}; or give a spec as in `my_bot.agent:handle`",
    )


def _selected(source: Source, settings: Settings, request: RunRequest) -> Sequence[Case]:
    """The cases that are run: one, or a stable sample of customers, each one's in time."""
    cases = source.recording.cases
    if request.case_id is not None:
        ids = [case.case_id for case in cases]
        if request.case_id not in ids:
            raise NoCasesError(
                f"the recording has no case `{request.case_id}`{nearest(request.case_id, ids)}"
            )
        return [case for case in cases if case.case_id == request.case_id]
    if not cases:
        raise NoCasesError(f"the recording `{source.recording.path}` has no cases")
    share = settings.campaign.sample if request.sample is None else request.sample
    sampled = replayed(cases, share, request.speed)
    if not sampled:
        raise NoCasesError(f"a sample of {share:.1%} of the customers has no cases")
    return sampled[: request.limit]


def _folder(
    settings: Settings,
    source: Source,
    request: RunRequest,
    cases: Sequence[Case],
) -> tuple[RunFolder, RunManifest]:
    """A new run's folder with its manifest, or the one that is gone on with."""
    manifest = _manifest(settings, source, cases)
    if not request.rehearsal:
        before = count_attempts(request.reports, source.recording.digest)
        manifest = msgspec.structs.replace(manifest, attempt=before + 1)
    if request.resume is not None:
        folder = find_run(request.resume, request.reports)
        _refuse_other(folder.read_manifest(), manifest)
        return folder, folder.read_manifest()
    path = request.reports / manifest.campaign / manifest.run_id
    path.mkdir(parents=True)
    folder = RunFolder(path)
    folder.write_manifest(manifest)
    return folder, manifest


def _manifest(settings: Settings, source: Source, cases: Sequence[Case]) -> RunManifest:
    campaign = settings.campaign
    candidate = campaign.candidates[0]
    started = datetime.now(UTC)
    project = project_folder(candidate.spec, settings.folder)
    hashes = {
        **settings.rules.hashes,
        "recording": source.recording.digest,
        "world": _world_hash(source, settings),
        "candidate": candidate_hash(candidate.spec, project),
        **model_hashes(candidate.use, project),
        "harness": harness_hash(),
    }
    return RunManifest(
        campaign=campaign.name,
        run_id=mint_run_id(started, candidate.name, campaign.name),
        candidate=candidate.name,
        candidate_spec=str(candidate.spec),
        candidate_release=candidate.release,
        seed=campaign.seed,
        stage=campaign.stage.value,
        planned=len(cases) * campaign.repeats,
        started_at=started.isoformat(timespec="milliseconds"),
        harness_version=__version__,
        recording=str(source.recording.path.resolve()),
        world=str(source.world_folder.resolve()),
        policy=str(settings.rules.policy_file),
        gates=str(settings.rules.gates_file),
        settings=tuple(str(settings.folder / each) for each in campaign.settings_files),
        mounted=mounted_systems(campaign.systems, settings.folder, source.recording.path),
        paths=tuple(map(str, own_places(campaign.systems, settings.folder))),
        hashes=hashes,
        needs=candidate.needs,
        case_ids_digest=digest([case.case_id for case in cases]),
        machine={"python": platform.python_version(), "system": platform.system()},
        without_effect=_without_effect(settings.campaign),
        economics=campaign.economics.model_dump(mode="json", exclude_none=True),
        faults=tuple(_told(fault) for fault in campaign.faults),
        fault_plan=tuple(map(str, campaign.faults)),
    )


def _without_effect(campaign: Campaign) -> tuple[str, ...]:
    if campaign.stop.budget is None:
        return ()
    if not ModelPlan.of(campaign, Path()).serves_any:
        return ("`stop.budget`: the campaign serves no models, so nothing is counted",)
    if campaign.candidates[0].models in (ModelMode.REPLAY, ModelMode.SCRIPTED):
        return ("`stop.budget`: replayed and scripted answers cost nothing",)
    return ()


def _told(fault: Fault) -> str:
    return f"{fault.do.value} of models" if is_about_models(fault) else fault.do.value


def _with_report(manifest: RunManifest, report: ShadowReport) -> RunManifest:
    return msgspec.structs.replace(
        manifest,
        wall=report.evidence(),
        stopped=report.stopped,
        model_traffic=_added(manifest.model_traffic, report.model_traffic),
        unanswered=manifest.unanswered + report.unanswered,
    )


def _added(before: Sequence[ModelTraffic], now: Sequence[ModelTraffic]) -> tuple[ModelTraffic, ...]:
    """What went to each provider in all, where a run was gone on with."""
    requests: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for each in (*before, *now):
        requests[each.provider] += each.requests
        sent[each.provider] += each.bytes_out
    return tuple(
        ModelTraffic(provider=name, requests=requests[name], bytes_out=sent[name])
        for name in sorted(requests)
    )


def _refuse_other(before: RunManifest, now: RunManifest) -> None:
    """A run goes on only with what it began with: another policy or recording is another run."""
    changed = [key for key, value in now.hashes.items() if before.hashes.get(key) != value]
    if before.case_ids_digest != now.case_ids_digest:
        changed.append("cases")
    if changed:
        raise RecordingError(
            f"run `{before.run_id}` was begun with other {', '.join(sorted(changed))}",
            code="U443",
            hint="start a new run, or restore what has changed",
        )
