"""Imports recorded HTTP: each exchange becomes an interaction, in the order of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest_file
from understudy.model.errors import RecordingError
from understudy.model.interaction import Source
from understudy.model.manifest import SourceFile
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.exchange import Exchange, Writer
from understudy.traffic.gor import gor_entries, read_gor
from understudy.traffic.har import har_entries, read_har
from understudy.traffic.http_lines import line_entries, read_line
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.keploy import keploy_entries, read_keploy
from understudy.traffic.mitmproxy import flow_entries, read_flow
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.recognise import Recogniser
from understudy.traffic.recording import Provenance, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import Limits, unreadable
from understudy.traffic.spool import Spool
from understudy.traffic.vcr import read_vcr, vcr_entries

__all__ = [
    "GOR",
    "HAR",
    "JSONL",
    "KEPLOY",
    "MITMPROXY",
    "VCR",
    "HttpFormat",
    "Progress",
    "import_http",
]

_NO_TIMES = "the source has no times: order is kept, and there is no pacing"
_NO_CASES = "interactions only: which of them are one case is not told by the source"

_OFFSET_BITS = 46

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """One format of recorded HTTP: a file's records one by one, and the exchange of each."""

    name: str
    place: str
    """What an entry's offset counts."""
    entries: Callable[[Path, Limits], Iterator[Entry | Broken] | None]
    read: Callable[[Any, int], Exchange]


GOR = HttpFormat("gor", "byte", gor_entries, read_gor)
HAR = HttpFormat("har", "entry", har_entries, read_har)
JSONL = HttpFormat("jsonl", "byte", line_entries, read_line)
KEPLOY = HttpFormat("keploy", "document", keploy_entries, read_keploy)
MITMPROXY = HttpFormat("mitmproxy", "byte", flow_entries, read_flow)
VCR = HttpFormat("vcr", "entry", vcr_entries, read_vcr)


def import_http(
    format: HttpFormat,
    files: Sequence[Path],
    out: Path,
    *,
    key: RedactionKey | None = None,
    limits: Limits | None = None,
    bases: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Write the recording of all files together, ordered by time, then by place.

    `bases` maps base URLs of the user's own to the vendors'. Memory does not grow with the files.
    """
    work = _Import(
        format,
        limits or Limits(),
        Redactor(key or RedactionKey()),
        Recogniser(bases or {}),
        progress or (lambda *_: None),
    )
    with Spool() as spool:
        for file in files:
            work.take(file, spool)
        manifest = write_recording(
            out,
            cases=[],
            baselines=[],
            interactions=spool.ordered(),
            provenance=work.provenance(),
        )
        return ImportReport(
            format=format.name,
            recording=out,
            manifest=manifest,
            quarantined=tuple(work.tally.quarantined),
            notes={"interactions": len(spool), **work.unserved()},
            remarks=(_NO_CASES, *([] if spool.timed else [_NO_TIMES])),
        )


@dataclass(slots=True)
class _Import:
    """One import on its way through its files."""

    format: HttpFormat
    limits: Limits
    redactor: Redactor
    recogniser: Recogniser
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    sources: list[SourceFile] = field(default_factory=list)

    def take(self, path: Path, spool: Spool) -> None:
        """Read one file to its end."""
        try:
            entries = self.format.entries(path, self.limits)
            if entries is None:
                raise RecordingError(f"`{path}` is no {self.format.name} file", code="U421")
            source = SourceFile(file=path.name, sha256=digest_file(path), format=self.format.name)
            self.sources.append(without_secrets(source, self.redactor))
            named = Source(
                format=self.format.name, file=self.sources[-1].file, sha256=source.sha256
            )
            writer = Writer(self.redactor, self.recogniser, named)
            before = self.tally.records
            for entry in entries:
                self._one(entry, writer, spool)
                self.progress(f"import {named.file}", self.tally.records - before, 0)
            done = self.tally.records - before
            self.progress(f"import {named.file}", done, done)
        except OSError as error:
            raise unreadable(path, error.strerror or "unknown reason") from None

    def _one(self, entry: Entry | Broken, writer: Writer, spool: Spool) -> None:
        place = f"{writer.source.file}, {self.format.place} {entry.offset}"
        if isinstance(entry, Broken):
            self.tally.quarantine(place, entry.reason)
            return
        try:
            record, repairs = fit(entry.record, self.limits)
            exchange = self.format.read(record, entry.offset)
            spool.add(
                writer.interaction(exchange, 0), (len(self.sources) << _OFFSET_BITS) + entry.offset
            )
            self.tally.keep(repairs)
        except LeftOut as reason:
            self.tally.drop(str(reason))
        except Malformed as reason:
            self.tally.quarantine(place, str(reason))

    def provenance(self) -> Provenance:
        """What was read, and what became of it."""
        return self.tally.provenance(
            format=self.format.name,
            source_files=tuple(self.sources),
            redactions=self.redactor.counts,
        )

    def unserved(self) -> dict[str, int]:
        """The calls that no system serves, by method, host and shape of the path."""
        return {
            f"calls that no system serves: {self.redactor.redact_text(place)}": count
            for place, count in self.recogniser.unknown.items()
        }
