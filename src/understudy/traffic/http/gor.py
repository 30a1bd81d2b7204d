"""GoReplay captures: raw requests and responses, each pair under one id, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from understudy.traffic.http.exchange import Exchange, Message
from understudy.traffic.http.raw_http import parsed_http
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.source_file import Limits, opened_bytes

__all__ = ["SEPARATOR", "gor_entries", "read_gor"]

SEPARATOR = "\n🐵🙈🙉\n".encode()
"""What stands between two records; a body that holds it is cut there."""

_REQUEST, _RESPONSE, _REPLAYED = b"1", b"2", b"3"
_KINDS = (_REQUEST, _RESPONSE, _REPLAYED)
_FEWEST, _LATENCY = 3, 3
_BLOCK = 1 << 20
_MOST_WAITING = 64 * 2**20


@dataclass(frozen=True, slots=True)
class _Record:
    """One record: what it is, whose, when, and the raw HTTP."""

    kind: bytes
    id: bytes
    at_ns: int
    latency_ns: int | None
    raw: bytes
    offset: int


def gor_entries(path: Path, limits: Limits) -> Iterator[Entry | Broken]:
    """The (request, response) pairs of a capture, each at the byte of its request.

    A pair comes as soon as it is whole. What waits for the other half is bounded: beyond that the
    oldest requests are given without their answers.
    """
    with opened_bytes(path, limits) as file:
        pairs = _Pairs()
        for offset, piece in _pieces(file, limits):
            record = _record(piece, offset) if piece is not None else None
            if record is None:
                why = "neither a request nor the answer to one"
                yield Broken(offset, why if piece is not None else _too_large(limits))
            else:
                yield from pairs.add(record)
        yield from pairs.rest()


def read_gor(pair: tuple[_Record | None, _Record | None], offset: int) -> Exchange:
    """The exchange of one pair; raises `Malformed` where it is none.

    A capture names no scheme, and none is made up.
    """
    request, response = pair
    if request is None:
        if response is not None and response.kind == _REPLAYED:
            raise LeftOut("the answer of a replay")
        raise Malformed("an answer without its request")
    warnings: list[str] = []
    start, headers, body = parsed_http(request.raw, warnings)
    parts = start.split(" ")
    if not start.isprintable():
        raise Malformed("no HTTP, but the bytes of another protocol")
    if len(parts) < _FEWEST or not parts[0].isalpha() or "host" not in headers:
        raise Malformed("a request without method, path or host")
    status, answer = _answer(response, warnings)
    latency = response.latency_ns if response else None
    return Exchange(
        method=parts[0].upper(),
        url=f"//{headers['host']}{parts[1]}",
        request=Message(headers, body),
        status=status,
        response=answer,
        started_at=moment_of(request.at_ns),
        latency_ms=None if not latency else round(latency / 1e6),
        offset=offset,
        warnings=tuple(warnings),
    )


@dataclass(slots=True)
class _Pairs:
    """Requests and answers that wait for each other."""

    requests: dict[bytes, _Record] = field(default_factory=dict)
    answers: dict[bytes, _Record] = field(default_factory=dict)
    held: int = 0

    def add(self, record: _Record) -> Iterator[Entry]:
        """Take a record in; gives the pair that it completes, and what has waited too long."""
        if record.kind == _REPLAYED:
            yield Entry(record.offset, (None, record))
            return
        asks = record.kind == _REQUEST
        mine, others = (self.requests, self.answers) if asks else (self.answers, self.requests)
        other = others.pop(record.id, None)
        if other is not None:
            self.held -= len(other.raw)
            yield _entry(record, other) if asks else _entry(other, record)
            return
        earlier = mine.pop(record.id, None)
        if earlier is not None:
            yield from self._given(earlier)
        mine[record.id] = record
        self.held += len(record.raw)
        while self.held > _MOST_WAITING:
            waiting = self.requests or self.answers
            yield from self._given(waiting.pop(next(iter(waiting))))

    def rest(self) -> Iterator[Entry]:
        """What has no other half."""
        for record in [*self.requests.values(), *self.answers.values()]:
            yield from self._given(record)

    def _given(self, record: _Record) -> Iterator[Entry]:
        self.held -= len(record.raw)
        yield _entry(record, None) if record.kind == _REQUEST else _entry(None, record)


def _entry(request: _Record | None, response: _Record | None) -> Entry:
    place = request or response
    return Entry(place.offset if place else 0, (request, response))


def _pieces(file: BufferedReader, limits: Limits) -> Iterator[tuple[int, bytes | None]]:
    """The pieces between separators, each with its byte; None for one that is too large."""
    start, held, large = 0, bytearray(), False
    while True:
        block = file.read(_BLOCK)
        searched = max(0, len(held) - len(SEPARATOR))
        held += block
        while (end := held.find(SEPARATOR, searched)) >= 0:
            if large or held[:end].strip():
                yield start, None if large else bytes(held[:end])
            start += end + len(SEPARATOR)
            del held[: end + len(SEPARATOR)]
            searched, large = 0, False
        if not block:
            if large or held.strip():
                yield start, None if large else bytes(held)
            return
        if len(held) > limits.record_bytes:
            # Only the end is kept, in which a separator may have begun.
            dropped = len(held) - len(SEPARATOR)
            del held[:dropped]
            start, large = start + dropped, True


def _too_large(limits: Limits) -> str:
    return f"a record of more than {limits.record_bytes:,} bytes"


def _record(piece: bytes, offset: int) -> _Record | None:
    line, _, raw = piece.lstrip(b"\r\n").partition(b"\n")
    parts = line.split()
    if len(parts) < _FEWEST or parts[0] not in _KINDS or not parts[2].isdigit():
        return None
    latency = parts[_LATENCY] if len(parts) > _LATENCY else b""
    taken = int(latency) if latency.isdigit() and len(latency) < 20 else None
    return _Record(parts[0], parts[1], int(parts[2][:20]), taken, raw, offset)


def _answer(record: _Record | None, warnings: list[str]) -> tuple[int | None, Message | None]:
    if record is None:
        return None, None
    start, headers, body = parsed_http(record.raw, warnings)
    parts = start.split(" ")
    if len(parts) < 2 or not parts[1].isdecimal() or len(parts[1]) != 3:
        return None, None
    return int(parts[1]), Message(headers, body)
