"""The door for urllib3, and so for requests and the vendors' clients that are built on either."""

from __future__ import annotations

import functools
import http
import http.client
import importlib
import importlib.util
import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from understudy.doors.answering import Answering, wire_headers
from understudy.doors.gateway_pace import PacedModels, asking_for_pace, silence_of
from understudy.doors.patching import Patch
from understudy.systems.message import Request, Response, WireFault

__all__ = ["patches"]

Lookup = Callable[[str], Answering | None]
Models = Callable[[str, int | None], PacedModels | None]


def patches(engine_at: Lookup, models_at: Models) -> Iterator[Patch]:
    """What to replace in urllib3; nothing where it is not installed.

    The pool's own `urlopen` keeps running, and with it its retries and redirects.
    """
    if importlib.util.find_spec("urllib3") is None:
        return
    pools = importlib.import_module("urllib3.connectionpool")
    answer = importlib.import_module("urllib3.response").HTTPResponse
    plain, secure = pools.HTTPConnectionPool, pools.HTTPSConnectionPool
    real = _paced(plain._make_request, models_at)
    yield Patch(plain, "_make_request", _door(real, engine_at, answer))
    yield Patch(secure, "_prepare_proxy", _no_tunnel(secure._prepare_proxy, engine_at))


def _door(real: Callable[..., Any], engine_at: Lookup, answer: Any) -> Callable[..., Any]:
    @functools.wraps(real)
    def make_request(self: Any, conn: Any, method: str, url: str, **options: Any) -> Any:
        engine = engine_at(self.host)
        if engine is None:
            return real(self, conn, method, url, **options)
        self.num_requests += 1
        given = engine.handle(_request(self, method, url, options))
        if given.wire in (WireFault.RESET, WireFault.HANG):
            raise _broken(self, url, given.wire)
        if options.get("response_conn") is not None:
            # Nothing is left to be read from the connection, so the pool has it back at once.
            self._put_conn(conn)
        return _response(answer, given, method, url, options)

    return make_request


def _paced(real: Callable[..., Any], models_at: Models) -> Callable[..., Any]:
    @functools.wraps(real)
    def make_request(self: Any, conn: Any, method: str, url: str, **options: Any) -> Any:
        models = models_at(self.host, self.port)
        if models is None:
            return real(self, conn, method, url, **options)
        headers = dict(options.pop("headers", None) or self.headers)
        with asking_for_pace(headers):
            answer = real(self, conn, method, url, headers=headers, **options)
        patience = _patience(self, options.get("timeout"))
        if models.pass_time(silence_of(answer.headers), patience):
            conn.close()
            raise _broken(self, url, WireFault.HANG)
        return answer

    return make_request


class _CutBody(io.BytesIO):
    """A body whose connection ends before its length is reached."""

    def read(self, size: int | None = -1, /) -> bytes:
        """What is there; where that is the end, the error of the standard library."""
        data = super().read(size)
        if size is None or size < 0 or not data:
            raise http.client.IncompleteRead(data)
        return data

    def read1(self, size: int | None = -1, /) -> bytes:
        """The same."""
        return self.read(size)


def _broken(pool: Any, url: str, wire: WireFault) -> Exception:
    """What the pool would have met on the wire; it closes the connection and may try again."""
    if wire is WireFault.RESET:
        return ConnectionResetError(104, "Connection reset by peer")
    timed_out = importlib.import_module("urllib3.exceptions").ReadTimeoutError
    raised: Exception = timed_out(pool, url, "Read timed out.")
    return raised


def _patience(pool: Any, given: Any) -> float | None:
    """How many seconds the client waits for an answer."""
    if given is None or isinstance(given, int | float):
        return given
    timeout = pool._get_timeout(given)
    timeout.start_connect()
    seconds = timeout.read_timeout
    return seconds if isinstance(seconds, int | float) else None


def _no_tunnel(real: Callable[..., Any], engine_at: Lookup) -> Callable[..., Any]:
    @functools.wraps(real)
    def prepare_proxy(self: Any, conn: Any) -> None:
        if engine_at(self.host) is None:
            real(self, conn)

    return prepare_proxy


def _request(pool: Any, method: str, url: str, options: dict[str, Any]) -> Request:
    parts = urlsplit(url)
    given = options.get("headers") or pool.headers
    headers = {"host": pool.host}
    headers.update((_text(name).lower(), _text(value)) for name, value in given.items())
    body = _bytes(options.get("body"))
    path, patience = parts.path or "/", _patience(pool, options.get("timeout"))
    return Request(method, pool.host, path, parts.query, headers, body, patience)


def _response(answer: Any, given: Response, method: str, url: str, options: dict[str, Any]) -> Any:
    body = _CutBody if given.wire is WireFault.TRUNCATE else io.BytesIO
    return answer(
        body=body(given.body),
        headers=wire_headers(given),
        status=given.status,
        version=11,
        version_string="HTTP/1.1",
        reason=_reason(given.status),
        preload_content=options.get("preload_content", True),
        decode_content=options.get("decode_content", True),
        retries=options.get("retries"),
        enforce_content_length=options.get("enforce_content_length", True),
        request_method=method,
        request_url=url,
    )


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(_bytes(part) for part in body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
