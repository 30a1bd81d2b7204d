"""Files of one JSON object a line: written whole, read with file and line in every error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from understudy.model.canonical import refuse_unfit_numbers
from understudy.model.errors import RecordingError
from understudy.model.new_file import file_aside

__all__ = [
    "decode_line",
    "encode_line",
    "read_json",
    "read_lines",
    "read_placed",
    "write_json",
    "write_json_with",
    "write_lines",
]

Record = TypeVar("Record")
_WHOLE = "restore the file from where it was made, or make the whole again"
_encoder = msgspec.json.Encoder()
_packer = msgspec.msgpack.Encoder()
_FLOAT = b"\xcb"
_UNFIT = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")
"""A float of 64 bits whose exponent has no zero in it; other bytes may look so by chance."""


def encode_line(record: Any) -> bytes:
    r"""One record as a line with its newline; `ValueError` for NaN and infinities.

    >>> encode_line({"a": [1.5, None]})
    b'{"a":[1.5,null]}\n'
    """
    if _may_be_unfit(record):
        refuse_unfit_numbers(msgspec.to_builtins(record))
    return _encoder.encode(record) + b"\n"


def _may_be_unfit(record: Any) -> bool:
    """Whether a NaN or an infinity may stand in it, told by its bytes instead of by its values.

    JSON has null in their place; MessagePack has them as they are, and is written in microseconds.
    """
    try:
        packed = _packer.encode(record)
        # To look for one byte first is many times quicker, and most records hold no such float.
        return _FLOAT in packed and _UNFIT.search(packed) is not None
    except OverflowError:  # an integer that has no place there
        return True


def write_lines(path: Path, records: Iterable[Any]) -> int:
    """Write records aside and rename at the end; returns how many were written."""
    count = 0
    with file_aside(path) as aside, aside.open("wb") as file:
        for record in records:
            file.write(encode_line(record))
            count += 1
    return count


def read_lines(path: Path, kind: type[Record]) -> Iterator[Record]:
    """Read records one by one; a damaged line raises `RecordingError` with file and line."""
    return (record for _, record in read_placed(path, kind))


def read_placed(path: Path, kind: type[Record]) -> Iterator[tuple[int, Record]]:
    """The same, each with the byte that its line begins at."""
    decoder = msgspec.json.Decoder(kind)
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(f"`{path}` cannot be read: {error.strerror}", code="U401") from error
    start = 0
    with file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield start, decode_line(decoder, line, f"{path}:{number}")
            start += len(line)


def write_json(path: Path, value: Any) -> None:
    """Write one indented JSON document aside and rename it."""
    plain = msgspec.to_builtins(value)
    refuse_unfit_numbers(plain)
    with file_aside(path) as aside:
        aside.write_bytes(msgspec.json.format(_encoder.encode(plain), indent=2) + b"\n")


def write_json_with(path: Path, value: Any, name: str, items: Iterable[Any]) -> None:
    """The same for a document whose list `name`, empty in `value`, is too long to be held twice."""
    plain = msgspec.to_builtins(value)
    refuse_unfit_numbers(plain)
    empty = f'"{name}": []'.encode()
    before, found, after = msgspec.json.format(_encoder.encode(plain), indent=2).partition(empty)
    if not found:
        raise ValueError(f"there is no empty list `{name}`")
    with file_aside(path) as aside, aside.open("wb") as file:
        file.write(before + empty[:-1])
        inner = b""
        for item in items:
            shown = msgspec.json.format(encode_line(item), indent=2)
            file.write(inner + b"\n    " + shown.strip().replace(b"\n", b"\n    "))
            inner = b","
        file.write((b"\n  ]" if inner else b"]") + after + b"\n")


def read_json(path: Path, kind: type[Record]) -> Record:
    """Read one JSON document; raises `RecordingError` where it is missing or damaged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"`{path}` cannot be read: {error.strerror}", code="U401") from error
    return decode_line(msgspec.json.Decoder(kind), data, str(path), _WHOLE)


def decode_line(
    decoder: msgspec.json.Decoder[Record], data: bytes, where: str, hint: str | None = None
) -> Record:
    """One record; raises `RecordingError` that says `where` it is damaged, and the `hint`."""
    try:
        return decoder.decode(data)
    except (
        msgspec.DecodeError,
        msgspec.ValidationError,
        UnicodeDecodeError,
        RecursionError,
    ) as error:
        raise RecordingError(
            f"this line cannot be read: {error}", code="U402", where=where, hint=hint
        ) from None
