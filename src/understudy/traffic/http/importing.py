"""Imports recorded HTTP: each exchange becomes an interaction, in the order of events."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from understudy.model.canonical import digest_file
from understudy.model.errors import RecordingError
from understudy.model.interaction import Source
from understudy.model.manifest import SourceFile
from understudy.redact.key import RedactionKey
from understudy.redact.people import Finder
from understudy.redact.redactor import Redactor
from understudy.traffic.exports.cases import Made
from understudy.traffic.exports.chronicle import Chronicle
from understudy.traffic.exports.grouping import DEFAULT_GAP
from understudy.traffic.forks import Stripe, processors, side_by_side
from understudy.traffic.http.answers import Answers
from understudy.traffic.http.bundling import Key
from understudy.traffic.http.cases import HttpCases
from understudy.traffic.http.exchange import Exchange, Writer
from understudy.traffic.http.gor import gor_entries, read_gor
from understudy.traffic.http.har import har_entries, har_stripe, read_har
from understudy.traffic.http.keploy import keploy_entries, read_keploy
from understudy.traffic.http.lines import line_entries, read_line
from understudy.traffic.http.marks import HINTS
from understudy.traffic.http.memberships import Memberships
from understudy.traffic.http.mitmproxy import flow_entries, read_flow
from understudy.traffic.http.recognise import Recogniser
from understudy.traffic.http.vcr import read_vcr, vcr_entries
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.progress import Progress, silent
from understudy.traffic.quarantine import Quarantined
from understudy.traffic.rare_collections import rare_collections
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.recording import Provenance, refuse_foreign, write_recording
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import Limits, unreadable
from understudy.traffic.spool import Spool
from understudy.traffic.spool_part import Problem, SpoolPart
from understudy.traffic.unwritable import written_to

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
_MANY = 5000
_WORTH_PROCESSES = 8 << 20
"""From how many bytes on another process is begun sooner than it is done without."""


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """One format of recorded HTTP: a file's records one by one, and the exchange of each."""

    name: str
    place: str
    """What an entry's offset counts."""
    entries: Callable[[Path, Limits], Iterator[Entry | Broken] | None]
    read: Callable[[Any, int], Exchange]
    stripe: Callable[[Path, Limits, Stripe], Iterator[Entry | Broken] | None] | None = None
    """The same for one of several processes, where finding a record costs less than reading it."""


GOR = HttpFormat("gor", "byte", gor_entries, read_gor)
HAR = HttpFormat("har", "entry", har_entries, read_har, har_stripe)
JSONL = HttpFormat("jsonl", "byte", line_entries, read_line, line_entries)
KEPLOY = HttpFormat("keploy", "document", keploy_entries, read_keploy)
MITMPROXY = HttpFormat("mitmproxy", "byte", flow_entries, read_flow)
VCR = HttpFormat("vcr", "entry", vcr_entries, read_vcr)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How recorded HTTP is read.

    `bases` maps base URLs of the user's own to the vendors'; `gap` is how long after its last
    exchange a case is over; `key_of` says what an exchange belongs to, where a user knows better.
    `synthetic` files tell of nobody, so their people stay; `finder` finds people in prose.
    """

    key: RedactionKey | None = None
    limits: Limits = field(default_factory=Limits)
    bases: Mapping[str, str] = field(default_factory=dict)
    gap: timedelta = DEFAULT_GAP
    key_of: Key | None = None
    synthetic: bool = False
    finder: Finder | None = None
    progress: Progress = silent


def import_http(
    format: HttpFormat, files: Sequence[Path], out: Path, options: HttpOptions | None = None
) -> ImportReport:
    """Write the recording of all files together, ordered by time, then by place.

    Memory does not grow with the files, but by what is needed to know what belongs together.
    """
    chosen = options or HttpOptions()
    redactor = Redactor(
        chosen.key or RedactionKey(), personal=not chosen.synthetic, watched=HINTS,
        finder=chosen.finder,
    )  # fmt: skip
    work = _Import(format, chosen.limits, redactor, Recogniser(chosen.bases), chosen.progress)
    refuse_foreign(out)
    with rare_collections(), written_to(out), Spool(out.parent) as spool:
        for file in files:
            work.take(file, spool)
        for problem in spool.problems():
            work.tally.quarantine(problem.found.where, problem.found.reason)
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
        maker = HttpCases(
            spool, chronicle, memberships, gap, key_of, progress,
            folder=out.parent, processes=processors() if len(spool) >= _MANY else 1,
        )  # fmt: skip
        manifest = write_recording(
            out,
            provenance=facts,
            build=lambda aside: maker.make(aside, made),
        )
    return ImportReport(
        format=facts.format,
        recording=out,
        manifest=manifest,
        notes=dict(made.notes),
        remarks=() if spool.timed else (_NO_TIMES,),
    )


def _readable(
    format: HttpFormat, path: Path, limits: Limits, stripe: Stripe
) -> Iterator[Entry | Broken]:
    """A file's records, or those of a stripe; raises `RecordingError` where there are none."""
    try:
        if format.stripe is None or stripe.of == 1:
            entries = format.entries(path, limits)
        else:
            entries = format.stripe(path, limits, stripe)
        if entries is None:
            raise RecordingError(f"`{path}` is no {format.name} file", code="U421")
        yield from entries
    except OSError as error:
        raise unreadable(path, error.strerror or "unknown reason") from None


