"""One format: what a file of it is known by, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from understudy.traffic.http_import import Progress
from understudy.traffic.report import ImportReport

__all__ = ["Format", "Reader", "Sample", "Wishes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What may be said of an import beside its files.

    `proposed` is where a recorded agent's proposals go; `bases` maps base URLs of the user's own
    to the vendors'; `tools` maps an agent's tools to operations; `progress` is told of long work
    as stage, done and total. `synthetic` and `gap_hours` are for vendors' exports and
    recorded HTTP.
    """

    proposed: Path | None = None
    bases: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    progress: Progress | None = None
    synthetic: bool = False
    gap_hours: float | None = None


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
