"""One recorded request and its response."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

__all__ = ["Interaction", "RecordedRequest", "RecordedResponse", "Source"]


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it went over the wire; `body` is decoded where it is JSON or a form."""

    method: str
    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: Any = None


class RecordedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request."""

    status: int
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: Any = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stands: the format, the file, the byte offset, the file's sha256."""

    format: str
    file: str
    offset: int = 0
    sha256: str = ""


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `interactions.jsonl`. A time that is not in the source is never guessed.

    `handling` names which of several answers to one case it was part of, where the source says so;
    `labels` are what the source says of the case that an inbound event began.
    """

    interaction_id: str
    seq: int
    system: str
    correlation_id: str | None = None
    entity_key: str | None = None
    started_at: datetime | None = None
    latency_ms: int | None = None
    actor: str | None = None
    operation: str | None = None
    request: RecordedRequest
    response: RecordedResponse | None = None
    source: Source | None = None
    warnings: tuple[str, ...] = ()
    handling: str | None = None
    labels: dict[str, Any] | None = None
