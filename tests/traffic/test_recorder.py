"""The recorder: real clients, a real upstream and real sockets on loopback."""

from __future__ import annotations

import gzip
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import httpx
import pytest

from understudy.model.errors import ConfigurationError, RecordingError
from understudy.traffic.http.recorder import record_traffic
from understudy.traffic.recording import read_recording
from understudy.traffic.scan import scan_recording

BIG = 100 * 2**20


class Upstream(http.server.BaseHTTPRequestHandler):
    """A small system of somebody's: JSON, gzip, a stream, a giant, a broken answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        ways = {"/stream": self._stream, "/big": self._big, "/broken": self._broken}
        ways.get(self.path, self._plain)()

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        got = 0
        while got < length:
            got += len(self.rfile.read(min(1 << 20, length - got)))
        self._say(json.dumps({"id": "re_1", "got": got}).encode())

    def _plain(self):
        body = json.dumps({"id": "ch_1", "email": "ann@corp.com"}).encode()
        packed = "gzip" in self.headers.get("accept-encoding", "")
        self._say(gzip.compress(body) if packed else body, packed)

    def _say(self, body, packed=False):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if packed:
            self.send_header("content-encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for part in ("sk_live_4eC39Hq", "LyjWDarjtT1zdp7dc"):
            block = f'data: {{"delta": "{part}"}}\n\n'.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            self.wfile.flush()
            time.sleep(0.1)
        self.wfile.write(b"0\r\n\r\n")

    def _big(self):
        self.send_response(200)
        self.send_header("content-length", str(BIG))
        self.end_headers()
        for _ in range(100):
            self.wfile.write(bytes(1 << 20))

    def _broken(self):
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def upstream():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def recorded(upstream, tmp_path):
    """Records what `work` does with the proxy's address; gives the interactions."""

    def run(work, url=None, name="stripe"):
        out = tmp_path / "rec"
        report = record_traffic({name: url or upstream}, out, None, lambda urls: work(urls[name]))
        return report, list(read_recording(out).interactions()) if report else []

    return run


def test_what_passes_is_recorded_as_the_vendor_s(recorded, tmp_path):
    """A client gets the upstream's own bytes; the recording knows the operation and no secret."""
    seen = []

    def work(url):
        with httpx.Client(base_url=url, headers={"authorization": "Bearer sk_live_x"}) as client:
            seen.append(client.get("/v1/charges/ch_1?expand[]=customer").json())
            seen.append(client.post("/v1/refunds", data={"charge": "ch_1", "amount": 5}).json())

    report, [read, write] = recorded(work)
    assert seen == [{"id": "ch_1", "email": "ann@corp.com"}, {"id": "re_1", "got": 20}]
    assert (read.operation, write.operation) == ("stripe.charges.retrieve", "stripe.refunds.create")
    assert write.request.url == "https://api.stripe.com/v1/refunds"
    assert write.request.body == {"charge": "ch_1", "amount": "5"}
    assert read.response.body["id"] == "ch_1"
    assert "ann@corp.com" not in str(read.response.body)
    assert read.started_at is not None
    assert read.latency_ms >= 0
    assert list(scan_recording(tmp_path / "rec")) == []
    assert report.manifest.kept == 2


def test_a_stream_passes_piece_by_piece_and_its_secret_goes(recorded):
    """The first event arrives before the last is sent; a key over two events is not kept."""
    times = []

    def work(url):
        with urllib.request.urlopen(f"{url}/stream") as answer:
            while line := answer.readline():
                times.append((time.monotonic(), line))

    _, [found] = recorded(work)
    lines = [at for at, line in times if line.startswith(b"data")]
    assert lines[1] - lines[0] > 0.05
    assert "REDACTED_STRIPE_KEY" in found.response.body
    assert "LyjWDarjtT1zdp7dc" not in found.response.body


