"""The time that a model's answer takes under a fault, passed by the door in the case's own time.

A door in the candidate's process says in a header that it can do so; the gateway then answers at
once and says in another for how long nothing would have arrived. Whoever says nothing waits.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from understudy.systems.engine import Engine

__all__ = ["PACED", "SILENCE", "PacedModels", "asking_for_pace", "silence_of"]

PACED, SILENCE = "x-pace", "x-silence"
_ON_REQUEST = "case"


class PacedModels:
    """Where a candidate's models are found, and whose time their silence takes."""

    def __init__(self, url: str, engine: Engine) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname, parts.port
        self._engine = engine

    def are_at(self, host: str, port: int | None) -> bool:
        """Whether this is where the models are."""
        return (host, port) == self._address

    def pass_time(self, seconds: float, patience: float | None) -> bool:
        """Let the silence pass for the case at hand; whether its client has given up meanwhile."""
        late = patience is not None and seconds > patience
        session = self._engine.present_session() or self._engine.only_session()
        if session is not None:
            session.clock.advance(patience if late and patience is not None else seconds)
        return late


@contextmanager
def asking_for_pace(headers: MutableMapping[str, str]) -> Iterator[None]:
    """Say in these headers, as long as the block runs, that the silence is passed here."""
    headers[PACED] = _ON_REQUEST
    try:
        yield
    finally:
        del headers[PACED]


def silence_of(headers: MutableMapping[str, str]) -> float:
    """The seconds that an answer's headers tell; nothing is told of it afterwards.

    >>> headers = {"x-silence": "20.0"}
    >>> silence_of(headers), headers
    (20.0, {})
    """
    return float(headers.pop(SILENCE, 0.0))
