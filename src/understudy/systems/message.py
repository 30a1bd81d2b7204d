"""One request and one response, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["Request", "Response"]


class Request(msgspec.Struct, frozen=True):
    """What reached a door: header names in lower case, the query without its question mark."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """What the door gives back."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
