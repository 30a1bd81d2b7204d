"""A run that is incomplete or damaged: what can still be read of it, and what cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from understudy.campaign.judging.judgement import Evidence, judge
from understudy.campaign.judging.replays import replay_of
from understudy.campaign.projects.settings import Rules, load_rules
from understudy.campaign.runs.files import RunFiles, evidence_of
from understudy.campaign.runs.folder import RunFolder
from understudy.cost.summary import summarise
from understudy.model.cost import CaseCost, CostSummary
from understudy.model.errors import UnderstudyError
from understudy.model.finding import Finding, Severity
from understudy.model.manifest import RUN_SCHEMA, RecordingManifest, RunManifest
from understudy.model.policy import Policy
from understudy.model.printable import printable
from understudy.model.proposal import CaseRecord
from understudy.model.verdict import (
    VERDICT_SCHEMA,
    CandidateRef,
    CaseCounts,
    ErrorCost,
    Funnel,
    Hashes,
    NetValue,
    Stage,
    Verdict,
    VerdictWord,
    WallEvidence,
)
from understudy.traffic.recording import read_recording

__all__ = ["Salvaged", "salvage"]

Made = TypeVar("Made")
_TOLD = 8


@dataclass(slots=True)
class Salvaged:
    """What is left of a run, and in words what is missing."""

    files: RunFiles
    findings: tuple[Finding, ...]
    cost: CostSummary
    verdict: Verdict
    problems: list[str] = field(default_factory=list)


def salvage(folder: RunFolder) -> Salvaged:
    """Read all that can be read; raises `RecordingError` where not even the manifest can be.

    Findings and costs that are missing are made from the cases that are done. A verdict is never
    made here: where there is none the run counts as INVALID, with the reason.
    """
    problems: list[str] = []
    manifest = folder.read_manifest()
    if manifest.schema != RUN_SCHEMA:
        problems.append(_newer("manifest.json", manifest.schema))
    rules = _rules(manifest, problems)
    files = _files(folder, manifest, rules, problems)
    findings = tuple(_lenient(folder.findings, Finding, problems))
    cost = _try(folder.read_cost, "cost.json", problems)
    if cost is None and files.evidence.cases:
        judgement = judge(files.evidence, rules.policy)
        findings, cost = judgement.findings, judgement.cost
        problems.append("findings and costs were made from the cases that are done")
    cost = cost or _summed(findings, rules.policy)
    verdict = _verdict(folder, problems) or _none(manifest, cost, rules, files)
    return Salvaged(files, findings, cost, verdict, problems)


def _rules(manifest: RunManifest, problems: list[str]) -> Rules:
    try:
        return load_rules(manifest.policy, manifest.gates, Path.cwd())
    except UnderstudyError as error:
        problems.append(f"policy and gates, so the shipped ones are shown: {error.problem}")
        return load_rules("standard", "standard", Path.cwd())


def _files(folder: RunFolder, manifest: RunManifest, rules: Rules, problems: list[str]) -> RunFiles:
    records = [
        record
        for path in sorted(folder.path.glob("cases-*.jsonl"))
        for record in _lenient(path, CaseRecord, problems)
    ]
    if not records and not manifest.proposals:
        problems.append("cases: no case of this run is done")
    evidence = Evidence((), {}, ())
    imported = RecordingManifest(source_files=(), records=0, kept=0)
    recording = _try(lambda: read_recording(Path(manifest.recording)), "the recording", problems)
    if recording is not None:
        proposals = [record.proposal for record in records]
        replay = replay_of(manifest)
        evidence = evidence_of(recording, proposals, None, replay)
        imported = recording.manifest
    return RunFiles(
        folder, manifest, rules, evidence, records, imported, manifest.wall, manifest.stopped
    )


def _try(read: Callable[[], Made], name: str, problems: list[str]) -> Made | None:
    try:
        return read()
    except (UnderstudyError, OSError) as error:
        told = error.problem if isinstance(error, UnderstudyError) else str(error)
        problems.append(printable(f"{name}: {told}", 300))
        return None


def _lenient(path: Path, kind: type[Made], problems: list[str]) -> Iterator[Made]:
    """The lines that can be read; those that cannot are told, the first few by number."""
    if not path.is_file():
        problems.append(f"{path.name} is not there")
        return
    decoder, bad = msgspec.json.Decoder(kind), []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            if line.strip():
                yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            bad.append(number)
    if bad:
        more = f" and {len(bad) - _TOLD:,} more" if len(bad) > _TOLD else ""
        places = ", ".join(map(str, bad[:_TOLD]))
        problems.append(f"{path.name}: lines {places}{more} are damaged and left out")


def _verdict(folder: RunFolder, problems: list[str]) -> Verdict | None:
    if not folder.verdict.is_file():
        problems.append("verdict.json is not there: the run has not been judged to its end")
        return None
    schema = _schema(folder.verdict)
    if schema not in (None, VERDICT_SCHEMA):
        problems.append(_newer("verdict.json", str(schema)))
    return _try(folder.read_verdict, "verdict.json", problems)


def _schema(path: Path) -> Any:
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found.get("schema") if isinstance(found, dict) else None


def _newer(name: str, schema: str) -> str:
    told = printable(schema, 60)
    return f"{name} is written in `{told}`, which this version does not know: parts may be missing"


def _summed(findings: Sequence[Finding], policy: Policy) -> CostSummary:
    """What the findings alone say of the costs; cases without any are not known."""
    by_case: dict[str, list[Finding]] = {}
    for finding in findings:
        by_case.setdefault(finding.case_id, []).append(finding)
    per_case = tuple(
        CaseCost(
            case_id=case_id,
            cluster_id=case_id,
            error_cost_minor=sum(one.cost_minor for one in own),
            net_value_minor=0,
            critical=sum(one.severity is Severity.CRITICAL for one in own),
        )
        for case_id, own in by_case.items()
    )
    total = sum(case.error_cost_minor for case in per_case)
    return msgspec.structs.replace(
        summarise((), policy), cases=len(per_case), per_case=per_case, error_cost_minor=total
    )


def _none(manifest: RunManifest, cost: CostSummary, rules: Rules, files: RunFiles) -> Verdict:
    """The place of a verdict that is not there."""
    known, gates = len(cost.per_case), rules.gates
    return Verdict(
        verdict=VerdictWord.INVALID,
        exit_code=int(VerdictWord.INVALID.exit_code),
        reasons=("INVALID: there is no verdict of this run that could be read",),
        campaign=manifest.campaign,
        run_id=manifest.run_id,
        candidate=CandidateRef(name=manifest.candidate, version=manifest.candidate_release),
        stage=Stage(manifest.stage) if manifest.stage in set(Stage) else Stage.SHADOW,
        cases=CaseCounts(planned=manifest.planned, run=len(files.records), judged=known),
        error_cost=ErrorCost(
            currency=cost.currency,
            total_minor=cost.error_cost_minor,
            per_case=cost.error_cost_minor / known if known else 0.0,
            interval=(0.0, float(gates.cap.minor)),
            limit=gates.budget.minor,
            human_per_case=None,
            clipped_at=gates.cap.minor,
        ),
        net_value=NetValue(per_case=0.0),
        gates=(),
        action_classes=(),
        findings=(),
        wall=manifest.wall or WallEvidence(level="none", self_test="not known"),
        scope=f"{known:,} cases of {manifest.planned:,} planned",
        not_covered=("everything that is named as missing above",),
        expires=None,
        attempt=manifest.attempt,
        prices_owned=rules.policy.owner is not None,
        funnel=Funnel(imported=0, cases=manifest.planned, quarantined=0, judged=known),
        model_traffic=manifest.model_traffic,
        largest_uncapped_minor=cost.largest_uncapped_minor,
        hashes=Hashes(**{
            name: manifest.hashes.get(name) for name in Hashes.__struct_fields__
        }),
    )  # fmt: skip
