"""Imports recorded HTTP: each exchange becomes an interaction, in the order of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy.model.errors import RecordingError
from understudy.model.interaction import Interaction, Source
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.exchange import Exchange, Writer
from understudy.traffic.gor import gor_pairs, read_capture, read_gor
from understudy.traffic.har import har_entries, read_har
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.recognise import Recogniser
from understudy.traffic.recording import Provenance, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import JsonFile, Limits, read_json_file
from understudy.traffic.vcr import read_cassette, read_vcr, vcr_interactions

__all__ = ["GOR", "HAR", "VCR", "HttpFormat", "import_http"]

_NO_TIMES = "the source has no times: order is kept, and there is no pacing"
_NO_CASES = "interactions only: which of them are one case is not told by the source"


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """One format of recorded HTTP: how a file is opened and an entry of it read."""

    name: str
    open: Callable[[Path, Limits], JsonFile]
    entries: Callable[[Any], Sequence[Any] | None]
    read: Callable[[Any, int], Exchange]


HAR = HttpFormat(
    "har",
    lambda path, limits: read_json_file(path, "har", "entries", limits),
    har_entries,
    read_har,
)
VCR = HttpFormat("vcr", read_cassette, vcr_interactions, read_vcr)
GOR = HttpFormat("gor", read_capture, gor_pairs, read_gor)


@dataclass(frozen=True, slots=True)
class _Found:
    """The exchanges of one file, with what to call their source."""

    exchange: Exchange
    source: Source
    repairs: tuple[str, ...]


def import_http(
    format: HttpFormat,
    files: Sequence[Path],
    out: Path,
    *,
    key: RedactionKey | None = None,
    limits: Limits | None = None,
) -> ImportReport:
    """Write the recording of all files together, ordered by time, then by place."""
    bounds = limits or Limits()
    redactor, recogniser, tally = Redactor(key or RedactionKey()), Recogniser(), Tally()
    opened = [_opened(format, file, bounds) for file in files]
    found = _ordered([item for file in opened for item in _read(format, file, bounds, tally)])
    interactions = list(_interactions(found, redactor, recogniser, tally))
    for file in opened:
        if file.lost:
            tally.quarantine(f"{file.path.name}, byte {file.cut_at}", "the file breaks off")
    manifest = write_recording(
        out,
        cases=[],
        baselines=[],
        interactions=interactions,
        provenance=_provenance(format, opened, redactor, tally),
    )
    return ImportReport(
        format=format.name,
        recording=out,
        manifest=manifest,
        quarantined=tuple(tally.quarantined),
        notes={"interactions": len(interactions), **_unserved(recogniser, redactor)},
        remarks=(_NO_CASES, *([] if _timed(found) else [_NO_TIMES])),
    )


def _opened(format: HttpFormat, path: Path, limits: Limits) -> JsonFile:
    file = format.open(path, limits)
    if format.entries(file.content) is None:
        raise RecordingError(f"`{path}` is no {format.name} file", code="U421")
    return file


def _read(format: HttpFormat, file: JsonFile, limits: Limits, tally: Tally) -> Iterator[_Found]:
    source = Source(format=format.name, file=file.path.name, sha256=file.source.sha256)
    for number, entry in enumerate(format.entries(file.content) or (), 1):
        try:
            clean, repairs = fit(entry, limits)
            yield _Found(format.read(clean, number), source, repairs)
        except LeftOut as reason:
            tally.drop(str(reason))
        except Malformed as reason:
            tally.quarantine(f"{file.path.name}, entry {number}", str(reason))


def _ordered(found: Sequence[_Found]) -> list[_Found]:
    """By time where all have one; otherwise as they stand, for a missing time is never guessed."""
    if not _timed(found):
        return list(found)
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda item: item.exchange.started_at or never)


def _timed(found: Sequence[_Found]) -> bool:
    return all(item.exchange.started_at is not None for item in found)


def _interactions(
    found: Sequence[_Found], redactor: Redactor, recogniser: Recogniser, tally: Tally
) -> Iterator[Interaction]:
    seq = 0
    for item in found:
        source = msgspec.structs.replace(item.source, file=redactor.redact_text(item.source.file))
        try:
            made = Writer(redactor, recogniser, source).interaction(item.exchange, seq + 1)
        except Malformed as reason:
            tally.quarantine(f"{item.source.file}, entry {item.exchange.offset}", str(reason))
            continue
        seq += 1
        tally.keep(item.repairs)
        yield made


def _unserved(recogniser: Recogniser, redactor: Redactor) -> dict[str, int]:
    """The calls that no system serves, by method, host and shape of the path."""
    return {
        f"calls that no system serves: {redactor.redact_text(place)}": count
        for place, count in recogniser.unknown.items()
    }


def _provenance(
    format: HttpFormat, opened: Sequence[JsonFile], redactor: Redactor, tally: Tally
) -> Provenance:
    read = sum(len(format.entries(file.content) or ()) + file.lost for file in opened)
    return Provenance(
        format=format.name,
        records=read,
        kept=tally.kept,
        dropped=tally.dropped,
        repaired=tally.repaired,
        quarantined=len(tally.quarantined),
        source_files=tuple(without_secrets(file.source, redactor) for file in opened),
        redactions=redactor.counts,
        reasons=tally.reasons,
    )