def test_giant_bodies_pass_whole_and_are_only_measured(recorded):
    """100 MB go through in both directions without being held."""
    import tracemalloc

    sizes = []

    def work(url):
        with urllib.request.urlopen(f"{url}/big") as answer:
            size = 0
            while block := answer.read(1 << 20):
                size += len(block)
        sizes.append(size)
        blocks = (bytes(1 << 20) for _ in range(100))
        with httpx.Client(timeout=60) as client:
            headers = {"content-length": str(BIG)}
            sizes.append(
                client.post(f"{url}/v1/refunds", content=blocks, headers=headers).json()["got"]
            )

    tracemalloc.start()
    _, [down, up] = recorded(work)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sizes == [BIG, BIG]
    assert down.response.body == {"binary_bytes": BIG}
    assert up.request.body == {"binary_bytes": BIG}
    assert peak < 80 * 2**20


def test_connections_are_kept_open(recorded):
    """A client's connection serves several requests."""

    def work(url):
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        for _ in range(3):
            connection.request("GET", "/x")
            connection.getresponse().read()
            assert connection.sock is not None
        connection.close()

    _, found = recorded(work)
    assert len(found) == 3


def test_an_upstream_that_is_not_there_is_a_502_and_recorded(recorded):
    """The client is told, and the recording holds the request without an answer."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    said = []
    _, [found] = recorded(lambda own: said.append(httpx.get(f"{own}/v1/charges/ch_1")), url)
    assert said[0].status_code == 502
    assert "the upstream did not answer" in said[0].json()["error"]
    assert found.response is None
    assert "the upstream did not answer: ConnectError" in found.warnings


def test_an_answer_that_breaks_off_breaks_off_here_too(recorded):
    """The client does not take half an answer for a whole one, and the recording says so."""

    def work(url):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/broken")

    _, [found] = recorded(work)
    assert any("the answer broke off" in warning for warning in found.warnings)


def test_nothing_that_passed_leaves_no_recording(recorded, tmp_path):
    """An empty recording would look like a quiet day."""
    report, _ = recorded(lambda url: None)
    assert report is None
    assert not (tmp_path / "rec").exists()


def test_a_folder_of_something_else_is_refused_before_work_begins(tmp_path, upstream):
    """Nobody records for a day into a folder that cannot be written."""
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "mine.txt").write_text("x")
    with pytest.raises(RecordingError, match="are not a recording"):
        record_traffic({"stripe": upstream}, tmp_path / "rec", None, pytest.fail)


def test_an_upstream_that_is_no_url_is_refused(tmp_path):
    """The value and the form that is expected are named."""
    with pytest.raises(ConfigurationError, match="`stripe=ftp://x` is no http URL"):
        record_traffic({"stripe": "ftp://x"}, tmp_path / "rec", None, pytest.fail)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_whole_recording(upstream, tmp_path, sign):
    """The command serves until it is ended and then writes what it has."""
    command = [
        sys.executable, "-m", "understudy", "traffic", "record",
        "--upstream", f"stripe={upstream}", "--out", "rec",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    url = ""
    while not url:
        line = process.stdout.readline()
        assert line, "the recorder ended"
        if line.startswith("export STRIPE_API_BASE="):
            url = line.strip().partition("=")[2]
    assert httpx.get(f"{url}/v1/charges/ch_1").json()["id"] == "ch_1"
    process.send_signal(sign)
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert "1 records = 1 kept" in said
    [found] = read_recording(tmp_path / "rec").interactions()
    assert found.operation == "stripe.charges.retrieve"


def test_the_command_asks_for_something_to_record(tmp_path):
    """Neither an upstream nor a world, or both, is a usage error with an example."""
    command = [sys.executable, "-m", "understudy", "traffic", "record", "--out", "rec"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--upstream stripe=http://127.0.0.1:12111" in done.stderr
    named = [*command, "--upstream", "stripe"]
    done = subprocess.run(named, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "`--upstream stripe` is not a name and a URL" in done.stderr
