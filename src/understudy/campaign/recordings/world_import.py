"""A company's own exports as a world: pseudonymised, every record accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.recordings.column_map import CsvExport, load_map, open_export
from understudy.model.canonical import digest_file
from understudy.model.errors import (
    ConfigurationError,
    NoCasesError,
    RecordingError,
    UnderstudyError,
    nearest,
    one_error,
)
from understudy.model.manifest import SourceFile, WorldManifest
from understudy.redact.key import RedactionKey
from understudy.redact.people import Finder
from understudy.redact.redactor import Redactor
from understudy.traffic.detect import FORMATS, UNKNOWN_FORMAT, detect_format
from understudy.traffic.exports.history import Sighting
from understudy.traffic.exports.table import open_table
from understudy.traffic.exports.vendors import VENDORS, Vendor
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed, fit, without_secrets
from understudy.traffic.report import Tally
from understudy.traffic.source_file import Limits
from understudy.world.export_file import Broken, ExportFile
from understudy.world.imported import AS_FOUND, misfit, write_imported
from understudy.world.profile import Profile, load_profile
from understudy.world.schema import TABLES
from understudy.world.writer import refuse_foreign

__all__ = ["ImportWish", "import_world"]

_SHOWN = 10
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What to import: exports, and for each CSV file the map that tells of its columns.

    `synthetic` exports tell of nobody, so their people stay. `finder` finds people in prose beside
    those in fields. `profile` is laid over.
    """

    files: Sequence[Path]
    out: Path
    maps: dict[str, Path] = field(default_factory=dict)
    profile: str | None = None
    seed: int = 0
    synthetic: bool = False
    key: RedactionKey | None = None
    finder: Finder | None = None


class ImportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """`WORLD/import.json`: kept + dropped + repaired + quarantined == records."""

    source_files: tuple[SourceFile, ...]
    records: int
    kept: int
    dropped: int
    repaired: int
    quarantined: tuple[dict[str, str], ...]
    reasons: dict[str, int]
    redactions: dict[str, int]
    schema: str = "understudy/world-import/1"


def import_world(wish: ImportWish, progress: Progress) -> str:
    """Build the world of all exports together, and say what became of each record."""
    refuse_foreign(wish.out)
    profile = load_profile(wish.profile) if wish.profile else AS_FOUND
    key = wish.key or RedactionKey()
    reading = _Reading(Redactor(key, personal=not wish.synthetic, finder=wish.finder))
    plans = _plans(wish)
    for number, read in enumerate(plans):
        progress("import", number, len(plans))
        read(reading)
    progress("import", len(plans), len(plans))
    if not reading.rows:
        raise NoCasesError("the files hold no object that a world has a table for")
    manifest = _written(wish, reading, profile)
    return _told(wish.out, manifest, reading)


def _plans(wish: ImportWish) -> list[Callable[[_Reading], None]]:
    """How each file is read; what is wrong with any of them is one error, and nothing is read."""
    names = {path.name for path in wish.files}
    errors: list[UnderstudyError] = [
        ConfigurationError(
            f"`--map {name}=…` is for none of the files{nearest(name, names)}", code="U141"
        )
        for name in wish.maps
        if name not in names
    ]
    plans = []
    for path in wish.files:
        try:
            plans.append(_plan(path, wish.maps))
        except UnderstudyError as error:
            errors.append(error)
    if errors:
        raise one_error(errors)
    return plans


def _plan(path: Path, maps: dict[str, Path]) -> Callable[[_Reading], None]:
    """How a file is read; it is known before anything is read."""
    if path.name in maps:
        export = open_export(path, load_map(maps[path.name]))
        return lambda reading: reading.cells(export)
    found = None if path.suffix.lower() == ".csv" else _format(path)
    if found is None or (found in VENDORS and open_table(found, path, None, Limits())):
        raise ConfigurationError(
            f"`{path}` is CSV, and no map says which column is which field",
            code="U141",
            hint=f"--map {path.name}=MAP.yaml",
        )
    if found not in VENDORS:
        raise ConfigurationError(
            f"`{path}` is {found}, and a world is made of {', '.join(sorted(VENDORS))} exports",
            code="U141",
            hint=f"understudy traffic import {found} {path} --out RECORDING",
        )
    return lambda reading: reading.objects(VENDORS[found], path)


def _format(path: Path) -> str:
    try:
        return detect_format(path).name
    except RecordingError as error:
        if error.code != UNKNOWN_FORMAT:
            raise
        wanted = [f"{each.name}: {each.known_by}" for each in FORMATS if each.name in VENDORS]
        hint = f"what a world is made of: {'; '.join(wanted)}; CSV with --map {path.name}=MAP.yaml"
        raise RecordingError(error.problem, code=error.code, hint=hint) from None


