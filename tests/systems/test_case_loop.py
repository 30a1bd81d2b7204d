"""Event loops in a case's time: they jump when nothing can run, and mean what they mean in life."""

import asyncio
import concurrent.futures
import contextlib
import socket
import threading
import time
from collections import Counter
from time import perf_counter

import anyio
import anyio.to_thread
import httpx
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.doors.transports import installed
from understudy.systems.engine import current_case
from understudy.systems.sleeping import step_aside, virtual_time


@pytest.fixture
def session(engine):
    """The only open case, in virtual time."""
    opened = engine.open_case("case-1")
    with virtual_time(engine):
        yield opened


@pytest.fixture
def took():
    """How many real seconds a block takes."""

    @contextlib.contextmanager
    def measured(most):
        began = perf_counter()
        yield
        assert perf_counter() - began < most

    return measured


def test_a_sleep_costs_nothing(session, took):
    """A day of `asyncio.sleep` moves loop and case by a day."""

    async def sleep():
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(86_400)
        return asyncio.get_running_loop().time() - began

    with took(1):
        assert asyncio.run(sleep()) == pytest.approx(86_400)
    assert session.clock.passed == 86_400


def test_outside_of_cases_a_loop_is_a_loop(engine):
    """Without an open case the loop takes real time."""

    async def sleep():
        await asyncio.sleep(0.05)

    with virtual_time(engine):
        began = perf_counter()
        asyncio.run(sleep())
        real = perf_counter()
    assert real - began >= 0.049


@pytest.mark.parametrize(("work", "limit", "late"), [(30, 5, True), (4, 5, False), (5, 5, True)])
def test_a_time_out_is_one_exactly_when_it_would_be(session, work, limit, late):
    """`wait_for` gives up at its limit, and never on what is done before."""

    async def wait():
        await asyncio.wait_for(asyncio.sleep(work, "done"), limit)

    if late:
        with pytest.raises(TimeoutError):
            asyncio.run(wait())
    else:
        asyncio.run(wait())
    assert session.clock.passed == pytest.approx(min(work, limit), abs=1e-5)


def test_nested_time_outs_end_from_the_inside(session):
    """The inner limit is met, then the outer one; cancellation reaches the innermost wait."""
    seen = []

    async def inner():
        try:
            async with asyncio.timeout(3):
                await asyncio.sleep(60)
        except TimeoutError:
            seen.append(("inner", session.clock.passed))
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append(("cancelled", session.clock.passed))
            raise

    async def outer():
        async with asyncio.timeout(10):
            await inner()

    with pytest.raises(TimeoutError):
        asyncio.run(outer())
    assert [(name, round(at, 4)) for name, at in seen] == [("inner", 3), ("cancelled", 10)]


PLANS = st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=4), min_size=1, max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plans=PLANS)
def test_tasks_wake_in_the_order_of_virtual_time(session, plans):
    """Any tasks that sleep in turns wake as a sorted list of their moments says.

    Equal moments come in the order in which they were asked for, as they do in real time.
    """
    started, woken = session.clock.micros, []

    async def sleeper(task, spans):
        for turn, span in enumerate(spans):
            await asyncio.sleep(span / 10)
            woken.append((task, turn))

    async def everybody():
        await asyncio.gather(*[sleeper(task, spans) for task, spans in enumerate(plans)])

    asyncio.run(everybody())
    assert woken == _reference(plans)
    assert (session.clock.micros - started) / 1e6 == pytest.approx(
        max(sum(spans) for spans in plans) / 10, abs=1e-4
    )


def _reference(plans):
    """The order by a sorted list of (moment, number of the request, task, turn)."""
    due = [(spans[0], asked, asked, 0) for asked, spans in enumerate(plans)]
    asked, woken = len(due), []
    while due:
        due.sort()
        moment, _, task, turn = due.pop(0)
        woken.append((task, turn))
        if turn + 1 < len(plans[task]):
            due.append((moment + plans[task][turn + 1], asked, task, turn + 1))
            asked += 1
    return woken


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=10))
def test_any_time_outs_are_met_as_in_real_time(session, pairs):
    """Of tasks with any work and limit, exactly those whose work is longer are timed out."""

    async def one(work, limit):
        try:
            async with asyncio.timeout(limit):
                await asyncio.sleep(work)
        except TimeoutError:
            return "late", session.clock.micros
        return "done", session.clock.micros

    async def everybody():
        return await asyncio.gather(*[one(work, limit) for work, limit in pairs])

    started = session.clock.micros
    for (work, limit), (how, at) in zip(pairs, asyncio.run(everybody()), strict=True):
        # The limit was asked for first, so that it is met first where both are equal.
        assert how == ("done" if work < limit else "late")
        assert (at - started) / 1e6 == pytest.approx(min(work, limit), abs=1e-3)


