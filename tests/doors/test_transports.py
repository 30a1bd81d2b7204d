"""The in-process door: real clients at a vendor's real host, answered without a socket."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import io
import socket
import weakref

import httpx
import httpx2
import pytest
import requests
import urllib3
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from understudy.doors.httpx_door import plain_parse
from understudy.doors.transports import installed

URL = "https://api.vendor.example/v1/things?limit=2&q=a%20b"
KEY = {"X-Key": "k-1"}


def ask_httpx(url, key):
    return httpx.post(url, headers={"X-Key": key}, json={"a": 1}).json()


def ask_httpx2(url, key):
    return httpx2.post(url, headers={"X-Key": key}, json={"a": 1}).json()


def ask_requests(url, key):
    return requests.post(url, headers={"X-Key": key}, json={"a": 1}, timeout=5).json()


def ask_urllib3(url, key):
    with urllib3.PoolManager() as pool:
        return pool.request("POST", url, headers={"X-Key": key}, json={"a": 1}).json()


CLIENTS = [ask_httpx, ask_httpx2, ask_requests, ask_urllib3]


@pytest.mark.parametrize("ask", CLIENTS)
def test_a_client_is_answered_at_the_vendors_host(ask, echo):
    """Method, path, query, headers and body arrive as they would have gone over the wire."""
    with installed(echo):
        assert ask(URL, "k-1") == {"case": "k-1"}
    (request,) = echo.seen
    assert (request.method, request.host) == ("POST", "api.vendor.example")
    assert (request.path, request.query) == ("/v1/things", "limit=2&q=a%20b")
    assert request.headers["x-key"] == "k-1"
    assert request.headers["content-type"].startswith("application/json")
    assert request.body.replace(b" ", b"") == b'{"a":1}'


@pytest.mark.parametrize("ask", CLIENTS)
def test_threads_are_answered_each_with_its_own(ask, echo):
    """64 threads at once get 64 different answers, none of them another's."""
    with installed(echo), concurrent.futures.ThreadPoolExecutor(16) as threads:
        keys = [f"k-{number}" for number in range(64)]
        answers = list(threads.map(lambda key: ask(URL, key), keys))
    assert answers == [{"case": key} for key in keys]


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_tasks_are_answered_each_with_its_own(library, echo):
    """The same for 64 asyncio tasks that share one client."""

    async def ask_all():
        async with library.AsyncClient() as client:

            async def ask(key):
                answer = await client.get(URL, headers={"X-Key": key})
                return answer.json()["case"]

            return await asyncio.gather(*[ask(f"k-{number}") for number in range(64)])

    with installed(echo):
        assert asyncio.run(ask_all()) == [f"k-{number}" for number in range(64)]


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_looks_as_if_it_came_from_the_network(library, echo):
    """Status, headers, length, HTTP version and elapsed time are there, also when streamed."""
    with installed(echo), library.Client() as client:
        answer = client.get(URL, headers=KEY)
        assert (answer.status_code, answer.http_version) == (200, "HTTP/1.1")
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.elapsed.total_seconds() >= 0
        with client.stream("GET", URL, headers=KEY) as streamed:
            assert b"".join(streamed.iter_bytes()) == b'{"case":"k-1"}'


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_is_read_once_as_one_from_the_network_is(library, echo):
    """What was read in pieces is consumed, what was closed is closed, and what was read stays."""
    with installed(echo), library.Client() as client:
        with client.stream("GET", URL, headers=KEY) as pieces:
            assert b"".join(pieces.iter_raw())
            with pytest.raises(library.StreamConsumed):
                pieces.read()
        with client.stream("GET", URL, headers=KEY) as unread:
            unread.close()
            with pytest.raises(library.StreamClosed):
                unread.read()
        with client.stream("GET", URL, headers=KEY) as whole:
            assert whole.read() == whole.read() == whole.content
            assert whole.is_closed
            assert whole.is_stream_consumed
            assert type(whole) is library.Response


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_that_nobody_holds_is_gone(library, echo):
    """Answers leave memory when they are let go, and do not wait for the garbage collector."""
    gc.disable()
    try:
        with installed(echo), library.Client() as client:
            answer = client.get(URL, headers=KEY)
            assert answer.elapsed.total_seconds() >= 0
            held = weakref.ref(answer)
            del answer
            assert held() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_to_a_task_is_read_once_too(library, echo):
    """The same for clients in tasks."""

    async def ask():
        async with library.AsyncClient() as client:
            async with client.stream("GET", URL, headers=KEY) as pieces:
                assert b"".join([each async for each in pieces.aiter_raw()])
                with pytest.raises(library.StreamConsumed):
                    await pieces.aread()
            async with client.stream("GET", URL, headers=KEY) as unread:
                await unread.aclose()
                with pytest.raises(library.StreamClosed):
                    await unread.aread()
            async with client.stream("GET", URL, headers=KEY) as whole:
                assert await whole.aread() == whole.content
                assert whole.is_closed

    with installed(echo):
        asyncio.run(ask())


def test_requests_raises_as_it_does_on_real_errors(echo):
    """A 404 of the system becomes the client's own exception, a 204 has no content."""
    with installed(echo), requests.Session() as session:
        with pytest.raises(requests.HTTPError, match="404 Client Error: Not Found"):
            session.get("https://api.vendor.example/missing", timeout=5).raise_for_status()
        assert session.delete("https://api.vendor.example/nothing", timeout=5).content == b""


