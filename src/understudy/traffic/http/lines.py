"""Recorded HTTP as JSON lines, which anybody can write; a recording's interactions are such."""

from __future__ import annotations

import json
from collections.abc import Generator
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from understudy.traffic.forks import WHOLE, Stripe
from understudy.traffic.http.base64_body import unpacked_base64
from understudy.traffic.http.exchange import Exchange, Message, headers_of, labels_of
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed
from understudy.traffic.source_file import Limits, opened_bytes

__all__ = ["line_entries", "read_line"]

_MARK = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode


def line_entries(
    path: Path, limits: Limits, stripe: Stripe = WHOLE
) -> Generator[Entry | Broken, None, None]:
    """The lines of a file, or those of one stripe of them, each at its byte."""
    with opened_bytes(path, limits) as file:
        offset = 0
        for number in count():
            line = file.readline(limits.record_bytes + 1)
            if not line:
                return
            start, offset = offset, offset + len(line)
            long = len(line) > limits.record_bytes and not line.endswith(b"\n")
            if long:
                offset += _rest(file, limits.record_bytes)
            if not stripe.takes(number):
                continue
            if long:
                yield Broken(start, f"a record of more than {limits.record_bytes:,} bytes")
            elif line.strip():
                yield _entry(line if start else line.removeprefix(_MARK), start)


def _rest(file: BinaryIO, size: int) -> int:
    """Pass over what is left of a line, and tell how long it is."""
    passed = 0
    while line := file.readline(size):
        passed += len(line)
        if line.endswith(b"\n"):
            break
    return passed


def _entry(line: bytes, offset: int) -> Entry | Broken:
    try:
        return Entry(offset, _decode(line), line.count(b"{") + line.count(b"["))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _leniently(line, offset)
    except RecursionError:
        return Broken(offset, "values are nested too deep to be read")


def _leniently(line: bytes, offset: int) -> Entry | Broken:
    """A line with broken characters or with numbers that JSON does not have, or why it is none."""
    try:
        return Entry(offset, json.loads(line.decode("utf-8", "surrogateescape")))
    except ValueError as error:
        told = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        whole = line.endswith(b"\n")
        return Broken(offset, f"not JSON: {told}" if whole else "the file breaks off")
    except RecursionError:
        return Broken(offset, "values are nested too deep to be read")


def read_line(record: Any, offset: int) -> Exchange:
    """The exchange of one line; raises `Malformed` where it is none.

    `request` has `method`, `url`, and as they are known `headers` and `body`; `response` has
    `status`. A body is text, a JSON value, or `{"base64": …}`.
    """
    request = record.get("request") if isinstance(record, dict) else None
    if not isinstance(request, dict):
        raise Malformed("no request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not method or not isinstance(url, str):
        raise Malformed("a request without method or URL")
    warnings: list[str] = []
    status, response = _response(record.get("response"), warnings)
    latency = record.get("latency_ms")
    return Exchange(
        method=method.upper(),
        url=url,
        request=_message(request, warnings),
        status=status,
        response=response,
        started_at=moment_of(record.get("started_at")),
        latency_ms=round(latency) if isinstance(latency, int | float) and latency >= 0 else None,
        offset=offset,
        correlation_id=_name(record.get("correlation_id")),
        actor=_name(record.get("actor")),
        handling=_name(record.get("handling")),
        labels=labels_of(record.get("labels")),
        warnings=tuple(warnings),
    )


def _response(value: Any, warnings: list[str]) -> tuple[int | None, Message | None]:
    status = value.get("status") if isinstance(value, dict) else None
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status < 600:
        return None, None
    return status, _message(value, warnings)


def _message(part: dict[str, Any], warnings: list[str]) -> Message:
    found = part.get("headers")
    pairs = [(str(n), str(v)) for n, v in found.items()] if isinstance(found, dict) else []
    return Message(headers_of(pairs), _body(part.get("body"), warnings))


def _body(value: Any, warnings: list[str]) -> Any:
    if not isinstance(value, dict) or list(value) != ["base64"]:
        return value
    return unpacked_base64(value["base64"], warnings)


def _name(value: Any) -> str | None:
    return value or None if isinstance(value, str) else None
