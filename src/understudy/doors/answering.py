"""What a door needs of the engine behind it, and how an answer becomes one on the wire."""

from __future__ import annotations

from typing import Protocol

from understudy.systems.message import Request, Response

__all__ = ["Answering", "wire_headers"]

_STATED = ("content-length", "transfer-encoding")
_LENGTHS = tuple(map(len, _STATED))


class Answering(Protocol):
    """Something that answers requests to some hosts."""

    def serves(self, host: str) -> bool:
        """Whether requests to this host are answered here."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""


def wire_headers(answer: Response) -> list[tuple[str, str]]:
    """The answer's headers with the length that a server would state.

    >>> wire_headers(Response(200, (("content-type", "text/plain"),), b"four"))
    [('content-type', 'text/plain'), ('content-length', '4')]
    """
    for name, _ in answer.headers:
        if len(name) in _LENGTHS and name.lower() in _STATED:
            return list(answer.headers)
    return [*answer.headers, ("content-length", str(len(answer.body)))]
