"""Keeps what goes over the wire while people work, as a recording proxy would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from understudy.model.interaction import Interaction, RecordedRequest, RecordedResponse, Source

__all__ = ["Recorder"]

_SECRET = frozenset(("authorization", "cookie", "set-cookie", "x-api-key"))
_NOISE = frozenset(
    ("accept", "accept-encoding", "connection", "content-length", "host", "user-agent")
)
_SYSTEMS = {"api.stripe.com": "stripe", "api.hubapi.com": "hubspot"}


class Recorder:
    """Event hooks of an `httpx.Client` that write down each request and its answer.

    Credentials are left out, not masked: nothing of a recording needs them. Times come from the
    case's own clock.
    """

    def __init__(self) -> None:
        self.interactions: list[Interaction] = []
        self._handling = ""
        self._ticket = ""
        self._actor = ""
        self._now: Callable[[], datetime] | None = None

    def turn_to(self, handling: str, ticket: str, actor: str, now: Callable[[], datetime]) -> None:
        """From now on it is this person who works on this handling, named `CASE/NUMBER`."""
        self._handling, self._ticket, self._actor, self._now = handling, ticket, actor, now

    def heard(self, response: httpx.Response) -> None:
        """The response hook."""
        response.read()
        request = response.request
        host = request.url.host
        number = len(self.interactions)
        self.interactions.append(
            Interaction(
                interaction_id=f"i-{number:06d}",
                seq=number,
                system=_system(host),
                correlation_id=self._handling.rpartition("/")[0],
                entity_key=f"ticket:{self._ticket}",
                started_at=self._now() if self._now else None,
                latency_ms=None,
                actor=self._actor,
                request=RecordedRequest(
                    method=request.method,
                    url=str(request.url),
                    headers=_headers(request.headers),
                    body=_body(request.content, request.headers),
                ),
                response=RecordedResponse(
                    status=response.status_code,
                    headers=_headers(response.headers),
                    body=_body(response.content, response.headers),
                ),
                source=Source(format="staff", file="", offset=number),
                handling=self._handling,
            )
        )


def _system(host: str) -> str:
    if host in _SYSTEMS:
        return _SYSTEMS[host]
    return "zendesk" if host.endswith(".zendesk.com") else "desk"


def _headers(headers: httpx.Headers) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in _SECRET and name.lower() not in _NOISE
    }


def _body(content: bytes, headers: httpx.Headers) -> Any:
    """JSON and forms are decoded, anything else is kept as text."""
    if not content:
        return None
    kind = headers.get("content-type", "")
    if "json" in kind:
        return orjson.loads(content)
    text = content.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True)) if "form" in kind else text
