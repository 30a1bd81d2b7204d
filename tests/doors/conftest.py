"""An engine of a few lines, for doors that need any."""

from __future__ import annotations

import threading

import pytest

from understudy.systems.message import Request, Response


class EchoEngine:
    """Answers to one host with what it was asked, and keeps the requests."""

    def __init__(self, host: str = "api.vendor.example") -> None:
        self.host = host
        self.seen: list[Request] = []
        self._lock = threading.Lock()

    def serves(self, host: str) -> bool:
        return host == self.host

    def handle(self, request: Request) -> Response:
        with self._lock:
            self.seen.append(request)
        if request.path == "/missing":
            return Response(404, (("content-type", "application/json"),), b'{"error":"missing"}')
        if request.path == "/nothing":
            return Response(204)
        headers = (("content-type", "application/json"), ("x-case", "1"))
        return Response(200, headers, b'{"case":"' + request.headers["x-key"].encode() + b'"}')


@pytest.fixture
def echo() -> EchoEngine:
    return EchoEngine()


@pytest.fixture
def make_echo() -> type[EchoEngine]:
    return EchoEngine
