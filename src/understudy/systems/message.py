"""One request and one response, free of any HTTP library."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping

import msgspec

__all__ = ["Pace", "Request", "Response", "WireFault"]


class WireFault(enum.StrEnum):
    """What happens to an answer on its way; the door gives it the client's own form."""

    RESET = "reset"
    """The connection is reset before a byte of the answer has arrived."""
    TRUNCATE = "truncate"
    """The connection ends before the length that the headers state."""
    HANG = "hang"
    """Nothing arrives until the client gives up waiting."""


class Pace(enum.StrEnum):
    """Who lets the time pass that an answer takes under a fault."""

    SYSTEM = "system"
    """The system: it moves the case's clock, and the answer is there at once."""
    LOOP = "loop"
    """The door, on an event loop in the case's time: `Response.silence` is all of it."""
    WIRE = "wire"
    """The door, for real, where nothing arrives at all; slow answers are the system's."""


class Request(msgspec.Struct, frozen=True):
    """What reached a door: header names in lower case, the query without its question mark.

    `timeout` is how many seconds the client waits for an answer, where the door knows it.
    """

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    timeout: float | None = None
    pace: Pace = Pace.SYSTEM


class Response(msgspec.Struct, frozen=True):
    """What the door gives back.

    Where `wire` is set, a door that can do so breaks the transport instead. To one that cannot,
    the answer is a 502, or a body that is shorter than its headers say.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    wire: WireFault | None = None
    silence: float = 0.0
    """Seconds for which the door lets nothing arrive first; see `Request.pace`."""
    given_up: Callable[[], None] | None = None
    """To be called where the client goes away during the silence."""

    def stating(self, headers: tuple[tuple[str, str], ...]) -> Response:
        """The same answer with these headers in place of its own of their names."""
        names = [name for name, _ in headers]
        kept = tuple(pair for pair in self.headers if pair[0] not in names)
        return msgspec.structs.replace(self, headers=kept + headers)
