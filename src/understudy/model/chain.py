"""A file of lines of which each names the hash of the line before it.

A changed, added or removed line breaks the chain from there on. A chain whose end was cut off is
whole in itself: that is found against a head that was noted elsewhere. Whoever may write the file
can write it anew as a whole, so an unsigned chain shows accidents, and no insider.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy.model.canonical import canonical_bytes
from understudy.model.errors import RecordingError
from understudy.model.jsonl import encode_line

__all__ = ["NOTHING", "Chain", "Link", "check_chain", "open_chain", "read_chain"]

NOTHING = "0" * 64
"""What the first line names as the hash of the one before it."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what happened, when, and the hashes that hold it in its place."""

    seq: int
    at: str
    kind: str
    body: dict[str, Any]
    prev: str
    hash: str = ""

    def digest(self) -> str:
        """The sha256 over everything but the hash itself.

        >>> at = "2026-01-01T00:00:00+00:00"
        >>> Link(seq=0, at=at, kind="x", body={}, prev=NOTHING).digest()[:8]
        'f4477674'
        """
        bare = msgspec.structs.replace(self, hash="")
        return hashlib.sha256(canonical_bytes(bare)).hexdigest()


@dataclass(slots=True)
class Chain:
    """A chain that nobody else writes to while it is held open."""

    path: Path
    descriptor: int
    links: list[Link] = field(default_factory=list)

    @property
    def head(self) -> str:
        """The hash of the last line."""
        return self.links[-1].hash if self.links else NOTHING

    def append(self, kind: str, body: Mapping[str, Any], at: datetime) -> Link:
        """Write one more line; it is on the disk when this returns."""
        link = Link(
            seq=len(self.links),
            at=at.isoformat(timespec="milliseconds"),
            kind=kind,
            body=msgspec.to_builtins(dict(body)),
            prev=self.head,
        )
        link = msgspec.structs.replace(link, hash=link.digest())
        os.write(self.descriptor, encode_line(link))
        os.fsync(self.descriptor)
        self.links.append(link)
        return link


@contextmanager
def open_chain(path: Path) -> Iterator[Chain]:
    """The chain for reading and adding to; whoever comes second waits.

    Raises `RecordingError` where a line is broken: nothing is built on that. What a killed writer
    left of a last line is cut off, since it was never acknowledged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(descriptor, len(whole))
        links, problems = _checked(whole, path)
        _refuse(problems)
        yield Chain(path, descriptor, links)
    finally:
        os.close(descriptor)


def read_chain(path: Path) -> list[Link]:
    """The lines of a chain, none without a file; raises `RecordingError` where it is broken."""
    links, problems = check_chain(path)
    _refuse([each for each in problems if not each.endswith(_TORN)])
    return links


def check_chain(path: Path) -> tuple[list[Link], list[str]]:
    """The lines that can be read, and everything that is wrong with the chain, as sentences."""
    data = path.read_bytes() if path.is_file() else b""
    whole = data[: data.rfind(b"\n") + 1]
    links, problems = _checked(whole, path)
    if len(whole) < len(data):
        problems.append(f"{path.name}: {_TORN}")
    return links, problems


_TORN = "its last line is torn; whoever wrote it was stopped"


def _checked(data: bytes, path: Path) -> tuple[list[Link], list[str]]:
    decoder = msgspec.json.Decoder(Link)
    links: list[Link] = []
    problems: list[str] = []
    prev = NOTHING
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            link = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}:{number}: this line cannot be read: {error}")
            continue
        wrong = _wrong_with(link, number, prev, line)
        problems += [f"{path.name}:{number}: {each}" for each in wrong]
        links.append(link)
        prev = link.hash
    return links, problems


def _wrong_with(link: Link, number: int, prev: str, line: bytes) -> list[str]:
    found = []
    if link.hash != link.digest() or encode_line(link) != line + b"\n":
        found.append("this line was changed: its hash does not fit what it says")
    if link.prev != prev or link.seq != number - 1:
        found.append("the line before it was changed, removed or added")
    return found


def _refuse(problems: list[str]) -> None:
    if problems:
        raise RecordingError(
            f"the hash chain is broken: {problems[0]}",
            code="U490",
            hint="restore the file from a copy; `understudy audit verify` tells all that is wrong",
        )
