"""Judging without calling anybody: recorded proposals, and runs that are judged again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from understudy import __version__
from understudy.campaign.finish import Finished
from understudy.campaign.judging.conclusion import conclude, judged
from understudy.campaign.judging.replays import replay_of
from understudy.campaign.pilot.audit import note_priced
from understudy.campaign.pilot.log import enter_run
from understudy.campaign.projects.settings import Rules, load_rules
from understudy.campaign.review.adjudication import adjudicate
from understudy.campaign.review.decisions import DecisionFile, take_in
from understudy.campaign.runs.files import RunFiles, as_records, evidence_of, open_run
from understudy.campaign.runs.folder import RunFolder, find_run, mint_run_id
from understudy.campaign.runs.identity import harness_hash
from understudy.campaign.runs.relocation import relocate
from understudy.campaign.runs.source import world_folder
from understudy.model.canonical import digest, digest_file
from understudy.model.errors import EvidenceError, NoCasesError, RecordingError
from understudy.model.manifest import RunManifest
from understudy.model.money import Money
from understudy.model.names import Names
from understudy.model.printable import printable
from understudy.model.proposal import Proposal
from understudy.model.verdict import Stage
from understudy.traffic.proposals import read_proposals
from understudy.traffic.recording import Recording, read_recording

__all__ = ["JudgeRequest", "diff_run", "judge_recorded", "judge_run", "reviewed"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """Recorded proposals, the recording they belong to, and what they are judged by."""

    recording: Path
    proposed: Path
    policy: str
    gates: str
    out: Path | None
    reports: Path
    stage: Stage = Stage.SHADOW
    authors: tuple[str, ...] = ()
    """Who made what proposed this, and so cannot approve it."""


def judge_recorded(request: JudgeRequest, progress: Progress) -> Finished:
    """Price recorded proposals and write a run folder; no candidate is called."""
    rules = load_rules(request.policy, request.gates, Path.cwd())
    recording = read_recording(request.recording)
    proposals = read_proposals(request.proposed)
    _refuse_strangers(recording, proposals, request)
    folder, manifest = _folder(request, rules, recording)
    world = Path(manifest.world) if manifest.world else None
    evidence = evidence_of(recording, proposals, world, replay_of(manifest))
    count = len(evidence.by_case)
    progress("judge", 0, count)
    records = as_records(proposals)
    finished = conclude(
        RunFiles(
            folder, manifest, rules, evidence, records, recording.manifest, reports=request.reports
        )
    )
    progress("judge", count, count)
    return finished


def judge_run(
    run: str,
    reports: Path,
    progress: Progress,
    decisions: Path | None = None,
    recording: Path | None = None,
) -> Finished:
    """Judge a run again from its store, with the policy and gate files as they are now.

    What reviewers have decided in the meantime is taken up, with a file of `decisions` that was
    exported from a page put to it. A run that was moved is told where its `recording` lies now.
    """
    folder = find_run(run, reports)
    if recording is not None:
        relocate(folder, recording)
    files = open_run(folder, reports)
    if files.manifest.shard is not None:
        raise EvidenceError(
            f"`{files.folder.path}` is shard {'{}/{}'.format(*files.manifest.shard)} of a run, and "
            "a shard gives no verdict",
            code="U502",
            hint="understudy merge RUN RUN …, with all of its shards",
        )
    if decisions is not None:
        take_in(files.folder.path, decisions)
    progress("judge", len(files.records), len(files.records))
    return conclude(reviewed(files))


def reviewed(files: RunFiles) -> RunFiles:
    """The run with what reviewers have decided; a damaged file of decisions is an error."""
    read = DecisionFile.of(files.folder.path).read()
    if read.damaged:
        raise RecordingError(
            f"{len(read.damaged):,} decisions cannot be read: {'; '.join(read.damaged[:10])}",
            code="U455",
            where=str(files.folder.path),
            hint="mend or remove these lines, then judge again",
        )
    settled = adjudicate(files.evidence, files.rules.policy, read.all)
    return replace(files, evidence=settled.evidence, reviewed=settled.told)


def diff_run(run: str, reports: Path) -> str:
    """Explain and price a run's differences again; the verdict stays as it was made."""
    folder = find_run(run, reports)
    files = reviewed(open_run(folder))
    judgement = judged(files)
    folder.write_differences(judgement.findings, judgement.cost)
    note_priced(folder)
    cost = judgement.cost
    lines = [f"{cost.cases:,} cases, {len(judgement.findings):,} findings"]
    lines += [
        f"  {line.group:<26}{line.findings:>7,} in {line.cases:>6,} cases"
        f"{Money(line.cost_minor, cost.currency)!s:>20}"
        for line in cost.by_kind
    ]
    lines.append(f"error cost {Money(cost.error_cost_minor, cost.currency)}")
    if judgement.forgiven:
        lines.append(f"{judgement.forgiven:,} differences of actions led to one and the same state")
    lines += [
        f"{count:,} cases judged from actions alone: {reason}"
        for reason, count in sorted(judgement.alone.items())
    ]
    if folder.verdict.is_file():
        lines.append(f"the verdict is as it was; decide anew: understudy judge {folder.path}")
    return "\n".join(printable(line) for line in lines)


def _refuse_strangers(
    recording: Recording, proposals: Sequence[Proposal], request: JudgeRequest
) -> None:
    known = Names()
    for case in recording.cases:
        known.number(case.case_id)
    strangers = {one.case_id for one in proposals if known.find(one.case_id) is None}
    if strangers:
        raise RecordingError(
            f"`{request.proposed}` has {len(strangers):,} cases that the recording does not know, "
            f"first `{min(strangers)}`",
            code="U446",
            hint="import both from the same file: understudy traffic import … --proposed …",
        )
    if not proposals:
        raise NoCasesError(f"`{request.proposed}` holds no proposal")


def _folder(
    request: JudgeRequest, rules: Rules, recording: Recording
) -> tuple[RunFolder, RunManifest]:
    started, world = datetime.now(UTC), world_folder(recording.path)
    name = request.proposed.stem
    hashes = {
        **rules.hashes,
        "recording": recording.digest,
        "candidate": digest_file(request.proposed),
        "harness": harness_hash(),
    }
    manifest = RunManifest(
        campaign=recording.path.name,
        run_id=mint_run_id(started, name, str(request.out)),
        candidate=name,
        candidate_spec=f"recorded in {request.proposed}",
        seed=0,
        stage=request.stage.value,
        authors=request.authors,
        planned=len(recording.cases),
        started_at=started.isoformat(timespec="milliseconds"),
        harness_version=__version__,
        recording=str(recording.path.resolve()),
        proposals=str(request.proposed.resolve()),
        world=None if world is None else str(world.resolve()),
        policy=str(rules.policy_file),
        gates=str(rules.gates_file),
        hashes=hashes,
        case_ids_digest=digest([case.case_id for case in recording.cases]),
    )
    path = request.out or request.reports / manifest.campaign / manifest.run_id
    _refuse_foreign(path)
    manifest = msgspec.structs.replace(manifest, attempt=enter_run(request.reports, manifest))
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path)
    folder.write_manifest(manifest)
    return folder, manifest


def _refuse_foreign(path: Path) -> None:
    if path.is_dir() and any(path.iterdir()) and not (path / "manifest.json").is_file():
        raise RecordingError(
            f"`{path}` holds something that is not a run",
            code="U447",
            hint="name another folder with --out",
        )
