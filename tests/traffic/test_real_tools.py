"""Files that the tools themselves wrote: VCR.py here, mitmproxy where an environment has it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import requests
import vcr
from tests.traffic.tool_environment import tool_python

from understudy.traffic.detect import import_traffic
from understudy.traffic.recording import read_recording

SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
TICKET = {"ticket": {"id": 7, "status": "open", "subject": "Grüße"}}


class Desk(BaseHTTPRequestHandler):
    """Answers as vendors do: JSON, compressed, binary, empty, with several cookies."""

    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body, more = json.dumps(TICKET).encode(), []
        if self.path == "/empty":
            return self._send(204, b"", [])
        if self.path == "/bytes":
            body = bytes(range(256))
        if self.path == "/cookies":
            more = [("set-cookie", f"session={SECRET}"), ("set-cookie", "b=2")]
        return self._send(201 if self.command == "POST" else 200, body, more)

    def _send(self, status, body, more):
        self.send_response(status)
        for name, value in [("content-type", "application/json"), *more]:
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def desk():
    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def work(client, desk, *, binary=True):
    """Eight calls, of which three cannot stand in JSON or stand in it only with a loss."""
    client.get(f"{desk}/api/v2/tickets/7.json", headers={"Authorization": f"Bearer {SECRET}"})
    client.post(f"{desk}/v1/refunds", data={"charge": "ch_1", "amount": "100"})
    client.put(f"{desk}/api/v2/tickets/7.json", json={"ticket": {"status": "solved"}})
    client.get(f"{desk}/q?a=1&a=2&token={SECRET}")
    client.get(f"{desk}/cookies")
    if binary:
        client.get(f"{desk}/bytes")
        client.get(f"{desk}/empty")
        client.post(f"{desk}/up", files={"file": ("a.bin", bytes(range(256)))})


def checked(path, out, count):
    """The interactions of an import in which everything is kept and nothing is secret."""
    report = import_traffic("auto", [path], out)
    facts = report.manifest
    assert (facts.records, facts.quarantined, facts.dropped) == (count, 0, 0)
    text = "".join(each.read_text() for each in out.glob("*.json*"))
    assert SECRET not in text
    found = list(read_recording(out).interactions())
    assert [one.request.method for one in found[:3]] == ["GET", "POST", "PUT"]
    assert found[0].response.body == TICKET
    assert found[1].request.body == {"charge": "ch_1", "amount": "100"}
    assert found[2].request.body == {"ticket": {"status": "solved"}}
    return found


@pytest.mark.parametrize("client", [requests.Session, httpx.Client], ids=["requests", "httpx"])
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_cassettes_of_vcr_itself_are_read(desk, tmp_path, form, client):
    """Whatever client and serializer wrote them: every call is there, and no secret."""
    path = tmp_path / f"cassette.{form}"
    binary = form == "yaml"
    with vcr.VCR(serializer=form).use_cassette(str(path), record_mode="all"), client() as session:
        work(session, desk, binary=binary)
    assert len(checked(path, tmp_path / "out", 8 if binary else 5)) == (8 if binary else 5)


@pytest.fixture(scope="module")
def mitmdump():
    """The command of one that is at hand, or of one in an environment of its own."""
    found = os.environ.get("UNDERSTUDY_MITMDUMP") or shutil.which("mitmdump")
    if found:
        return [found]
    run = "from mitmproxy.tools.main import mitmdump; mitmdump()"
    return [str(tool_python("mitmproxy")), "-c", run]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["flow", "har", "zhar"])
def test_files_of_mitmproxy_itself_are_read(desk, mitmdump, tmp_path, form):
    """Its flows, and its HAR plain and packed, hold the same eight calls with their times."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / f"traffic.{form}"
    saved = ["-w", path] if form == "flow" else ["--set", f"hardump={path}"]
    base = [*mitmdump, "-q", "--listen-host", "127.0.0.1", "--set", f"confdir={tmp_path}"]
    proxy = subprocess.Popen([*base, "-p", str(port), *saved])
    try:
        wait_for(port)
        with requests.Session() as session:
            session.trust_env, session.proxies = False, {"http": f"http://127.0.0.1:{port}"}
            work(session, desk)
    finally:
        proxy.terminate()
        proxy.wait(60)
    found = checked(path, tmp_path / "out", 8)
    assert all(one.started_at is not None and one.latency_ms is not None for one in found)


def wait_for(port):
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


@pytest.mark.parametrize("name", ["cnn.har", "humanssuck.net.har", "multi_test_1.har"])
def test_samples_of_haralyzer_are_read(tmp_path, name):
    """Browsers' recordings that a public reader of HAR is tested with: every entry is kept."""
    folder = os.environ.get("UNDERSTUDY_HARALYZER_SAMPLES", "")
    path = Path(folder) / name
    if not folder or not path.exists():
        pytest.skip("name haralyzer's tests/data with UNDERSTUDY_HARALYZER_SAMPLES")
    entries = json.loads(path.read_text("utf-8-sig"))["log"]["entries"]
    facts = import_traffic("auto", [path], tmp_path / "out").manifest
    assert (facts.records, facts.kept + facts.repaired) == (len(entries), len(entries))
