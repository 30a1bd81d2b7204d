"""Looks through a recording on disk for secrets and personal data that should not be in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from understudy.model.errors import RecordingError
from understudy.redact.scan import Hit, scan_value
from understudy.traffic.recording import BASELINES, CASES, INTERACTIONS, MANIFEST, read_recording

__all__ = ["scan_proposals", "scan_recording"]

_IDENTIFIERS = ("digest", "sha256")


def scan_recording(path: Path) -> list[Hit]:
    """Everything that a redaction would still take out; a clean recording has none.

    Synthetic recordings are searched for secrets only, for their people are invented. Places are
    `file:line` and the way to the value; the value itself is never shown.
    """
    personal = not read_recording(path).manifest.synthetic
    hits = [hit for hit in _scan(path / MANIFEST, personal, whole=True)
            if not hit.place.endswith(_IDENTIFIERS)]  # fmt: skip
    for name in (CASES, BASELINES, INTERACTIONS):
        hits += _scan(path / name, personal)
    return hits


def scan_proposals(path: Path, *, personal: bool = True) -> list[Hit]:
    """The same for a file of proposals."""
    return list(_scan(path, personal))


def _scan(path: Path, personal: bool, *, whole: bool = False) -> Iterator[Hit]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"`{path}` cannot be read: {error.strerror}", code="U401") from error
    for number, line in enumerate([data] if whole else data.splitlines(), 1):
        place = path.name if whole else f"{path.name}:{number}"
        for hit in scan_value(_decoded(line, place), personal=personal):
            yield Hit(hit.kind, f"{place} {hit.place}")


def _decoded(line: bytes, place: str) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RecordingError(f"this cannot be read: {error}", code="U402", where=place) from None
