"""OpenTelemetry's export of spans as protocol buffers, read into its own JSON form."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from understudy.traffic.raw_record import Malformed

__all__ = ["read_trace_request"]

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MOST_BITS = 63
_DEEPEST = 32
"""Attribute values hold lists of values, and those again: so deep, and no deeper."""


def read_trace_request(body: bytes) -> dict[str, Any]:
    """An `ExportTraceServiceRequest` as the JSON that says the same; raises `Malformed`.

    Fields that nothing here reads are left out. The numbers of the fields are those of
    opentelemetry-proto 1: trace/v1/trace.proto, common/v1/common.proto.

    >>> read_trace_request(bytes.fromhex("0a04 1202 1200"))
    {'resourceSpans': [{'scopeSpans': [{'spans': [{}]}]}]}
    """
    try:
        return _message(body, _REQUEST, 0)
    except (IndexError, struct.error, UnicodeDecodeError):
        raise Malformed("no export request of OpenTelemetry's protocol buffers") from None


Read = Callable[[Any, int], Any]
Fields = Mapping[int, tuple[str, bool, Read]]
"""By a field's number its name in JSON, whether there may be several, and how its value is read."""


def _message(body: bytes, fields: Fields, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise Malformed(f"nested more than {_DEEPEST} deep")
    found: dict[str, Any] = {}
    for number, raw in _raw_fields(body):
        if number not in fields:
            continue
        name, several, read = fields[number]
        if several:
            found.setdefault(name, []).append(read(raw, depth))
        else:
            found[name] = read(raw, depth)
    return found


def _raw_fields(body: bytes) -> Iterator[tuple[int, Any]]:
    place = 0
    while place < len(body):
        tag, place = _varint(body, place)
        kind = tag & 7
        if kind == _VARINT:
            value, place = _varint(body, place)
            yield tag >> 3, value
            continue
        if kind == _LENGTH:
            size, place = _varint(body, place)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise Malformed(f"a field of wire type {kind}")
        if place + size > len(body):
            raise Malformed("it ends within a field")
        yield tag >> 3, body[place : place + size]
        place += size


def _varint(body: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, _MOST_BITS + 1, 7):
        byte = body[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place
    raise Malformed("a number that does not end")


def _of(fields: Fields) -> Read:
    def read(raw: Any, depth: int) -> Any:
        return _message(_bytes(raw), fields, depth + 1)

    return read


def _bytes(raw: Any) -> bytes:
    if not isinstance(raw, bytes):
        raise Malformed("a number where text or a message should be")
    return raw


def _text(raw: Any, depth: int) -> str:
    del depth
    return _bytes(raw).decode("utf-8")


def _hex(raw: Any, depth: int) -> str:
    del depth
    return _bytes(raw).hex()


def _number(raw: Any, depth: int) -> int:
    del depth
    if isinstance(raw, int):
        return raw - (1 << 64) if raw >> 63 else raw
    return int(struct.unpack("<Q" if len(raw) == 8 else "<I", raw)[0])


def _real(raw: Any, depth: int) -> float:
    del depth
    return float(struct.unpack("<d", _bytes(raw))[0])


def _truth(raw: Any, depth: int) -> bool:
    del depth
    return bool(raw)


def _value(raw: Any, depth: int) -> Any:
    return _message(_bytes(raw), _VALUE, depth + 1)


def _key_value(raw: Any, depth: int) -> Any:
    return _message(_bytes(raw), _KEY_VALUE, depth + 1)


_KEY_VALUE: Fields = {1: ("key", False, _text), 2: ("value", False, _value)}
_VALUE: Fields = {
    1: ("stringValue", False, _text),
    2: ("boolValue", False, _truth),
    3: ("intValue", False, _number),
    4: ("doubleValue", False, _real),
    5: ("arrayValue", False, _of({1: ("values", True, _value)})),
    6: ("kvlistValue", False, _of({1: ("values", True, _key_value)})),
    7: ("bytesValue", False, _hex),
}
_ATTRIBUTES = ("attributes", True, _key_value)
_EVENT: Fields = {2: ("name", False, _text), 3: _ATTRIBUTES}
_STATUS: Fields = {2: ("message", False, _text), 3: ("code", False, _number)}
_SPAN: Fields = {
    1: ("traceId", False, _hex),
    2: ("spanId", False, _hex),
    4: ("parentSpanId", False, _hex),
    5: ("name", False, _text),
    7: ("startTimeUnixNano", False, _number),
    8: ("endTimeUnixNano", False, _number),
    9: _ATTRIBUTES,
    11: ("events", True, _of(_EVENT)),
    15: ("status", False, _of(_STATUS)),
}
_SCOPE: Fields = {2: ("spans", True, _of(_SPAN))}
_BATCH: Fields = {
    1: ("resource", False, _of({1: _ATTRIBUTES})),
    2: ("scopeSpans", True, _of(_SCOPE)),
}
_REQUEST: Fields = {1: ("resourceSpans", True, _of(_BATCH))}
