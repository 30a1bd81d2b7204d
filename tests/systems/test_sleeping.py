"""`time.sleep` inside a case moves the case's clock; everywhere else it sleeps."""

import threading
import time

import pytest

from understudy.systems.engine import current_case
from understudy.systems.sleeping import virtual_sleep

REAL = time.sleep


def _elapsed(session, seconds):
    before, began = session.now, time.perf_counter()
    time.sleep(seconds)
    return (session.now - before).total_seconds(), time.perf_counter() - began


def test_a_sleep_costs_milliseconds(engine):
    """An hour of sleep moves the case's clock by an hour, in next to no time."""
    session = engine.open_case("case-1")
    with virtual_sleep(engine):
        virtual, real = _elapsed(session, 3600)
    assert virtual == 3600
    assert real < 1


def test_outside_of_cases_a_sleep_is_a_sleep(engine):
    """Without an open case, and after the context, time passes."""
    with virtual_sleep(engine):
        began = time.perf_counter()
        time.sleep(0.02)
        assert time.perf_counter() - began >= 0.019
    assert time.sleep is REAL


def test_what_was_imported_meanwhile_sleeps_again_afterwards(engine):
    """A reference taken inside the context is the real one once nobody asks for virtual time."""
    session = engine.open_case("case-1")
    with virtual_sleep(engine):
        taken = time.sleep
    before, began = session.now, time.perf_counter()
    taken(0.02)
    assert time.perf_counter() - began >= 0.019
    assert session.now == before


def test_the_current_case_sleeps_alone(engine):
    """With several cases open the context's own clock moves and no other does."""
    one, two = engine.open_case("one"), engine.open_case("two")
    token = current_case.set("two")
    try:
        with virtual_sleep(engine):
            before = one.now
            virtual, _ = _elapsed(two, 60)
    finally:
        current_case.reset(token)
    assert (virtual, one.now) == (60, before)


def test_threads_of_the_only_case_sleep_in_it(engine):
    """A thread that names no case belongs to the only one that is open."""
    session = engine.open_case("case-1")
    before = session.now
    with virtual_sleep(engine):
        threads = [threading.Thread(target=time.sleep, args=(10,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (session.now - before).total_seconds() == 50


def test_the_harness_sleeps_by_the_wall_clock(engine):
    """A watchdog's waiting is not a case's: code of the harness really sleeps."""
    session = engine.open_case("case-1")
    before = session.now
    harness = {"__name__": "understudy.shadow.watchdog", "time": time}
    with virtual_sleep(engine):
        began = time.perf_counter()
        exec("time.sleep(0.02)", harness)  # the module's name is what tells it apart
        assert time.perf_counter() - began >= 0.019
    assert session.now == before


@pytest.mark.parametrize(("seconds", "error"), [(-1, ValueError), ("1", TypeError)])
def test_what_is_no_span_is_refused_as_ever(engine, seconds, error):
    """Negative spans and text raise what `time.sleep` raises."""
    engine.open_case("case-1")
    with virtual_sleep(engine), pytest.raises(error):
        time.sleep(seconds)
