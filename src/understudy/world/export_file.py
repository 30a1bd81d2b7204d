"""A vendor's export file, record by record, in memory that does not grow with the file."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from understudy.model.errors import RecordingError

__all__ = ["Broken", "ExportFile", "ExportLimits", "Exported"]

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_GZIP = b"\x1f\x8b"
_GAP = re.compile(r"[\s,]*")
_BLOCK = 1 << 20
_PACKED_ENOUGH = 64 << 20
_NEXT_ITEM = re.compile(r"\}\s*,\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How much is read; beyond it is one clear error.

    `record_bytes` bounds one record, `unpacked` how many times larger than its file compressed
    content may be.
    """

    record_bytes: int = 32 << 20
    unpacked: int = 250


@dataclass(frozen=True, slots=True)
class Exported:
    """One record: the name of the list that it stood in (empty for none), where, and its value."""

    kind: str
    offset: int
    value: Any


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is no record: where it begins, and why."""

    offset: int
    reason: str


@dataclass(slots=True)
class ExportFile:
    """JSON pages as an API answers them, one record a line, or arrays; gzip and marks are read.

    `lists` names the keys that a page may keep its records under. Each whole record is given
    once, and each thing that is none is a `Broken`, so what comes out adds up to what is there.
    Bytes that are not of the encoding come through as lone surrogates.
    """

    path: Path
    lists: frozenset[str]
    limits: ExportLimits = field(default_factory=ExportLimits)
    _text: str = ""
    _at: int = 0
    _offset: int = 0
    _ended: bool = False
    _broken: bool = False
    _decoder: json.JSONDecoder = field(default_factory=json.JSONDecoder)
    _source: Iterator[str] = field(default_factory=lambda: iter(()))

    def records(self) -> Iterator[Exported | Broken]:
        """All of the file's records in their order; `RecordingError` where nothing can be read."""
        try:
            with self.path.open("rb") as raw:
                self._source = self._blocks(raw)
                while not self._text.strip() and self._more():
                    pass
                if not self._text.strip():
                    raise self._error("it is empty")
                yield from self._top()
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
                yield Broken(self._offset, "the compressed file breaks off or is damaged")
                return
            raise self._error(error.strerror or "unknown reason") from None

    def _blocks(self, raw: IO[bytes]) -> Iterator[str]:
        head = raw.read(4)
        raw.seek(0)
        packed = head.startswith(_GZIP)
        stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        size, read, decoder = self.path.stat().st_size, 0, None
        while block := stream.read(_BLOCK):
            read += len(block)
            if packed and read > _PACKED_ENOUGH and read > size * self.limits.unpacked:
                raise self._error(f"it unpacks to more than {self.limits.unpacked} times its size")
            if decoder is None:
                decoder = _decoder_of(block)
                if b"\0" in block and not block.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise self._error("it holds NUL bytes, so it is not text")
            yield decoder.decode(block)
        if decoder is not None:
            yield decoder.decode(b"", final=True)

    def _break(self) -> Iterator[Broken]:
        """The file's end before its time, told once."""
        if not self._broken:
            self._broken = True
            yield Broken(self._offset, "the file breaks off")

    def _more(self) -> bool:
        """Read on; False at the end."""
        block = next(self._source, None)
        if block is None:
            self._ended = True
            return False
        self._text = self._text[self._at :] + block
        self._at = 0
        return True

    def _step(self, to: int) -> None:
        """Go on to a place, and keep count of the bytes."""
        passed = self._text[self._at : to]
        self._offset += (
            len(passed) if passed.isascii() else len(passed.encode("utf-8", "surrogatepass"))
        )
        self._at = to

    def _skip(self) -> str:
        """Go to the next character that is no gap; empty at the end."""
        while True:
            match = _GAP.match(self._text, self._at)
            self._step(match.end() if match else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _top(self) -> Iterator[Exported | Broken]:
        while char := self._skip():
            if char == "[":
                self._step(self._at + 1)
                yield from self._items("")
            elif char == "{":
                yield from self._document()
            else:
                yield self._line_lost("no JSON record begins here")

    def _document(self) -> Iterator[Exported | Broken]:
        """A record, or a page: whole where the text at hand holds it, else key by key."""
        begin = self._offset
        found = self._value()
        if isinstance(found, _Read):
            yield from self._page(found.value, begin)
        elif self._page_begins():
            yield from self._keys()
        elif found.cut:
            found = self._whole()
            if isinstance(found, _Read):
                yield from self._page(found.value, begin)
            else:
                yield self._line_lost(found.reason)
        else:
            yield self._line_lost(found.reason)

    def _page_begins(self) -> bool:
        names = "|".join(map(re.escape, sorted(self.lists)))
        return (
            re.search(rf'"(?:{names})"\s*:\s*\[', self._text[self._at : self._at + _BLOCK])
            is not None
        )

    def _page(self, value: Any, begin: int) -> Iterator[Exported]:
        page = value if isinstance(value, dict) and "id" not in value else {}
        lists = [
            (name, items)
            for name, items in page.items()
            if name in self.lists and isinstance(items, list)
        ]
        if not lists:
            yield Exported("", begin, value)
        for name, items in lists:
            for item in items:
                yield Exported(name, begin, item)

    def _keys(self) -> Iterator[Exported | Broken]:
        """A page too large to hold: its lists item by item, the rest passed over."""
        self._step(self._at + 1)
        while (char := self._skip()) and char != "}":
            key = self._whole()
            if not isinstance(key, _Read) or not isinstance(key.value, str) or self._skip() != ":":
                yield self._line_lost("the file breaks off" if self._ended else "a key is damaged")
                return
            self._step(self._at + 1)
            if self._skip() == "[" and key.value in self.lists:
                self._step(self._at + 1)
                yield from self._items(key.value)
            elif not isinstance(self._whole(), _Read):
                yield self._line_lost("the file breaks off")
                return
        if char:
            self._step(self._at + 1)
        else:
            yield from self._break()

    def _items(self, kind: str) -> Iterator[Exported | Broken]:
        names: set[str] = set()
        while (char := self._skip()) and char != "]":
            begin = self._offset
            found = self._whole()
            if isinstance(found, _Read):
                names = names or set(found.value if isinstance(found.value, dict) else ())
                yield Exported(kind, begin, found.value)
            else:
                yield Broken(begin, found.reason)
                self._broken = self._ended
                if not self._resume(names):
                    return
        if char:
            self._step(self._at + 1)
        else:
            yield from self._break()

    def _resume(self, names: set[str]) -> bool:
        """Go to the next item that looks like the first one; False where none is to be found."""
        for match in _NEXT_ITEM.finditer(self._text, self._at):
            try:
                value, _ = self._decoder.raw_decode(self._text, match.end())
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict) and len(names & set(value)) * 2 > len(names):
                self._step(match.end())
                return True
        self._step(len(self._text))
        while self._more():
            self._step(len(self._text))
        return False

    def _whole(self) -> _Read | _Unread:
        """The value that begins here, read on as far as it goes."""
        found = self._value()
        while isinstance(found, _Unread) and found.cut:
            if len(self._text) - self._at > self.limits.record_bytes:
                return _Unread(f"a record of more than {self.limits.record_bytes:,} characters")
            wanted = max(_BLOCK, len(self._text) - self._at)
            while wanted > 0 and self._more():
                wanted -= _BLOCK
            if self._ended:
                found = self._value()
                return found if isinstance(found, _Read) else _Unread("the file breaks off")
            found = self._value()
        return found

    def _value(self) -> _Read | _Unread:
        try:
            value, end = self._decoder.raw_decode(self._text, self._at)
        except RecursionError:
            return _Unread("nested too deep")
        except json.JSONDecodeError as error:
            near = len(self._text) - error.pos < _NEAR or error.msg.startswith("Unterminated")
            return _Unread(f"not JSON: {error.msg}", cut=near and not self._ended)
        except ValueError as error:
            return _Unread(f"not JSON: {error}")
        if end == len(self._text) and not self._ended and not isinstance(value, dict | list | str):
            return _Unread("", cut=True)
        self._step(end)
        return _Read(value)

    def _line_lost(self, reason: str) -> Broken:
        """What stands from here to the end of the line, or of the text at hand, is no record."""
        lost = Broken(self._offset, reason)
        while (end := self._text.find("\n", self._at)) < 0:
            self._step(len(self._text))
            if not self._more():
                return lost
        self._step(end + 1)
        return lost

    def _error(self, reason: str) -> RecordingError:
        return RecordingError(f"`{self.path}` cannot be read: {reason}", code="U459")


_NEAR = 32


@dataclass(frozen=True, slots=True)
class _Read:
    """A value that was read."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why there is no value; `cut` where more text may make it one."""

    reason: str
    cut: bool = False


def _decoder_of(block: bytes) -> codecs.IncrementalDecoder:
    name = next((name for mark, name in _MARKS if block.startswith(mark)), "utf-8")
    kept = "replace" if name == "utf-16" else "surrogateescape"
    return codecs.getincrementaldecoder(name)(kept)
