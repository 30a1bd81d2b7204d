"""`time.sleep` inside a case moves the case's clock and costs no time."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import SupportsIndex

from understudy.systems.engine import Engine

__all__ = ["virtual_sleep"]

_YIELD = 0.001
# These sleep for real wherever they run: the harness watches over the candidate by the wall clock.
_HARNESS = ("understudy.shadow", "understudy.doors", "understudy.campaign")


class _Sleeper:
    """Stands in for `time.sleep` while at least one engine asks for it."""

    def __init__(self, real: Callable[[float | SupportsIndex], None]) -> None:
        self._real = real
        self._engines: tuple[Engine, ...] = ()
        self._lock = threading.Lock()

    def sleep(self, seconds: float | SupportsIndex, /) -> None:
        """Suspend execution for a number of seconds, virtual ones inside a case."""
        session = None
        if not _asked_by_the_harness():
            found = (engine.present_session() for engine in reversed(self._engines))
            session = next((each for each in found if each is not None), None)
        if session is None or not isinstance(seconds, int | float) or not seconds >= 0:
            self._real(seconds)  # which also refuses what is no span of time
            return
        with session.lock:
            session.clock.advance(seconds)
        # Other threads have their turn, so that waiting in a loop for one of them does not spin.
        self._real(min(seconds, _YIELD))

    def add(self, engine: Engine) -> None:
        with self._lock:
            if not self._engines:
                time.sleep = self.sleep
            self._engines = (*self._engines, engine)

    def remove(self, engine: Engine) -> None:
        with self._lock:
            self._engines = tuple(each for each in self._engines if each is not engine)
            if not self._engines:
                time.sleep = self._real


_sleeper = _Sleeper(time.sleep)


@contextlib.contextmanager
def virtual_sleep(engine: Engine) -> Iterator[None]:
    """Let `time.sleep` move the clock of the case that it is called in, in every thread.

    The case is the one that a call without a credential would belong to: that of
    `engine.current_case`, or the only one that is open. Outside of cases, and for the harness's
    own threads, `time.sleep` sleeps. What took `sleep` out of `time` before keeps the real one,
    so this is to be entered before the candidate is imported.
    """
    _sleeper.add(engine)
    try:
        yield
    finally:
        _sleeper.remove(engine)


def _asked_by_the_harness() -> bool:
    caller = sys._getframe(2).f_globals.get("__name__", "")
    return str(caller).startswith(_HARNESS)
