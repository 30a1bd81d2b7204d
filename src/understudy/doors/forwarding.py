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
    ready, serving = threading.Event(), _Serving()
    thread = threading.Thread(
        target=asyncio.run, args=(_serve(listener, address, ready, serving),), daemon=True
    )
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        serving.loop.call_soon_threadsafe(serving.ended.set)
        thread.join()


class _Serving:
    """What ends a thread that serves, from another one."""

    loop: asyncio.AbstractEventLoop
    ended: asyncio.Event


async def _serve(
    listener: socket.socket,
    address: tuple[str, int],
    ready: threading.Event,
    serving: _Serving,
) -> None:
    serving.loop, serving.ended = asyncio.get_running_loop(), asyncio.Event()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(*address)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_pumped(reader, there[1]), _pumped(there[0], writer))
        finally:
            there[1].transport.abort()
            writer.transport.abort()

    server = await asyncio.start_server(answered, sock=listener)
    ready.set()
    await serving.ended.wait()
    server.close()


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
