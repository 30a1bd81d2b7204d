"""Whether somebody really waits for a socket that an event loop watches."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import struct
from typing import Any

__all__ = ["is_pending"]

_INFO_BYTES = 60
_LAST_SENT, _LAST_RECEIVED = 44, 52
_STILL_COMING = 2000
"""Milliseconds within which more of an answer may follow what has arrived."""


def is_pending(key: selectors.SelectorKey) -> bool:
    """Whether an answer is awaited on what is watched.

    Connections that are kept for later are watched as well, only to learn when they end. Nobody
    waits for those, nor for a listener, or for the loop's own way of being woken.
    """
    reader, _ = key.data
    if key.events & selectors.EVENT_WRITE or reader is None:
        return True
    owner = getattr(reader._callback, "__self__", None)
    if isinstance(owner, asyncio.AbstractEventLoop):
        return not _is_own(owner, reader)
    protocol = owner.get_protocol() if isinstance(owner, asyncio.Transport) else None
    return protocol is None or _is_awaited(protocol, owner)


def _is_own(loop: Any, reader: Any) -> bool:
    """The loop's own pipe, or a listener: both call the loop itself."""
    if reader._callback == loop._read_from_self:
        return True
    return getattr(reader._callback, "__name__", "") == "_accept_connection"


def _is_awaited(protocol: Any, transport: Any) -> bool:
    if isinstance(protocol, asyncio.StreamReaderProtocol):
        reader = protocol._stream_reader  # type: ignore[attr-defined]  # nothing public tells
        return reader is None or reader._waiter is not None
    if type(protocol).__module__.startswith("anyio."):
        return True  # which watches only while somebody reads
    return not _has_answered(transport.get_extra_info("socket"))


def _has_answered(opened: Any) -> bool:
    """Whether the other side has spoken last, and that a while ago; unknown is no."""
    with contextlib.suppress(AttributeError, OSError, struct.error):
        info = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        sent, received = (
            int(struct.unpack_from("I", info, place)[0]) for place in (_LAST_SENT, _LAST_RECEIVED)
        )
        return received < sent and received > _STILL_COMING
    return False
