"""What a run says of itself before its first case and after its last one."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy import __version__
from understudy.campaign.models import ModelPlan
from understudy.campaign.projects.mounting import mounted_systems, own_places
from understudy.campaign.projects.project import project_folder
from understudy.campaign.projects.settings import Settings
from understudy.campaign.runs.folder import mint_run_id
from understudy.campaign.runs.identity import candidate_hash, harness_hash, model_hashes, tools_hash
from understudy.campaign.runs.selection import Selection
from understudy.campaign.runs.shard import Shard
from understudy.campaign.runs.source import Source
from understudy.doors.gateway_faults import is_about_models
from understudy.model.campaign import Campaign, Fault, ModelMode
from understudy.model.canonical import digest
from understudy.model.errors import RecordingError
from understudy.model.manifest import RunManifest
from understudy.model.verdict import ModelTraffic
from understudy.shadow.plan import ShadowReport

__all__ = ["added_traffic", "manifest_of", "refuse_other", "with_report"]


def manifest_of(
    settings: Settings, source: Source, selection: Selection, shard: Shard | None
) -> RunManifest:
    """The manifest of a run that begins now; that of a shard counts the cases of all shards."""
    campaign = settings.campaign
    candidate = campaign.candidates[0]
    started = datetime.now(UTC)
    return RunManifest(
        campaign=campaign.name,
        run_id=mint_run_id(started, candidate.name, campaign.name, str(shard)),
        candidate=candidate.name,
        **_of_candidate(campaign),
        drills=campaign.drills.model_dump(mode="json") if campaign.drills.asked else {},
        **_of_cases(selection, campaign),
        seed=campaign.seed,
        stage=campaign.stage.value,
        planned=len(selection.cases) * campaign.repeats,
        repeats=campaign.repeats,
        started_at=started.isoformat(timespec="milliseconds"),
        harness_version=__version__,
        recording=str(source.recording.path.resolve()),
        world=str(source.world_folder.resolve()),
        policy=str(settings.rules.policy_file),
        gates=str(settings.rules.gates_file),
        settings=tuple(str(settings.folder / each) for each in campaign.settings_files),
        mounted=mounted_systems(campaign.systems, settings.folder, source.recording.path),
        paths=tuple(map(str, own_places(campaign.systems, settings.folder))),
        hashes=_hashes(settings, source),
        case_ids_digest=digest([case.case_id for case in selection.cases]),
        machine={"python": platform.python_version(), "system": platform.system()},
        without_effect=_without_effect(settings.campaign),
        economics=campaign.economics.model_dump(mode="json", exclude_none=True),
        faults=tuple(_told(fault) for fault in campaign.faults),
        fault_plan=tuple(map(str, campaign.faults)),
        planned_faults=tuple(
            fault.model_dump(mode="json", exclude_defaults=True) for fault in campaign.faults
        ),
        shard=None if shard is None else (shard.number, shard.total),
    )


def _of_candidate(campaign: Campaign) -> dict[str, Any]:
    """What the campaign says of its candidate."""
    candidate = campaign.candidates[0]
    return {
        "intended_use": campaign.intended_use,
        "candidate_spec": str(candidate.spec),
        "candidate_release": candidate.release,
        "authors": candidate.authors,
        "needs": candidate.needs,
    }


def _of_cases(selection: Selection, campaign: Campaign) -> dict[str, Any]:
    """Which of the recording's cases these are."""
    return {
        "part": selection.part,
        "held_out": campaign.held_out or None,
        "selection": selection.told,
        "chosen": selection.chosen,
    }


def _hashes(settings: Settings, source: Source) -> dict[str, str | None]:
    candidate = settings.campaign.candidates[0]
    project = project_folder(candidate.spec, settings.folder)
    return {
        **settings.rules.hashes,
        "recording": source.recording.digest,
        "world": _world_hash(source, settings),
        "candidate": candidate_hash(candidate.spec, project, candidate.env),
        **model_hashes(candidate.use, project),
        "tools": tools_hash(
            candidate.use,
            mounted_systems(settings.campaign.systems, settings.folder, source.recording.path),
            settings.folder,
        ),
        "harness": harness_hash(),
    }


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


def with_report(manifest: RunManifest, report: ShadowReport) -> RunManifest:
    """The manifest with how the run went."""
    return msgspec.structs.replace(
        manifest,
        wall=report.evidence(),
        stopped=report.stopped,
        halted=report.halted,
        halted_cases=report.halted_cases,
        model_traffic=added_traffic(manifest.model_traffic, report.model_traffic),
        model_cost_minor=manifest.model_cost_minor + report.model_cost_minor,
        unanswered=manifest.unanswered + report.unanswered,
    )


def added_traffic(*parts: Sequence[ModelTraffic]) -> tuple[ModelTraffic, ...]:
    """What went to each provider in all, where a run was gone on with or put together."""
    requests: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for each in (one for part in parts for one in part):
        requests[each.provider] += each.requests
        sent[each.provider] += each.bytes_out
    return tuple(
        ModelTraffic(provider=name, requests=requests[name], bytes_out=sent[name])
        for name in sorted(requests)
    )


def refuse_other(before: RunManifest, now: RunManifest) -> None:
    """A run goes on only with what it began with: another policy or recording is another run."""
    changed = [key for key, value in now.hashes.items() if before.hashes.get(key) != value]
    if before.case_ids_digest != now.case_ids_digest:
        changed.append("cases")
    if before.shard != now.shard:
        changed.append("shard")
    if changed:
        raise RecordingError(
            f"run `{before.run_id}` was begun with other {', '.join(sorted(changed))}",
            code="U443",
            hint=_mend(before, changed),
        )


def _mend(before: RunManifest, changed: Sequence[str]) -> str:
    """How to go on; cases under the old limits are no evidence for amended ones."""
    if changed != ["gates"]:
        return "start a new run, or restore what has changed"
    return (
        "amended limits need evidence of their own: start a new run without --resume, or restore "
        f"the gates file; understudy judge {before.run_id} prints the amendment over what was run"
    )


def _world_hash(source: Source, settings: Settings) -> str | None:
    """The world's digest, with what the company has defined in it."""
    if not settings.equipment:
        return source.world_digest
    return digest([source.world_digest, *[e.model_dump(mode="json") for e in settings.equipment]])
