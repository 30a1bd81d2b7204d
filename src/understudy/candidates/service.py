"""A candidate behind an address: the case by POST, the answer as JSON."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import orjson

from understudy.candidates.answer import MalformedAnswer
from understudy.candidates.failing import CandidateFailed
from understudy.candidates.use import HttpUse
from understudy.model.errors import CandidateError

__all__ = ["ServiceCandidate", "reachable_addresses"]

_MOST_BYTES = 8 << 20
_LONGEST = 24 * 3600.0


class ServiceCandidate:
    """Sends each case to the service and reads its answer; the service's process is its own."""

    def __init__(self, use: HttpUse) -> None:
        self._url = use.url
        # The time limit is the case's, kept by whoever asks; this is only longer than any of them.
        self._client = httpx.Client(timeout=_LONGEST, trust_env=False)

    def answer(self, case: Any, systems: Any) -> Any:
        """What the service says about the case; nothing where it says 202 or 204."""
        del systems
        body = orjson.dumps(case, default=str)
        headers = {"content-type": "application/json"}
        try:
            with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                return _decoded(answer.status_code, _read(answer))
        except httpx.HTTPError as error:
            raise CandidateFailed("crashed", f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


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
            hint="start the service first, then run again",
        ) from None
    return ((host, port), *((str(entry[4][0]), port) for entry in found))


def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    for block in answer.iter_bytes():
        body += block
        if len(body) > _MOST_BYTES:
            raise MalformedAnswer(f"its answer has more than {_MOST_BYTES:,} bytes")
    return bytes(body)


def _decoded(status: int, body: bytes) -> Any:
    if status >= 400:
        said = body[:300].decode("utf-8", "replace")
        raise CandidateFailed("raised", f"it answered HTTP {status}: {said}")
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedAnswer(f"its answer is not JSON: {error}") from None
