"""Imports the conversation logs of tau-bench and tau²-bench: agents acting on two domains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import comb
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest
from understudy.model.errors import RecordingError
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.dialogues.tau1 import is_tau1, read_tau1, tau1_domain
from understudy.traffic.dialogues.tau2 import Tau2File, is_tau2, open_tau2, read_tau2
from understudy.traffic.dialogues.tau_cases import Converted, convert
from understudy.traffic.dialogues.tau_runs import Run
from understudy.traffic.proposals import write_proposals
from understudy.traffic.raw_record import Malformed, fit, without_secrets
from understudy.traffic.recording import Provenance, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import (
    JsonFile,
    Limits,
    read_json_file,
)

__all__ = ["import_tau"]

_PASSED = 1 - 1e-6
_SYNTHETIC = "public benchmark data: its people are invented, so only secrets are redacted"


@dataclass(frozen=True, slots=True)
class _Schema:
    """How the records of one schema are read."""

    name: str
    records: Sequence[Any]
    read: Callable[[Any], Run]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A run with the record that it came from."""

    where: str
    run: Run


@dataclass(slots=True)
class _Import:
    """The state of one import."""

    file: JsonFile
    limits: Limits
    tally: Tally
    seen: set[str] = field(default_factory=set)


def import_tau(
    file: Path,
    out: Path,
    proposed: Path | None = None,
    *,
    key: RedactionKey | None = None,
    limits: Limits | None = None,
) -> ImportReport:
    """Write the recording of one log, and the recorded agent's proposals where asked for.

    Every record of the log is kept, dropped, repaired or quarantined, and counted once. Raises
    `RecordingError` where the file is not such a log or nothing in it can be used.
    """
    redactor = Redactor(key or RedactionKey(), personal=False)
    source = read_json_file(file, "tau", "simulations", limits)
    work = _Import(source, limits or Limits(), Tally(redactor))
    schema = _schema(work, redactor)
    placed = list(_runs(work, schema, redactor))
    converted = list(_convert(work.tally, placed))
    if work.file.lost:
        where = f"{redactor.redact_text(file.name)}, byte {work.file.cut_at}"
        work.tally.quarantine(where, "the file breaks off")
    if not converted:
        raise _nothing(file, work.tally)
    manifest = write_recording(
        out,
        cases=[item.case for item in converted],
        baselines=[item.baseline for item in converted],
        provenance=_provenance(work, schema, redactor),
    )
    written = write_proposals(proposed, (item.proposal for item in converted)) if proposed else 0
    return ImportReport(
        format=schema.name,
        recording=out,
        manifest=manifest,
        proposals=written,
        quarantined=work.tally.quarantined,
        notes=dict(+work.tally.notes),
        remarks=(_SYNTHETIC, _recorded_passes(converted)),
    )


def _schema(work: _Import, redactor: Redactor) -> _Schema:
    content = work.file.content
    if is_tau1(content):
        domain = tau1_domain(content)
        return _Schema("tau-bench", content, lambda record: read_tau1(record, domain))
    if is_tau2(content):
        shared = _clean_tasks(open_tau2(content), work.limits, redactor)
        return _Schema("tau2-bench", shared.simulations, lambda record: read_tau2(record, shared))
    raise RecordingError(
        f"`{work.file.path}` is no tau-bench or tau²-bench log: there is neither a list of runs "
        "with `traj` nor `simulations` with `messages`",
        code="U421",
    )


def _clean_tasks(file: Tau2File, limits: Limits, redactor: Redactor) -> Tau2File:
    """The tasks that a file can hold, without secrets; runs of the others have no reference."""
    tasks = {}
    for name, task in file.tasks.items():
        try:
            tasks[name] = redactor.redact_value(fit(task, limits)[0])
        except Malformed:
            continue
    return replace(file, tasks=tasks)


def _runs(work: _Import, schema: _Schema, redactor: Redactor) -> Iterator[_Placed]:
    """The runs that can be read; the others go to quarantine, and copies are dropped."""
    for number, record in enumerate(schema.records, 1):
        where = f"{redactor.redact_text(work.file.path.name)}, record {number}"
        try:
            clean, repairs = fit(record, work.limits)
            mark = digest(clean)
            if mark in work.seen:
                work.tally.drop("the same record stands twice")
                continue
            run = schema.read(redactor.redact_value(clean))
        except Malformed as reason:
            work.tally.quarantine(where, str(reason))
            continue
        work.seen.add(mark)
        yield _Placed(where, replace(run, repairs=repairs + run.repairs))


def _convert(tally: Tally, placed: Sequence[_Placed]) -> Iterator[Converted]:
    for item, case_id, renumbered in _named(placed):
        try:
            converted = convert(item.run, case_id)
        except Malformed as reason:
            tally.quarantine(item.where, str(reason))
            continue
        tally.keep(item.run.repairs + renumbered)
        tally.notes.update(converted.notes)
        yield converted


def _named(placed: Sequence[_Placed]) -> Iterator[tuple[_Placed, str, tuple[str, ...]]]:
    """Case ids: the task's, with the trial where the log has several trials of any task."""
    sizes = Counter((item.run.domain, item.run.task_id) for item in placed)
    several = any(count > 1 for count in sizes.values())
    taken: dict[str, set[int]] = {}
    for item in placed:
        task = f"{item.run.domain}-{item.run.task_id}"
        if not several:
            yield item, task, ()
            continue
        used = taken.setdefault(task, set())
        trial = item.run.trial
        repairs: tuple[str, ...] = ()
        if trial is None or trial in used:
            trial = next(number for number in range(len(placed) + 1) if number not in used)
            repairs = ("trial numbered by its place in the file",)
        used.add(trial)
        yield item, f"{task}-trial-{trial}", repairs


def _provenance(work: _Import, schema: _Schema, redactor: Redactor) -> Provenance:
    return work.tally.provenance(
        format=schema.name,
        records=len(schema.records) + work.file.lost,
        source_files=(without_secrets(work.file.source, redactor),),
        synthetic=True,
    )


def _nothing(file: Path, tally: Tally) -> RecordingError:
    why = "; ".join(f"{count} x {reason}" for reason, count in sorted(tally.reasons.items()))
    return RecordingError(
        f"`{file}` has no record that can be used: {why or 'it is an empty log'}", code="U422"
    )


def _recorded_passes(converted: Iterable[Converted]) -> str:
    """What the log says of itself: its passes, and how often k trials of a task all passed."""
    tasks: dict[str, list[bool]] = {}
    for item in converted:
        reward = item.proposal.recorded.reward if item.proposal.recorded else None
        tasks.setdefault(item.case.cluster_id, []).append((reward or 0) >= _PASSED)
    passes = sum(map(sum, tasks.values()))
    runs = sum(map(len, tasks.values()))
    depth = min(len(trials) for trials in tasks.values())
    shares = "/".join(f"{_pass_share(tasks.values(), k):.4f}" for k in range(1, depth + 1))
    several = f"^1..{depth}" if depth > 1 else "^1"
    return f"the log itself counts {passes} of {runs} runs as passed; pass{several} = {shares}"


def _pass_share(tasks: Iterable[Sequence[bool]], k: int) -> float:
    """The mean over tasks of C(c, k) / C(n, k), for c passes in n trials (tau-bench's pass^k).

    >>> _pass_share([[True, True, False, False]], 2) == 1 / 6
    True
    """
    shares = [comb(sum(trials), k) / comb(len(trials), k) for trials in tasks]
    return sum(shares) / len(shares)
