"""One format: what a file of it is known by, and how it is read."""

from __future__ import annotations

import codecs
import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from understudy.redact.people import Finder
from understudy.traffic.http.bundling import Key
from understudy.traffic.progress import Progress, silent
from understudy.traffic.report import ImportReport
from understudy.traffic.source_file import Limits, is_packed, opened_bytes

__all__ = ["Format", "Reader", "Sample", "Wishes", "samples_of"]

_HEAD_BYTES = 4096
_UNPACKED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What may be said of an import beside its files.

    `proposed` is where a recorded agent's proposals go; `bases` maps base URLs of the user's own
    to the vendors'; `tools` maps an agent's tools to operations; `progress` is told of long work
    as stage, done and total. `synthetic` and `gap_hours` are for vendors' exports and
    recorded HTTP, `zone` for CSV whose times state none; `key_of` says what a recorded call
    belongs to, where a user knows; `finder` finds people in the prose of all but public logs.
    """

    proposed: Path | None = None
    bases: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = silent
    synthetic: bool = False
    gap_hours: float | None = None
    key_of: Key | None = None
    zone: tzinfo | None = None
    finder: Finder | None = None


Reader = Callable[[Sequence[Path], Path, Wishes], ImportReport]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file's bytes, searched without being read into memory."""

    head: bytes
    contains: Callable[[bytes], bool]

    @property
    def first(self) -> bytes:
        """The first byte that is neither white space nor a mark of the encoding."""
        return self.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, what it is known by, and its importer."""

    name: str
    known_by: str
    recognises: Callable[[Sample], bool]
    read: Reader


def samples_of(file: Path) -> Iterator[Sample]:
    """The file's bytes, or the first that it unfolds to where it is packed; nothing of none."""
    with file.open("rb") as handle:
        head = handle.read(_HEAD_BYTES)
        if is_packed(head):
            with opened_bytes(file, Limits()) as unpacked:
                data = unpacked.read(_UNPACKED_BYTES)
            yield Sample(data[:_HEAD_BYTES], lambda text: text in data)
        elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            wide = (head + handle.read(_UNPACKED_BYTES)).decode("utf-16", "replace").encode()
            yield Sample(wide[:_HEAD_BYTES], lambda text: text in wide)
        elif head:
            with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                yield Sample(head, lambda text: mapped.find(text) >= 0)
