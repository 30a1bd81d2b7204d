"""A reverse proxy on loopback that passes every exchange on and hands a copy to the recorder."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from understudy.traffic.http.exchange import Exchange, Message, headers_of

if TYPE_CHECKING:
    import httpx2

__all__ = ["Proxy"]

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_MOST_KEPT = 8 * 2**20
"""A longer body is passed on whole, and only its length is recorded."""
# What belongs to one connection and not to the message that goes over it.
_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


@dataclass(slots=True)
class _Copy:
    """What passed of a body, as far as it is kept."""

    blocks: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, block: bytes) -> None:
        if self.size <= _MOST_KEPT:
            self.blocks.append(block)
        self.size += len(block)
        if self.size > _MOST_KEPT:
            self.blocks.clear()

    @property
    def body(self) -> Any:
        """The body, or its length where that is all that is known."""
        return b"".join(self.blocks) if self.size <= _MOST_KEPT else {"binary_bytes": self.size}


class Proxy:
    """An ASGI application in front of one upstream.

    `known_as` is the base URL that recorded requests are given, such as the vendor's own. `tell`
    takes each exchange when it is over, in whatever way it ended.
    """

    def __init__(
        self,
        upstream: str,
        known_as: str,
        client: Callable[[], httpx2.AsyncClient],
        tell: Callable[[Exchange], None],
    ) -> None:
        self._upstream = upstream.rstrip("/")
        self._known_as = known_as.rstrip("/")
        self._client = client
        self._tell = tell

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass one request on and its answer back, block by block."""
        if scope["type"] != "http":
            return
        passing = _Passing(scope, receive, send)
        try:
            await passing.run(self._client(), self._upstream)
        finally:
            self._tell(passing.exchange(self._known_as))


@dataclass(slots=True)
class _Passing:
    """One exchange on its way."""

    scope: Mapping[str, Any]
    receive: Receive
    send: Send
    asked: _Copy = field(default_factory=_Copy)
    answered: _Copy = field(default_factory=_Copy)
    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.perf_counter)
    latency_ms: int | None = None

    async def run(self, client: httpx2.AsyncClient, upstream: str) -> None:
        """Ask the upstream; what it cannot answer is a 502 that says so."""
        import httpx2

        try:
            request = client.build_request(
                self.scope["method"], upstream + self._path(), headers=self._passed_on(),
                content=self._body() if self._has_body() else None,
            )  # fmt: skip
            response = await client.send(request, stream=True)
        except httpx2.HTTPError as error:
            await self._refuse(error)
            return
        try:
            await self._answer(response)
        except httpx2.HTTPError as error:
            # The client has part of the answer already; the connection ends before its length.
            self.warnings.append(f"the answer broke off: {type(error).__name__}")
            raise
        finally:
            await response.aclose()

    async def _answer(self, response: httpx2.Response) -> None:
        self.latency_ms = round((time.perf_counter() - self.started) * 1000)
        self.status, self.headers = response.status_code, response.headers.multi_items()
        kept = [pair for pair in self.headers if pair[0].lower() not in _HOP]
        await self.send(
            {
                "type": "http.response.start", "status": self.status,
                "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in kept],
            }
        )  # fmt: skip
        async for block in response.aiter_raw():
            self.answered.add(block)
            await self.send({"type": "http.response.body", "body": block, "more_body": True})
        await self.send({"type": "http.response.body", "body": b""})

    async def _refuse(self, error: Exception) -> None:
        self.warnings.append(f"the upstream did not answer: {type(error).__name__}")
        body = orjson.dumps({"error": f"the upstream did not answer: {type(error).__name__}"})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": 502, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def _body(self) -> AsyncIterator[bytes]:
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                self.warnings.append("the client went away before its request was whole")
                return
            block = message.get("body", b"")
            self.asked.add(block)
            yield block
            if not message.get("more_body"):
                return

    def _has_body(self) -> bool:
        names = {name.lower() for name, _ in self.scope["headers"]}
        return b"content-length" in names or b"transfer-encoding" in names

    def _passed_on(self) -> list[tuple[str, str]]:
        """The client's headers, but for those of its connection and encodings nobody can record."""
        kept = []
        for raw_name, raw_value in self.scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name.lower() == "accept-encoding":
                value = "gzip" if "gzip" in value else "identity"
            if name.lower() not in _HOP and name.lower() != "host":
                kept.append((name, value))
        return kept

    def _path(self) -> str:
        path = (self.scope.get("raw_path") or self.scope["path"].encode()).decode("latin-1")
        query = self.scope.get("query_string", b"").decode("latin-1")
        return f"{path}?{query}" if query else path

    def exchange(self, known_as: str) -> Exchange:
        """What passed, as far as it got."""
        pairs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in self.scope["headers"]]
        whole = self.status is not None
        return Exchange(
            method=self.scope["method"],
            url=known_as + self._path(),
            request=Message(headers_of(pairs), self.asked.body),
            status=self.status,
            response=Message(headers_of(self.headers), self.answered.body) if whole else None,
            started_at=self.started_at,
            latency_ms=self.latency_ms,
            warnings=tuple(self.warnings),
        )
