"""The same candidate, run plainly against a service of its own and shadowed, sees the same.

What differs is published in `docs/substitutions.md`, and nothing else may.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
from tests.shadow.conftest import make_case

from understudy.candidates.handed import handed_case, inbound
from understudy.candidates.span_receiver import span_variables
from understudy.candidates.vendor_signature import secret_variables, signing_secrets
from understudy.doors.loopback import environment, serving
from understudy.doors.variables import credential_variables
from understudy.model.world import World
from understudy.shadow.environment import built_environment
from understudy.systems.engine import Engine
from understudy.systems.routes import KNOWN as KNOWN_SYSTEMS

PAGE = Path(__file__).parents[2] / "docs" / "substitutions.md"
EXCHANGES = """
import base64, json, os, socket, sys
from urllib.parse import urlsplit

sent = []


def exchange(url, method, path, headers, body=b""):
    place = urlsplit(url)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place.netloc}", "Connection: close",
             f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    request = "\\r\\n".join(lines).encode() + b"\\r\\n\\r\\n" + body
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(request)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    sent.append([request.decode(), answer.decode()])
    return answer


def handled(case):
    urls, given = case["base_urls"], case["credentials"]
    stripe = {"Authorization": "Bearer " + given["stripe"]["api_key"], "User-Agent": "bot/1"}
    login = given["zendesk"]["email"] + "/token:" + given["zendesk"]["token"]
    zendesk = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    form = {**stripe, "Content-Type": "application/x-www-form-urlencoded"}
    exchange(urls["stripe"], "GET", "/v1/charges/ch_1", stripe)
    exchange(urls["stripe"], "POST", "/v1/refunds", form, b"charge=ch_1&amount=100")
    exchange(urls["stripe"], "POST", "/v1/refunds", form, b"charge=ch_none")
    exchange(urls["stripe"], "GET", "/v1/customers?limit=1", stripe)
    exchange(urls["zendesk"], "GET", "/api/v2/tickets/9.json", zendesk)
    exchange(urls["zendesk"], "GET", "/api/v2/nothing.json", zendesk)
    told = {"case": case, "arguments": sys.argv, "names": sorted(os.environ), "sent": sent}
    return json.dumps({"context": [told]})
"""
SCRIPT = f"""{EXCHANGES}

for line in sys.stdin:
    print(handled(json.loads(line)), flush=True)
"""
SERVER = f"""{EXCHANGES}

