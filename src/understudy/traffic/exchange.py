"""One recorded HTTP exchange on its way into a recording: decoded, recognised, redacted."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from understudy.model.interaction import (
    Interaction,
    RecordedRequest,
    RecordedResponse,
    Source,
)
from understudy.redact.redactor import Redactor
from understudy.traffic.raw_record import Malformed
from understudy.traffic.recognise import Recogniser
from understudy.traffic.source_file import depth_exceeds

__all__ = ["Exchange", "Message", "Writer", "headers_of", "moment"]

_LARGEST_BODY = 64 * 2**20
_DEPTH = 100
_FORM = "application/x-www-form-urlencoded"
_CORRELATION = ("x-correlation-id", "x-request-id", "request-id", "x-trace-id")


@dataclass(frozen=True, slots=True)
class Message:
    """Headers and body of a request or a response as they were recorded.

    A body is as it went over the wire, or a JSON value where the source had decoded it.
    """

    headers: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer; a time that the source does not have is None."""

    method: str
    url: str
    request: Message
    status: int | None = None
    response: Message | None = None
    started_at: datetime | None = None
    latency_ms: int | None = None
    offset: int = 0
    correlation_id: str | None = None
    actor: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Writer:
    """Turns exchanges into interactions, nothing of which is secret any more."""

    redactor: Redactor
    recogniser: Recogniser
    source: Source

    def interaction(self, exchange: Exchange, seq: int) -> Interaction:
        """The interaction of one exchange; raises `Malformed` where its body is a bomb."""
        warnings = list(exchange.warnings)
        body = _body(exchange.request, warnings)
        known = self.recogniser.recognise(exchange.method, exchange.url, body)
        return Interaction(
            interaction_id=f"i{seq}",
            correlation_id=self._correlation(exchange),
            seq=seq,
            system=known.system,
            operation=known.operation,
            started_at=exchange.started_at,
            latency_ms=exchange.latency_ms,
            actor=exchange.actor and self.redactor.redact_text(exchange.actor),
            request=RecordedRequest(
                method=exchange.method,
                url=self.redactor.redact_url(known.url),
                headers=self.redactor.redact_headers(exchange.request.headers),
                body=self.redactor.redact_value(body),
            ),
            response=self._response(exchange, warnings),
            source=Source(
                format=self.source.format,
                file=self.source.file,
                offset=exchange.offset,
                sha256=self.source.sha256,
            ),
            warnings=tuple(dict.fromkeys(warnings)),
        )

    def _response(self, exchange: Exchange, warnings: list[str]) -> RecordedResponse | None:
        if exchange.status is None or exchange.response is None:
            warnings.append("no answer was recorded")
            return None
        return RecordedResponse(
            status=exchange.status,
            headers=self.redactor.redact_headers(exchange.response.headers),
            body=self.redactor.redact_value(_body(exchange.response, warnings)),
        )

    def _correlation(self, exchange: Exchange) -> str | None:
        """The id that the client or the server gave to what belongs together."""
        if exchange.correlation_id:
            return self.redactor.redact_text(exchange.correlation_id)
        for message in (exchange.request, exchange.response):
            for name in _CORRELATION if message else ():
                found = _header(message, name)
                if found:
                    return self.redactor.redact_text(found)
        return None


def headers_of(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Headers by name in lower case; one that stands several times keeps all its values."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        plain = name.lower()
        headers[plain] = f"{headers[plain]}, {value}" if plain in headers else value
    return headers


def moment(value: Any) -> datetime | None:
    """The time that a text states; None where it is none, or has no zone and so is no moment."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _header(message: Message | None, name: str) -> str:
    return message.headers.get(name, "") if message else ""


def _body(message: Message, warnings: list[str]) -> Any:
    """The body as JSON, form or text; bytes that are none of them are only measured."""
    raw = message.body
    if raw is None or raw in ("", b""):
        return None
    if not isinstance(raw, bytes | str):
        return raw
    if isinstance(raw, bytes):
        raw = _unpacked(raw, warnings)
    if len(raw) > _LARGEST_BODY:
        raise Malformed(f"a body of more than {_LARGEST_BODY:,} bytes")
    text = _decoded(raw)
    if text is None:
        warnings.append("a binary body was left out")
        return {"binary_bytes": len(raw)}
    if _FORM in _header(message, "content-type"):
        return _form(text)
    return _json(text, warnings)


def _unpacked(raw: bytes, warnings: list[str]) -> bytes:
    """Bodies that were stored as they came over the wire are still compressed."""
    if raw[:2] != b"\x1f\x8b":
        return raw
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(raw, _LARGEST_BODY + 1)
    except zlib.error:
        warnings.append("a compressed body is damaged")
        return raw
    if not unpacker.eof and len(plain) <= _LARGEST_BODY:
        warnings.append("a compressed body breaks off")
    return plain


def _decoded(raw: bytes | str) -> str | None:
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in fields:
            earlier = fields[name]
            fields[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            fields[name] = value
    return fields


def _json(text: str, warnings: list[str]) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    except RecursionError:
        value = None
    if value is None or depth_exceeds(value, _DEPTH):
        warnings.append(f"a body is nested more than {_DEPTH} deep; it is kept as text")
        return text
    return value
