"""A run with everything that it is judged from, new or opened again from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.campaign.judgement import Evidence
from understudy.campaign.mess import mess_of
from understudy.campaign.replays import Replay, replay_of
from understudy.campaign.run_folder import RunFolder
from understudy.campaign.settings import Rules, load_rules
from understudy.model.manifest import RecordingManifest, RunManifest
from understudy.model.proposal import CaseRecord, Proposal
from understudy.model.verdict import WallEvidence
from understudy.shadow.store import read_records
from understudy.traffic.proposals import read_proposals
from understudy.traffic.recording import Recording, read_recording
from understudy.world.store import load_world

__all__ = ["RunFiles", "evidence_of", "open_run"]


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Everything that the end of a run is made from."""

    folder: RunFolder
    manifest: RunManifest
    rules: Rules
    evidence: Evidence
    records: Sequence[CaseRecord]
    imported: RecordingManifest
    wall: WallEvidence | None = None
    stopped: str | None = None


def open_run(folder: RunFolder) -> RunFiles:
    """Read a run's files, with the policy and gate files as they are now."""
    manifest = folder.read_manifest()
    recording = read_recording(Path(manifest.recording))
    records = _stored(folder, manifest)
    world = Path(manifest.world) if manifest.world else None
    return RunFiles(
        folder=folder,
        manifest=manifest,
        rules=load_rules(manifest.policy, manifest.gates, Path.cwd()),
        evidence=evidence_of(
            recording, [record.proposal for record in records], world, replay_of(manifest)
        ),
        records=records,
        imported=recording.manifest,
        wall=manifest.wall,
        stopped=manifest.stopped,
    )


def evidence_of(
    recording: Recording,
    proposals: Sequence[Proposal],
    world_folder: Path | None,
    replay: Replay,
) -> Evidence:
    """What is judged: the cases that proposals are there for, in the recording's order."""
    wanted = {proposal.case_id for proposal in proposals}
    cases = [case for case in recording.cases if case.case_id in wanted]
    baselines = {case.case_id: recording.baselines_of(case.case_id) for case in cases}
    if world_folder is None:
        return Evidence(cases, baselines, proposals, replay=replay)
    world = load_world(world_folder)
    return Evidence(
        cases, baselines, proposals, lambda case, actions: mess_of(world, case, actions), replay
    )


def _stored(folder: RunFolder, manifest: RunManifest) -> list[CaseRecord]:
    """A judged log has its proposals in the file that they came from, a run in its store."""
    if manifest.proposals:
        proposals = read_proposals(Path(manifest.proposals))
        return [CaseRecord(case_id=one.case_id, proposal=one) for one in proposals]
    return list(read_records(folder.path))
