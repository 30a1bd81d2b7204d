"""What a candidate tells of itself by OpenTelemetry: its model calls and what it retrieved."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from understudy.traffic.spans import Span

__all__ = ["MOST_SPANS", "SPANS", "Listener", "SpanTale", "Spans", "tale_of"]

_SDK = "opentelemetry.sdk.trace"
_TOKENS = {"input_tokens": "model_tokens_in", "output_tokens": "model_tokens_out"}
SPANS = "otlp"
"""What the port is called at which the spans of a service are taken."""
MOST_SPANS = 2_000
"""Spans of one case; more than that are an endless loop's."""


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
        """What has been heard of the case at hand since the last call."""


class Spans:
    """Listens at the tracer provider that the candidate has set up, if it has.

    Its own exporters go on as they would; where they lead outside, the wall stops them.
    """

    def __init__(self) -> None:
        self._ended: list[Any] = []
        self._heard: Any = None

    def begin(self, case_id: str, repeat: int) -> Mapping[str, str]:
        """Listen from now on; to be called again, because providers are set up at any time."""
        del case_id, repeat
        sdk = sys.modules.get(_SDK)
        if sdk is None:
            return {}
        provider = sys.modules["opentelemetry.trace"].get_tracer_provider()
        if provider is not self._heard and isinstance(provider, sdk.TracerProvider):
            provider.add_span_processor(_listener(sdk.SpanProcessor, self._keep))
            self._heard = provider
        return {}

    def settle(self) -> None:
        """Spans are heard as they end: there is nothing to wait for."""

    def take(self) -> SpanTale:
        """What the spans tell that have ended since the last call."""
        ended, self._ended = self._ended, []
        return tale_of([span for each in ended for span in _read(each)])

    def _keep(self, span: Any) -> None:
        if len(self._ended) < MOST_SPANS:
            self._ended.append(span)


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


def _listener(base: Any, keep: Any) -> Any:
    class Heard(base):  # type: ignore[misc]  # the library is loaded by the candidate alone
        """Hands over every span that ends."""

        def on_end(self, span: Any) -> None:
            keep(span)

    return Heard()


def _read(ended: Any) -> list[Span]:
    """A span of the library as it would have been exported, read like an imported one."""
    # Imported here: hardly any candidate has spans, and every one waits for its process to start.
    from understudy.traffic.otlp import read_otlp

    raw = {
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
    return read_otlp({"resourceSpans": [{"scopeSpans": [{"spans": [raw]}]}]})


def _pairs(attributes: Any) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": list(value) if isinstance(value, tuple) else value}
        for key, value in (attributes or {}).items()
    ]
