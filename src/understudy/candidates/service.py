"""A candidate behind an address: events by POST, answered at once or worked on later."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import httpx
import orjson

from understudy.candidates.answer import MalformedAnswer
from understudy.candidates.failing import CandidateFailed
from understudy.candidates.started_service import StartedService
from understudy.candidates.use import HttpUse
from understudy.candidates.vendor_event import Look, vendor_event
from understudy.candidates.vendor_signature import signature_headers, signing_secrets
from understudy.model.errors import CandidateError

__all__ = ["ServiceCandidate", "reachable_addresses"]

_MOST_BYTES = 8 << 20
_LONGEST = 24 * 3600.0
_LATER = 202
_JSON = {"content-type": "application/json"}
_CONTEXT = "traceparent"


class ServiceCandidate:
    """Sends each case to the service and reads its answer; the service's process is its own.

    An event that the service only takes, to work on it later, is over when `until_done` returns;
    it is called with the case's id. A vendor's webhook is always only taken.
    """

    def __init__(
        self,
        use: HttpUse,
        look: Callable[[Any], Look],
        until_done: Callable[[str], None],
        seed: int,
        started: StartedService | None = None,
    ) -> None:
        """`look` gives what reads objects as they were at a case; `started` is its process."""
        self._started = started
        self._use = use
        self._look = look
        self._until_done = until_done
        self._secrets = signing_secrets(seed)
        # The time limit is the case's, kept by whoever asks; this is only longer than any of them.
        self._client = httpx.Client(timeout=_LONGEST, trust_env=False)

    def answer(self, case: Any, systems: Any) -> Any:
        """What the service says about the case; nothing where it says so by what it does."""
        del systems
        if self._use.webhooks:
            self._sent(*self._delivery(case))
            self._until_done(case.id)
            return None
        headers = {**_JSON, **_context(case)}
        status, body = self._sent(self._use.url, headers, orjson.dumps(case, default=str))
        if status == _LATER:
            self._until_done(case.id)
            return None
        return _decoded(body)

    def close(self) -> None:
        """Let the connection go, and end the service where that is permitted."""
        self._client.close()
        if self._started is not None:
            self._started.close()

    def _delivery(self, case: Any) -> tuple[str, dict[str, str], bytes]:
        """Where a vendor's webhook goes, and what it carries."""
        system = case.trigger.system
        url = urljoin(self._use.url, self._use.paths.get(system, ""))
        body = orjson.dumps(vendor_event(case, self._look(case)), default=str)
        signed = signature_headers(system, self._secrets, url, body, datetime.now(UTC))
        return url, {**_JSON, **_context(case), **signed}, body

    def _sent(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            with self._client.stream("POST", url, content=body, headers=headers) as answer:
                said = _read(answer)
        except httpx.HTTPError as error:
            left = self._started.left() if self._started is not None else None
            told = f"{left}; " if left else ""
            raise CandidateFailed(
                "crashed", f"{told}{type(error).__name__}: {error}", gone=left is not None
            ) from None
        if answer.status_code >= 400:
            told = said[:300].decode("utf-8", "replace")
            raise CandidateFailed("raised", f"it answered HTTP {answer.status_code}: {told}")
        return answer.status_code, said


def reachable_addresses(use: HttpUse) -> tuple[tuple[str, int], ...]:
    """The addresses behind the service's name, by a connection made now.

    Raises `CandidateError` where nothing answers there.
    """
    host, port = use.address
    try:
        with socket.create_connection((host, port), timeout=5):
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CandidateError(
            f"nothing answers at `{use.url}`: {error.strerror or error}",
            code="U207",
            hint=f"start the service first, and try it: curl -i {shlex.quote(use.url)}",
        ) from None
    return ((host, port), *((str(entry[4][0]), port) for entry in found))


def _context(case: Any) -> dict[str, str]:
    """The trace that the case belongs to, as instrumented servers look for it."""
    return {_CONTEXT: case[_CONTEXT]} if _CONTEXT in case else {}


def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    for block in answer.iter_bytes():
        body += block
        if len(body) > _MOST_BYTES:
            raise MalformedAnswer(f"its answer has more than {_MOST_BYTES:,} bytes")
    return bytes(body)


def _decoded(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedAnswer(f"its answer is not JSON: {error}") from None
