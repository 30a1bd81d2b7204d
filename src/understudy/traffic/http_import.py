"""Imports recorded HTTP: each exchange becomes an interaction, in the order of events."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest_file
from understudy.model.errors import RecordingError
from understudy.model.interaction import Source
from understudy.model.manifest import SourceFile
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.bundling import Key
from understudy.traffic.chronicle import Chronicle
from understudy.traffic.exchange import Exchange, Writer
from understudy.traffic.export_cases import Made
from understudy.traffic.gor import gor_entries, read_gor
from understudy.traffic.grouping import DEFAULT_GAP
from understudy.traffic.har import har_entries, read_har
from understudy.traffic.http_cases import HttpCases
from understudy.traffic.http_lines import line_entries, read_line
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.keploy import keploy_entries, read_keploy
from understudy.traffic.marks import HINTS
from understudy.traffic.memberships import Memberships
from understudy.traffic.mitmproxy import flow_entries, read_flow
from understudy.traffic.progress import Progress, silent
from understudy.traffic.rare_collections import rare_collections
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.recognise import Recogniser
from understudy.traffic.recording import Provenance, refuse_foreign, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import Limits, unreadable
from understudy.traffic.spool import Spool
from understudy.traffic.unwritable import written_to
from understudy.traffic.vcr import read_vcr, vcr_entries

__all__ = [
    "GOR",
    "HAR",
    "JSONL",
    "KEPLOY",
    "MITMPROXY",
    "VCR",
    "HttpFormat",
    "HttpOptions",
    "import_http",
    "write_cases",
]

_NO_TIMES = (
    "the source has no times: order is kept, there is no pacing, and each object is shown as it was"
    " first seen"
)

_OFFSET_BITS = 46


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How recorded HTTP is read.

    `bases` maps base URLs of the user's own to the vendors'; `gap` is how long after its last
    exchange a case is over; `key_of` says what an exchange belongs to, where a user knows better.
    `synthetic` files tell of nobody, so their people stay.
    """

    key: RedactionKey | None = None
    limits: Limits = field(default_factory=Limits)
    bases: Mapping[str, str] = field(default_factory=dict)
    gap: timedelta = DEFAULT_GAP
    key_of: Key | None = None
    synthetic: bool = False
    progress: Progress = silent


def import_http(
    format: HttpFormat, files: Sequence[Path], out: Path, options: HttpOptions | None = None
) -> ImportReport:
    """Write the recording of all files together, ordered by time, then by place.

    Memory does not grow with the files, but by what is needed to know what belongs together.
    """
    chosen = options or HttpOptions()
    redactor = Redactor(chosen.key or RedactionKey(), personal=not chosen.synthetic, watched=HINTS)
    work = _Import(format, chosen.limits, redactor, Recogniser(chosen.bases), chosen.progress)
    refuse_foreign(out)
    with rare_collections(), written_to(out), Spool(out.parent) as spool:
        for file in files:
            work.take(file, spool)
        report = write_cases(
            spool,
            out,
            work.provenance(chosen.synthetic),
            chosen.gap,
            chosen.key_of,
            chosen.progress,
        )
        return dataclasses.replace(
            report,
            quarantined=work.tally.quarantined,
            notes={**report.notes, **work.unserved()},
        )


def write_cases(
    spool: Spool,
    out: Path,
    provenance: Provenance,
    gap: timedelta = DEFAULT_GAP,
    key_of: Key | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Write the recording of spooled exchanges: their world, cases, baselines and themselves."""
    made = Made(notes=Counter({"interactions": len(spool)}))
    facts = dataclasses.replace(provenance, notes=made.notes)
    beside = out.with_name(f".{out.name}.spool")
    with Chronicle(beside) as chronicle, Memberships(out.parent) as memberships:
        maker = HttpCases(spool, chronicle, memberships, gap, key_of, progress)
        manifest = write_recording(
            out,
            provenance=facts,
            interactions=spool.lines(memberships.entities()),
            build=lambda aside: maker.make(aside, made),
        )
    return ImportReport(
        format=facts.format,
        recording=out,
        manifest=manifest,
        notes=dict(made.notes),
        remarks=() if spool.timed else (_NO_TIMES,),
    )


def _readable(format: HttpFormat, path: Path, limits: Limits) -> Iterator[Entry | Broken]:
    """A file's records; raises `RecordingError` where it is of another format or unreadable."""
    try:
        entries = format.entries(path, limits)
        if entries is None:
            raise RecordingError(f"`{path}` is no {format.name} file", code="U421")
        yield from entries
    except OSError as error:
        raise unreadable(path, error.strerror or "unknown reason") from None


@dataclass(slots=True)
class _Import:
    """One import on its way through its files."""

    format: HttpFormat
    limits: Limits
    redactor: Redactor
    recogniser: Recogniser
    progress: Progress
    sources: list[SourceFile] = field(default_factory=list)
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.tally = Tally(self.redactor)

    def take(self, path: Path, spool: Spool) -> None:
        """Read one file to its end."""
        entries = _readable(self.format, path, self.limits)
        named = self._source(path)
        writer = Writer(self.redactor, self.recogniser, named)
        stage, before = f"import {named.file}", self.tally.records
        for entry in entries:
            self._one(entry, writer, spool)
            self.progress(stage, self.tally.records - before, 0)
        done = self.tally.records - before
        self.progress(stage, done, done)

    def _source(self, path: Path) -> Source:
        try:
            source = SourceFile(file=path.name, sha256=digest_file(path), format=self.format.name)
        except OSError as error:
            raise unreadable(path, error.strerror or "unknown reason") from None
        self.sources.append(without_secrets(source, self.redactor))
        return Source(format=source.format, file=self.sources[-1].file, sha256=source.sha256)

    def _one(self, entry: Entry | Broken, writer: Writer, spool: Spool) -> None:
        if isinstance(entry, Broken):
            self.tally.quarantine(self._place(entry, writer), entry.reason)
            return
        try:
            record, repairs = fit(entry.record, self.limits, openings=entry.openings)
            made, answer = writer.interaction(self.format.read(record, entry.offset))
            spool.add(made, (len(self.sources) << _OFFSET_BITS) + entry.offset, answer)
            self.tally.keep(repairs)
        except LeftOut as reason:
            self.tally.drop(str(reason))
        except Malformed as reason:
            self.tally.quarantine(self._place(entry, writer), str(reason))

    def _place(self, entry: Entry | Broken, writer: Writer) -> str:
        return f"{writer.source.file}, {self.format.place} {entry.offset}"

    def provenance(self, synthetic: bool) -> Provenance:
        """What was read, and what became of it."""
        return self.tally.provenance(
            synthetic=synthetic,
            format=self.format.name,
            source_files=tuple(self.sources),
        )

    def unserved(self) -> dict[str, int]:
        """The calls that no system serves, by method, host and shape of the path."""
        return {
            f"calls that no system serves: {self.redactor.redact_text(place)}": count
            for place, count in self.recogniser.unknown.items()
        }
