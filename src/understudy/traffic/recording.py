"""The recording on disk: cases in order, what people did about each, and how it came about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.errors import RecordingError
from understudy.model.folder import FolderAside
from understudy.model.interaction import Interaction
from understudy.model.jsonl import encode_line, read_json, read_lines, write_json
from understudy.model.line_file import open_lines
from understudy.model.manifest import RecordingManifest, SourceFile
from understudy.model.names import Names
from understudy.traffic.kept_lines import KeptLines, belonging, grouped, numbered
from understudy.traffic.quarantine import Quarantined
from understudy.traffic.unwritable import written_to

__all__ = [
    "Provenance",
    "Recording",
    "has_interactions",
    "read_recording",
    "refuse_foreign",
    "write_interactions",
    "write_recording",
]

MANIFEST, CASES, WORLD = "manifest.json", "cases.jsonl", "world"
BASELINES, INTERACTIONS = "baselines.jsonl", "interactions.jsonl"
QUARANTINE = "quarantine.jsonl"
"""Of each record that could not be used a line: where it stands, and why."""
SCHEMA = "understudy/recording/1"
Build = Callable[[Path], tuple[Iterable[Case], Iterable[Baseline]]]
_BUFFER = 1 << 20
_HINT = "import it again: understudy traffic import auto FILE --out {path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a recording comes from: `kept + dropped + repaired + quarantined == records`."""

    format: str
    records: int
    kept: int
    dropped: int = 0
    repaired: int = 0
    quarantined: int = 0
    quarantine: Iterable[Quarantined] = ()
    """Where each of them stands and why."""
    source_files: tuple[SourceFile, ...] = ()
    redactions: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was read and found whole."""

    path: Path
    manifest: RecordingManifest
    cases: Sequence[Case]
    baselines: Mapping[str, Sequence[Baseline]]
    """The acceptable handlings by case, in file order; unlabelled cases have none."""

    @property
    def digest(self) -> str:
        """The sha256 over cases and baselines, which a verdict is bound to."""
        return self.manifest.digest

    def baselines_of(self, case_id: str) -> Sequence[Baseline]:
        """The acceptable handlings of one case; none for an unlabelled one."""
        return self.baselines.get(case_id, ())

    def interactions(self) -> Iterator[Interaction]:
        """The recorded requests and answers, one by one from the disk."""
        file = self.path / INTERACTIONS
        return read_lines(file, Interaction) if file.exists() else iter(())


def write_recording(
    path: Path,
    *,
    provenance: Provenance,
    cases: Iterable[Case] = (),
    baselines: Iterable[Baseline] = (),
    interactions: Iterable[Interaction | bytes] = (),
    build: Build | None = None,
) -> RecordingManifest:
    """Write a recording aside and rename it at the end, so that half of one never looks whole.

    Replaces an earlier recording at `path`; refuses a folder that is not a recording. Baselines
    are kept in the order of their cases. `build` is for cases that are made while the recording is
    written: it is given the folder, to put a `world/` and perhaps the interactions there, and gives
    cases and baselines in that order, which are written as they come, so that they need not be
    held.

    Interactions may be given as their lines, for those who have them. Raises `RecordingError` for
    two cases of one id, a baseline of an unknown case, counts that do not add up, and values that
    JSON cannot hold.
    """
    refuse_foreign(path)
    _check_counts(provenance, str(path))
    with written_to(path), FolderAside(path) as aside:
        folder = aside.folder
        cases, baselines = build(folder) if build else _ordered(cases, baselines)
        kept = KeptLines()
        _write(folder / CASES, kept.case_lines(cases, CASES))
        _write(folder / BASELINES, kept.baseline_lines(baselines, BASELINES))
        if not (folder / INTERACTIONS).exists():
            write_interactions(folder, interactions)
        if provenance.quarantined:
            _write(folder / QUARANTINE, provenance.quarantine)
        manifest = _manifest(kept, provenance, _digest(folder))
        write_json(folder / MANIFEST, manifest)
        aside.place()
    return manifest


def write_interactions(folder: Path, interactions: Iterable[Interaction | bytes]) -> None:
    """Write the interactions of a recording in the making, or their lines."""
    _write(folder / INTERACTIONS, interactions)


def read_recording(path: Path) -> Recording:
    """Read a recording whole; raises `RecordingError` where it is missing, damaged or changed."""
    if not (path / MANIFEST).is_file():
        found = "it has no manifest.json" if path.is_dir() else "there is no such folder"
        raise RecordingError(
            f"`{path}` is not a recording: {found}", code="U403", hint=_HINT.format(path=path)
        )
    manifest = read_json(path / MANIFEST, RecordingManifest)
    _check_manifest(manifest, path)
    known = Names()
    file = str(path / BASELINES)
    cases = open_lines(path / CASES, Case, lambda each: numbered(each, known, str(path / CASES)))
    lines = open_lines(path / BASELINES, Baseline, lambda each: belonging(each, known, file))
    baselines = grouped(lines, file)
    _check_total(len(cases), manifest.cases, path / CASES)
    _check_total(len(lines), manifest.baselines, path / BASELINES)
    _check_digest(manifest, path)
    return Recording(path, manifest, cases, baselines)


def has_interactions(path: Path) -> bool:
    """Whether a recording holds any requests and answers."""
    file = path / INTERACTIONS
    return file.is_file() and file.stat().st_size > 0


def _ordered(
    cases: Iterable[Case], baselines: Iterable[Baseline]
) -> tuple[tuple[Case, ...], list[Baseline]]:
    """Baselines as their cases follow each other."""
    known = Names()
    kept = tuple(numbered(cases, known, CASES))
    found = grouped(tuple(belonging(baselines, known, BASELINES)), BASELINES)
    return kept, [baseline for case in kept for baseline in found.get(case.case_id, ())]


def _manifest(kept: KeptLines, provenance: Provenance, digest: str) -> RecordingManifest:
    return RecordingManifest(
        source_files=provenance.source_files,
        records=provenance.records,
        kept=provenance.kept,
        dropped=provenance.dropped,
        repaired=provenance.repaired,
        quarantined=provenance.quarantined,
        cases=kept.cases,
        baselines=kept.baselines,
        period=kept.period,
        redactions=dict(sorted(provenance.redactions.items())),
        reasons=dict(sorted(provenance.reasons.items())),
        notes=dict(sorted(provenance.notes.items())),
        synthetic=provenance.synthetic,
        format=provenance.format,
        digest=digest,
    )


def _write(path: Path, records: Iterable[Any]) -> None:
    with path.open("wb", buffering=_BUFFER) as file:
        for number, record in enumerate(records, 1):
            try:
                file.write(record if isinstance(record, bytes) else encode_line(record))
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise RecordingError(
                    f"this record cannot be kept as JSON: {error}",
                    code="U407",
                    where=f"{path.name}:{number}",
                ) from None


def refuse_foreign(path: Path) -> None:
    """Raise `RecordingError` where something stands at `path` that a recording would replace."""
    if not path.exists():
        return
    if not path.is_dir():
        problem = "is a file; a recording is a folder"
    elif not any(path.iterdir()) or _is_recording(path / MANIFEST):
        return
    else:
        problem = "holds files that are not a recording, and they would be lost"
    raise RecordingError(f"`{path}` {problem}", code="U404", hint="name another folder with --out")


def _is_recording(manifest: Path) -> bool:
    try:
        return read_json(manifest, RecordingManifest).schema == SCHEMA
    except RecordingError:
        return False


def _check_counts(facts: Provenance | RecordingManifest, where: str) -> None:
    parts = (facts.kept, facts.dropped, facts.repaired, facts.quarantined)
    if min(parts) < 0 or sum(parts) != facts.records:
        names = "kept + dropped + repaired + quarantined"
        raise RecordingError(
            f"{names} = {' + '.join(map(str, parts))}, which is not {facts.records} records",
            code="U408",
            where=where,
        )


def _check_manifest(manifest: RecordingManifest, path: Path) -> None:
    where = str(path / MANIFEST)
    if manifest.schema != SCHEMA:
        raise RecordingError(
            f"schema `{manifest.schema}` is not one that this version reads ({SCHEMA})",
            code="U409",
            where=where,
        )
    _check_counts(manifest, where)


def _check_total(found: int, expected: int, file: Path) -> None:
    if found != expected:
        raise RecordingError(
            f"{found} records are here, and the manifest says {expected}",
            code="U408",
            where=str(file),
            hint=_HINT.format(path=file.parent),
        )


def _check_digest(manifest: RecordingManifest, path: Path) -> None:
    if manifest.digest and manifest.digest != _digest(path):
        raise RecordingError(
            f"`{path}` was changed after it was written: its digest is not the manifest's",
            code="U410",
            hint=_HINT.format(path=path),
        )


def _digest(folder: Path) -> str:
    """The sha256 over the bytes of cases and baselines."""
    state = hashlib.sha256()
    for name in (CASES, BASELINES):
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.hexdigest()
