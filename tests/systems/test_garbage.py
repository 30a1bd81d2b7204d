"""Up to 64 kB of anything per endpoint: vendor-shaped answers, no effect, every write captured."""

import asyncio
import json
import random
import socket
import time
import tracemalloc
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest

from understudy.doors.loopback import received, serving
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.operation import Wire
from understudy.systems.routes import KNOWN, mounted, operations

MOST = 65_536
SYSTEMS = sorted(KNOWN)
SECONDS = 5.0
"""What one answer may take on the slowest machine; ours take milliseconds."""
# How often each operation is tried, shortly and at length.
ROUNDS = [pytest.param(12, id="short"), pytest.param(150, id="long", marks=pytest.mark.fuzz)]
IDS = {
    "stripe": ("ch_0001", "cus_ada", "in_open", "in_draft", "sub_ada", "dp_1", "pi_held",
               "price_pro", "evt_1"),
    "hubspot": ("101", "102", "201", "301", "51", "contacts", "companies", "email"),
    "zendesk": ("1", "2", "3", "7001", "7500", "8001", "9001"),
    "desk": ("apr_1",),
}  # fmt: skip
PLACES = {
    "object_type": "contacts", "to_object_type": "companies", "comment_id": "8001",
    "macro_id": "9001", "name": "email",
}  # fmt: skip
CHARACTERS = "ab \0\n\"\\%&=[]{}'é\u202e😀٣,:;.-_@/"
VALUES = (
    None, True, "", 0, -1, 10**30, 1.5, -1e308, "x" * 60_000, "\0", [], {}, ["x"] * 300, [[[]]],
    {"id": ["x"], "a": {"b": 1}}, "٣", "1" * 5000, [{"id": "101"}], {"body": "\u202e", "to": [{}]},
)  # fmt: skip
SEGMENTS = (
    "%00", "%FF%FE", "..", "%2e%2e%2f", "x" * 60_000, "%F0%9F%98%80", "a%2Fb", "-1", "1" * 5000,
    "%", "%zz", "%D9%A3", "\u0663".encode().decode("latin-1"),
)  # fmt: skip
BODIES = (
    b"[" * MOST, b'{"a":' * 9000 + b"1" + b"}" * 9000, b'{"ticket":' + b"9" * 60_000 + b"}",
    rb'{"ticket":{"subject":"\ud800"},"properties":{"email":"\udfff"},"reason":"\udc00"}',
    b'{"ticket":{"comment":' + b'{"body":' * 3000 + b"1", b"\x00" * 1000, b"\xff\xfe{}", b"null",
    b"&".join(b"k%d=v" % n for n in range(6000)), b"a" + b"[b]" * 20_000 + b"=1",
    b"items" + b"".join(b"[%d]" % n for n in range(500)) + b"=1",
    b"metadata[a][b]=1&metadata[a]=2", b"expand[]=" + b"x." * 3000, b"amount=%FF&charge=%00",
    b"&&&==&[]=1&[=2&]=3&a[=1&a]b=2", b"amount=" + b"9" * 60_000, b"limit=%D9%A3",
    b"items[0][price]=price_pro&items=3&items[x]=1",
    b'--x\r\nContent-Disposition: form-data; n="a"',
)  # fmt: skip
QUERIES = (
    "&".join(f"k{n}=v" for n in range(3000)), "limit=" + "9" * 6000, "=", "%", "a=%00",
    "a" + "[b]" * 3000 + "=1", "expand[]=" + "a." * 1000, "page[size]=-1", "page[after]=%FF",
    "page[after]=aWQ6", "page=%D9%A3&per_page=%D9%A3", "after=" + "x" * 60_000,
    "ids=" + "," * 60_000,
    "query=" + "%22" * 300, "query=" + "a:" * 300, "created=1&created[gt]=2",
    "query=" + "-" * 60_000,
    "query=created%3E1e999&limit=0", "created[gt]=" + "9" * 400,
    "query=email~%27a%27%20OR%20name:x",
)  # fmt: skip
KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "", "x" * 5000,
         "application/json; charset=utf-16", "multipart/form-data; boundary=x")  # fmt: skip
KEYS = ("k", "x" * 60_000, "é", "'; --")


