"""GoReplay captures: raw requests and responses, each pair under one id, in any order."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from understudy.model.canonical import digest_file
from understudy.model.manifest import SourceFile
from understudy.traffic.exchange import Exchange, Message, headers_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.source_file import JsonFile, Limits, unreadable

__all__ = ["SEPARATOR", "gor_pairs", "read_capture", "read_gor"]

SEPARATOR = "\n🐵🙈🙉\n".encode()
"""What stands between two records; a body that holds it is cut there."""

_REQUEST, _RESPONSE, _REPLAYED = b"1", b"2", b"3"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = (_REQUEST, _RESPONSE, _REPLAYED)
_FEWEST, _LATENCY = 3, 3


@dataclass(frozen=True, slots=True)
class _Record:
    """One record: what it is, whose, when, and the raw HTTP."""

    kind: bytes
    id: bytes
    at_ns: int
    latency_ns: int | None
    raw: bytes


def read_capture(path: Path, limits: Limits) -> JsonFile:
    """A capture, unpacked within the limit, as a list of (request, response) pairs."""
    data = _bytes(path, limits)
    source = SourceFile(file=path.name, sha256=digest_file(path), format="gor")
    pieces = [piece for piece in data.split(SEPARATOR) if piece.strip()]
    return JsonFile(path, source, list(_paired(pieces)))


def gor_pairs(content: Any) -> Sequence[Any] | None:
    """The pairs of a capture."""
    return content if isinstance(content, list) and content else None


def read_gor(pair: Any, offset: int) -> Exchange:
    """The exchange of one pair; raises `Malformed` where it is none.

    A capture names no scheme, and none is made up.
    """
    request, response = pair
    if request is None and response is not None and response.kind == _REPLAYED:
        raise LeftOut("the answer of a replay")
    if request is None:
        raise Malformed("neither a request nor the answer to one")
    start, headers, body = _http(request.raw)
    parts = start.split(" ")
    if len(parts) < _FEWEST or not parts[0].isalpha() or "host" not in headers:
        raise Malformed("a request without method, path or host")
    status, answer = _answer(response)
    latency = response.latency_ns if response else None
    return Exchange(
        method=parts[0].upper(),
        url=f"//{headers['host']}{parts[1]}",
        request=Message(headers, body),
        status=status,
        response=answer,
        started_at=_moment(request.at_ns),
        latency_ms=None if not latency else round(latency / 1e6),
        offset=offset,
    )


def _bytes(path: Path, limits: Limits) -> bytes:
    try:
        data = path.read_bytes() if path.stat().st_size <= limits.file_bytes else None
        if data is not None and data.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                data = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None
    except (EOFError, zlib.error) as error:
        raise unreadable(path, f"its compression is damaged: {error}") from None
    if data is None or len(data) > limits.file_bytes:
        raise unreadable(path, f"at most {limits.file_bytes:,} bytes are read")
    return data


def _paired(pieces: Sequence[bytes]) -> Iterator[tuple[_Record | None, _Record | None]]:
    """Requests with their answers; what belongs to no request stands alone."""
    records = [_record(piece) for piece in pieces]
    asked = {item.id for item in records if item and item.kind == _REQUEST}
    answers: dict[bytes, _Record] = {}
    for item in records:
        if item and item.kind == _RESPONSE and item.id in asked:
            answers.setdefault(item.id, item)
    used = {id(item) for item in answers.values()}
    for item in records:
        if item is not None and item.kind == _REQUEST:
            yield item, answers.get(item.id)
        elif id(item) not in used:
            yield None, item


def _record(piece: bytes) -> _Record | None:
    line, _, raw = piece.lstrip(b"\r\n").partition(b"\n")
    parts = line.split()
    if len(parts) < _FEWEST or parts[0] not in _KINDS or not parts[2].isdigit():
        return None
    latency = parts[_LATENCY] if len(parts) > _LATENCY else b""
    taken = int(latency) if latency.isdigit() and len(latency) < 20 else None
    return _Record(parts[0], parts[1], int(parts[2][:20]), taken, raw)


def _answer(record: _Record | None) -> tuple[int | None, Message | None]:
    if record is None:
        return None, None
    start, headers, body = _http(record.raw)
    parts = start.split(" ")
    if len(parts) < 2 or not parts[1].isdigit() or len(parts[1]) != 3:
        return None, None
    return int(parts[1]), Message(headers, body)


def _http(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    """Start line, headers and body of a raw message, chunks put together."""
    head, _, body = raw.partition(b"\r\n\r\n") if b"\r\n\r\n" in raw else raw.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    pairs = [line.partition(":") for line in lines[1:] if ":" in line]
    headers = headers_of([(name.strip(), value.strip()) for name, _, value in pairs])
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _joined(body)
    return (lines[0] if lines else ""), headers, body


def _joined(body: bytes) -> bytes:
    """The chunks of a body in one piece, so that nothing hides in the gap between two."""
    chunks: list[bytes] = []
    rest = body
    while rest:
        size, sign, rest = rest.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            return b"".join([*chunks, size, sign, rest])
        if length <= 0:
            break
        chunks.append(rest[:length])
        rest = rest[length:].removeprefix(b"\r\n")
    return b"".join(chunks)


def _moment(nanoseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None
