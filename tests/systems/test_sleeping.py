"""`time.sleep` inside a case moves the case's clock; everywhere else it sleeps."""

import threading
import time
from time import perf_counter

import pytest

from understudy.systems.engine import current_case
from understudy.systems.sleeping import virtual_time

REAL, REAL_NOW = time.sleep, time.monotonic


def _elapsed(session, seconds):
    before, began = session.now, perf_counter()
    time.sleep(seconds)
    return (session.now - before).total_seconds(), perf_counter() - began


def test_a_sleep_costs_milliseconds(engine):
    """An hour of sleep moves the case's clock by an hour, in next to no time."""
    session = engine.open_case("case-1")
    with virtual_time(engine):
        virtual, real = _elapsed(session, 3600)
    assert virtual == 3600
    assert real < 1


def test_outside_of_cases_a_sleep_is_a_sleep(engine):
    """Without an open case, and after the context, time passes."""
    with virtual_time(engine):
        began = perf_counter()
        time.sleep(0.02)
        assert perf_counter() - began >= 0.019
    assert time.sleep is REAL


def test_what_was_imported_meanwhile_sleeps_again_afterwards(engine):
    """A reference taken inside the context is the real one once nobody asks for virtual time."""
    session = engine.open_case("case-1")
    with virtual_time(engine):
        taken = time.sleep
    before, began = session.now, perf_counter()
    taken(0.02)
    assert perf_counter() - began >= 0.019
    assert session.now == before


def test_the_current_case_sleeps_alone(engine):
    """With several cases open the context's own clock moves and no other does."""
    one, two = engine.open_case("one"), engine.open_case("two")
    token = current_case.set("two")
    try:
        with virtual_time(engine):
            before = one.now
            virtual, _ = _elapsed(two, 60)
    finally:
        current_case.reset(token)
    assert (virtual, one.now) == (60, before)


def test_threads_sleep_side_by_side(engine):
    """Five threads that sleep at the same time take the time of one; they are the only case's."""
    session = engine.open_case("case-1")
    before = session.now
    with virtual_time(engine):
        threads = [threading.Thread(target=time.sleep, args=(10,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 10 <= (session.now - before).total_seconds() < 11


def test_the_harness_sleeps_by_the_wall_clock(engine):
    """A watchdog's waiting is not a case's: code of the harness really sleeps."""
    session = engine.open_case("case-1")
    before = session.now
    harness = {"__name__": "understudy.shadow.watchdog", "time": time}
    with virtual_time(engine):
        began = perf_counter()
        exec("time.sleep(0.02)", harness)  # the module's name is what tells it apart
        assert perf_counter() - began >= 0.019
    assert session.now == before


def test_the_clocks_are_ahead_by_what_was_slept(engine):
    """A loop that waits by any of the clocks ends after its minutes, and after its own sleeps."""
    session = engine.open_case("case-1")
    clocks = ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")
    with virtual_time(engine):
        for name in clocks:
            read = getattr(time, name)
            unit = 10**9 if name.endswith("_ns") else 1
            end, turns = read() + 60 * unit, 0
            while read() < end:
                time.sleep(5)
                turns += 1
            assert turns == 12
    assert session.clock.passed == 12 * 5 * len(clocks)


def test_the_clocks_never_go_back_between_cases(engine):
    """What a case has skipped stays skipped for the next one in the process."""
    with virtual_time(engine):
        read = []
        for number in range(3):
            engine.open_case(f"case-{number}")
            time.sleep(100)
            read.append(time.monotonic())
            engine.close_case(f"case-{number}")
            read.append(time.monotonic())
    assert read == sorted(read)
    assert 200 <= read[-1] - read[0] < 201


def test_a_sleep_waits_for_a_thread_at_work(engine):
    """Polling for a thread that computes takes its real time, and is not hours of the case's."""
    session = engine.open_case("case-1")
    done = threading.Event()

    def work():
        end = REAL_NOW() + 0.2
        while REAL_NOW() < end:
            pass
        done.set()

    began = REAL_NOW()
    with virtual_time(engine):
        thread = threading.Thread(target=work)
        thread.start()
        while not done.is_set():
            time.sleep(0.05)
        thread.join()
    # However busy the machine is, the case's time is the time that it really took.
    assert 0.05 <= session.clock.passed <= REAL_NOW() - began + 0.1


def test_the_earlier_sleeper_wakes_first(engine):
    """Threads wake in the order of their moments, whichever fell asleep first."""
    session, woken = engine.open_case("case-1"), []

    def sleep(seconds):
        time.sleep(seconds)
        woken.append(seconds)

    with virtual_time(engine):
        threads = [threading.Thread(target=sleep, args=(n,)) for n in (300, 20, 100, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert woken == [4, 20, 100, 300]
    assert session.clock.passed == 300


def test_a_sleeper_outlives_its_case_in_the_next_one(engine):
    """What is left of a sleep when its case ends is slept in the time of the next."""
    engine.open_case("case-1")
    woken = []
    with virtual_time(engine):
        blocked = threading.Thread(target=lambda: (time.sleep(50), woken.append(True)))
        blocked.start()  # and this thread is at work until the case ends
        end = REAL_NOW() + 0.03
        while REAL_NOW() < end:
            pass
        engine.close_case("case-1")
        REAL(0.02)
        assert not woken
        second = engine.open_case("case-2")
        time.sleep(100)
        blocked.join(5)
    assert woken
    assert second.clock.passed == pytest.approx(100, abs=0.5)


def test_a_limit_stops_the_clock(engine):
    """A sleep beyond the limit is told at the limit, once for everything that would follow."""
    session, told = engine.open_case("case-1"), []

    class Over(Exception):
        pass

    def stop():
        told.append(session.clock.passed)
        raise Over

    session.clock.limit(60, stop)
    with virtual_time(engine), pytest.raises(Over):
        while True:
            time.sleep(7)
    assert told == [60]


@pytest.mark.parametrize(("seconds", "error"), [(-1, ValueError), ("1", TypeError)])
def test_what_is_no_span_is_refused_as_ever(engine, seconds, error):
    """Negative spans and text raise what `time.sleep` raises."""
    engine.open_case("case-1")
    with virtual_time(engine), pytest.raises(error):
        time.sleep(seconds)
