"""What a model says, before it is put into a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

__all__ = ["Said", "ToolCall", "event", "pieces"]

_PIECE = 12
_BYTES_PER_TOKEN = 4


class ToolCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that the model asks for; text as arguments is sent as it is, JSON or not."""

    name: str
    arguments: dict[str, Any] | str = {}

    @property
    def text(self) -> str:
        """The arguments as the model writes them."""
        if isinstance(self.arguments, str):
            return self.arguments
        return orjson.dumps(self.arguments).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer of a model; `tag` makes its ids, `now` is its time in epoch seconds."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    cut_off: bool
    tag: str
    now: int

    def call_id(self, index: int) -> str:
        """The id by which the result of a tool call is sent back."""
        return f"call_{self.tag}{index}"

    def tokens(self, body: bytes) -> tuple[int, int]:
        """Tokens read and written, at four bytes each."""
        written = len(self.text.encode()) + sum(len(call.text) for call in self.tool_calls)
        return len(body) // _BYTES_PER_TOKEN + 1, written // _BYTES_PER_TOKEN + 1


def pieces(text: str) -> list[str]:
    """A text in the pieces in which it is streamed.

    >>> pieces("a text of some length")
    ['a text of so', 'me length']
    """
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + orjson.dumps(data) + b"\n\n"
