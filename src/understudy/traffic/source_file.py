"""A file to import: read within limits, decoded, and mended where its end is missing."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import orjson

from understudy.model.canonical import digest_file
from understudy.model.errors import RecordingError
from understudy.model.manifest import SourceFile

__all__ = [
    "JsonFile",
    "Limits",
    "depth_exceeds",
    "is_packed",
    "leniency",
    "mend_text",
    "opened_bytes",
    "opened_text",
    "opened_utf8",
    "read_json_file",
    "read_text",
    "unreadable",
]

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MARK_BYTES = 64
_GZIP = b"\x1f\x8b"
_ZLIB = (b"x\x01", b"x\x9c", b"x\xda")
_BLOCK = 1 << 16
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file and how deep a value is read; more is one clear error."""

    file_bytes: int = 512 * 2**20
    depth: int = 100
    record_bytes: int = 64 * 2**20
    """One record of a file that is read record by record, whose own size has no limit."""
    unpacked_bytes: int = 16 * 2**30
    """What a compressed file may unfold to."""


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A JSON file's content; `lost` is 1 where its last record was cut off, at byte `cut_at`."""

    path: Path
    source: SourceFile
    content: Any
    lost: int = 0
    cut_at: int | None = None


def read_json_file(path: Path, format: str, array: str, limits: Limits | None = None) -> JsonFile:
    """Read a JSON file whose records stand in a top-level array, or in the array of key `array`.

    Where the file breaks off, the whole records before the break are kept. Raises
    `RecordingError` where nothing can be read.
    """
    limits = limits or Limits()
    text = read_text(path, limits)
    source = SourceFile(file=path.name, sha256=digest_file(path), format=format)
    try:
        return JsonFile(path, source, json.loads(text))
    except RecursionError:
        raise unreadable(path, f"values are nested more than {limits.depth} deep") from None
    except ValueError as error:
        mended = _salvage(text, array)
        if mended is None:
            raise unreadable(path, f"it is not JSON: {error}") from None
        content, cut = mended
        return JsonFile(path, source, content, 1, len(text[:cut].encode("utf-8", "replace")))


def depth_exceeds(value: Any, limit: int) -> bool:
    """Whether lists and objects are nested more than `limit` deep; never recurses."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def mend_text(value: Any) -> Any:
    """The value with lone surrogates, which no file can hold, replaced by U+FFFD."""
    try:
        orjson.dumps(value)
    except TypeError:
        return _mended(value)
    return value


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


def read_text(path: Path, limits: Limits) -> str:
    """A file's text, unpacked and in the encoding that its first bytes name.

    Raises `RecordingError` where it has none, or more than is read.
    """
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise unreadable(path, f"it has {size:,} bytes; at most {limits.file_bytes:,} are read")
    except OSError as error:
        raise unreadable(path, error.strerror or "unknown reason") from None
    with opened_bytes(path, limits) as file:
        data = file.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise unreadable(path, f"it unfolds to more than {limits.file_bytes:,} bytes")
    if not data.strip():
        raise unreadable(path, "it is empty")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise unreadable(path, f"byte {error.start} is not {encoding} text") from None


def opened_text(path: Path, limits: Limits) -> TextIO:
    """A text file to be read piece by piece; bytes that are no text as `leniency` says."""
    data = opened_bytes(path, limits)
    head = data.peek(_MARK_BYTES)
    if not head.strip():
        data.close()
        raise unreadable(path, "it is empty")
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    return io.TextIOWrapper(data, encoding, leniency(encoding), newline="")


def leniency(encoding: str) -> str:
    """What becomes of bytes that are no text: lone surrogates, which lead back to them.

    Of UTF-16 that is not possible, and U+FFFD stands for them.
    """
    return "replace" if encoding.startswith("utf-16") else "surrogateescape"


def opened_utf8(path: Path, limits: Limits) -> io.BufferedReader:
    """A text file as bytes of UTF-8 without a mark, whatever encoding its first bytes name."""
    data = opened_bytes(path, limits)
    head = data.peek(_MARK_BYTES)
    if not head.strip():
        data.close()
        raise unreadable(path, "it is empty")
    mark, encoding = next((each for each in _MARKS if head.startswith(each[0])), (b"", "utf-8"))
    if encoding == "utf-16":
        return io.BufferedReader(_Recoded(io.TextIOWrapper(data, encoding, leniency(encoding))))
    data.read(len(mark))
    return data


def opened_bytes(path: Path, limits: Limits) -> io.BufferedReader:
    """A file to be read piece by piece, unpacked on the way where it is gzip."""
    try:
        file = path.open("rb")
        if not file.peek(2):
            file.close()
            raise unreadable(path, "it is empty")
        if not is_packed(file.peek(2)):
            return file
        with file:
            return io.BufferedReader(_Unpacked(path, limits))
    except OSError as error:
        raise unreadable(path, error.strerror or "unknown reason") from None


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is gzip, or a bare zlib stream as mitmproxy writes `.zhar`."""
    return head.startswith((_GZIP, *_ZLIB))


class _Inflated:
    """A bare zlib stream, read piece by piece."""

    def __init__(self, path: Path) -> None:
        self._file, self._inflate = path.open("rb"), zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none only at the end."""
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(_BLOCK)
            data = self._inflate.decompress(packed, size)
            if data:
                return data
            if not packed:
                raise EOFError("the stream breaks off")
        return b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Recoded(io.RawIOBase):
    """A text's bytes in UTF-8."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._rest = text, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        if not self._rest:
            self._rest = self._text.read(size).encode("utf-8", "surrogateescape")
        data, self._rest = self._rest[:size], self._rest[size:]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._text.close()
        super().close()


class _Unpacked(io.RawIOBase):
    """What a packed file unfolds to, within the limit."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._left = path, limits.unpacked_bytes
        self._limit = limits.unpacked_bytes
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
        self._file = gzip.open(path, "rb") if zipped else _Inflated(path)  # noqa: SIM115 -- closed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(self._path, f"its compression is damaged: {error}") from None
        self._left -= len(data)
        if self._left < 0:
            raise unreadable(self._path, f"it unfolds to more than {self._limit:,} bytes")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def unreadable(path: Path, reason: str) -> RecordingError:
    """The error for a source file of which nothing can be used."""
    return RecordingError(f"`{path}` cannot be read: {reason}", code="U420")


def _salvage(text: str, array: str) -> tuple[Any, int] | None:
    """Content with the whole records of a file that breaks off, and where the broken one begins."""
    if text.lstrip()[:1] == "[":
        records, cut = _whole_items(text, text.index("[") + 1)
        return (records, cut) if records else None
    for match in re.finditer(rf'"{re.escape(array)}"\s*:\s*\[', text):
        before = text[: match.start()].rstrip().removesuffix(",")
        head = _parse(before + "}") or _parse(before + "}}")
        if isinstance(head, dict):
            records, cut = _whole_items(text, match.end())
            return {**head, array: records}, cut
    return None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _whole_items(text: str, start: int) -> tuple[list[Any], int]:
    found = list(_items(text, start))
    return [item for item, _ in found], found[-1][1] if found else start


def _items(text: str, start: int) -> Iterator[tuple[Any, int]]:
    """The items that can be read from `start` on, each with the position behind it."""
    decoder = json.JSONDecoder()
    gap = re.compile(r"[\s,]*")
    position = start
    while True:
        match = gap.match(text, position)
        begin = match.end() if match else position
        try:
            item, position = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            return
        yield item, position