class Garbage:
    """Requests to one operation: some of them plausible, all of them wrong somewhere."""

    def __init__(self, operation, system, credentials):
        self.operation = operation
        self.system = system
        self.credentials = credentials[system.name]
        self.random = random.Random(operation.name)
        self.properties = {
            name: schema
            for name, schema in operation.params["properties"].items()
            if f"{{{name}}}" not in operation.template
        }

    def request(self):
        """The next one."""
        body, headers = self._body()
        host = self.system.base_url.partition("://")[2]
        return Request(
            self.operation.method, host, self._path(), self._query(), headers, body[:MOST]
        )

    def _one_in(self, number):
        return self.random.randrange(number) == 0

    def _path(self):
        parts = []
        for part in self.operation.template.split("/"):
            known = PLACES.get(part[1:-1]) or self.random.choice(IDS[self.system.name])
            chosen = self.random.choice(SEGMENTS) if self._one_in(4) else known
            parts.append(chosen if part.startswith("{") else part)
        return "/".join(parts)

    def _query(self):
        if self._one_in(2):
            return ""
        if self._one_in(2):
            return self.random.choice(QUERIES)
        return self.system.encode(Wire(query=self._given()), "GET")[0]

    def _body(self):
        headers = dict(self.system.authorization(self.credentials))
        if self._one_in(8):
            headers["idempotency-key"] = self.random.choice(KEYS)
        if self.operation.method == "GET" and not self._one_in(8):
            return b"", headers
        body, kind = self._content()
        headers["content-type"] = self.random.choice(KINDS) if self._one_in(8) else kind
        return body, headers

    def _content(self):
        kind = self.system.encode(Wire(body={"a": 1}), "POST")[2]["content-type"]
        if self._one_in(8):
            return self.random.randbytes(self.random.choice((1, 300, MOST))), kind
        if self._one_in(3):
            return self.random.choice(BODIES), kind
        given = self._given()
        wire = self.operation.wire(given) if self.operation.wire else Wire(body=given)
        try:
            return self.system.encode(wire, "POST")[1], kind
        except TypeError:  # an integer that only JSON's own grammar can hold
            return json.dumps(wire.body).encode(), kind

    def _given(self):
        given = {
            name: self._plausible(schema)
            for name, schema in self.properties.items()
            if name in self.operation.params["required"] or self._one_in(2)
        }
        for name in list(given):
            if self._one_in(4):
                given[name] = self._value()
        return given

    def _value(self):
        if self._one_in(8):
            size = self.random.choice((3, 500))
            return "".join(self.random.choices(CHARACTERS, k=size))
        return self.random.choice(VALUES)

    def _plausible(self, schema):
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "array":
            return [self._plausible(schema.get("items", {}))]
        known = self.random.choice(IDS[self.system.name])
        return {
            "integer": self.random.choice((1, 5, 100)), "boolean": self._one_in(2),
            "object": self.random.choice(({}, {"id": known}, {"email": "a@b.example"})),
        }.get(kind, self.random.choice((known, "eur", "a@b.example")))  # fmt: skip


def _served(operation):
    """All operations that a request to this one's route may turn out to mean."""
    return [
        each
        for each in operations([operation.system])
        if (each.method, each.template) == (operation.method, operation.template)
    ]


def _is_documented(shapes, operation, status, body):
    faults = [shapes.faults(each.name, status, body) for each in _served(operation)]
    assert [] in faults, faults[0][:3]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_garbage_is_refused_in_the_vendor_s_shape_and_changes_nothing(world, shapes, name, rounds):
    """4xx or a documented answer, within its time; refusals leave no trace but the attempt."""
    engine = Engine(world)
    for operation in operations([name]):
        session = engine.open_case(operation.name)
        garbage = Garbage(operation, engine.systems[name], session.credentials)
        for _ in range(rounds):
            request, mark = garbage.request(), session.overlay.mark()
            captured, begun = len(session.actions), time.perf_counter()
            answer = engine.handle(request)
            assert time.perf_counter() - begun < SECONDS
            assert answer.status < 500
            body = json.loads(answer.body) if answer.body else None
            _is_documented(shapes, operation, answer.status, body)
            if answer.status >= 400:
                assert session.overlay.mark() == mark
            assert len(session.actions) - captured == operation.writes
        engine.close_case(operation.name)


def _sendable(request):
    """Whether HTTP itself can carry the request; what it cannot, a server never hands on."""
    return all("\0" not in value and value.isascii() for value in request.headers.values())


