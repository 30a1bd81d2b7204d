"""Faults over loopback are real ones on the wire, as clients in any language meet them."""

import asyncio
import contextlib
import socket
import threading
import time

import httpx
import httpx2
import pytest
import requests
import urllib3

from understudy.doors.loopback import serving
from understudy.doors.transports import installed
from understudy.model.campaign import Fault
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

REFUND = {"charge": "ch_0001", "amount": 100}


def _fault(do, options=None, **match):
    return Fault.model_validate({"match": match, "do": do, "options": options or {}})


@pytest.fixture
def over_loopback(world):
    """An open case behind a real server under these faults: its session, URL and headers."""
    with contextlib.ExitStack() as leave:

        def opened(*faults, cases=1):
            engine = Engine(world, seed=7, faults=faults)
            sessions = [engine.open_case(f"case-{number}") for number in range(1, cases + 1)]
            bases = {"stripe": sessions[0].base_urls["stripe"]}
            url = leave.enter_context(serving(engine, bases))["stripe"]
            keys = [each.credentials["stripe"]["api_key"] for each in sessions]
            headers = [{"Authorization": f"Bearer {key}"} for key in keys]
            if cases == 1:
                return sessions[0], url, headers[0]
            return sessions, url, headers

        yield opened


def _bytes_until_the_end(url, headers):
    """What arrives on a bare socket, and how the connection ends."""
    host, port = url.removeprefix("http://").split(":")
    body = b"charge=ch_0001&amount=100"
    lines = ["POST /v1/refunds HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    lines += ["Content-Type: application/x-www-form-urlencoded"]
    with socket.create_connection((host, int(port)), timeout=5) as opened:
        opened.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        seen = b""
        try:
            while block := opened.recv(65536):
                seen += block
        except ConnectionResetError:
            return seen, "reset"
    return seen, "closed"


@pytest.mark.parametrize(("kind", "applied"), [("reset", False), ("apply_then_reset", True)])
def test_a_reset_is_one(over_loopback, kind, applied):
    """A bare socket gets a reset and not a byte before it."""
    session, url, headers = over_loopback(_fault(kind, nth=1))
    assert _bytes_until_the_end(url, headers) == (b"", "reset")
    assert bool(session.effect()) is applied
    assert not session.actions[0].candidate_saw_response
    assert httpx.post(f"{url}/v1/refunds", headers=headers, data=REFUND).status_code == 200


def test_a_truncation_is_one(over_loopback):
    """The head states the whole length, half of the body follows, and the connection ends."""
    session, url, headers = over_loopback(_fault("truncate", nth=1))
    seen, end = _bytes_until_the_end(url, headers)
    head, _, body = seen.partition(b"\r\n\r\n")
    stated = int(head.lower().partition(b"content-length: ")[2].split()[0])
    assert end == "closed"
    assert 0 < len(body) == stated // 2
    assert session.effect()


def _httpx(url, headers, timeout):
    return httpx.post(url, headers=headers, data=REFUND, timeout=timeout)


def _httpx2(url, headers, timeout):
    return httpx2.post(url, headers=headers, data=REFUND, timeout=timeout)


def _requests(url, headers, timeout):
    return requests.post(url, headers=headers, data=REFUND, timeout=timeout)


def _urllib3(url, headers, timeout):
    with urllib3.PoolManager() as pool:
        return pool.request(
            "POST", url, headers=headers, fields=REFUND, encode_multipart=False,
            timeout=timeout, retries=False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "kind", "error", "said"),
    [
        (_httpx, "reset", httpx.ReadError, "104"),
        (_httpx, "truncate", httpx.RemoteProtocolError, "received .* bytes, expected"),
        (_httpx, "hang", httpx.ReadTimeout, None),
        (_httpx2, "reset", httpx2.ReadError, "104"),
        (_httpx2, "truncate", httpx2.RemoteProtocolError, "received .* bytes, expected"),
        (_httpx2, "hang", httpx2.ReadTimeout, None),
        (_requests, "reset", requests.ConnectionError, "reset by peer"),
        (_requests, "truncate", requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
        (_requests, "hang", requests.ReadTimeout, None),
        (_urllib3, "reset", urllib3.exceptions.ProtocolError, "reset by peer"),
        (_urllib3, "truncate", urllib3.exceptions.ProtocolError, "IncompleteRead"),
        (_urllib3, "hang", urllib3.exceptions.ReadTimeoutError, None),
    ],
)
def test_libraries_raise_what_they_raise_on_a_network(over_loopback, ask, kind, error, said):
    """Each library's own exception, from its own reading of a real socket."""
    session, url, headers = over_loopback(_fault(kind, nth=1))
    with pytest.raises(error, match=said):
        ask(f"{url}/v1/refunds", headers, 0.3 if kind == "hang" else 5)
    assert session.actions[-1].fault == kind
    after = ask(f"{url}/v1/refunds", headers, 5)
    assert getattr(after, "status_code", None) or after.status == 200


def test_stripe_s_client_retries_a_reset_with_its_key(over_loopback):
    """Applied, then reset on the wire: the retry brings the same key and one refund stands."""
    import stripe

    session, url, headers = over_loopback(_fault("apply_then_reset", nth=1))
    key = headers["Authorization"].removeprefix("Bearer ")
    client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=2)
    assert client.v1.refunds.create(REFUND).amount == 100
    assert session.overlay.get("stripe.charges", "ch_0001")["amount_refunded"] == 100


