"""What a door needs of the engine behind it, and how an answer becomes one on the wire."""

from __future__ import annotations

from typing import Protocol

from understudy.systems.message import Request, Response

__all__ = ["Answering", "wire_headers"]


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
    headers = list(answer.headers)
    if all(name.lower() not in ("content-length", "transfer-encoding") for name, _ in headers):
        headers.append(("content-length", str(len(answer.body))))
    return headers
