"""What a candidate tells of itself by OpenTelemetry: its model calls and what it retrieved."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from understudy.systems.timeline import real_now, real_sleep

if TYPE_CHECKING:
    from understudy.candidates.case_spans import CaseSpans
    from understudy.traffic.traces.spans import Span

__all__ = [
    "LAST_SECONDS",
    "MOST_SPANS",
    "SPANS",
    "Listener",
    "Scope",
    "SpanTale",
    "Spans",
    "tale_of",
]

Scope = tuple[str, int]
"""A case and its repeat."""

_SDK = "opentelemetry.sdk.trace"
_TOKENS = {"input_tokens": "model_tokens_in", "output_tokens": "model_tokens_out"}
SPANS = "otlp"
"""What the port is called at which the spans of a service are taken."""
MOST_SPANS = 2_000
"""Spans of one case; more than that are an endless loop's."""
LAST_SECONDS = 6.0
"""So long is waited, after the last case, for spans that are known to be missing: exporters in
batches flush every five seconds where nobody tells them otherwise."""
_LOOK_EVERY = 0.01


@dataclass(frozen=True, slots=True)
class SpanTale:
    """The spans of one case, as a candidate would have returned what they say."""

    prompts: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    context: tuple[Any, ...] = ()
    usage: dict[str, Any] = field(default_factory=dict)


class Listener(Protocol):
    """What hears a candidate's spans, wherever it runs."""

    def begin(self, case_id: str, repeat: int) -> Mapping[str, str]:
        """Spans are this case's from now on; gives what is to be handed over with it."""

    def settle(self) -> None:
        """Wait for what is on its way."""

    def take(self) -> SpanTale:
        """What has been heard of the case at hand; what comes of it from now on is late."""

    def late(self) -> list[tuple[Scope, SpanTale]]:
        """What has come since the last call of cases that had been taken."""

    def expecting(self) -> bool:
        """Whether more may come of cases that have been taken."""

    def hear_out(self) -> None:
        """There are no more cases: wait for what is still to come of them."""


class Spans:
    """Listens at the tracer provider that the candidate has set up, if it has.

    Its own exporters go on as they would; where they lead outside, the wall stops them.
    """

    def __init__(self) -> None:
        self._provider: Any = None
        self._cases: CaseSpans | None = None
        self._open: set[int] = set()

    def begin(self, case_id: str, repeat: int) -> Mapping[str, str]:
        """Listen from now on; to be called again, because providers are set up at any time."""
        sdk = sys.modules.get(_SDK)
        if sdk is None:
            return {}
        # Imported here: hardly any candidate has spans, and every one waits for its process.
        from understudy.candidates.case_spans import CaseSpans

        self._cases = self._cases or CaseSpans()
        self._cases.begin((case_id, repeat))
        provider = sys.modules["opentelemetry.trace"].get_tracer_provider()
        if provider is not self._provider and isinstance(provider, sdk.TracerProvider):
            provider.add_span_processor(_listener(sdk.SpanProcessor, self))
            self._provider = provider
        return {}

    def settle(self) -> None:
        """Spans are heard as they end: there is nothing to wait for."""

    def take(self) -> SpanTale:
        """What the spans tell that have ended since the case began."""
        return self._cases.take() if self._cases else SpanTale()

    def late(self) -> list[tuple[Scope, SpanTale]]:
        """What has ended since in cases that had been taken: work that went on."""
        return self._cases.late() if self._cases else []

    def expecting(self) -> bool:
        """Whether any span has begun and not ended."""
        return bool(self._open)

    def hear_out(self) -> None:
        """Wait for spans that have begun."""
        begun = real_now()
        while self._open and real_now() - begun < LAST_SECONDS:
            real_sleep(_LOOK_EVERY)

    def started(self, context: Any) -> None:
        """A span of this context begins."""
        self._open.add(context.span_id)
        if self._cases:
            self._cases.claim(f"{context.trace_id:032x}")

    def ended(self, span: Any) -> None:
        """A span has ended."""
        self._open.discard(span.context.span_id)
        if self._cases:
            self._cases.keep(_raw(span))


def tale_of(spans: Sequence[Span]) -> SpanTale:
    """What the spans of one case tell of it."""
    calls = [span for span in spans if span.kind == "model"]
    usage: Counter[str] = Counter()
    for call in calls:
        usage.update({_TOKENS[name]: round(each) for name, each in call.usage.items()})
    return SpanTale(
        prompts=tuple({"model": call.model, "messages": call.input} for call in calls),
        outputs=tuple(call.output for call in calls),
        context=tuple(
            {"tool": span.name, "input": span.input, "output": span.output}
            for span in spans
            if span.kind == "tool"
        ),
        usage={"model_calls": len(calls), **usage} if calls else {},
    )


def _listener(base: Any, heard: Spans) -> Any:
    class Heard(base):  # type: ignore[misc]  # the library is loaded by the candidate alone
        """Hands over every span that begins and ends."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            del parent_context
            heard.started(span.context)

        def on_end(self, span: Any) -> None:
            heard.ended(span)

    return Heard()


def _raw(ended: Any) -> dict[str, Any]:
    """A span of the library as it would have been exported."""
    return {
        "traceId": f"{ended.context.trace_id:032x}",
        "spanId": f"{ended.context.span_id:016x}",
        "name": ended.name,
        "startTimeUnixNano": ended.start_time,
        "endTimeUnixNano": ended.end_time,
        "attributes": _pairs(ended.attributes),
        "events": [
            {"name": event.name, "attributes": _pairs(event.attributes)} for event in ended.events
        ],
    }


def _pairs(attributes: Any) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": list(value) if isinstance(value, tuple) else value}
        for key, value in (attributes or {}).items()
    ]
