"""The door for a developer's own tests: a respx router with the mocked systems behind it.

Routes of the developer's own work beside them, with everything that respx offers. httpx and httpx2
are both answered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpcore2
import httpx
import respx
from respx.mocks import HTTPCoreMocker

from understudy.doors.answering import Answering, wire_headers
from understudy.systems.message import Request

__all__ = ["SystemsRouter", "respx_door"]


class SystemsRouter(respx.MockRouter):
    """A respx router that answers for the systems before it looks at its routes.

    Calls to the systems are not kept: respx holds 6 kB for each, and the case's actions tell more.
    """

    def __init__(self, engine: Answering, **options: Any) -> None:
        super().__init__(**{"assert_all_called": False, **options})
        self._engine = engine

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, from the systems or from a route."""
        if self._engine.serves(request.url.host):
            return self._answer(request)
        found: httpx.Response = super().handler(request)
        return found

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """The same for an async client."""
        if self._engine.serves(request.url.host):
            return self._answer(request)
        found: httpx.Response = await super().async_handler(request)
        return found

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, request.url.host, path, query, headers, request.content)
        given = self._engine.handle(asked)
        return httpx.Response(given.status, headers=wire_headers(given), content=given.body)


class _Httpx2Mocker(HTTPCoreMocker):
    """respx below httpx2, whose transport has httpcore's shape under another name."""

    # Another name than `httpcore2`, which a plugin of respx's author registers.
    name = "systems-httpcore2"
    targets = [target.replace("httpcore.", "httpcore2.") for target in HTTPCoreMocker.targets]  # noqa: RUF012 -- respx reads a list

    @classmethod
    def from_sync_httpx_response(cls, httpx_response: Any, target: Any, **kwargs: Any) -> Any:
        """An answer as httpx2's transport expects it."""
        del target, kwargs
        return httpcore2.Response(
            status=httpx_response.status_code,
            headers=httpx_response.headers.raw,
            content=httpx_response.stream,
            extensions=httpx_response.extensions,
        )


@contextlib.contextmanager
def respx_door(engine: Answering, **options: Any) -> Iterator[SystemsRouter]:
    """A started router over `engine`; `options` are those of `respx.mock`.

    A request to a host that neither the engine nor a route serves is an error, as in respx.
    """
    router = SystemsRouter(engine, **options)
    with router:
        _Httpx2Mocker.register(router)
        _Httpx2Mocker.start()
        try:
            yield router
        finally:
            _Httpx2Mocker.unregister(router)
            _Httpx2Mocker.stop()