def test_a_task_that_is_cancelled_stops_waiting(session):
    """A cancelled sleep ends at once; its timer moves nothing afterwards."""

    async def cancel():
        task = asyncio.create_task(asyncio.sleep(1000))
        await asyncio.sleep(2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.sleep(1)

    asyncio.run(cancel())
    assert session.clock.passed == pytest.approx(3, abs=1e-5)


def test_callbacks_that_are_ready_go_first(session):
    """A chain of ready callbacks is never jumped over by a timer."""
    seen = []

    async def chain():
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, seen.append, "timer")
        for number in range(200):
            loop.call_soon(seen.append, number)
            await asyncio.sleep(0)
        await asyncio.sleep(1)

    asyncio.run(chain())
    assert seen == [*range(200), "timer"]


def _compute(seconds):
    done = time.thread_time() + seconds
    while time.thread_time() < done:
        pass
    return "computed"


def _in_to_thread():
    return asyncio.to_thread(_compute, 0.15)


def _in_executor():
    async def run():
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return await asyncio.get_running_loop().run_in_executor(pool, _compute, 0.15)

    return run()


def _in_anyio():
    return anyio.to_thread.run_sync(_compute, 0.15)


def _by_threadsafe_call():
    async def run():
        loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def work():
            _compute(0.15)
            loop.call_soon_threadsafe(future.set_result, "computed")

        threading.Thread(target=work).start()
        return await future

    return run()


@pytest.mark.parametrize("start", [_in_to_thread, _in_executor, _in_anyio, _by_threadsafe_call])
def test_a_thread_at_work_is_waited_for(session, start):
    """A limit of a minute is not jumped to while a thread computes, however it was started."""

    async def wait():
        first = await asyncio.wait_for(start(), 60)
        return first, await asyncio.wait_for(start(), 60)

    assert asyncio.run(wait()) == ("computed", "computed")
    assert session.clock.passed < 20


@pytest.mark.parametrize(("seconds", "limit"), [(30, 5), (3, 5)])
def test_a_thread_that_sleeps_sleeps_in_the_same_time(session, took, seconds, limit):
    """`to_thread(time.sleep)` under a limit is late exactly when it would be."""

    async def wait():
        await asyncio.wait_for(asyncio.to_thread(time.sleep, seconds), limit)

    async def waited():
        with contextlib.suppress(TimeoutError):
            await wait()
        return session.clock.passed

    with took(5):
        passed = asyncio.run(waited())
    assert passed == pytest.approx(min(seconds, limit), abs=0.5)


def test_tasks_and_threads_wake_in_one_order(session):
    """Sleeping tasks and sleeping threads of a case wake as one sorted list."""
    woken = []

    async def task(seconds):
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def thread(seconds):
        await asyncio.to_thread(time.sleep, seconds)
        woken.append(seconds)

    async def everybody():
        await asyncio.gather(task(10), thread(20), task(30), thread(40), task(50))

    asyncio.run(everybody())
    assert woken == [10, 20, 30, 40, 50]
    assert session.clock.passed == pytest.approx(50, abs=1)


@pytest.fixture
def slow_server():
    """A real server on loopback that answers each line after 0.2 real seconds."""
    real_sleep = time.sleep
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        step_aside()
        with contextlib.suppress(OSError):
            while True:
                opened, _ = listener.accept()
                threading.Thread(target=answer, args=(opened,), daemon=True).start()

    def answer(opened):
        step_aside()
        with opened, contextlib.suppress(OSError):
            while opened.recv(1000):
                real_sleep(0.2)
                opened.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi\n")

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.close()


async def _streams(address):
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(b"hello\n")
        return (await reader.readline()).startswith(b"HTTP")
    finally:
        writer.close()


async def _protocol(address):
    loop, answer = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    class Asking(asyncio.Protocol):
        def data_received(self, data):
            answer.set_result(data)

    transport, _ = await loop.create_connection(Asking, *address)
    try:
        transport.write(b"hello\n")
        return (await answer).startswith(b"HTTP")
    finally:
        transport.close()


async def _bare_socket(address):
    loop = asyncio.get_running_loop()
    with socket.socket() as opened:
        opened.setblocking(False)
        await loop.sock_connect(opened, address)
        await loop.sock_sendall(opened, b"hello\n")
        return (await loop.sock_recv(opened, 100)).startswith(b"HTTP")