from http.server import BaseHTTPRequestHandler, HTTPServer


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = handled(json.loads(body)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


HTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
"""
MODULE = """
import os, sys
import httpx

sent = []


def heard(response):
    response.read()
    request = response.request
    sent.append([[request.method, str(request.url), sorted(request.headers.items()),
                  request.content.decode()],
                 [response.status_code, sorted(response.headers.items()), response.text]])


def handle(case, systems):
    key = {"authorization": "Bearer " + case["credentials"]["stripe"]["api_key"]}
    url = case["base_urls"]["stripe"]
    with httpx.Client(headers=key, event_hooks={"response": [heard]}) as client:
        client.get(url + "/v1/charges/ch_1")
        client.post(url + "/v1/refunds", data={"charge": "ch_1", "amount": 100})
        client.post(url + "/v1/refunds", data={"charge": "ch_none"})
        client.get(url + "/v1/nothing")
    modules = sorted({name.partition(".")[0] for name in sys.modules})
    told = {"case": case, "names": sorted(os.environ), "sent": list(sent), "modules": modules}
    return {"context": [told]}
"""
PLAINLY = """
import json, sys
import bot

print(json.dumps(bot.handle(json.loads(sys.stdin.readline()), None)))
"""
KNOWN = {
    "STRIPE_API_KEY": "sk", "ZENDESK_EMAIL": "a@example.com", "ZENDESK_API_TOKEN": "t",
    "HUBSPOT_ACCESS_TOKEN": "pat", "OPENAI_API_KEY": "sk", "MY_SETTING": "on",
}  # fmt: skip
"""What a production environment may hold besides what every one does."""


@pytest.fixture
def plainly(project, monkeypatch):
    """Run the candidate as anybody would, against a service that is served for it alone."""
    monkeypatch.syspath_prepend(str(project.folder))

    def run(*command, through=None):
        import tiny_world

        engine = Engine(tiny_world.load(None), systems={"a": "stripe", "b": "zendesk"}, seed=0)
        bases = {name: system.base_url for name, system in engine.systems.items()}
        with serving(engine, bases) as urls:
            session = engine.open_case("case-000", now=datetime(2026, 11, 1, tzinfo=UTC))
            session.base_urls = urls
            case = handed_case(inbound(make_case(0)), session)
            options = {
                "cwd": project.folder, "text": True,
                "env": {**_ordinary(), **KNOWN, "PYTHONPATH": str(project.folder)},
            }  # fmt: skip
            said = (through or _piped)(command, orjson.dumps(case).decode() + "\n", options)
        monkeypatch.delitem(sys.modules, "tiny_world")
        return json.loads(said)["context"][0]

    return run


def _piped(command, line, options):
    done = subprocess.run(
        command, input=line, capture_output=True, check=False, timeout=60, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def service_plainly(plainly):
    """The same for a service at this port, which is sent the case by POST."""

    def posted(port, command, line, options):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, **options) as service:
            try:
                client = httpx.Client(transport=httpx.HTTPTransport(retries=8))
                return client.post(f"http://127.0.0.1:{port}/", content=line).text
            finally:
                service.kill()

    def run(port, *command):
        return plainly(*command, through=functools.partial(posted, port))

    return run


def _ordinary():
    kept = ("PATH", "LANG", "HOME", "TZ", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _published(heading):
    """What a section of the page names, in its order."""
    section = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def _modules():
    """The modules that the page names."""
    section = PAGE.read_text("utf-8").partition("## Modules\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`([^`]+)`", section))


def _compared(told):
    """What was sent and received, with the published substitutions undone."""
    text = json.dumps(told["sent"])
    for name, url in told["case"]["base_urls"].items():
        text = text.replace(url, f"URL of {name}").replace(
            url.partition("//")[2], f"address of {name}"
        )
    text = re.sub(r"date: [^\\]+GMT\\r\\n", "", text)
    text = re.sub(r'\["date", "[^"]+"\](, )?', "", text)
    text = re.sub(r"ratelimit-reset: \d+", "ratelimit-reset: TIME", text)
    return json.loads(re.sub(r"1793491\d{3}", "TIME", text))


def _names(plain, shadowed):
    """The names that only one of both has, apart from the published ones."""
    return (set(plain) ^ set(shadowed)) - set(_published("Environment"))


def test_a_process_sees_the_same(project, run, plainly):
    """Its arguments, the bytes of its requests, and those of the answers."""
    project.write("bot_process.py", SCRIPT)
    plain = plainly(sys.executable, "bot_process.py")
    (record,) = run(project.plan(1, use=f"exec: {sys.executable} bot_process.py"))[1]
    shadowed = record.trace.context[0]
    assert shadowed["arguments"] == plain["arguments"] == ["bot_process.py"]
    assert len(plain["sent"]) == 6
    assert _compared(shadowed) == _compared(plain)
    assert _names(plain["names"], shadowed["names"]) == {"MY_SETTING"}
    assert shadowed["case"].pop("traceparent").startswith("00-")
    for told in (plain, shadowed):
        del told["case"]["base_urls"]
    assert shadowed["case"] == plain["case"]


def test_a_service_sees_the_same(project, run, port, service_plainly):
    """What it is sent, the bytes of its own requests, and those of the answers."""
    project.write("bot_service.py", SERVER)
    command = [sys.executable, "bot_service.py", str(port)]
    plain = service_plainly(port, *command)
    use = {"http": {"url": f"http://127.0.0.1:{port}/", "start": shlex.join(command)}}
    (record,) = run(project.plan(1, use=use))[1]
    assert record.proposal.failure is None
    shadowed = record.trace.context[0]
    assert shadowed["arguments"] == plain["arguments"] == ["bot_service.py", str(port)]
    assert len(plain["sent"]) == 6
    assert _compared(shadowed) == _compared(plain)
    assert _names(plain["names"], shadowed["names"]) == {"MY_SETTING"}
    assert shadowed["case"].pop("traceparent").startswith("00-")
    for told in (plain, shadowed):
        del told["case"]["base_urls"]
    assert shadowed["case"] == plain["case"]


def test_a_callable_sees_the_same(project, run, plainly):
    """At the vendors' own hosts in process, where the plain run is on loopback."""
    project.write("bot.py", MODULE)
    project.write("plainly.py", PLAINLY)
    plain = plainly(sys.executable, "plainly.py")
    (record,) = run(project.plan(1, use="bot:handle"))[1]
    shadowed = record.trace.context[0]
    assert len(plain["sent"]) == 4
    assert _compared(shadowed) == _compared(plain)
    assert _names(plain["names"], shadowed["names"]) == {"MY_SETTING"}
    more = set(shadowed["modules"]) - set(plain["modules"]) - sys.stdlib_module_names
    own = {"tiny_world"}
    assert "understudy" in more
    assert {name for name in more - own if not name.startswith("_")} <= _modules()


def test_the_page_names_what_is_there_and_nothing_else():
    """Every variable that it names is set or kept, and every one that is set is named."""
    kept = "LC_ALL LANG LANGUAGE PATH SYSTEMROOT TMPDIR TZ VIRTUAL_ENV"
    outside = dict.fromkeys([*kept.split(), "MY_SETTING"], "x")
    made = built_environment(outside, "/home", 1)
    later = {*environment(dict.fromkeys(KNOWN_SYSTEMS, "http://127.0.0.1:1")), "PYTHONPATH"}
    later |= {*secret_variables(signing_secrets(1)), "OPENAI_BASE_URL", "MCP_SERVER_URL"}
    engine = Engine(World({}, now=0))
    later |= span_variables("").keys()
    later |= credential_variables(engine.open_worker("worker")).keys()
    named = {"LC_ALL" if name == "LC_*" else name for name in _published("Environment")}
    assert named == {*made, *later}, named ^ {*made, *later}
    assert "MY_SETTING" not in named
