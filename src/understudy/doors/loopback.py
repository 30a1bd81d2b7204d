"""The door for any language: each system on a port of its own on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from understudy.doors.answering import Answering, wire_headers
from understudy.doors.breaking import break_off, keep_silent
from understudy.systems.message import Pace, Request, Response, WireFault
from understudy.systems.sleeping import step_aside

__all__ = [
    "Application",
    "LoopbackDoor",
    "addresses",
    "environment",
    "listening",
    "received",
    "running",
    "serving",
]

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]
_START_SECONDS = 10.0
_MOST_BYTES = 32_000_000
_MOST_HEAD_BYTES = 1_000_000


class LoopbackDoor:
    """An ASGI application that is one system; `base_url` is where the vendor's clients know it.

    Links in answers, as to the next page, lead to `own`, the address of this door: clients follow
    them as they are. A link that comes back in a request is the vendor's again.
    """

    def __init__(self, engine: Answering, base_url: str, own: str = "") -> None:
        self._engine = engine
        self._host = urlsplit(base_url).hostname or ""
        self._theirs, self._own = (f'"{url}/'.encode() for url in (base_url, own or base_url))

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = (await received(receive)).replace(self._own, self._theirs)
        answer = self._engine.handle(_request(scope, self._host, body))
        if answer.silence and await keep_silent(answer.silence, receive):
            return
        cut = answer.wire is WireFault.TRUNCATE
        if answer.wire is None or cut:
            await _send(answer, answer.body.replace(self._theirs, self._own), send, start_only=cut)
        if answer.wire is not None:
            await break_off(answer, send, receive)


@contextlib.contextmanager
def listening(
    names: Iterable[str], ports: Mapping[str, int] | None = None
) -> Iterator[dict[str, socket.socket]]:
    """A listener on loopback for every name; without `ports` free ones are taken."""
    chosen = ports or {}
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_listener(chosen.get(name, 0))) for name in names}


def _listener(port: int) -> socket.socket:
    # Named as TCP, because asyncio sends small pieces at once only where it knows the protocol:
    # else an answer in two pieces waits for the client's delayed acknowledgement, 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def serving(
    engine: Answering,
    base_urls: Mapping[str, str],
    ports: Mapping[str, int] | None = None,
    *,
    opened: Mapping[str, socket.socket] | None = None,
) -> Iterator[dict[str, str]]:
    """Serve every system of `base_urls` on loopback; gives their addresses by name.

    `base_urls` are the vendors' own. Without `ports` free ones are taken; listeners that are
    `opened` already are used as they are.
    """
    with contextlib.ExitStack() as stack:
        doors = opened or stack.enter_context(listening(base_urls, ports))
        urls = addresses(doors)
        stack.enter_context(
            running(
                [
                    (LoopbackDoor(engine, base, urls[name]), doors[name])
                    for name, base in base_urls.items()
                ]
            )
        )
        yield urls


def addresses(doors: Mapping[str, socket.socket]) -> dict[str, str]:
    """The address of every listener, as a base URL."""
    return {name: "http://{}:{}".format(*door.getsockname()) for name, door in doors.items()}


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """The variables by which the vendors' clients and common settings find the addresses.

    >>> environment({"zendesk": "http://127.0.0.1:4003"})["ZENPY_FORCE_NETLOC"]
    '127.0.0.1:4003'
    """
    found = {f"{name.upper()}_API_BASE": url for name, url in urls.items()}
    if "zendesk" in urls:
        parts = urlsplit(urls["zendesk"])
        found |= {"ZENPY_FORCE_SCHEME": parts.scheme, "ZENPY_FORCE_NETLOC": parts.netloc}
    return found


@contextlib.contextmanager
def running(
    doors: Sequence[tuple[Application, socket.socket]],
    close: Callable[[], Awaitable[None]] | None = None,
    *,
    lifespan: bool = False,
) -> Iterator[None]:
    """Serve ASGI applications, each at its listener, from a thread of their own.

    `close` is awaited where they ran, when the last of them has ended. With `lifespan` they are
    told when they begin and end. One that has a `protocol` of its own is spoken to by that.
    """
    import uvicorn

    servers = [
        (uvicorn.Server(_quiet(uvicorn.Config, door, lifespan)), opened) for door, opened in doors
    ]

    async def serve() -> None:
        step_aside()
        try:
            await asyncio.gather(*[each.serve(sockets=[opened]) for each, opened in servers])
        finally:
            if close is not None:
                await close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True, name="doors")
    thread.start()
    try:
        _wait_until_open(thread, [server for server, _ in servers])
        yield
    finally:
        for server, _ in servers:
            server.should_exit = True
        thread.join(_START_SECONDS)


def _quiet(config: Any, door: Application, lifespan: bool) -> Any:
    return config(
        door,
        http=getattr(door, "protocol", "auto"),
        lifespan="on" if lifespan else "off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        timeout_graceful_shutdown=1,
    )


def _wait_until_open(thread: threading.Thread, servers: list[Any]) -> None:
    import time

    deadline = time.monotonic() + _START_SECONDS
    while not all(server.started for server in servers):
        if not thread.is_alive() or time.monotonic() > deadline:
            raise OSError("the doors on loopback did not open")
        time.sleep(0.005)


async def received(receive: Receive) -> bytes:
    """The whole body of a request; of one that nobody would read only the beginning is kept."""
    blocks: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        block = message.get("body", b"")
        if length <= _MOST_BYTES:
            blocks.append(block)
            length += len(block)
        if not message.get("more_body"):
            break
    return b"".join(blocks)


def _request(scope: Mapping[str, Any], host: str, body: bytes) -> Request:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        scope["method"],
        host,
        path.decode("latin-1"),
        scope.get("query_string", b"").decode("latin-1"),
        headers,
        body,
        pace=Pace.WIRE,
    )


async def _send(answer: Response, body: bytes, send: Send, *, start_only: bool) -> None:
    answer = Response(answer.status, answer.headers, body)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in wire_headers(answer)
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if not start_only:
        await send({"type": "http.response.body", "body": answer.body})
