"""How like the vendors the mocks are, by what a recording shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from understudy.campaign.runs.files import RunFiles
from understudy.campaign.runs.source import world_folder
from understudy.model.document import load_document
from understudy.model.errors import NoCasesError, RecordingError
from understudy.model.jsonl import read_json, write_json
from understudy.model.manifest import MADE_HERE
from understudy.model.system_settings import SystemSettings
from understudy.model.world import World
from understudy.systems.equipment import equipped
from understudy.systems.verification import Difference, OperationLikeness, Verification
from understudy.systems.verify import verify
from understudy.traffic.recording import Recording, has_interactions, read_recording
from understudy.world.store import is_world, load_world

__all__ = ["as_json", "as_text", "likeness_of", "verify_recording"]

_HEAD = ("operation", "played", "agreed", "share", "others differ in")
_EXAMPLES = 3
_KEPT = "likeness.json"


def verify_recording(
    path: Path, world: Path | None = None, settings: Sequence[Path] = ()
) -> Verification:
    """Play a recording's requests; raises `NoCasesError` where it has none that can be played.

    They are played on `world`, else on the world that lies in the recording or around it, with
    what the files of `settings` say that the company has defined.
    """
    if is_world(path):
        raise RecordingError(
            f"`{path}` is a world, and what is played is the recording in it",
            hint=f"understudy systems verify {path / 'recording'}",
        )
    found = _verified(read_recording(path), world, settings)
    if not found.played:
        raise NoCasesError(
            f"`{path}` has no request that can be played: {found.unanswered:,} have no recorded "
            f"answer, {found.foreign:,} went to systems that are not mocked",
            hint="import recorded HTTP: understudy traffic import auto FILE --out RECORDING",
        )
    return found


def likeness_of(files: RunFiles) -> Verification | None:
    """What the run's recording shows; worked out once and kept in the run's folder.

    None for a recording that was made on the mocks themselves: it shows nothing of a vendor.
    """
    if files.imported.format == MADE_HERE:
        return None
    kept = files.folder.path / _KEPT
    if kept.is_file():
        return read_json(kept, Verification)
    settings = [Path(each) for each in files.manifest.settings]
    recording = Path(files.manifest.recording)
    found = Verification()
    if has_interactions(recording):
        found = _verified(read_recording(recording), None, settings)
    write_json(kept, msgspec.structs.replace(found, differences=()))
    return found


def _verified(recording: Recording, world: Path | None, settings: Sequence[Path]) -> Verification:
    folder = world_folder(recording.path) if world is None else world
    rows = load_world(folder) if folder else World({})
    for file in settings:
        rows = equipped(rows, load_document(file, SystemSettings))
    cases = {case.case_id for case in recording.cases}
    return verify(recording.interactions(), rows, cases=cases)


def as_text(found: Verification) -> str:
    """A row for each operation, then what differs, with examples."""
    rows = [_HEAD, *(_row(each) for each in found.operations)]
    rows.append(("all", f"{found.played:,}", f"{found.agreed:,}", _percent(found.share), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if index in (0, len(_HEAD) - 1) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines += _not_played(found)
    for each in found.operations:
        lines += _examples(each, [d for d in found.differences if d.operation == each.operation])
    return "\n".join(lines)


def _row(each: OperationLikeness) -> tuple[str, ...]:
    differing = ", ".join(f"{aspect} {count:,}" for aspect, count in each.differing.items())
    return (
        each.operation, f"{each.played:,}", f"{each.agreed:,}", _percent(each.share),
        differing or "-",
    )  # fmt: skip


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _not_played(found: Verification) -> Iterator[str]:
    if found.unanswered:
        yield f"not played: {found.unanswered:,} requests without a recorded answer"
    if found.foreign:
        yield f"not played: {found.foreign:,} requests to systems that are not mocked"
    if found.busy:
        yield f"not played: {found.busy:,} requests that the vendor was too busy or broken for"


def _examples(operation: OperationLikeness, found: Sequence[Difference]) -> list[str]:
    if not found:
        return []
    told: dict[str, list[str]] = {}
    for each in found:
        told.setdefault(f"{each.aspect}: {each.detail}", []).append(each.interaction_id)
    often = sorted(told.items(), key=lambda item: (-len(item[1]), item[0]))
    lines = ["", f"{operation.operation} differs in"]
    for text, ids in often[:_EXAMPLES]:
        lines.append(f"  {text} ({len(ids):,} times, as in {ids[0]})")
    if len(often) > _EXAMPLES:
        lines.append(f"  and in {len(often) - _EXAMPLES:,} other ways; all of them with --json")
    return lines


def as_json(found: Verification) -> bytes:
    """The same for tools, every difference included."""
    operations = [_fields(each) for each in found.operations]
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "played": found.played,
                "agreed": found.agreed,
                "share": found.share,
                "unanswered": found.unanswered,
                "foreign": found.foreign,
                "busy": found.busy,
                "operations": operations,
                "differences": list(_plain(found.differences)),
            }
        ),
        indent=2,
    )


def _fields(each: OperationLikeness) -> dict[str, object]:
    return {**msgspec.structs.asdict(each), "share": each.share}


def _plain(differences: Iterable[Difference]) -> Iterator[dict[str, object]]:
    return (msgspec.structs.asdict(each) for each in differences)