def _over_the_wire(connection, request):
    address = quote(request.path, safe="/%", encoding="latin-1")
    query = quote(request.query, safe="/%&=[]:~'")
    connection.request(
        request.method, f"{address}?{query}" if query else address, request.body or None,
        request.headers,
    )  # fmt: skip
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize(
    "rounds", [pytest.param(2, id="short"), pytest.param(40, id="long", marks=pytest.mark.fuzz)]
)
@pytest.mark.parametrize("name", SYSTEMS)
def test_garbage_over_loopback_neither_hangs_nor_breaks_the_server(world, shapes, name, rounds):
    """The same over real sockets: every request is answered, and the server goes on."""
    engine = Engine(world)
    session = engine.open_case("garbage")
    system = mounted({"one": name})[name]
    with serving(engine, {name: system.base_url}) as urls:
        place = urlsplit(urls[name]).netloc
        for operation in operations([name]):
            garbage = Garbage(operation, system, session.credentials)
            connection = HTTPConnection(place, timeout=SECONDS)
            for request in filter(_sendable, (garbage.request() for _ in range(rounds))):
                captured = len(session.actions)
                status, body = _over_the_wire(connection, request)
                assert status < 500
                _is_documented(shapes, operation, status, json.loads(body) if body else None)
                assert len(session.actions) - captured == operation.writes
            connection.close()


def test_what_is_no_http_is_answered_or_hung_up_on(world):
    """Bytes that are no request end their own connection only."""
    engine = Engine(world)
    session = engine.open_case("garbage")
    source = random.Random(7)
    with serving(engine, {"stripe": "https://api.stripe.com"}) as urls:
        host, _, port = urlsplit(urls["stripe"]).netloc.partition(":")
        for sent in (b"\x16\x03\x01" + source.randbytes(2000), b"GET /\0 HTTP/1.1\r\n\r\n",
                     b"POST /v1/refunds HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
                     b"A" * MOST, b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 9000):  # fmt: skip
            with socket.create_connection((host, int(port)), timeout=SECONDS) as opened:
                opened.sendall(sent)
                opened.shutdown(socket.SHUT_WR)
                assert opened.recv(MOST)[:9] in (b"HTTP/1.1 ", b"")
        connection = HTTPConnection(host, int(port), timeout=SECONDS)
        key = session.credentials["stripe"]["api_key"]
        connection.request("GET", "/v1/charges/ch_0001", headers={"authorization": f"Bearer {key}"})
        assert connection.getresponse().status == 200
        connection.close()
    assert session.actions == []


GIANT = {"stripe": "/v1/refunds", "hubspot": "/crm/v3/objects/contacts",
         "zendesk": "/api/v2/tickets", "desk": "/escalations"}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_giant_body_is_refused_unread(engine, call, shapes, name):
    """Beyond the limit a 413 in the vendor's shape and an attempt; below it what it deserves."""
    system = engine.systems[name]
    kind = system.encode(Wire(body={"a": 1}), "POST")[2]["content-type"]
    begun = time.process_time()
    body = b'{"a":[' + b"1," * (system.largest_body // 2)
    status, answer = call.raw(name, "POST", GIANT[name], body, content_type=kind)
    assert time.process_time() - begun < 1
    assert status == 413
    assert shapes.faults(call.last.operation, status, answer) == []
    assert call.session.effect() == {}
    assert (call.last.response_status, len(call.session.actions)) == (413, 1)
    status, _ = call.raw(name, "POST", GIANT[name], body[: system.largest_body], content_type=kind)
    assert 400 <= status < 500
    assert status != 413


def test_a_giant_body_over_loopback_takes_no_memory():
    """A door keeps of an endless body only what it needs to know that it is too long."""
    block = b"x" * 1_000_000
    sent = 0

    async def receive():
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": bytes(block), "more_body": sent < 300}

    tracemalloc.start()
    kept = asyncio.run(received(receive))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent == 300
    assert max(KNOWN[name].largest_body for name in KNOWN) < len(kept) < 40_000_000
    assert peak < 100_000_000


def test_long_addresses_are_not_remembered(engine, call):
    """What only garbage asks for does not fill the memory of a long campaign."""
    call.raw("zendesk", "GET", "/api/v2/tickets/1")
    tracemalloc.start()
    for number in range(300):
        call.raw("zendesk", "GET", f"/api/v2/tickets/{number}{'x' * 60_000}")
        call.raw("zendesk", "GET", f"/api/v2/tickets?page[size]=1&x={number}{'x' * 60_000}")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 20_000_000
