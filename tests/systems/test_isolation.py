"""Sixty-four cases at once, by every way in: each logs what it logs alone."""

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import httpx2
import pytest

from understudy.doors.loopback import serving
from understudy.doors.transports import installed
from understudy.systems.engine import Engine, current_case
from understudy.systems.message import Request

CASES = 64


def _calls(session, bases):
    """One case's requests: writes that differ by case, and reads of what was written."""
    number = int(session.case_id.rpartition("-")[2])
    stripe = {"Authorization": f"Bearer {session.credentials['stripe']['api_key']}"}
    hubspot = {"Authorization": f"Bearer {session.credentials['hubspot']['access_token']}"}
    contact = f"{bases['hubspot']}/crm/v3/objects/contacts/101"
    return [
        ("POST", f"{bases['stripe']}/v1/refunds", stripe,
         {"data": {"charge": f"ch_{number:04d}", "amount": 100 + number}}),
        ("PATCH", contact, hubspot, {"json": {"properties": {"city": f"City {number}"}}}),
        ("GET", f"{contact}?properties=city", hubspot, {}),
        ("GET", f"{bases['stripe']}/v1/charges/ch_{number:04d}", stripe, {}),
        ("GET", f"{bases['stripe']}/v1/charges/ch_{(number + 1) % CASES:04d}", stripe, {}),
    ]  # fmt: skip


def _checked(session, answers):
    number = int(session.case_id.rpartition("-")[2])
    refund, _, contact, mine, other = answers
    assert refund["amount"] == mine["amount_refunded"] == 100 + number
    assert contact["properties"]["city"] == f"City {number}"
    assert other["amount_refunded"] == 0


def _one(client, session, bases):
    answers = [
        client.request(method, url, headers=headers, **body).raise_for_status().json()
        for method, url, headers, body in _calls(session, bases)
    ]
    _checked(session, answers)


def _in_threads(library, sessions, bases):
    with library.Client(trust_env=False) as client, ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda session: _one(client, session, bases), sessions))


def _in_tasks(library, sessions, bases):
    async def one(client, session):
        answers = []
        for method, url, headers, body in _calls(session, bases):
            answer = await client.request(method, url, headers=headers, **body)
            answers.append(answer.raise_for_status().json())
            await asyncio.sleep(0)
        _checked(session, answers)

    async def whole():
        async with library.AsyncClient(trust_env=False) as client:
            await asyncio.gather(*[one(client, session) for session in sessions])

    asyncio.run(whole())


@contextlib.contextmanager
def _vendors(engine):
    with installed(engine):
        yield {name: system.base_url for name, system in engine.systems.items()}


@contextlib.contextmanager
def _loopback(engine):
    bases = {name: system.base_url for name, system in engine.systems.items()}
    with serving(engine, bases) as urls:
        yield urls


def _logs(sessions):
    return [
        (session.case_id, session.actions, session.reads, session.gaps, session.overlay.digest())
        for session in sessions
    ]


@pytest.fixture(scope="module")
def alone(world):
    """What each case logs with nobody beside it."""
    engine = Engine(world, seed=7)
    sessions = []
    with _vendors(engine) as bases, httpx.Client(trust_env=False) as client:
        for number in range(CASES):
            sessions.append(engine.open_case(f"case-{number}"))
            _one(client, sessions[-1], bases)
            engine.close_case(f"case-{number}")
    return _logs(sessions)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("way", [_in_threads, _in_tasks], ids=["threads", "tasks"])
@pytest.mark.parametrize("door", [_vendors, _loopback], ids=["in_process", "loopback"])
def test_cases_do_not_see_each_other(world, alone, door, way, library):
    """Sixty-four at once by threads and by tasks, at the vendors' hosts and over loopback."""
    engine = Engine(world, seed=7)
    sessions = [engine.open_case(f"case-{number}") for number in range(CASES)]
    with door(engine) as bases:
        way(library, sessions, bases)
    assert _logs(sessions) == alone
    assert engine.strays == []


def test_a_call_that_names_no_case_is_refused_loudly(world):
    """Of several open cases none is guessed: the call fails and is kept as a stray."""
    engine = Engine(world, seed=7)
    first, second = engine.open_case("one"), engine.open_case("two")
    answers = []

    def bare():
        answers.append(engine.handle(Request("DELETE", "api.stripe.com", "/v1/customers/cus_ada")))

    token = current_case.set("one")
    thread = threading.Thread(target=bare)  # a thread starts without its parent's context
    thread.start()
    thread.join()
    current_case.reset(token)
    assert [answer.status for answer in answers] == [401]
    assert (first.actions, second.actions) == ([], [])
    assert [stray.reason for stray in engine.strays] == ["credential"]
    engine.close_case("two")
    thread = threading.Thread(target=bare)
    thread.start()
    thread.join()
    assert [action.response_status for action in first.actions] == [401]
    assert len(engine.strays) == 1
