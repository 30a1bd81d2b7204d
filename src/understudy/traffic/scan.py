"""Looks through a recording on disk for secrets and personal data that should not be in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from understudy.model.errors import RecordingError
from understudy.redact.scan import Hit, scan_value
from understudy.traffic.recording import (
    BASELINES,
    CASES,
    INTERACTIONS,
    MANIFEST,
    QUARANTINE,
    WORLD,
    read_recording,
)
from understudy.world.versions import VERSIONS

__all__ = ["scan_proposals", "scan_recording"]

# The manifest counts redactions by kind, under words that are a secret's name elsewhere.
_COUNTED = re.compile(r" redactions\.\w+$|(?:digest|sha256)$")


def scan_recording(path: Path) -> list[Hit]:
    """Everything that a redaction would still take out; a clean recording has none.

    Synthetic recordings are searched for secrets only, for their people are invented. Places are
    `file:line` and the way to the value; the value itself is never shown.
    """
    personal = not read_recording(path).manifest.synthetic
    hits = [hit for hit in _whole(path / MANIFEST, personal) if not _COUNTED.search(hit.place)]
    for name in (CASES, BASELINES, INTERACTIONS):
        hits += _scan(path / name, personal)
    for file in (path / QUARANTINE, path / WORLD / VERSIONS):
        if file.is_file():
            hits += _scan(file, personal)
    return hits


def scan_proposals(path: Path, *, personal: bool = True) -> list[Hit]:
    """The same for a file of proposals."""
    return list(_scan(path, personal))


def _scan(path: Path, personal: bool) -> Iterator[Hit]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield from _found(line, f"{path.name}:{number}", personal)
    except OSError as error:
        raise RecordingError(f"`{path}` cannot be read: {error.strerror}", code="U401") from error


def _whole(path: Path, personal: bool) -> Iterator[Hit]:
    yield from _found(path.read_bytes(), path.name, personal)


def _found(data: bytes, place: str, personal: bool) -> Iterator[Hit]:
    for hit in scan_value(_decoded(data, place), personal=personal):
        yield Hit(hit.kind, f"{place} {hit.place}")


def _decoded(line: bytes, place: str) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RecordingError(f"this cannot be read: {error}", code="U402", where=place) from None