def _client(library):
    async def ask(address):
        async with library.AsyncClient(timeout=None, trust_env=False) as client:
            answer = await client.get("http://{}:{}/".format(*address))
            return answer.status_code == 200

    return ask


ASKERS = [
    pytest.param(_streams, id="streams"),
    pytest.param(_protocol, id="protocol"),
    pytest.param(_bare_socket, id="socket"),
    pytest.param(_client(httpx), id="httpx"),
    pytest.param(_client(httpx2), id="httpx2"),
]


@pytest.mark.parametrize("ask", ASKERS)
def test_a_real_answer_is_waited_for(engine, slow_server, ask):
    """A socket that has not answered is waited for really: a minute's limit is not jumped to."""
    session = engine.open_case("case-1")
    with virtual_time(engine):
        assert asyncio.run(asyncio.wait_for(ask(slow_server), 60))
    assert 0.15 < session.clock.passed < 20


@pytest.mark.parametrize("ask", ASKERS)
def test_a_real_answer_that_comes_too_late_is_one(engine, slow_server, ask):
    """While a real answer is awaited the limit comes as the wall's clock has it."""
    session = engine.open_case("case-1")
    with virtual_time(engine), pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(ask(slow_server), 0.05))
    assert 0.05 <= session.clock.passed < 2


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_connection_that_is_kept_does_not_hold_time_up(engine, slow_server, took, library):
    """An open connection on which nobody waits for anything costs no real sleep."""
    session = engine.open_case("case-1")

    async def sleep_beside():
        async with library.AsyncClient(timeout=None, trust_env=False) as client:
            await client.get("http://{}:{}/".format(*slow_server))
            _, writer = await asyncio.open_connection(*slow_server)
            await asyncio.sleep(3600)
            writer.close()

    with virtual_time(engine), took(3):
        asyncio.run(sleep_beside())
    assert session.clock.passed >= 3600


def test_a_protocol_that_was_answered_holds_time_up_for_a_moment_only(engine, slow_server, took):
    """Where nothing tells whether more is to come, two quiet seconds are enough to go on."""
    session = engine.open_case("case-1")

    async def sleep_beside():
        answer = asyncio.get_running_loop().create_future()

        class Asking(asyncio.Protocol):
            def data_received(self, data):
                answer.set_result(data)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(Asking, *slow_server)
        transport.write(b"hello\n")
        await answer
        await asyncio.sleep(3600)
        transport.close()

    with virtual_time(engine), took(8):
        asyncio.run(sleep_beside())
    assert session.clock.passed >= 3600


def test_a_server_in_the_loop_does_not_hold_time_up(session, took):
    """A listener that nobody connects to is waited for by nobody."""

    async def serve():
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        async with server:
            await asyncio.sleep(3600)

    with took(2):
        asyncio.run(serve())
    assert session.clock.passed >= 3600


def test_anyio_keeps_its_meaning(session, took):
    """Cancel scopes and task groups of anyio live in the case's time."""
    seen = []

    async def work():
        with anyio.move_on_after(5) as scope:
            await anyio.sleep(60)
        seen.append((scope.cancelled_caught, round(session.clock.passed, 3)))
        async with anyio.create_task_group() as tasks:
            for seconds in (3, 1, 2):
                tasks.start_soon(anyio.sleep, seconds)
        seen.append((False, round(session.clock.passed, 3)))

    with took(2):
        anyio.run(work)
    assert seen == [(True, 5), (False, 8)]


def test_cases_side_by_side_keep_their_own_time(engine):
    """Each case has a loop of its own; one's hours are not another's."""
    spans = {f"case-{number}": 100.0 * (number + 1) for number in range(8)}
    sessions = {name: engine.open_case(name) for name in spans}

    def handle(name):
        current_case.set(name)
        asyncio.run(asyncio.sleep(spans[name]))

    with virtual_time(engine):
        threads = [threading.Thread(target=handle, args=(name,)) for name in spans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for name, session in sessions.items():
        assert session.clock.passed == pytest.approx(spans[name], abs=5)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_clients_behind_the_doors_share_the_loop_with_timers(engine, library):
    """Calls take their quarter of a second, and a limit over a loop of them is met."""
    session = engine.open_case("case-1")
    url = f"{session.base_urls['stripe']}/v1/charges/ch_0001"
    headers = {"authorization": f"Bearer {session.credentials['stripe']['api_key']}"}
    calls = Counter()

    async def poll():
        async with library.AsyncClient(headers=headers) as client:
            while True:
                calls[(await client.get(url)).status_code] += 1

    with virtual_time(engine), installed(engine), pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(poll(), 10))
    assert set(calls) == {200}
    assert 39 <= calls.total() <= 43
