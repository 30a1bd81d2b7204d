"""Imports logs of people who handled customers in writing: one case for each dialogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.errors import RecordingError
from understudy.model.interaction import Interaction
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.recording import Provenance, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import JsonFile, Limits, read_json_file

__all__ = ["Dialect", "Dialogue", "import_dialogues"]

SYNTHETIC = "public research data: its customers are invented, so only secrets are redacted"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue as a case, with what the person did and what the systems answered."""

    case: Case
    baseline: Baseline
    interactions: tuple[Interaction, ...] = ()
    notes: Counter[str] = field(default_factory=Counter)


_Read = tuple[Dialogue, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """A log's schema: where its records stand and how one of them is read.

    `read` raises `Malformed` for what cannot be used and `LeftOut` for what is not wanted.
    """

    name: str
    array: str
    records: Callable[[Any], Sequence[Any] | None]
    read: Callable[[Any], Dialogue]
    told: Callable[[Any], Counter[str]] = lambda _: Counter()
    """What is counted of every record, whether or not it becomes a case."""


def import_dialogues(
    dialect: Dialect,
    file: Path,
    out: Path,
    *,
    key: RedactionKey | None = None,
    limits: Limits | None = None,
) -> ImportReport:
    """Write the recording of one log; every record is counted once, and the counts add up."""
    source = read_json_file(file, dialect.name, dialect.array, limits)
    records = dialect.records(source.content)
    if records is None:
        raise RecordingError(f"`{file}` is no {dialect.name} log", code="U421")
    redactor = Redactor(key or RedactionKey(), personal=False)
    tally = Tally(redactor)
    for record in records:
        tally.notes.update(dialect.told(record))
    reader = partial(_one, dialect, redactor, limits or Limits())
    shown = redactor.redact_text(file.name)
    dialogues = list(_dialogues(shown, records, reader, tally))
    idle = sum(not item.baseline.actions for item in dialogues)
    tally.notes["baselines of people who did nothing, and rightly so: some only asked"] = idle
    if source.lost:
        tally.quarantine(f"{shown}, byte {source.cut_at}", "the file breaks off")
    manifest = write_recording(
        out,
        cases=[item.case for item in dialogues],
        baselines=[item.baseline for item in dialogues],
        interactions=(each for item in dialogues for each in item.interactions),
        provenance=_provenance(source, len(records), redactor, tally),
    )
    return ImportReport(
        format=dialect.name,
        recording=out,
        manifest=manifest,
        quarantined=tally.quarantined,
        notes=dict(+tally.notes),
        remarks=(SYNTHETIC,),
    )


def _provenance(source: JsonFile, records: int, redactor: Redactor, tally: Tally) -> Provenance:
    return tally.provenance(
        format=source.source.format,
        records=records + source.lost,
        source_files=(without_secrets(source.source, redactor),),
        synthetic=True,
    )


def _one(dialect: Dialect, redactor: Redactor, limits: Limits, record: Any) -> _Read:
    clean, repairs = fit(record, limits)
    return dialect.read(redactor.redact_value(clean)), repairs


def _dialogues(
    file: str, records: Sequence[Any], reader: Callable[[Any], _Read], tally: Tally
) -> Iterator[Dialogue]:
    seen: set[str] = set()
    for number, record in enumerate(records, 1):
        try:
            dialogue, repairs = reader(record)
        except LeftOut as reason:
            tally.drop(str(reason))
            continue
        except Malformed as reason:
            tally.quarantine(f"{file}, record {number}", str(reason))
            continue
        if dialogue.case.case_id in seen:
            tally.drop("the same dialogue stands twice")
            continue
        seen.add(dialogue.case.case_id)
        tally.keep(repairs)
        tally.notes.update(dialogue.notes)
        yield dialogue