@pytest.mark.parametrize(
    ("body", "sent"),
    [("ü", b"\xc3\xbc"), (io.BytesIO(b"file"), b"file"), (iter([b"a", b"b"]), b"ab"), (None, b"")],
)
def test_every_kind_of_body_arrives(body, sent, echo):
    """urllib3 takes text, bytes, files and iterators; all arrive as bytes."""
    with installed(echo), urllib3.PoolManager() as pool:
        pool.request("PUT", URL, body=body, headers=KEY)
    assert echo.seen[0].body == sent


def test_a_blocking_pool_has_its_connection_back(echo):
    """A pool of one connection serves many streamed answers; none is kept for nothing."""
    with installed(echo), urllib3.PoolManager(maxsize=1, block=True) as pool:
        for _ in range(5):
            answer = pool.request("GET", URL, headers=KEY, preload_content=False)
            assert answer.read() == b'{"case":"k-1"}'


def test_retries_of_the_client_keep_running(make_echo):
    """urllib3's own retries see a 503 and ask again, as they would in production."""

    class Flaky(make_echo):
        def handle(self, request):
            given = super().handle(request)
            if len(self.seen) == 1:
                return type(given)(503, (("retry-after", "0"),), b"")
            return given

    engine = Flaky()
    retries = urllib3.Retry(2, status_forcelist=[503])
    with installed(engine), urllib3.PoolManager(retries=retries) as pool:
        assert pool.request("GET", URL, headers=KEY).status == 200
    assert len(engine.seen) == 2


@pytest.mark.parametrize("ask", CLIENTS)
def test_other_hosts_go_to_the_real_transport(ask, echo):
    """What no engine serves is not answered: here a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failures = (httpx.ConnectError, httpx2.ConnectError, requests.ConnectionError)
    with installed(echo), pytest.raises((*failures, urllib3.exceptions.MaxRetryError)):
        ask(f"http://127.0.0.1:{port}/", "k-1")
    assert echo.seen == []


def test_everything_is_put_back(echo):
    """After the last engine has gone, the clients are as they were."""
    before = (
        httpx.HTTPTransport.handle_request,
        httpx2.AsyncHTTPTransport.handle_async_request,
        urllib3.HTTPConnectionPool._make_request,
    )
    with installed(echo), installed(echo):
        assert httpx.HTTPTransport.handle_request is not before[0]
    assert before == (
        httpx.HTTPTransport.handle_request,
        httpx2.AsyncHTTPTransport.handle_async_request,
        urllib3.HTTPConnectionPool._make_request,
    )


ADDRESSES = st.from_regex(
    r"https?://[a-zA-Z0-9.:@-]{1,12}(/[a-zA-Z0-9.%~ é_-]{0,8}){0,4}"
    r"(\?[a-z0-9=&%+.\[\] ]{0,12})?(#x)?",
    fullmatch=True,
)


def _parts(parse, address):
    try:
        return parse(address)
    except Exception as error:
        return type(error).__name__, str(error)


@settings(deadline=None, max_examples=150)
@given(ADDRESSES)
@example("https://api.vendor.example/v1/things?limit=10&after=a_1")
@example("https://api.vendor.example/v1/../things")
@example("https://api.vendor.example/" + "a" * 70_000)
@example("https://1.2.3.999/v1/things")
@pytest.mark.parametrize("library", [httpx, httpx2])
def test_addresses_are_what_the_library_makes_of_them(library, address):
    """However an address is written, its parts are the library's own, or its complaint is."""
    real = library._urls.urlparse
    assert _parts(plain_parse(real), address) == _parts(real, address)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_cookies_reach_the_clients_jar(library, echo):
    """An answer that sets a cookie sets it in the client, and others leave the jar alone."""

    class Baker(type(echo)):
        def handle(self, request):
            answer = super().handle(request)
            return structs.replace(answer, headers=(*answer.headers, ("Set-Cookie", "seen=1")))

    with installed(echo), library.Client() as client:
        client.get("https://api.vendor.example/x", headers={"x-key": "k"})
        assert not client.cookies
    with installed(Baker()), library.Client() as client:
        client.get("https://api.vendor.example/x", headers={"x-key": "k"})
        assert dict(client.cookies) == {"seen": "1"}


def test_the_newest_engine_that_serves_a_host_answers(make_echo):
    """Two engines may be installed at once; leaving the inner one uncovers the outer one."""
    outer, inner, other = make_echo(), make_echo(), make_echo("api.other.example")
    with installed(outer), installed(other):
        with installed(inner):
            httpx.get(URL, headers=KEY)
        httpx.get(URL, headers=KEY)
        httpx.get("https://api.other.example/", headers=KEY)
    assert [len(engine.seen) for engine in (outer, inner, other)] == [1, 1, 1]


def test_a_proxy_of_the_candidate_is_not_needed(echo):
    """A client that is set to go through a proxy is answered in process all the same."""
    with installed(echo):
        with httpx.Client(proxy="http://127.0.0.1:9") as client:
            assert client.get(URL, headers=KEY).status_code == 200
        with urllib3.ProxyManager("http://127.0.0.1:9") as pool:
            assert pool.request("GET", URL, headers=KEY).status == 200


def test_clients_share_one_certificate_store(echo):
    """A client per case does not read the certificate store each time; own settings stay own."""
    with installed(echo):
        first, second, own = httpx.Client(), httpx.Client(), httpx.Client(verify=False)
        contexts = [each._transport._pool._ssl_context for each in (first, second, own)]
        for each in (first, second, own):
            each.close()
    assert contexts[0] is contexts[1]
    assert contexts[2] is not contexts[0]