@dataclass(slots=True)
class _Reading:
    """Rows by table and id, as they were at the end, and what became of each record."""

    redactor: Redactor
    tally: Tally = field(init=False)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    sources: list[SourceFile] = field(default_factory=list)
    until: datetime = _BEGINNING
    _seen: dict[tuple[str, str], datetime | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tally = Tally(self.redactor)

    def objects(self, vendor: Vendor, path: Path) -> None:
        """Read a vendor's JSON export."""
        self._begin(path, vendor.name)
        for item in ExportFile(path, vendor.lists).records():
            if isinstance(item, Broken):
                self._lost(path, _line(path, item.offset), item.reason)
                continue
            try:
                clean, repairs = fit(item.value, Limits())
                hidden = vendor.redact(self.redactor, item.kind, clean)
                told = list(vendor.tell(item.kind, hidden, path.name))
                found = [each for each in told if isinstance(each, Sighting)]
                self._refuse(found)
            except LeftOut as reason:
                self.tally.drop(str(reason))
            except Malformed as reason:
                self._lost(path, _line(path, item.offset), str(reason))
            else:
                self._keep(found, repairs)

    def cells(self, export: CsvExport) -> None:
        """Read a CSV export through its map."""
        self._begin(export.path, "csv")
        table = export.columns.table
        parent = table.rpartition(".")[2].removesuffix("s")
        for line, row in export.rows():
            reason = row if isinstance(row, str) else misfit(table, row)
            if isinstance(row, str) or reason:
                self._lost(export.path, line, reason)
                continue
            hidden = self.redactor.redact_value(row, parent)
            self._keep([Sighting(table=table, id=row["id"], row=hidden)], ())

    def _begin(self, path: Path, name: str) -> None:
        source = SourceFile(file=path.name, sha256=digest_file(path), format=name)
        self.sources.append(without_secrets(source, self.redactor))

    def _refuse(self, found: Sequence[Sighting]) -> None:
        for each in found:
            if each.table not in TABLES:
                raise LeftOut(f"{each.table}: a world has no such table")
            if reason := misfit(each.table, {**each.row, "id": each.id}):
                raise Malformed(f"{each.table}: {reason}")

    def _keep(self, found: Sequence[Sighting], repairs: tuple[str, ...]) -> None:
        if not found:
            self.tally.drop("it shows no object")
            return
        self.tally.keep(repairs)
        for each in found:
            self.until = max(self.until, each.at or self.until, _moment(each.row) or self.until)
            if self._later(each):
                self.rows.setdefault(each.table, {})[each.id] = {**each.row, "id": each.id}

    def _later(self, each: Sighting) -> bool:
        """Whether this shows the object later than what is known; a list shows it at the end."""
        place = (each.table, each.id)
        if place in self._seen:
            known = self._seen[place]
            if each.at is not None and (known is None or each.at < known):
                return False
        self._seen[place] = each.at
        return True

    def _lost(self, path: Path, line: int, reason: str) -> None:
        self.tally.quarantine(f"{self.redactor.redact_text(path.name)}:{line}", reason)


def _moment(row: dict[str, Any]) -> datetime | None:
    """When an object was last touched, by what it says itself."""
    found = [
        moment_of(row.get(name), UTC)
        for name in ("created", "updatedAt", "updated_at", "created_at")
    ]
    return max((each for each in found if each), default=None)


def _line(path: Path, offset: int) -> int:
    """The line that a byte of a file stands in; of a packed file, that of its first line."""
    with path.open("rb") as file:
        head = file.read(2)
        if head == b"\x1f\x8b":
            return 1
        file.seek(0)
        return 1 + sum(_newlines(iter(lambda: file.read(1 << 20), b""), offset))


def _newlines(blocks: Iterator[bytes], offset: int) -> Iterator[int]:
    for block in blocks:
        yield block[:offset].count(b"\n")
        offset -= len(block)
        if offset <= 0:
            return


def _written(wish: ImportWish, reading: _Reading, profile: Profile) -> WorldManifest:
    """The world, with the account of its import in it."""
    tally = reading.tally
    lost = tuple({"where": each.where, "reason": each.reason} for each in tally.quarantined)
    account = ImportRecord(
        source_files=tuple(reading.sources), records=tally.records, kept=tally.kept,
        dropped=tally.dropped, repaired=tally.repaired, quarantined=lost,
        reasons=dict(tally.reasons), redactions=dict(reading.redactor.counts),
    )  # fmt: skip
    tables = {name: list(rows.values()) for name, rows in reading.rows.items()}
    return write_imported(wish.out, tables, reading.until, (profile, wish.seed), account)


def _told(out: Path, manifest: WorldManifest, reading: _Reading) -> str:
    tally = reading.tally
    lost = tally.quarantined
    lines = [
        f"{tally.records:,} records = {tally.kept:,} kept + {tally.dropped:,} dropped"
        f" + {tally.repaired:,} repaired + {len(lost):,} quarantined",
        *(f"  {count:,} x {reason}" for reason, count in sorted(tally.reasons.items())),
        *(f"  {each.where}: {each.reason}" for each in islice(lost, _SHOWN)),
        *([f"  … and {len(lost) - _SHOWN:,} more, see {out / 'import.json'}"]
          if len(lost) > _SHOWN else []),
        f"{sum(reading.redactor.counts.values()):,} values redacted",
        f"{out}: {sum(manifest.row_counts.values()):,} rows in {len(manifest.row_counts)} tables",
    ]  # fmt: skip
    return "\n".join(lines)
