"""What a candidate needs besides the systems: addresses that the wall lets it reach."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from understudy.model.errors import ConfigurationError

__all__ = ["parse_need", "silent_needs"]

_PATIENCE = 2.0
_LAST_PORT = 65_535


def parse_need(text: str) -> tuple[str, int]:
    """Host and port of an entry of `needs:`; raises `ConfigurationError`.

    >>> parse_need("127.0.0.1:5432"), parse_need("[::1]:5432")
    (('127.0.0.1', 5432), ('::1', 5432))
    """
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if (
        not bare
        or "/" in bare
        or not (port.isascii() and port.isdigit())
        or not 0 < int(port) <= _LAST_PORT
    ):
        raise ConfigurationError(
            f"`needs: {text}` is not an address{_guess(text)}",
            code="U170",
            hint="write host and port, as in `127.0.0.1:5432`",
        )
    return bare, int(port)


def silent_needs(needs: Iterable[str]) -> list[str]:
    """Those of `needs:` at which nothing takes a connection just now, each with the reason.

    It is no error: what is asked without a connection cannot be tried so.
    """
    found = []
    for need in needs:
        try:
            socket.create_connection(parse_need(need), _PATIENCE).close()
        except OSError as error:
            found.append(f"`needs: {need}`: nothing answers there ({error.strerror or error})")
    return found


def _guess(text: str) -> str:
    """What is wrong with it, where that can be told.

    >>> _guess("http://localhost:8000/v1"), _guess("localhost:70000")
    ('; leave out the scheme and the path', '; ports go from 1 to 65535')
    """
    if "/" in text:
        return "; leave out the scheme and the path"
    if text.rpartition(":")[2].isdigit() and ":" in text:
        return f"; ports go from 1 to {_LAST_PORT}"
    return "; it has no port"
