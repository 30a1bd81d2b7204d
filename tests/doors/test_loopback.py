"""The door on loopback: for any language, one port per system."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import time
import urllib.error
import urllib.request

import pytest

from understudy.doors.loopback import LoopbackDoor, environment, serving
from understudy.systems.message import Response

BASE = {"vendor": "https://api.vendor.example", "other": "https://api.vendor.example"}


def ask(url, key="k-1", body=None):
    request = urllib.request.Request(url, data=body, headers={"X-Key": key})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, dict(answer.headers), answer.read()


def test_a_request_over_a_socket_arrives_as_at_the_vendors_host(echo):
    """The engine sees the vendor's own host, the raw path and query, and the body."""
    with serving(echo, BASE) as urls:
        status, headers, body = ask(f"{urls['vendor']}/v1/a%20b?x=1&y=%C3%BC", body=b"x" * 200_000)
    assert (status, json.loads(body)) == (200, {"case": "k-1"})
    assert headers["x-case"] == "1"
    (request,) = echo.seen
    assert (request.method, request.host) == ("POST", "api.vendor.example")
    assert (request.path, request.query) == ("/v1/a%20b", "x=1&y=%C3%BC")
    assert len(request.body) == 200_000


def test_an_answer_does_not_wait_for_an_acknowledgement(echo):
    """On a connection that is kept, no answer in two pieces waits 40 ms for the client's system."""
    with serving(echo, BASE) as urls:
        connection = http.client.HTTPConnection(urls["vendor"].partition("://")[2], timeout=10)
        spans = []
        for _ in range(60):
            start = time.perf_counter()
            connection.request("GET", "/v1/a", headers={"X-Key": "k-1"})
            connection.getresponse().read()
            spans.append(time.perf_counter() - start)
        connection.close()
    assert min(spans[40:]) < 0.02


def test_each_system_has_a_port_of_its_own(echo):
    """Two systems are two addresses; a port that was asked for is the one that is given."""
    with serving(echo, BASE) as urls:
        assert urls["vendor"] != urls["other"]
        taken = int(urls["vendor"].rpartition(":")[2])
    with serving(echo, {"vendor": BASE["vendor"]}, {"vendor": taken}) as urls:
        assert urls == {"vendor": f"http://127.0.0.1:{taken}"}
        with pytest.raises(OSError, match="in use"), serving(echo, BASE, {"other": taken}):
            raise AssertionError("two doors at one port")


def test_links_lead_to_the_door_and_come_back_as_the_vendors(echo, monkeypatch):
    """A next page's address is the door's own; sent back in a body it is the vendor's again."""
    link = b'{"next":"https://api.vendor.example/v1/x?page=2","text":"see https://api.vendor.example/"}'
    monkeypatch.setattr(type(echo), "handle", lambda self, request: self.keep(request))
    echo.keep = lambda request: echo.seen.append(request) or Response(200, (), link)
    with serving(echo, {"vendor": BASE["vendor"]}) as urls:
        answer = json.loads(ask(f"{urls['vendor']}/v1/x")[2])
        assert answer["next"] == f"{urls['vendor']}/v1/x?page=2"
        assert answer["text"] == "see https://api.vendor.example/"
        ask(f"{urls['vendor']}/v1/x", body=json.dumps({"link": answer["next"]}).encode())
    assert json.loads(echo.seen[1].body) == {"link": "https://api.vendor.example/v1/x?page=2"}


def test_errors_and_empty_answers_are_the_vendors(echo):
    """A 404 and a 204 of the system go over the wire as they are."""
    with serving(echo, BASE) as urls:
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(f"{urls['vendor']}/missing")
        with caught.value as answer:
            assert (answer.code, answer.read()) == (404, b'{"error":"missing"}')
        assert ask(f"{urls['vendor']}/nothing")[0] == 204


def test_parallel_requests_are_answered_each_with_its_own(echo):
    """64 requests over 16 threads get 64 different answers."""
    with serving(echo, BASE) as urls, concurrent.futures.ThreadPoolExecutor(16) as threads:
        keys = [f"k-{number}" for number in range(64)]
        bodies = list(threads.map(lambda key: ask(urls["vendor"], key)[2], keys))
    assert [json.loads(body)["case"] for body in bodies] == keys


def test_nothing_on_the_wire_names_the_harness(echo):
    """No header of an answer says who served it."""
    with serving(echo, BASE) as urls:
        host = urls["vendor"].removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", "/v1/x", headers={"X-Key": "k"})
        answer = connection.getresponse()
        answer.read()
        headers = str(answer.getheaders()).lower()
        connection.close()
    assert not any(word in headers for word in ("understudy", "shadow", "uvicorn"))


def test_the_doors_close(echo):
    """Afterwards nothing listens any more."""
    with serving(echo, BASE) as urls:
        pass
    with pytest.raises(urllib.error.URLError):
        ask(urls["vendor"])


def test_the_environment_says_where_the_systems_are():
    """Clients that read their address from the environment find it there."""
    found = environment({"stripe": "http://127.0.0.1:4001", "zendesk": "http://127.0.0.1:4003"})
    assert found == {
        "STRIPE_API_BASE": "http://127.0.0.1:4001",
        "ZENDESK_API_BASE": "http://127.0.0.1:4003",
        "ZENPY_FORCE_SCHEME": "http",
        "ZENPY_FORCE_NETLOC": "127.0.0.1:4003",
    }


def test_what_is_not_http_is_left_alone(echo):
    """A lifespan or websocket scope is no request."""
    door = LoopbackDoor(echo, "https://api.vendor.example")
    with pytest.raises(StopIteration):
        door({"type": "lifespan"}, None, None).send(None)
    assert echo.seen == []
