"""What goes through the model gateway: requests, answers on their way, and refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import orjson

from understudy.model.canonical import digest

__all__ = [
    "CHAT",
    "EMBEDDINGS",
    "JSON",
    "PATHS",
    "RESPONSES",
    "Exchange",
    "ModelAnswer",
    "ModelRefusal",
    "ModelRequest",
    "Source",
    "blocks_of",
    "error_body",
]

CHAT, RESPONSES, EMBEDDINGS = "/chat/completions", "/responses", "/embeddings"
PATHS = (CHAT, RESPONSES, EMBEDDINGS)
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call of a model. `scope` names the case and repeat that it is made for."""

    path: str
    body: bytes
    fields: Mapping[str, Any]
    scope: str = ""

    @property
    def key(self) -> str:
        """What an answer is found by again: path and body, however the body was written."""
        return digest([self.path, self.fields])

    @property
    def model(self) -> str:
        """The model that is asked for."""
        return str(self.fields.get("model", ""))

    @property
    def streams(self) -> bool:
        """Whether the answer is to come in events."""
        return self.fields.get("stream") is True


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """An answer on its way; with `cut` the connection ends after its blocks, and not in order.

    For `silence` seconds nothing of it arrives.
    """

    status: int
    content_type: str
    blocks: AsyncIterator[bytes]
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    silence: float = 0.0


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a recording of model calls: what was asked and what was answered."""

    key: str
    scope: str
    path: str
    request: dict[str, Any]
    status: int
    content_type: str
    answer: str


class ModelRefusal(Exception):
    """A call that the gateway itself refuses, in the shape of the provider's errors."""

    def __init__(self, status: int, code: str, message: str, aside: str = "") -> None:
        """`aside` is for whoever runs the campaign; the candidate is not told."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.aside = aside


class Source(Protocol):
    """Where answers come from: a provider, a recording or a script."""

    async def answer(self, request: ModelRequest) -> ModelAnswer:
        """Answer one call, or raise `ModelRefusal`."""


async def blocks_of(blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Blocks that are there already, one by one."""
    for block in blocks:
        yield block


def error_body(code: str, message: str) -> bytes:
    """An error as the provider writes it.

    >>> error_body("rate_limit_exceeded", "Slow down.")[:36]
    b'{"error":{"message":"Slow down.","ty'
    """
    kind = "invalid_request_error"
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
