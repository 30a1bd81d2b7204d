"""A run with everything that it is judged from, new or opened again from its folder."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from understudy.campaign.judging.judgement import Evidence, Seen
from understudy.campaign.judging.replays import Replay, open_once, replay_of
from understudy.campaign.projects.settings import Rules, load_rules
from understudy.campaign.recordings.mess import mess_of
from understudy.campaign.runs.folder import RunFolder
from understudy.model.action import Action
from understudy.model.case import Case
from understudy.model.errors import RecordingError, nearest
from understudy.model.line_file import Derived, held
from understudy.model.manifest import RecordingManifest, RunManifest
from understudy.model.names import Names
from understudy.model.proposal import CaseRecord, Proposal
from understudy.model.verdict import WallEvidence
from understudy.shadow.seal import check_seal
from understudy.shadow.store import Key, Stored, stored_cases
from understudy.traffic.proposals import read_proposals
from understudy.traffic.recording import Recording, read_recording
from understudy.traffic.sampling import part_of

__all__ = ["RunFiles", "as_records", "evidence_of", "open_run", "stored_records"]


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
    reviewed: str = ""
    """What of the reviewers' decisions was taken up, where there are any."""
    seen: Mapping[str, Seen] = field(default_factory=dict)
    """What was found in cases while they ran."""
    reports: Path | None = None
    """Where the pilot's history lies; None where the run is no part of one."""

    @property
    def peeked(self) -> bool:
        """Whether the run ended before its plan, so that its length may hang on what was seen."""
        manifest, evidence = self.manifest, self.evidence
        fewer = len(evidence.by_case) < manifest.planned_cases
        return self.stopped is not None or fewer or len(evidence.proposals) < manifest.planned

    @property
    def part(self) -> Sequence[Case]:
        """The cases of the recording that this run's are of: all, the open or the held-out part."""
        manifest, evidence = self.manifest, self.evidence
        return part_of(evidence.every or evidence.cases, manifest.held_out, manifest.part)

    def of_case(self, case_id: str) -> tuple[Case, list[CaseRecord]]:
        """A case and what each of its runs left; `RecordingError` where there is no such case."""
        records = [record for record in self.records if record.case_id == case_id]
        if not records:
            known = {record.case_id for record in self.records}
            raise RecordingError(
                f"the run has no case `{case_id}`{nearest(case_id, known)}",
                code="U442",
                where=str(self.folder.path),
            )
        return next(case for case in self.evidence.cases if case.case_id == case_id), records


def open_run(folder: RunFolder, reports: Path | None = None) -> RunFiles:
    """Read a run's files, with the policy and gate files as they are now.

    Raises `RecordingError` where the records are not those that the run was sealed with.
    """
    manifest = folder.read_manifest()
    check_seal(folder.path)
    recording = _recording(folder, manifest)
    records = _stored(folder, manifest)
    world = Path(manifest.world) if manifest.world else None
    return RunFiles(
        folder=folder,
        manifest=manifest,
        rules=load_rules(manifest.policy, manifest.gates, Path.cwd()),
        evidence=evidence_of(
            recording,
            Derived(records, lambda record: record.proposal),
            world,
            replay_of(manifest),
        ),
        records=records,
        imported=recording.manifest,
        wall=manifest.wall,
        stopped=manifest.stopped,
        reports=reports,
    )


def _recording(folder: RunFolder, manifest: RunManifest) -> Recording:
    path = Path(manifest.recording)
    if not path.is_dir():
        raise RecordingError(
            f"the recording of this run is not at `{path}` any more",
            code="U437",
            where=str(folder.path / "manifest.json"),
            hint=f"say where it lies now: understudy judge {folder.path} --recording DIR",
        )
    return read_recording(path)


def evidence_of(
    recording: Recording,
    proposals: Sequence[Proposal],
    world_folder: Path | None,
    replay: Replay,
) -> Evidence:
    """What is judged: the cases that proposals are there for, in the recording's order."""
    proposed = Names()
    for proposal in proposals:
        proposed.number(proposal.case_id)
    every = recording.cases
    wanted = array(
        "Q",
        (n for n, case in enumerate(every) if proposed.find(case.case_id) is not None),
    )
    cases = every
    if len(wanted) < len(every):
        cases = Derived(wanted, every.__getitem__)
    if world_folder is None:
        return Evidence(cases, recording.baselines, proposals, replay=replay, every=every)
    world = open_once(world_folder)

    def mess(case: Case, actions: Iterable[Action]) -> tuple[str, ...]:
        return mess_of(world, case, actions)

    return Evidence(cases, recording.baselines, proposals, mess, replay, every=every, world=world)


def _stored(folder: RunFolder, manifest: RunManifest) -> Sequence[CaseRecord]:
    """A judged log has its proposals in the file that they came from, a run in its store."""
    if manifest.proposals:
        return as_records(read_proposals(Path(manifest.proposals)))
    return stored_records(folder)


def stored_records(folder: RunFolder, order: Sequence[Key] | None = None) -> Sequence[CaseRecord]:
    """The records in a run's store, those of large runs decoded when they are asked for."""
    found = stored_cases(folder.path)
    stored = [*found.values()] if order is None else [found[key] for key in order]
    size = sum(each.length for each in stored)
    return held(Derived(stored, Stored.read), size)


def as_records(proposals: Sequence[Proposal]) -> Sequence[CaseRecord]:
    """Proposals that somebody recorded, as records of a run that was never made."""
    return Derived(proposals, lambda one: CaseRecord(case_id=one.case_id, proposal=one))
