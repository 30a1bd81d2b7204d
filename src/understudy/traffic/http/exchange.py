"""One recorded HTTP exchange on its way into a recording: decoded, recognised, redacted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from understudy.model.interaction import (
    Interaction,
    RecordedRequest,
    RecordedResponse,
    Source,
)
from understudy.redact.redactor import Redactor
from understudy.traffic.http.answers import Answers
from understudy.traffic.http.bodies import decoded_body
from understudy.traffic.http.inbound import is_inbound, sender_of
from understudy.traffic.http.marks import Answer
from understudy.traffic.http.recognise import Recognised, Recogniser
from understudy.traffic.source_file import mend_text

__all__ = ["Exchange", "Message", "Writer", "headers_of", "labels_of"]

_CORRELATION = ("x-correlation-id", "x-trace-id", "x-request-id", "request-id")
_ANSWERED = ("x-correlation-id", "x-trace-id")
"""What a server answers under `x-request-id` names that one answer and nothing else."""


class Message(msgspec.Struct, frozen=True):
    """Headers and body of a request or a response as they were recorded.

    A body is as it went over the wire, or a JSON value where the source had decoded it.
    """

    headers: Mapping[str, str]
    body: Any = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
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
    handling: str | None = None
    labels: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Turns exchanges into interactions, nothing of which is secret any more."""

    redactor: Redactor
    recogniser: Recogniser
    source: Source
    answers: Answers

    def interaction(self, exchange: Exchange) -> tuple[Interaction, Answer | None]:
        """The interaction of one exchange, without number yet, and what its answer holds.

        Raises `Malformed` where its body is a bomb.
        """
        warnings = list(exchange.warnings)
        sent = exchange.request
        body = mend_text(decoded_body(sent.body, sent.headers, warnings))
        known = self._recognised(exchange, body)
        response, answer = self._response(exchange, warnings)
        made = Interaction(
            interaction_id="",
            correlation_id=self._correlation(exchange),
            seq=0,
            system=self.redactor.redact_text(known.system),
            operation=known.operation,
            started_at=exchange.started_at,
            latency_ms=exchange.latency_ms,
            actor=self._actor(exchange),
            request=RecordedRequest(
                method=exchange.method,
                url=self.redactor.redact_url(known.url),
                headers=self.redactor.redact_headers(exchange.request.headers),
                body=self.redactor.redact_value(body),
            ),
            response=response,
            source=Source(
                format=self.source.format,
                file=self.source.file,
                offset=exchange.offset,
                sha256=self.source.sha256,
            ),
            warnings=tuple(dict.fromkeys(warnings)),
            handling=exchange.handling and self.redactor.redact_text(exchange.handling),
            labels=exchange.labels and self.redactor.redact_value(exchange.labels),
        )
        return made, answer

    def _recognised(self, exchange: Exchange, body: Any) -> Recognised:
        """The operation asked for; what a vendor sent in asks for none."""
        sender = sender_of(exchange.request.headers)
        if sender is not None:
            return Recognised(sender, exchange.url)
        return self.recogniser.recognise(exchange.method, exchange.url, body)

    def _actor(self, exchange: Exchange) -> str | None:
        """Who sent it: as the source or a header says, else by the pseudonym of the credential."""
        told = exchange.actor or _header(exchange.request, "x-actor")
        if told:
            return self.redactor.redact_text(told)
        shown = _header(exchange.request, "authorization")
        if not shown or is_inbound(exchange.request.headers):
            return None
        hidden = self.redactor.redact_headers({"authorization": shown})["authorization"]
        return f"credential:{hidden.rpartition(' ')[2]}"

    def _response(
        self, exchange: Exchange, warnings: list[str]
    ) -> tuple[RecordedResponse | None, Answer | None]:
        if exchange.status is None or exchange.response is None:
            warnings.append("no answer was recorded")
            return None, None
        headers = exchange.response.headers
        body, answer = self.answers.clean(exchange.response.body, headers, warnings)
        shown = self.redactor.redact_headers(headers)
        return RecordedResponse(status=exchange.status, headers=shown, body=body), answer

    def _correlation(self, exchange: Exchange) -> str | None:
        """The id that the client or the server gave to what belongs together."""
        if exchange.correlation_id:
            return self.redactor.redact_text(exchange.correlation_id)
        for message, names in ((exchange.request, _CORRELATION), (exchange.response, _ANSWERED)):
            if message is not None and message.headers:
                found = next(filter(None, map(message.headers.get, names)), None)
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


def labels_of(value: Any) -> dict[str, Any] | None:
    """What a source says of a case, where it is an object at all."""
    return value if isinstance(value, dict) else None


def _header(message: Message | None, name: str) -> str:
    return message.headers.get(name, "") if message else ""
