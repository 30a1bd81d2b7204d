"""Answers that break on their way over a real connection: silence, a reset, an early end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from understudy.systems.message import Response, WireFault

__all__ = ["break_off", "keep_silent"]

Receive = Callable[[], Awaitable[dict[str, Any]]]
_AT_ONCE = struct.pack("ii", 1, 0)
_LEAVING_SECONDS = 1.0


async def keep_silent(seconds: float, receive: Receive) -> bool:
    """Let nothing arrive for so long; whether the client has given up meanwhile.

    Only this connection waits: others are served meanwhile.
    """
    if seconds <= 0:
        return False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


async def break_off(answer: Response, send: Any, receive: Receive) -> None:
    """End the connection as the fault says, after what of the answer arrives."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if answer.wire is WireFault.TRUNCATE:
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        if transport is not None:
            transport.close()  # which sends first what was written
    elif transport is not None:
        _reset(transport)
    # A server that has no answer from its application would write one of its own.
    await keep_silent(_LEAVING_SECONDS, receive)


def _reset(transport: Any) -> None:
    """Close without a word: with nothing left to linger for, the system sends a reset."""
    opened = transport.get_extra_info("socket")
    if opened is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
