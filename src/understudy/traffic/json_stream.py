"""The items of one array of a JSON file, one by one, however large the file is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from understudy.traffic.source_file import Limits, opened_text

__all__ = ["Broken", "Entry", "json_items"]

_BLOCK = 1 << 20
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[\[\]{}]', re.DOTALL)
_GAP = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a source file; `offset` is its number or byte, as the format counts."""

    offset: int
    record: Any


@dataclass(frozen=True, slots=True)
class Broken:
    """A place of a source file where a record begins and cannot be read."""

    offset: int
    reason: str


def json_items(
    path: Path, ways: Sequence[tuple[str, ...]], limits: Limits
) -> Iterator[Entry | Broken] | None:
    """The items of the first array that stands at one of `ways`, keys from the top down.

    An item's offset is its number from 1. Where the file breaks off, its whole items are kept and
    a `Broken` ends them. None where there is no such array; `RecordingError` where the file
    cannot be opened.
    """
    window = _Window(opened_text(path, limits), limits.record_bytes)
    if not _found(window, frozenset(ways)):
        window.file.close()
        return None
    return _items(window)


@dataclass(slots=True)
class _Window:
    """The part of a text file that is held: it grows where an item needs it, to a limit."""

    file: TextIO
    limit: int
    text: str = ""
    position: int = 0
    ended: bool = False
    step: int = field(default=_BLOCK)

    def grow(self) -> bool:
        """Take in more of the file, in growing steps, so that a large item is not reread often."""
        more = self.file.read(self.step)
        self.text, self.position = self.text[self.position :] + more, 0
        self.ended = not more
        self.step *= 2
        return bool(more)

    def settle(self, position: int) -> None:
        """What stands before `position` is done with."""
        self.position, self.step = position, _BLOCK

    @property
    def held(self) -> int:
        """How much of the text is still to be read."""
        return len(self.text) - self.position


def _found(window: _Window, ways: frozenset[tuple[str, ...]]) -> bool:
    """Move behind the bracket that opens an array at one of the ways."""
    if () in ways and _starts_with_array(window):
        return True
    place = _Place()
    for match in _tokens(window):
        if match[0] == "[" and place.inside in ways:
            return True
        place.take(match)
    return False


def _tokens(window: _Window) -> Iterator[re.Match[str]]:
    """Brackets and texts from where the window stands, which moves along."""
    while True:
        match = _TOKEN.search(window.text, window.position)
        if match is None or match.end() == len(window.text):
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

    def take(self, match: re.Match[str]) -> None:
        """Go on by one token."""
        token = match[0]
        if token[0] in "{[":
            self.path.append(self.key)
            self.key = None
        elif token[0] in "}]":
            self.key = self.path.pop() if self.path else None
        elif match[2]:
            self.key = match[1]


def _starts_with_array(window: _Window) -> bool:
    window.grow()
    match = re.match(r"\s*\[", window.text)
    if match:
        window.settle(match.end())
    return match is not None


def _items(window: _Window) -> Iterator[Entry | Broken]:
    decoder = json.JSONDecoder()
    number = 0
    with window.file:
        while True:
            number += 1
            found = _item(window, decoder, number)
            if found is None:
                return
            yield found
            if isinstance(found, Broken):
                return


def _item(window: _Window, decoder: json.JSONDecoder, number: int) -> Entry | Broken | None:
    """The next item; None behind the last one."""
    while True:
        gap = _GAP.match(window.text, window.position)
        begin = gap.end() if gap else window.position
        if window.text[begin : begin + 1] == "]":
            return None
        try:
            record, end = decoder.raw_decode(window.text, begin)
            if end < len(window.text) or window.ended:
                window.settle(end)
                return Entry(number, record)
        except RecursionError:
            return Broken(number, "values are nested too deep to be read")
        except ValueError:
            if window.held > window.limit:
                return Broken(number, f"a record of more than {window.limit:,} bytes")
        if not window.grow():
            # Without its closing bracket a file was cut, if only behind a whole record.
            return Broken(number, "the file breaks off")
