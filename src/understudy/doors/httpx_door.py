"""The door for httpx and for httpx2, which share their shape: transports, sync and async."""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import msgspec

from understudy.doors.answering import Answering, wire_headers
from understudy.doors.gateway_pace import PacedModels, asking_for_pace, silence_of
from understudy.doors.httpx_requests import request_patches, text_headers
from understudy.doors.patching import Patch
from understudy.systems.case_loop import CaseLoop
from understudy.systems.message import Pace, Request, Response, WireFault

__all__ = ["patches"]

Lookup = Callable[[str], Answering | None]
Models = Callable[[str, int | None], PacedModels | None]
_PLAIN = re.compile(
    r"(https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*)((?:/[\w~-][\w.~-]*)+/?)(?:\?([\w.~=&-]*))?", re.ASCII
)
"""Addresses with nothing to code, lower or resolve: no dots at the start of a part of the path."""
_LONG = 4_000
_COOKIE = "set-cookie"
_COOKIE_LENGTH = len(_COOKIE)
_EXTENSIONS = {"http_version": b"HTTP/1.1"}


def patches(engine_at: Lookup, models_at: Models) -> Iterator[Patch]:
    """What to replace in both libraries."""
    for name in ("httpx", "httpx2"):
        library = importlib.import_module(name)
        transports = importlib.import_module(f"{name}._transports.default")
        yield from _library_patches(library, transports, engine_at, models_at)


def _library_patches(
    library: Any, transports: Any, engine_at: Lookup, models_at: Models
) -> Iterator[Patch]:
    sync, concurrent = transports.HTTPTransport, transports.AsyncHTTPTransport
    real = _paced(library, sync.handle_request, models_at)
    real_async = _paced_async(library, concurrent.handle_async_request, models_at)
    held = _held_response(library)
    answered = functools.partial(_answered, library, held, _cut_stream(library))
    extract = library.Cookies.extract_cookies
    yield Patch(library.Cookies, "extract_cookies", _cookie_door(extract, held))
    addresses = importlib.import_module(f"{library.__name__}._urls")
    yield Patch(addresses, "urlparse", plain_parse(addresses.urlparse))
    yield from request_patches(library)
    yield Patch(sync, "handle_request", _sync_door(real, engine_at, answered))
    yield Patch(
        concurrent,
        "handle_async_request",
        _async_door(real_async, engine_at, answered),
    )
    yield Patch(transports, "create_ssl_context", _cached_context(transports.create_ssl_context))


def _cookie_door(real: Callable[[Any, Any], None], held_response: Any) -> Callable[..., None]:
    # Looking for cookies takes as long as answering, and the vendors' answers set none.
    @functools.wraps(real)
    def extract_cookies(self: Any, response: Any) -> None:
        if type(response) is not held_response or response.sets_cookies:
            real(self, response)

    return extract_cookies


def plain_parse(real: Callable[..., Any]) -> Callable[..., Any]:
    """The library's `urlparse`, which reads character by character, quick where nothing is coded.

    Of such an address path and query are what they are, and only the origin is to be taken apart.
    """
    origin_of = functools.lru_cache(256)(real)

    @functools.wraps(real)
    def urlparse(url: str = "", **parts: Any) -> Any:
        plain = _PLAIN.fullmatch(url) if not parts and len(url) < _LONG else None
        if plain is None:
            return real(url, **parts)
        origin, path, query = plain.groups()
        known = origin_of(origin)
        # As `_replace` does it, which looks for each field by its name.
        return tuple.__new__(known.__class__, (*known[:4], path, query, known[6]))

    return urlparse


def _sync_door(
    real: Callable[[Any, Any], Any], engine_at: Lookup, answered: Callable[[Any, Response], Any]
) -> Callable[[Any, Any], Any]:
    @functools.wraps(real)
    def handle_request(self: Any, request: Any) -> Any:
        host = request.url.raw_host.decode("ascii")
        engine = engine_at(host)
        if engine is None:
            return real(self, request)
        return answered(request, engine.handle(_request(host, request, request.read())))

    return handle_request


def _async_door(
    real: Callable[[Any, Any], Awaitable[Any]],
    engine_at: Lookup,
    answered: Callable[[Any, Response], Any],
) -> Callable[[Any, Any], Awaitable[Any]]:
    @functools.wraps(real)
    async def handle_async_request(self: Any, request: Any) -> Any:
        host = request.url.raw_host.decode("ascii")
        engine = engine_at(host)
        if engine is None:
            return await real(self, request)
        body = await request.aread()
        asked = _request(host, request, body)
        if not isinstance(asyncio._get_running_loop(), CaseLoop):
            return answered(request, engine.handle(asked))
        answer = engine.handle(msgspec.structs.replace(asked, pace=Pace.LOOP))
        # Also where there is no silence: a call lets others run, and timers that are due.
        try:
            await asyncio.sleep(answer.silence)
        except asyncio.CancelledError:
            if answer.given_up is not None:
                answer.given_up()
            raise
        return answered(request, answer)

    return handle_async_request


