"""Recorded traffic into recordings, and what a recording holds, told to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from understudy.campaign.recordings.grouping_key import grouping_key
from understudy.campaign.recordings.survey_text import survey_lines
from understudy.campaign.runs.source import source_of
from understudy.model.errors import ConfigurationError, NoCasesError, nearest
from understudy.redact.people import presidio_finder
from understudy.traffic.detect import Wishes, import_traffic, trace_format
from understudy.traffic.exports.vendor_files import write_exports
from understudy.traffic.exports.vendor_history import history_of
from understudy.traffic.http.exporting import write_har, write_vcr
from understudy.traffic.http.recognise import parse_bases
from understudy.traffic.recording import Recording, read_recording
from understudy.traffic.report import ImportReport
from understudy.traffic.scan import scan_recording
from understudy.traffic.traces.importing import parse_tools
from understudy.traffic.traces.proposals import propose_for
from understudy.world.store import load_world

__all__ = [
    "Wishes",
    "describe_recording",
    "export_cassettes",
    "export_files",
    "import_as_told",
    "parse_bases",
    "parse_tools",
    "parse_zone",
    "propose_from_traces",
    "refuse_empty",
    "scan_stored",
]


_SHOWN = 20


def import_as_told(
    format: str,
    files: Sequence[Path],
    out: Path,
    *,
    bases: Sequence[str],
    tools: Sequence[str],
    by: str | None,
    zone: str | None,
    presidio: bool,
    **more: Any,
) -> ImportReport:
    """Import with what was said on the command line, as it was typed; `more` are other wishes."""
    wishes = Wishes(
        bases=parse_bases(bases),
        tools=parse_tools(tools),
        key_of=None if by is None else grouping_key(by),
        zone=parse_zone(zone),
        finder=presidio_finder() if presidio else None,
        **more,
    )
    return import_traffic(format, files, out, wishes)


def refuse_empty(report: ImportReport) -> None:
    """Raise `NoCasesError` where not one record of the source could be kept."""
    facts = report.manifest
    if facts.kept or facts.repaired:
        return
    every = "no record" if not facts.records else f"none of {facts.records:,} records is kept"
    raise NoCasesError(
        f"the recording holds nothing: {every}",
        where=str(report.recording),
        hint=f"why each record is left out: understudy traffic show {report.recording}",
    )


def propose_from_traces(
    format: str, files: Sequence[Path], recording: Path, proposed: Path, tools: Sequence[str]
) -> str:
    """Write what a traced agent did as proposals for the cases of a recording."""
    traces = trace_format(format, files)
    return propose_for(recording, traces, files, proposed, tools=parse_tools(tools)).summary()


def parse_zone(name: str | None) -> ZoneInfo | None:
    """The time zone of a name, as `Europe/Berlin`."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = nearest(name, available_timezones())
        raise ConfigurationError(
            f"`{name}` is no time zone{known}", code="U199", hint="--zone Europe/Berlin"
        ) from None


def export_files(recording: Path, folders: Mapping[str, Path]) -> str:
    """Write a recording and its world as the vendors' own exports, one folder a vendor."""
    source = source_of(recording)
    history = history_of(load_world(source.world_folder), source.recording)
    written = [
        path
        for vendor, folder in folders.items()
        for path in write_exports(history, vendor, folder)
    ]
    return "\n".join(map(str, written))


def export_cassettes(recording: Path, files: Mapping[str, Path]) -> str:
    """Write a recording as recorded HTTP, by format: `har` and `vcr`."""
    source = source_of(recording)
    world = load_world(source.world_folder)
    writers = {"har": write_har, "vcr": write_vcr}
    written = [
        f"{path}: {writers[name](source.recording, world, path):,} exchanges"
        for name, path in files.items()
    ]
    return "\n".join(written)


def describe_recording(path: Path) -> str:
    """The recording's cases, baselines and operations, as lines for the terminal."""
    recording = read_recording(path)
    manifest = recording.manifest
    lines = [
        f"{path}: {manifest.cases:,} cases, {manifest.baselines:,} baselines",
        f"records {manifest.records:,} = kept {manifest.kept:,} + dropped {manifest.dropped:,} "
        f"+ repaired {manifest.repaired:,} + quarantined {manifest.quarantined:,}",
        *(f"  {reason}: {count:,}" for reason, count in sorted(manifest.reasons.items())),
        *(f"  {note}: {count:,}" for note, count in sorted(manifest.notes.items())),
        "",
        "scenario                        cases",
        *_table(Counter(case.scenario for case in recording.cases)),
        "",
        "operation                       actions of people",
        *_table(_operations(recording)),
        *survey_lines(recording),
    ]
    return "\n".join(lines)


def scan_stored(path: Path) -> tuple[str, bool]:
    """What a scan of a stored recording found, as text, and whether that was nothing."""
    hits = scan_recording(path)
    lines = [f"{hit.place}: {hit.kind}" for hit in hits[:_SHOWN]]
    if len(hits) > _SHOWN:
        lines.append(f"… and {len(hits) - _SHOWN:,} more")
    found = f"{len(hits):,} secrets or personal data" if hits else "nothing"
    return "\n".join([*lines, f"{path}: found {found}"]), not hits


def _operations(recording: Recording) -> Counter[str]:
    return Counter(
        action.operation
        for case in recording.cases
        for baseline in recording.baselines_of(case.case_id)
        for action in baseline.actions
    )


def _table(counts: Counter[str]) -> Sequence[str]:
    return [f"{name:<40}{count:>8,}" for name, count in sorted(counts.items())]
