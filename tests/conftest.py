"""What holds for all tests."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import hypothesis
import pytest

# The same examples in every run, and no clock that another process on the machine could move.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def nothing_remembered():
    """What an earlier run of the tests in this process worked out is worked out anew.

    Whoever tries changed code in forks of one process would otherwise be told what the code said
    before it was changed.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("understudy."):
            for each in list(vars(module).values()):
                getattr(each, "cache_clear", bool)()


class Peer(ThreadingHTTPServer):
    """Somebody else's server on loopback: what it was sent as JSON, and what it answers."""

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), _PeerHandler)
        self.answer, self.seen = answer, []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _PeerHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append((self.headers, self.path, asked))
        answer = self.server.answer(self.path, asked)
        status, answer = answer if isinstance(answer, tuple) else (200, answer)
        whole = not isinstance(answer, str)
        body = (json.dumps(answer) if whole else answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json" if whole else "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        return


@pytest.fixture
def serving():
    """Serve what a function of path and request says: JSON or a text, after a status in a pair."""
    with contextlib.ExitStack() as leave:

        def serve(answer):
            server = leave.enter_context(Peer(answer))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            leave.callback(thread.join)
            leave.callback(server.shutdown)
            return server

        yield serve


def pytest_addoption(parser):
    parser.addoption(
        "--kills", type=int, default=20, help="at how many random points runs are killed"
    )
