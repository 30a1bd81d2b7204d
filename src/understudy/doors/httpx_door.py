"""The door for httpx and for httpx2, which share their shape: transports, sync and async."""

from __future__ import annotations

import functools
import importlib
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from understudy.doors.answering import Answering, wire_headers
from understudy.doors.patching import Patch
from understudy.systems.message import Request, Response

__all__ = ["patches"]

Lookup = Callable[[str], Answering | None]
_EXTENSIONS = {"http_version": b"HTTP/1.1"}


def patches(engine_at: Lookup) -> Iterator[Patch]:
    """What to replace in both libraries."""
    for name in ("httpx", "httpx2"):
        library = importlib.import_module(name)
        transports = importlib.import_module(f"{name}._transports.default")
        yield from _library_patches(library, transports, engine_at)


def _library_patches(library: Any, transports: Any, engine_at: Lookup) -> Iterator[Patch]:
    sync, concurrent = transports.HTTPTransport, transports.AsyncHTTPTransport
    # No public class: only through it does a response without a network state its elapsed time.
    answered = functools.partial(_answered, library.Response, library.ByteStream)
    yield Patch(sync, "handle_request", _sync_door(sync.handle_request, engine_at, answered))
    yield Patch(
        concurrent,
        "handle_async_request",
        _async_door(concurrent.handle_async_request, engine_at, answered),
    )
    yield Patch(transports, "create_ssl_context", _cached_context(transports.create_ssl_context))


def _sync_door(
    real: Callable[[Any, Any], Any], engine_at: Lookup, answered: Callable[[Response], Any]
) -> Callable[[Any, Any], Any]:
    @functools.wraps(real)
    def handle_request(self: Any, request: Any) -> Any:
        host = request.url.raw_host.decode("ascii")
        engine = engine_at(host)
        if engine is None:
            return real(self, request)
        return answered(engine.handle(_request(host, request, request.read())))

    return handle_request


def _async_door(
    real: Callable[[Any, Any], Awaitable[Any]],
    engine_at: Lookup,
    answered: Callable[[Response], Any],
) -> Callable[[Any, Any], Awaitable[Any]]:
    @functools.wraps(real)
    async def handle_async_request(self: Any, request: Any) -> Any:
        host = request.url.raw_host.decode("ascii")
        engine = engine_at(host)
        if engine is None:
            return await real(self, request)
        return answered(engine.handle(_request(host, request, await request.aread())))

    return handle_async_request


def _request(host: str, request: Any, body: bytes) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in request.headers.raw
    }
    return Request(request.method, host, path, query, headers, body)


def _answered(response: Any, stream: Any, answer: Response) -> Any:
    # As a stream, so that the client reads it as it reads an answer from the network.
    return response(
        answer.status,
        headers=wire_headers(answer),
        stream=stream(answer.body),
        extensions=dict(_EXTENSIONS),
    )


def _cached_context(real: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    # Reading the certificate store takes longer than a hundred answered calls, and an
    # integration that makes a client per case would pay for it in each.
    contexts: dict[tuple[Any, ...], ssl.SSLContext] = {}

    @functools.wraps(real)
    def create_ssl_context(
        verify: Any = True, cert: Any = None, trust_env: bool = True
    ) -> ssl.SSLContext:
        if verify is not True or cert is not None:
            return real(verify=verify, cert=cert, trust_env=trust_env)
        store = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        key = (trust_env, *store)
        if key not in contexts:
            contexts[key] = real(verify=True, cert=None, trust_env=trust_env)
        return contexts[key]

    return create_ssl_context
