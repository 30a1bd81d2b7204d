"""What processes and services tell of themselves by OpenTelemetry: a receiver of their exports.

In: OTLP over HTTP or gRPC, as protocol buffers or JSON, compressed or not. Out: the spans of each
case, those too that come after its answer. Metrics and logs are taken and dropped, so that
exporters have nothing to complain of.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from understudy.candidates.case_spans import CaseSpans
from understudy.candidates.spans import LAST_SECONDS, Scope, SpanTale
from understudy.doors.loopback import Receive, Send, received
from understudy.systems.timeline import real_now, real_sleep
from understudy.traffic.raw_record import Malformed
from understudy.traffic.traces.otlp import read_otlp
from understudy.traffic.traces.otlp_wire import read_trace_request

__all__ = ["ReceivedSpans", "span_variables"]

_TRACES = "/v1/traces"
_OTHERS = ("/v1/metrics", "/v1/logs")
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"
_TAKEN = 200
_MOST_BYTES = 32 << 20
_DELAY_MS = 100
_FIRST_SECONDS, _LONGEST_SECONDS = 0.25, 0.5
"""So long the first case waits, since nobody knows whether spans will come; and so long every case
of a candidate that sends some."""
_LOOK_EVERY = 0.01
_MOST_OPEN = 5_000


def span_variables(url: str) -> dict[str, str]:
    """What exporters of any language read: where spans go, in which form, and how soon.

    >>> sorted(span_variables("http://127.0.0.1:4318"))
    ['OTEL_BSP_SCHEDULE_DELAY', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_PROTOCOL']
    """
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_BSP_SCHEDULE_DELAY": str(_DELAY_MS),
    }


class ReceivedSpans:
    """An ASGI application that keeps the spans of each case.

    A span belongs to the case whose `traceparent` its trace has, or whose id stands among its
    attributes or its resource's; else to the one that was at hand when it began.
    """

    def __init__(self, seed: int, *, lasting: bool = False, expected: bool = False) -> None:
        """`lasting` where who sends outlives the cases; `expected` where some surely send."""
        self._seed, self._lasting, self._expected = seed, lasting, expected
        self._cases = CaseSpans()
        self._scope: Scope | None = None
        self._open: dict[Scope, str] = {}
        """The cases whose outermost span has not come, and what it would have as its parent."""
        self._heard = False
        self._count = 0

    def begin(self, case_id: str, repeat: int) -> Mapping[str, str]:
        """From now on spans are this case's; gives the context to hand over with it."""
        drawn = hashlib.sha256(f"{self._seed} {case_id}#{repeat}".encode()).hexdigest()
        trace, parent = drawn[:32], drawn[32:48]
        self._scope = scope = case_id, repeat
        if self._cases.begin(scope, trace, case_id):
            self._open[scope] = parent
            if len(self._open) > _MOST_OPEN:
                del self._open[next(iter(self._open))]
            self._count += 1
        return {"traceparent": f"00-{trace}-{parent}-01"}

    def settle(self) -> None:
        """Wait a moment for what the case has not exported yet; next to nothing where it is all."""
        begun = real_now()
        while real_now() - begun < self._patience():
            real_sleep(_LOOK_EVERY)

    def take(self) -> SpanTale:
        """What the spans of the case at hand tell."""
        return self._cases.take()

    def late(self) -> list[tuple[Scope, SpanTale]]:
        """What exporters in batches have sent since, of cases before."""
        return self._cases.late()

    def expecting(self) -> bool:
        """Whether who sends may have kept something back, as programs do until they end."""
        return self._expected or self._heard or not self._lasting

    def hear_out(self) -> None:
        """Wait for the outermost spans that have not come, where who sends lives on."""
        begun = real_now()
        while self._missing() and real_now() - begun < LAST_SECONDS:
            real_sleep(_LOOK_EVERY)

    def _missing(self) -> bool:
        return bool(self._lasting and (self._expected or self._heard) and self._open)

    @property
    def protocol(self) -> type[Any]:
        """What is spoken at its listener: HTTP, and gRPC with who begins so."""
        from understudy.candidates.span_grpc import either_protocol

        return either_protocol(self._exported)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Take one export."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await received(receive)
        status = 404
        if scope["method"] == "POST" and scope["path"] in _OTHERS:
            status = _TAKEN
        elif scope["method"] == "POST" and scope["path"] == _TRACES:
            status = self._taken(kind, headers.get("content-encoding", ""), body)
        answer = b"{}" if kind == _JSON else b""
        stated = [(b"content-type", kind.encode() or b"text/plain")]
        stated.append((b"content-length", str(len(answer)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": stated})
        await send({"type": "http.response.body", "body": answer})

    def _taken(self, kind: str, encoding: str, body: bytes) -> int:
        """The status that an export is answered with, once what it says is kept."""
        read = {_JSON: orjson.loads, _PROTOBUF: read_trace_request}.get(kind)
        if read is None:
            return 415
        try:
            document = read(_unpacked(body) if encoding == "gzip" else body)
            spans = list(_spans(document))
            read_otlp(document)
        except (Malformed, orjson.JSONDecodeError, zlib.error, RecursionError):
            return 400
        for raw, about in spans:
            self._keep(raw, about)
        return _TAKEN

    def _exported(self, service: str, encoding: str, message: bytes) -> bool:
        """Take an export by gRPC."""
        if encoding not in ("identity", "gzip"):
            return False
        return service != "trace" or self._taken(_PROTOBUF, encoding, message) == _TAKEN

    def _keep(self, raw: dict[str, Any], about: Any) -> None:
        self._heard = True
        scope = self._cases.keep(raw, (*_texts(raw.get("attributes")), *_texts(about)))
        # Inner spans end before the outermost one, and are exported no later.
        if scope is not None and raw.get("parentSpanId") in (None, "", self._open.get(scope)):
            self._open.pop(scope, None)

    def _patience(self) -> float:
        if self._scope not in self._open:
            return 0.0
        if self._heard:
            return _LONGEST_SECONDS
        return _FIRST_SECONDS if self._count == 1 else 0.0


def _unpacked(body: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    found = reader.decompress(body, _MOST_BYTES)
    if reader.unconsumed_tail:
        raise Malformed(f"more than {_MOST_BYTES:,} bytes")
    return found


def _spans(document: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every span of an export, with the attributes of what it comes from."""
    if not isinstance(document, dict):
        raise Malformed("no resourceSpans")
    for batch in _dicts(document.get("resourceSpans")):
        resource = batch.get("resource")
        about = resource.get("attributes") if isinstance(resource, dict) else None
        for scope in _dicts(batch.get("scopeSpans")):
            yield from ((span, about) for span in _dicts(scope.get("spans")))


def _dicts(found: Any) -> Iterator[dict[str, Any]]:
    return (each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict))


def _texts(attributes: Any) -> Iterator[str]:
    for each in _dicts(attributes):
        value = each.get("value")
        text = value.get("stringValue") if isinstance(value, dict) else None
        if isinstance(text, str):
            yield text
