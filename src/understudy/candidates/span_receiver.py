"""What processes and services tell of themselves by OpenTelemetry: a receiver of their exports.

In: OTLP over HTTP, as protocol buffers or JSON, compressed or not. Out: the spans of the case at
hand. Metrics and logs are taken and dropped, so that exporters have nothing to complain of.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from understudy.candidates.spans import MOST_SPANS, SpanTale, tale_of
from understudy.doors.loopback import Receive, Send, received
from understudy.systems.timeline import real_now, real_sleep
from understudy.traffic.otlp import read_otlp
from understudy.traffic.otlp_wire import read_trace_request
from understudy.traffic.raw_record import Malformed

__all__ = ["ReceivedSpans", "span_variables"]

_TRACES = "/v1/traces"
_OTHERS = ("/v1/metrics", "/v1/logs")
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"
_MOST_BYTES = 32 << 20
_DELAY_MS = 100
_FIRST_SECONDS, _LONGEST_SECONDS = 0.25, 0.5
"""So long the first case waits, since nobody knows whether spans will come; and so long every case
of a candidate that sends some."""
_REMEMBERED = 5_000
"""So many traces and cases are known, the latest; who exports later than that is of no case."""
_LOOK_EVERY = 0.01


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
    """An ASGI application that keeps the spans of the case at hand.

    A span belongs to the case whose `traceparent` its trace has, or whose id stands among its
    attributes or its resource's; else to the one that was at hand when it began. Spans of a case
    that is recorded already belong to none.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._case, self._trace, self._parent, self._began = "", "", "", 0
        self._known: dict[str, str] = {}
        """Whose each trace and each case id is, of the cases so far."""
        self._kept: list[Any] = []
        self._whole = self._heard = False
        self._cases = 0

    def begin(self, case_id: str, repeat: int) -> Mapping[str, str]:
        """From now on spans are this case's; gives the context to hand over with it."""
        scope = f"{case_id}#{repeat}"
        with self._lock:
            if scope != self._case:
                drawn = hashlib.sha256(f"{self._seed} {scope}".encode()).hexdigest()
                self._case, self._trace, self._parent = scope, drawn[:32], drawn[32:48]
                self._kept, self._whole, self._began = [], False, time.time_ns()
                self._cases += 1
                self._remember(self._trace, scope)
                self._remember(case_id, scope)
        return {"traceparent": f"00-{self._trace}-{self._parent}-01"}

    def settle(self) -> None:
        """Wait a moment for what the case has not exported yet; next to nothing where it is all."""
        begun = real_now()
        while real_now() - begun < self._patience():
            real_sleep(_LOOK_EVERY)

    def take(self) -> SpanTale:
        """What the spans of the case at hand tell."""
        with self._lock:
            kept, self._kept = self._kept, []
        return tale_of([span for raw in kept for span in read_otlp(_alone(raw))])

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
            status = 200
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
        return 200

    def _keep(self, raw: dict[str, Any], about: Any) -> None:
        with self._lock:
            self._heard = True
            if self._owner(raw, about) != self._case or len(self._kept) >= MOST_SPANS:
                return
            self._kept.append(raw)
            # Inner spans end before the outermost one, and are exported no later.
            self._whole = self._whole or raw.get("parentSpanId") in (None, "", self._parent)

    def _owner(self, raw: dict[str, Any], about: Any) -> str | None:
        known = self._known.get(raw["traceId"])
        if known is None:
            told = (*_texts(raw.get("attributes")), *_texts(about))
            known = next((self._known[each] for each in told if each in self._known), None)
            if known is None and _began(raw) >= self._began:
                known = self._case
            if known is not None:
                # The rest of its trace may say less, and end later.
                self._remember(raw["traceId"], known)
        return known

    def _remember(self, name: str, scope: str) -> None:
        self._known[name] = scope
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def _patience(self) -> float:
        with self._lock:
            if self._whole:
                return 0.0
            if self._heard:
                return _LONGEST_SECONDS
            return _FIRST_SECONDS if self._cases == 1 else 0.0


def _began(raw: Mapping[str, Any]) -> int:
    """When a span began, in nanoseconds; one that does not say so is old."""
    told = str(raw.get("startTimeUnixNano", ""))
    return int(told) if told.isascii() and told.isdigit() else 0


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


def _alone(raw: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [raw]}]}]}
