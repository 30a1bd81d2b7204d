"""Imports the vendors' own exports: several files of several vendors become one recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest_file
from understudy.model.errors import NoCasesError
from understudy.model.manifest import SourceFile
from understudy.redact.key import RedactionKey
from understudy.redact.people import Finder
from understudy.redact.redactor import Redactor
from understudy.traffic.exports.cases import CaseMaker, Made
from understudy.traffic.exports.chronicle import Chronicle
from understudy.traffic.exports.grouping import DEFAULT_GAP
from understudy.traffic.exports.history import Happening
from understudy.traffic.exports.table import ExportTable, open_table
from understudy.traffic.exports.vendors import Vendor
from understudy.traffic.progress import Progress, silent
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.recording import refuse_foreign, write_recording
from understudy.traffic.replaying import UNLIKE
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.source_file import Limits
from understudy.traffic.unwritable import written_to
from understudy.world.export_file import Broken, Exported, ExportFile

__all__ = ["ExportOptions", "import_exports"]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How exports are read.

    `synthetic` files tell of nobody, so their people stay; `finder` finds people in prose. `gap`
    is how long after its last act a case is over; `zone` is that of times in CSV which state none.
    """

    key: RedactionKey | None = None
    synthetic: bool = False
    gap: timedelta = DEFAULT_GAP
    zone: tzinfo | None = None
    finder: Finder | None = None
    limits: Limits = field(default_factory=Limits)
    progress: Progress = silent


def import_exports(
    files: Sequence[tuple[Vendor, Path]], out: Path, options: ExportOptions | None = None
) -> ImportReport:
    """Write the recording of all files together; every record is counted once."""
    chosen = options or ExportOptions()
    redactor = Redactor(
        chosen.key or RedactionKey(), personal=not chosen.synthetic, finder=chosen.finder
    )
    tally, sources = Tally(redactor), []
    refuse_foreign(out)
    with written_to(out), Chronicle(out.with_name(f".{out.name}.spool")) as chronicle:
        reading = _Reading(chronicle, redactor, tally, chosen)
        for vendor, path in files:
            reading.read(vendor, path)
            source = SourceFile(file=path.name, sha256=digest_file(path), format=vendor.name)
            sources.append(without_secrets(source, redactor))
        if not tally.records:
            raise NoCasesError("the files hold no record")
        systems = tuple(sorted({vendor.name for vendor, _ in files}))
        maker = CaseMaker(chronicle, systems, reading.until, chosen.gap, chosen.progress)
        made = Made()
        provenance = tally.provenance(
            format="+".join(systems),
            source_files=tuple(sources),
            notes=made.notes,
            synthetic=chosen.synthetic,
        )
        manifest = write_recording(
            out, provenance=provenance, build=lambda aside: maker.make(aside, made)
        )
    return ImportReport(
        format=provenance.format, recording=out, manifest=manifest,
        quarantined=tally.quarantined, notes=dict(made.notes),
        remarks=tuple(made.remarks),
    )  # fmt: skip


@dataclass(slots=True)
class _Reading:
    """Files on their way into the chronicle: fit, redacted, each record once."""

    chronicle: Chronicle
    redactor: Redactor
    tally: Tally
    options: ExportOptions
    until: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def read(self, vendor: Vendor, path: Path) -> None:
        """Read one file; what is no record is quarantined, with its file and byte."""
        shown = self.redactor.redact_text(path.name)
        stage, before = f"import {shown}", self.tally.records
        table = open_table(vendor.name, path, self.options.zone, self.options.limits)
        items = table.items() if table else ExportFile(path, vendor.lists).records()
        for item in items:
            self.options.progress(stage, self.tally.records - before, 0)
            where = f"{shown}, byte {item.offset}"
            if isinstance(item, Broken):
                self.tally.quarantine(where, item.reason)
                continue
            try:
                repairs = self._take(vendor, item, path.name, table)
            except LeftOut as reason:
                self.tally.drop(str(reason))
            except Malformed as reason:
                self.tally.quarantine(where, str(reason))
            except UNLIKE:
                self.tally.quarantine(where, "a field holds what the vendor never writes there")
            else:
                self.tally.keep(repairs)
        for whole in table.gathered() if table else ():
            self._tell(vendor, "", whole, path.name)
        done = self.tally.records - before
        self.options.progress(stage, done, done)

    def _take(
        self, vendor: Vendor, item: Exported, file: str, table: ExportTable | None
    ) -> tuple[str, ...]:
        clean, repairs = fit(item.value, self.options.limits)
        if not self.chronicle.first(_mark(vendor, clean)):
            raise LeftOut("the same record stands twice")
        for record in table.records(clean) if table else (clean,):
            self._tell(vendor, item.kind, record, file)
        return repairs

    def _tell(self, vendor: Vendor, kind: str, record: Any, file: str) -> None:
        hidden = vendor.redact(self.redactor, kind, record)
        told: list[Happening] = list(vendor.tell(kind, hidden, file))
        for one in told:
            self.chronicle.take(one)
            at = getattr(one, "at", None)
            if at is not None and at > self.until:
                self.until = at


def _mark(vendor: Vendor, record: Any) -> bytes:
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    data = f"{vendor.name}\0{text}".encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()
