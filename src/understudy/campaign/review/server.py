"""`understudy view`: reports with reviewing switched on, on loopback, behind a token."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from understudy.campaign.projects.project_page import project_page
from understudy.campaign.review.desk import ReviewDesk, Unfit
from understudy.campaign.runs.folder import RunFolder, runs_in
from understudy.model.errors import UnderstudyError

__all__ = ["ReviewServer"]

_HOSTS = ("127.0.0.1", "localhost")
_MOST_BYTES = 64_000
_HTML, _JSON, _TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes
    kind: str = _TEXT


def _told(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode())


@dataclass(slots=True)
class ReviewServer:
    """All runs of a project; none is found by a path of the request, only by the id of a run."""

    reports: Path
    share: float
    port: int = 0
    named: RunFolder | None = None
    """A run that lies outside of the reports folder."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _desks: dict[str, ReviewDesk] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _http: ThreadingHTTPServer | None = None
    _serving: threading.Thread | None = None

    def start(self) -> int:
        """Listen on loopback; returns the port."""
        self._http = _Listener(self.port, self)
        self.port = self._http.server_address[1]
        self._serving = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()
        return self.port

    def wait(self) -> None:
        """Serve until this is interrupted."""
        while self._serving is not None and self._serving.is_alive():
            self._serving.join(1)

    def stop(self) -> None:
        """Stop listening; what was decided lies on the disk."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()

    def address(self, run: RunFolder | None = None) -> str:
        """What a person opens, with the token in it."""
        place = f"runs/{run.path.name}/" if run else ""
        return f"http://127.0.0.1:{self.port}/{place}?token={self.token}"

    def answer(self, method: str, target: str, headers: Any, body: Callable[[], bytes]) -> Answer:
        """The answer to a request, refused unless it comes from the page itself."""
        place = urlsplit(target if target.startswith("/") else "/")
        refused = self._refusal(method, headers, parse_qs(place.query).get("token", [""])[0])
        if refused is not None:
            return refused
        try:
            return self._routed(method, place.path, body)
        except Unfit as error:
            return _told(422, str(error))
        except UnderstudyError as error:
            return _told(409, error.describe())

    def _refusal(self, method: str, headers: Any, given: str) -> Answer | None:
        hosts = {f"{name}:{self.port}" for name in _HOSTS}
        if headers.get("Host", "") not in hosts:
            return _told(421, "this server answers to its loopback name only")
        origin = headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            return _told(403, "another page's requests are refused")
        if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return _told(403, "another page's requests are refused")
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        token = bearer if scheme == "Bearer" else given if method == "GET" else ""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return _told(403, "the token is missing or wrong: open the address that was printed")
        if method == "POST" and headers.get("Content-Type", "") != _JSON:
            return _told(415, f"a decision is sent as {_JSON}")
        return None

    def _routed(self, method: str, path: str, body: Callable[[], bytes]) -> Answer:
        if path == "/" and method == "GET":
            return Answer(200, project_page(self.reports, self.named, self.token).encode(), _HTML)
        parts = path.split("/")
        desk = self._desk(parts[2]) if len(parts) == 4 and parts[:2] == ["", "runs"] else None
        if desk is None or parts[3] not in ("", "decisions"):
            return _told(404, "there is nothing here")
        if parts[3] == "" and method == "GET":
            return Answer(200, desk.page(), _HTML)
        if parts[3] == "decisions" and method == "GET":
            return Answer(200, orjson.dumps(desk.decisions()), _JSON)
        if parts[3] == "decisions" and method == "POST":
            return Answer(201, orjson.dumps(desk.decide(body())), _JSON)
        return _told(405, "that cannot be done here")

    def _desk(self, name: str) -> ReviewDesk | None:
        with self._lock:
            if name not in self._desks:
                known = [*([self.named] if self.named else []), *runs_in(self.reports)]
                found = next((one for one in known if one.path.name == name), None)
                if found is None:
                    return None
                self._desks[name] = ReviewDesk(found, self.share)
            return self._desks[name]


class _Listener(ThreadingHTTPServer):
    """Listens on loopback for one review server."""

    daemon_threads = True
    request_queue_size = 128
    """How many connections wait their turn; with the usual five, browsers at once are reset."""

    def __init__(self, port: int, desk: ReviewServer) -> None:
        self.desk = desk
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Passes requests on, and says as little of itself as it can."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "view", ""
    timeout = 30
    server: _Listener

    def do_GET(self) -> None:
        self._answered("GET")

    def do_POST(self) -> None:
        self._answered("POST")

    def _answered(self, method: str) -> None:
        answer = self.server.desk.answer(method, self.path, self.headers, self._body)
        self.send_response(answer.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        if method == "POST" and answer.status >= 400:
            self.send_header("Connection", "close")  # what was sent may not have been read
        self.end_headers()
        self.wfile.write(answer.body)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 12 or int(length) > _MOST_BYTES:
            raise Unfit(f"a decision has at most {_MOST_BYTES:,} bytes")
        return self.rfile.read(int(length))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests carry the token, so none is written anywhere."""


_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
