"""W1-S: requests over loopback, counted per second of the server's own CPU.

Each server is a process of its own. Eight connections are kept alive, and every request reads a
customer: localstripe writes its whole store to disk after each change, which would flatter ours.
It is GPL, so it runs in an environment of its own.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

__all__ = ["WORKLOAD"]

_LOCALSTRIPE = ("localstripe==1.15.10",)
_CONNECTIONS, _CUSTOMERS = 8, 20
_ROOT = Path(__file__).parents[3]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process, where it listens, the key to show, the ids that it knows."""

    process: subprocess.Popen[str]
    address: tuple[str, int]
    key: str
    ids: list[str]

    def cpu(self) -> float:
        """Seconds of CPU that the process has used."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def end(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(30)
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            pipe.close()


def _ours(kind: str) -> Server:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.server", kind],
        cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    url, key = json.loads(process.stdout.readline())
    parts = urlsplit(url)
    ids = [f"cus_{n:05d}" for n in range(_CUSTOMERS)]
    return Server(process, (parts.hostname or "", parts.port or 0), key, ids)


def _localstripe() -> Server:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = python_of(_LOCALSTRIPE).with_name("localstripe")
    process = subprocess.Popen(
        [program, "--from-scratch", "--port", str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    _wait_for(port)
    key = "sk_test_12345"
    ids = [_made_customer(port, key, number) for number in range(_CUSTOMERS)]
    return Server(process, ("127.0.0.1", port), key, ids)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise OSError(f"nothing listens at {port}")


def _made_customer(port: int, key: str, number: int) -> str:
    form = f"email=person{number}%40example.com&name=Person+{number}".encode()
    shown = base64.b64encode(f"{key}:".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/customers", form, {"authorization": f"Basic {shown}"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.loads(answer.read())["id"])


def _request(server: Server, number: int) -> bytes:
    lines = (
        f"GET /v1/customers/{server.ids[number % _CUSTOMERS]} HTTP/1.1",
        f"host: {server.address[0]}:{server.address[1]}",
        f"authorization: Bearer {server.key}",
        "accept: application/json",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _answer(connection: socket.socket) -> bytes:
    """One whole answer, of the length that its headers state."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += _more(connection)
    assert head.startswith(b"HTTP/1.1 200 ")
    return body


def _more(connection: socket.socket) -> bytes:
    block = connection.recv(65_536)
    if not block:
        raise OSError("the server has closed the connection")
    return block


def _asked(server: Server, size: int) -> int:
    """All requests, eight at a time; how many answers are customers."""
    connections = [socket.create_connection(server.address) for _ in range(_CONNECTIONS)]
    found = 0
    for first in range(0, size, _CONNECTIONS):
        batch = connections[: size - first]
        for offset, connection in enumerate(batch):
            connection.sendall(_request(server, first + offset))
        for connection in batch:
            found += json.loads(_answer(connection))["object"] == "customer"
    for connection in connections:
        connection.close()
    return found


def _side(start: Callable[[], Server]) -> Callable[[int], Callable[[], Outcome]]:
    def prepare(size: int) -> Callable[[], Outcome]:
        server = start()
        _asked(server, min(size, 400))

        def work() -> Outcome:
            try:
                before = server.cpu()
                found = _asked(server, size)
                spent = server.cpu() - before
            finally:
                server.end()
            return Outcome(size, {"customers": found}, cpu=max(spent, 1 / _TICKS))

        return work

    return prepare


WORKLOAD = Workload(
    id="W1-S",
    title="requests over loopback, per second of the server's CPU",
    unit="request",
    size=10_000,
    small=40,
    sides=(
        Side("bare ASGI under uvicorn", _side(lambda: _ours("bare"))),
        Side("understudy", _side(lambda: _ours("understudy"))),
        Side("localstripe", _side(_localstripe), needs=_LOCALSTRIPE),
    ),
    goals=(
        Ratio("understudy", "localstripe", 1.5),
        Ratio("understudy", "bare ASGI under uvicorn", 0.6, gated=True),
    ),
)
