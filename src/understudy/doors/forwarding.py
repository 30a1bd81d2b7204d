"""Connections handed on from a listener to an address, byte for byte."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

__all__ = ["forwarding"]

_BLOCK = 64 << 10


@contextlib.contextmanager
def forwarding(listener: socket.socket, address: tuple[str, int]) -> Iterator[None]:
    """Answer at a listener as the address does, from a thread of their own.

    The listener may belong to another network than the address: that is what this is for.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_serve, args=(loop, listener, address), daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _serve(
    loop: asyncio.AbstractEventLoop, listener: socket.socket, address: tuple[str, int]
) -> None:
    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(*address)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(_pumped(reader, there[1]), _pumped(there[0], writer))

    loop.run_until_complete(asyncio.start_server(answered, sock=listener))
    loop.run_forever()


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            return
    writer.transport.abort()