class _Share(NamedTuple):
    """What another process made of its stripe of a file."""

    records: int
    counts: tuple[int, int, int, Counter[str]]
    redacted: Counter[str]
    unknown: Counter[str]
    part: Any


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
        """Read one file to its end; a large one in several processes."""
        named = self._source(path)
        count = self._processes(path)
        parts = spool.parts(count)
        first, *others = side_by_side(
            count, lambda number: self._share(path, named, Stripe(number, count), parts[number])
        )
        for part, share in zip(parts[1:], others, strict=True):
            self._join(share, part)
        done = first + sum(share.records for share in others)
        self.progress(f"import {named.file}", done, done)

    def _processes(self, path: Path) -> int:
        if self.format.stripe is None or path.stat().st_size < _WORTH_PROCESSES:
            return 1
        return processors()

    def _share(self, path: Path, named: Source, stripe: Stripe, part: SpoolPart) -> Any:
        """Read a stripe of a file: how many records it has, or of another process all about it."""
        if stripe.number == 0:
            return self._read(path, named, stripe, part)
        self.tally = Tally(self.redactor)
        self.redactor.counts.clear()
        self.recogniser.unknown.clear()
        records = self._read(path, named, stripe, part)
        counts = self.tally.kept, self.tally.dropped, self.tally.repaired, self.tally.reasons
        return _Share(records, counts, self.redactor.counts, self.recogniser.unknown, part.state())

    def _join(self, share: _Share, part: SpoolPart) -> None:
        """Count what another process read, and take over what it put aside."""
        kept, dropped, repaired, reasons = share.counts
        self.tally.kept += kept
        self.tally.dropped += dropped
        self.tally.repaired += repaired
        self.tally.reasons.update(reasons)
        self.redactor.counts.update(share.redacted)
        self.recogniser.unknown.update(share.unknown)
        part.restore(share.part)

    def _read(self, path: Path, named: Source, stripe: Stripe, part: SpoolPart) -> int:
        entries = _readable(self.format, path, self.limits, stripe)
        writer = Writer(self.redactor, self.recogniser, named, Answers(self.redactor))
        stage, records = f"import {named.file}", 0
        for records, entry in enumerate(entries, 1):
            self._one(entry, writer, part)
            if stripe.number == 0:
                self.progress(stage, records * stripe.of, 0)
        return records

    def _source(self, path: Path) -> Source:
        try:
            source = SourceFile(file=path.name, sha256=digest_file(path), format=self.format.name)
        except OSError as error:
            raise unreadable(path, error.strerror or "unknown reason") from None
        self.sources.append(without_secrets(source, self.redactor))
        return Source(format=source.format, file=self.sources[-1].file, sha256=source.sha256)

    def _one(self, entry: Entry | Broken, writer: Writer, part: SpoolPart) -> None:
        if isinstance(entry, Broken):
            self._refuse(entry, entry.reason, writer, part)
            return
        try:
            record, repairs = fit(entry.record, self.limits, openings=entry.openings)
            made, answer = writer.interaction(self.format.read(record, entry.offset))
            part.add(made, self._place(entry), answer)
            self.tally.keep(repairs)
        except LeftOut as reason:
            self.tally.drop(str(reason))
        except Malformed as reason:
            self._refuse(entry, str(reason), writer, part)

    def _refuse(self, entry: Entry | Broken, reason: str, writer: Writer, part: SpoolPart) -> None:
        where = f"{writer.source.file}, {self.format.place} {entry.offset}"
        found = Quarantined(where, self.redactor.redact_text(reason))
        part.refuse(Problem(self._place(entry), found))

    def _place(self, entry: Entry | Broken) -> int:
        """Where a record stands in all that is read."""
        return (len(self.sources) << _OFFSET_BITS) + entry.offset

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
