"""The items of one array of a JSON file, one by one, however large the file is."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from understudy.traffic.source_file import Limits, opened_utf8

__all__ = ["Broken", "Entry", "json_items"]

_BLOCK = 1 << 20
_PIECE = 1 << 16
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:)?|[\[\]{}]', re.DOTALL)
_GAP = re.compile(rb"[\s,]*")
_HEAD = re.compile(rb'\{\s*"[^"\\]{1,80}"\s*:')
_MOST_HEADS = 16
_NEAR = 16
_decode = msgspec.json.Decoder().decode
_python = json.JSONDecoder()


class Entry(msgspec.Struct, frozen=True):
    """One record of a source file; `offset` is its number or byte, as the format counts.

    Of one that was read as strictly as JSON is, without broken characters or NaN, `openings` is
    how many brackets open in it.
    """

    offset: int
    record: Any
    openings: int | None = None


class Broken(msgspec.Struct, frozen=True):
    """A place of a source file where a record begins and cannot be read."""

    offset: int
    reason: str


def json_items(
    path: Path, ways: Sequence[tuple[str, ...]], limits: Limits
) -> Iterator[Entry | Broken] | None:
    """The items of the first array that stands at one of `ways`, keys from the top down.

    An item's offset is its number from 1. A damaged item is a `Broken`, and the next one is looked
    for by how the others began. Where the file breaks off, its whole items are kept and a `Broken`
    ends them. None where there is no such array; `RecordingError` where the file cannot be opened.
    """
    window = _Window(opened_utf8(path, limits), limits.record_bytes)
    if not _found(window, frozenset(ways)):
        window.file.close()
        return None
    return _items(window)


@dataclass(slots=True)
class _Window:
    """The part of a file that is held: it grows where an item needs it, to a limit."""

    file: io.BufferedReader
    limit: int
    data: bytes = b""
    position: int = 0
    ended: bool = False
    step: int = field(default=_BLOCK)
    heads: dict[bytes, int] = field(default_factory=dict)
    """How items begin, and where each beginning is found next: -1 for nowhere in what is held."""

    def grow(self) -> bool:
        """Take in more of the file, in growing steps, so that a large item is not reread often."""
        more = self.file.read(self.step)
        self.data, self.position = self.data[self.position :] + more, 0
        self.heads = dict.fromkeys(self.heads, 0)
        self.ended = not more
        self.step *= 2
        return bool(more)

    def settle(self, position: int) -> None:
        """What stands before `position` is done with."""
        self.position, self.step = position, _BLOCK

    @property
    def held(self) -> int:
        """How much is still to be read."""
        return len(self.data) - self.position

    def following(self, begin: int) -> int:
        """Where the next item may begin, -1 where no such place is held."""
        for head, at in self.heads.items():
            if 0 <= at <= begin:
                self.heads[head] = self.data.find(head, begin + 1)
        return min((at for at in self.heads.values() if at >= 0), default=-1)

    def learn(self, begin: int) -> None:
        """Remember how an item began."""
        match = _HEAD.match(self.data, begin)
        if match and len(self.heads) < _MOST_HEADS:
            self.heads.setdefault(match[0], 0)


def _found(window: _Window, ways: frozenset[tuple[str, ...]]) -> bool:
    """Move behind the bracket that opens an array at one of the ways."""
    if () in ways and _starts_with_array(window):
        return True
    place = _Place()
    for match in _tokens(window):
        if match[0] == b"[" and place.inside in ways:
            return True
        place.take(match)
    return False


def _tokens(window: _Window) -> Iterator[re.Match[bytes]]:
    """Brackets and texts from where the window stands, which moves along."""
    while True:
        match = _TOKEN.search(window.data, window.position)
        if match is None or match.end() == len(window.data):
            if window.held > window.limit or not window.grow():
                return
            continue
        window.settle(match.end())
        yield match


@dataclass(slots=True)
class _Place:
    """Where in a document a token stands: the keys from the top down."""

    path: list[str | None] = field(default_factory=list)
    key: str | None = None

    @property
    def inside(self) -> tuple[str | None, ...]:
        """The keys that lead to the value which begins here."""
        return (*self.path[1:], self.key)

    def take(self, match: re.Match[bytes]) -> None:
        """Go on by one token."""
        token = match[0][:1]
        if token in b"{[":
            self.path.append(self.key)
            self.key = None
        elif token in b"}]":
            self.key = self.path.pop() if self.path else None
        elif match[2]:
            self.key = match[1].decode("utf-8", "replace")


def _starts_with_array(window: _Window) -> bool:
    window.grow()
    match = re.match(rb"\s*\[", window.data)
    if match:
        window.settle(match.end())
    return match is not None


def _items(window: _Window) -> Iterator[Entry | Broken]:
    number = 0
    with window.file:
        while True:
            number += 1
            found = _item(window, number)
            if found is None:
                return
            yield found
            if isinstance(found, Broken) and not _resumed(window):
                return


def _item(window: _Window, number: int) -> Entry | Broken | None:
    """The next item; None behind the last one."""
    while True:
        gap = _GAP.match(window.data, window.position)
        begin = gap.end() if gap else window.position
        if window.data[begin : begin + 1] == b"]":
            return None
        found = _strict(window, begin, number) or _lenient(window, begin, number)
        if found is not None:
            return found
        if window.held > window.limit:
            return Broken(number, f"a record of more than {window.limit:,} bytes")
        if not window.grow():
            # Without its closing bracket a file was cut, if only behind a whole record.
            return Broken(number, "the file breaks off")


def _strict(window: _Window, begin: int, number: int) -> Entry | None:
    """The item that ends where the next one seems to begin, if it does."""
    end = window.following(begin)
    if end < 0:
        return None
    item = window.data[begin:end].rstrip()
    if not item.endswith(b","):
        return None
    try:
        record = _decode(memoryview(item)[:-1])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    window.settle(end)
    return Entry(number, record, item.count(b"{") + item.count(b"["))


def _lenient(window: _Window, begin: int, number: int) -> Entry | Broken | None:
    """The item that begins here, as far as it is held; broken characters are kept."""
    size = _PIECE
    while True:
        text = window.data[begin : begin + size].decode("utf-8", "surrogateescape")
        whole = begin + size >= len(window.data)
        read = _read(text, whole and window.ended)
        if isinstance(read, str):
            return Broken(number, read)
        if read is not None:
            window.learn(begin)
            window.settle(begin + len(text[: read.end].encode("utf-8", "surrogateescape")))
            return Entry(number, read.record)
        if whole:
            return None
        size *= 4


class _Read(NamedTuple):
    """A value and where it ended."""

    record: Any
    end: int


def _read(text: str, ended: bool) -> _Read | str | None:
    """The value at the beginning of a text, why there is none, or None where more may follow."""
    try:
        record, end = _python.raw_decode(text)
    except RecursionError:
        return "values are nested too deep to be read"
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated") or error.pos > len(text) - _NEAR
        return None if cut else f"not JSON: {error.msg}"
    except ValueError as error:
        return f"not JSON: {error}"
    return _Read(record, end) if end < len(text) or ended else None


def _resumed(window: _Window) -> bool:
    """Whether behind a damaged item another one begins, where the window then stands."""
    while True:
        gap = _GAP.match(window.data, window.position)
        at = window.following(gap.end() if gap else window.position)
        if at >= 0:
            window.settle(at)
            return True
        if window.ended or not window.heads:
            return False
        longest = max(map(len, window.heads))
        window.settle(max(window.position, len(window.data) - longest))
        window.grow()
