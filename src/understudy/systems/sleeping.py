"""Time inside a case: `time.sleep`, the clocks and event loops move it and cost next to none."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, SupportsIndex

from understudy.systems.case_loop import CaseLoop
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession
from understudy.systems.timeline import Timeline, real_now, real_sleep

__all__ = ["step_aside", "virtual_time"]

_YIELD = 0.001
# These sleep for real wherever they run: the harness watches over the candidate by the wall clock.
_HARNESS = ("understudy.shadow", "understudy.doors", "understudy.campaign")
_CLOCKS = ("time", "monotonic", "perf_counter")

_timeline = Timeline()


@contextlib.contextmanager
def virtual_time(engine: Engine) -> Iterator[None]:
    """Let waiting move the clock of the case that it happens in, in every thread.

    `time.sleep` passes as soon as no other thread of the case is at work; event loops of asyncio
    that are made meanwhile jump to their next timer when nothing can run; `time.time`,
    `time.monotonic` and `time.perf_counter` are ahead by what was skipped. The case is the one
    that a call without a credential would belong to: that of `engine.current_case`, or the only
    one that is open. Outside of cases, and for the harness's own threads, time is the wall's.
    What took a function out of `time` before keeps the real one, so this is to be entered before
    the candidate is imported.
    """
    with contextlib.ExitStack() as leave:
        if not _timeline.engines:
            _replace(leave)
        _timeline.add(engine)
        leave.callback(_timeline.remove, engine)
        yield


def step_aside() -> None:
    """Say that the calling thread is the harness's: nobody's time waits for it."""
    _timeline.step_aside()


def _replace(leave: contextlib.ExitStack) -> None:
    _set(leave, time, "sleep", _sleep)
    for name in _CLOCKS:
        _set(leave, time, name, _ahead(getattr(time, name)))
        _set(leave, time, f"{name}_ns", _ahead_ns(getattr(time, f"{name}_ns")))
    # By the policy, because that is where every way to a new loop leads.
    names = ("_DefaultEventLoopPolicy", "DefaultEventLoopPolicy")
    policy = next(vars(asyncio)[name] for name in names if name in vars(asyncio))
    _set(leave, policy, "_loop_factory", functools.partial(CaseLoop, _timeline))


def _set(leave: contextlib.ExitStack, owner: Any, name: str, value: Any) -> None:
    leave.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _ahead(real: Callable[[], float]) -> Callable[[], float]:
    return functools.wraps(real)(lambda: real() + _timeline.skew())


def _ahead_ns(real: Callable[[], int]) -> Callable[[], int]:
    return functools.wraps(real)(lambda: real() + round(_timeline.skew() * 1e9))


@functools.wraps(time.sleep)
def _sleep(seconds: float | SupportsIndex, /) -> None:
    session = None if _asked_by_the_harness() else _timeline.present()
    if session is None or not isinstance(seconds, int | float) or not seconds >= 0:
        real_sleep(seconds)  # which also refuses what is no span of time
        return
    _Sleeper(session, round(min(seconds, threading.TIMEOUT_MAX) * 1e6)).sleep()


class _Sleeper:
    """One thread that sleeps until a moment of its case's clock."""

    def __init__(self, session: CaseSession, micros: int) -> None:
        self._session = session
        self._due = session.clock.micros + micros

    def sleep(self) -> None:
        """Return when the moment has come."""
        try:
            _timeline.wait(self._session.clock, self._due)
            # Others have their turn, so that waiting in a loop for one of them does not spin.
            self._wait_really()
            while self._session.clock.micros < self._due:
                if self._comes_next():
                    self._session.clock.advance_to(self._due)
                else:
                    self._wait_really()
        finally:
            _timeline.go_on()

    def _comes_next(self) -> bool:
        """Whether the moment is the next at which anything happens; looked at twice."""
        if not self._in_open_case():
            return False
        if not _timeline.is_next(self._session, self._due):
            return False
        if not _timeline.has_others():
            return True
        real_sleep(_YIELD)
        return _timeline.is_next(self._session, self._due)

    def _wait_really(self) -> None:
        clock, began = self._session.clock, real_now()
        left = (self._due - clock.micros) / 1e6
        real_sleep(max(0.0, min(left, _YIELD)))
        if _timeline.is_open(self._session) and _timeline.others_work():
            clock.follow(began, real_now())

    def _in_open_case(self) -> bool:
        """Whether there is time to pass; where the own case has ended, in the one that is open."""
        if _timeline.is_open(self._session):
            return True
        session = _timeline.present()
        if session is None:
            return False
        self._due += session.clock.micros - self._session.clock.micros
        self._session = session
        _timeline.wait(session.clock, self._due)
        return True


def _asked_by_the_harness() -> bool:
    caller = sys._getframe(2).f_globals.get("__name__", "")
    return str(caller).startswith(_HARNESS)