def test_a_silence_ends_when_the_fault_s_seconds_are_over(over_loopback):
    """A client without patience of its own is dropped then, and not before."""
    _, url, headers = over_loopback(_fault("hang", {"seconds": 0.4}))
    began = time.perf_counter()
    assert _bytes_until_the_end(url, headers) == (b"", "reset")
    assert 0.35 <= time.perf_counter() - began < 4


@pytest.mark.slow
def test_a_silence_holds_nobody_else_up(over_loopback):
    """While one case waits in silence, the server answers the others."""
    _, url, headers = over_loopback(_fault("hang", {"seconds": 3}, case="case-1"), cases=2)
    hung = threading.Thread(target=_bytes_until_the_end, args=(url, headers[0]))
    hung.start()
    began = time.perf_counter()
    for _ in range(10):
        assert httpx.get(f"{url}/v1/charges/ch_0001", headers=headers[1]).status_code == 200
    assert time.perf_counter() - began < 3
    assert hung.is_alive()
    hung.join()


@pytest.fixture
def in_process(world):
    """An open case behind the doors in virtual time, under these faults."""
    with contextlib.ExitStack() as leave:

        def opened(*faults):
            engine = Engine(world, seed=7, faults=faults)
            leave.enter_context(installed(engine))
            leave.enter_context(virtual_time(engine))
            session = engine.open_case("case-1")
            return session, {"Authorization": f"Bearer {session.credentials['stripe']['api_key']}"}

        yield opened


CHARGE = "https://api.stripe.com/v1/charges/ch_0001"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_slow_answers_to_tasks_pass_side_by_side(in_process, library):
    """Ten calls of ten seconds each, begun together, last ten seconds and their own quarters."""
    session, headers = in_process(_fault("latency", {"seconds": 10}))

    async def all_at_once():
        async with library.AsyncClient(headers=headers, timeout=60) as client:
            return await asyncio.gather(*[client.get(CHARGE) for _ in range(10)])

    assert [answer.status_code for answer in asyncio.run(all_at_once())] == [200] * 10
    assert 10 <= session.clock.passed < 13


@pytest.mark.parametrize(("seconds", "late"), [(9, True), (3, False)])
@pytest.mark.parametrize("kind", ["latency", "hang"])
def test_a_limit_over_a_slow_call_is_met(in_process, kind, seconds, late):
    """`wait_for` gives up on a slow or silent system at its limit, and not on a quick one."""
    session, headers = in_process(_fault(kind, {"seconds": seconds}))

    async def ask():
        async with httpx.AsyncClient(headers=headers, timeout=None) as client:
            return await asyncio.wait_for(client.get(CHARGE), 5)

    error = TimeoutError if late else httpx.ReadError
    if late or kind == "hang":
        with pytest.raises(error):
            asyncio.run(ask())
    else:
        assert asyncio.run(ask()).status_code == 200
    assert session.clock.passed == pytest.approx(min(seconds, 5), abs=0.3)


@pytest.mark.parametrize("limit", [5, 60])
def test_an_answer_that_a_task_did_not_wait_for_was_not_seen(in_process, limit):
    """A refund whose caller was cancelled is paid, and told as not seen by the candidate."""
    session, headers = in_process(_fault("latency", {"seconds": 9}))
    url = "https://api.stripe.com/v1/refunds"

    async def refund():
        async with httpx.AsyncClient(headers=headers, timeout=None) as client:
            await client.get(CHARGE)  # a read, whose silence is nobody's write
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client.post(url, data=REFUND), limit)

    asyncio.run(refund())
    (action,) = session.actions
    assert (action.refused, action.candidate_saw_response) == (False, limit == 60)


def test_a_client_s_own_patience_ends_a_silence_in_a_task(in_process):
    """The client's time-out is its own exception after its own seconds."""
    session, headers = in_process(_fault("hang"))

    async def ask():
        async with httpx.AsyncClient(headers=headers, timeout=7) as client:
            await client.get(CHARGE)

    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(ask())
    assert session.clock.passed == pytest.approx(7.25, abs=0.1)