def _paced(library: Any, real: Callable[[Any, Any], Any], models_at: Models) -> Any:
    @functools.wraps(real)
    def handle_request(self: Any, request: Any) -> Any:
        models = models_at(request.url.host, request.url.port)
        if models is None:
            return real(self, request)
        with asking_for_pace(request.headers):
            answer = real(self, request)
        if models.pass_time(silence_of(answer.headers), _patience(request)):
            answer.close()
            raise _timed_out(library, request)
        return answer

    return handle_request


def _paced_async(
    library: Any, real: Callable[[Any, Any], Awaitable[Any]], models_at: Models
) -> Callable[[Any, Any], Awaitable[Any]]:
    @functools.wraps(real)
    async def handle_async_request(self: Any, request: Any) -> Any:
        models = models_at(request.url.host, request.url.port)
        if models is None or not isinstance(asyncio._get_running_loop(), CaseLoop):
            return await real(self, request)
        with asking_for_pace(request.headers):
            answer = await real(self, request)
        silence, patience = silence_of(answer.headers), _patience(request)
        if patience is None or silence <= patience:
            await asyncio.sleep(silence)
            return answer
        try:
            await asyncio.sleep(patience)
        finally:
            await answer.aclose()
        raise _timed_out(library, request)

    return handle_async_request


def _patience(request: Any) -> float | None:
    patience: float | None = request.extensions.get("timeout", {}).get("read")
    return patience


def _timed_out(library: Any, request: Any) -> Exception:
    raised: Exception = library.ReadTimeout("The read operation timed out", request=request)
    return raised


def _request(host: str, request: Any, body: bytes) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    headers = text_headers(request.headers)
    return Request(request.method, host, path, query, headers, body, _patience(request))


def _answered(
    library: Any, held_response: Any, cut_stream: Any, request: Any, answer: Response
) -> Any:
    if answer.wire is WireFault.RESET:
        raise library.ReadError("[Errno 104] Connection reset by peer", request=request)
    if answer.wire is WireFault.HANG:
        raise _timed_out(library, request)
    # As a stream, so that the client reads it as it reads an answer from the network.
    cut = answer.wire is WireFault.TRUNCATE
    made, stream = (library.Response, cut_stream) if cut else (held_response, library.ByteStream)
    response = made(
        answer.status,
        headers=wire_headers(answer),
        stream=stream(answer.body),
        extensions=dict(_EXTENSIONS),
    )
    if not cut:
        response.held = answer.body
        response.sets_cookies = _sets_cookies(answer)
    return response


def _sets_cookies(answer: Response) -> bool:
    for name, _ in answer.headers:
        if len(name) == _COOKIE_LENGTH and name.lower() == _COOKIE:
            return True
    return False


def _held_response(library: Any) -> Any:
    """A response whose body is at hand, so that reading it whole does not go piece by piece.

    Once it is read it is one of the library's own, in the state in which reading leaves one. One
    that was read in pieces or closed before is read as the library reads it: not again. Nothing
    that we answer is compressed.
    """

    def is_over(response: Any) -> bool:
        return bool(response.is_stream_consumed or response.is_closed)

    def take(response: Any) -> bytes:
        body: bytes = response.held
        del response.held
        response.__class__ = library.Response
        response._content = body
        response._num_bytes_downloaded = len(body)
        response.is_stream_consumed = True
        return body

    def read(response: Any) -> bytes:
        if is_over(response):
            return bytes(library.Response.read(response))
        body = take(response)
        response.is_closed = True
        response.stream.close()
        _part(library, response, body)
        return body

    async def aread(response: Any) -> bytes:
        if is_over(response):
            return bytes(await library.Response.aread(response))
        body = take(response)
        response.is_closed = True
        await response.stream.aclose()
        _part(library, response, body)
        return body

    return type("Response", (library.Response,), {"read": read, "aread": aread})


def _part(library: Any, response: Any, body: bytes) -> None:
    # Where the stream has told the response how long it took, it knows the response: in such a
    # circle both would wait for the garbage collector, with the request and all headers.
    if hasattr(response, "_elapsed"):
        response.stream = library.ByteStream(body)


def _cut_stream(library: Any) -> Any:
    """A class of streams that break off after what they have."""
    message = "peer closed connection without sending complete message body"

    def read(stream: Any) -> Iterator[bytes]:
        yield stream.body
        raise library.RemoteProtocolError(message)

    async def read_concurrently(stream: Any) -> AsyncIterator[bytes]:
        yield stream.body
        raise library.RemoteProtocolError(message)

    def start(stream: Any, body: bytes) -> None:
        stream.body = body

    members = {"__init__": start, "__iter__": read, "__aiter__": read_concurrently}
    return type("CutStream", (library.SyncByteStream, library.AsyncByteStream), members)


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
