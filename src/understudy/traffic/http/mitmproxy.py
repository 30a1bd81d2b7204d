"""mitmproxy's flow files: tnetstrings, one flow after the other."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from understudy.traffic.http.exchange import Exchange, Message, headers_of
from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.source_file import Limits, opened_bytes

__all__ = ["flow_entries", "read_flow"]

NEWEST = 21
"""The newest version of the flow format that is read; mitmproxy 11 writes it."""

_MOST_DIGITS = 12
_DEFAULT_PORTS = {("http", 80), ("https", 443)}


def flow_entries(path: Path, limits: Limits) -> Iterator[Entry | Broken]:
    """The flows of a file, each at its byte; nothing behind a damaged one can be read."""
    with opened_bytes(path, limits) as file:
        offset = 0
        while True:
            try:
                size, data = _next(file, limits)
            except Malformed as reason:
                yield Broken(offset, str(reason))
                return
            if data is None:
                return
            try:
                yield Entry(offset, _parsed(data, limits.depth))
            except Malformed as reason:
                yield Broken(offset, str(reason))
            offset += size


def read_flow(flow: Any, offset: int) -> Exchange:
    """The exchange of one flow; `LeftOut` for traffic that is not HTTP, else `Malformed`."""
    if not isinstance(flow, dict):
        raise Malformed("not a flow")
    version = flow.get("version")
    if not isinstance(version, int | list):
        raise Malformed("a flow without its version")
    # Before it numbered its flows, mitmproxy wrote its own version: [0, 18, 2].
    if isinstance(version, int) and version > NEWEST:
        raise Malformed(
            f"flow version {version} is newer than {NEWEST}; export it as HAR:"
            " mitmdump -nr FILE --set hardump=FILE.har"
        )
    kind = flow.get("type", "http")
    if _text(kind) != "http":
        raise LeftOut(f"a flow of type {_text(kind) or kind}")
    request = flow.get("request")
    if not isinstance(request, dict):
        raise Malformed("no request")
    status, response, ended = _response(flow.get("response"))
    started = request.get("timestamp_start")
    return Exchange(
        method=_text(request.get("method")).upper() or "GET",
        url=_url(request),
        request=Message(_headers(request), _content(request)),
        status=status,
        response=response,
        started_at=moment_of(started),
        latency_ms=_span(started, ended),
        offset=offset,
    )


def _next(file: BufferedReader, limits: Limits) -> tuple[int, bytes | None]:
    """The size of the next string in the file, and its bytes; None at the end of the file."""
    digits = b""
    while (one := file.read(1)) not in (b":", b""):
        digits += one
        if not one.isdigit() or len(digits) > _MOST_DIGITS:
            raise Malformed("no flow begins here")
    if not one:
        if digits:
            raise Malformed("the file breaks off")
        return 0, None
    if not digits:
        raise Malformed("no flow begins here")
    length = int(digits)
    if length > limits.record_bytes:
        raise Malformed(f"a record of more than {limits.record_bytes:,} bytes")
    data = file.read(length + 1)
    if len(data) <= length:
        raise Malformed("the file breaks off")
    return len(digits) + 1 + len(data), data


def _parsed(data: bytes, depth: int) -> Any:
    """The value of a string whose last byte is its type."""
    if depth < 0:
        raise Malformed("nested too deep")
    inside, kind = data[:-1], data[-1:]
    if kind == b"}":
        parts = _parts(inside, depth)
        return {str(_text(key)): value for key, value in zip(parts[::2], parts[1::2], strict=False)}
    if kind == b"]":
        return _parts(inside, depth)
    try:
        return _SCALARS[kind](inside)
    except (KeyError, ValueError):
        raise Malformed("a damaged flow") from None


_SCALARS: dict[bytes, Any] = {
    b",": bytes,
    b";": lambda inside: inside.decode("utf-8", "replace"),
    b"#": int,
    b"^": float,
    b"!": lambda inside: inside == b"true",
    b"~": lambda _: None,
}


def _parts(data: bytes, depth: int) -> list[Any]:
    found, position = [], 0
    while position < len(data):
        colon = data.find(b":", position, position + _MOST_DIGITS + 1)
        digits = data[position:colon]
        if colon < 0 or not digits.isdigit():
            raise Malformed("a damaged flow")
        end = colon + 1 + int(digits) + 1
        if end > len(data):
            raise Malformed("a damaged flow")
        found.append(_parsed(data[colon + 1 : end], depth - 1))
        position = end
    return found


def _response(value: Any) -> tuple[int | None, Message | None, Any]:
    if not isinstance(value, dict):
        return None, None, None
    status = value.get("status_code", value.get("code"))
    if not isinstance(status, int) or isinstance(status, bool):
        return None, None, None
    return status, Message(_headers(value), _content(value)), value.get("timestamp_end")


def _url(request: dict[str, Any]) -> str:
    """The URL as the client meant it: under the name that it asked for."""
    scheme, port = _text(request.get("scheme")) or "https", request.get("port")
    host = _text(request.get("authority")) or _headers(request).get("host", "")
    if not host:
        host = _text(request.get("host"))
        if isinstance(port, int) and (scheme, port) not in _DEFAULT_PORTS:
            host = f"{host}:{port}"
    return f"{scheme}://{host}{_text(request.get('path'))}"


def _headers(part: dict[str, Any]) -> dict[str, str]:
    found = part.get("headers")
    return headers_of(
        [
            (_text(pair[0]), _text(pair[1]))
            for pair in (found if isinstance(found, list) else [])
            if isinstance(pair, list) and len(pair) == 2
        ]
    )


def _content(part: dict[str, Any]) -> bytes | None:
    content = part.get("content")
    return content if isinstance(content, bytes) else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _span(start: Any, end: Any) -> int | None:
    known = isinstance(start, int | float) and isinstance(end, int | float)
    return round((end - start) * 1000) if known and 0 <= end - start < 1e9 else None
