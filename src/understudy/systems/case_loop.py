"""An event loop in a case's time: it jumps to its next timer when nothing can run before it."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Mapping
from typing import Any

from understudy.systems.pending import is_pending
from understudy.systems.session import CaseSession
from understudy.systems.timeline import AT_WORK, Timeline, real_now

__all__ = ["CaseLoop"]

_YIELD = 0.001
_LOOK_AGAIN = 0.05
_NEVER = 1 << 62
# Between two readings of a clock that stands still: timers that are asked for one after the other
# come due one after the other, as they do in real time.
_SUCCESSION = 1e-9


class CaseLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop whose clock is the present case's, and the wall's outside of cases.

    It jumps to the next timer only when no callback is ready, no socket is waited for that has
    not answered, and no thread is at work; else it really waits, and its clock with it, at most
    until that timer is due.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._elapsed = 0.0
        self._session: CaseSession | None = None
        self._mark = real_now()
        self._waiting = _CaseSelector(self, timeline)
        super().__init__(self._waiting)
        # A timer is due when the case's clock, which counts microseconds, has reached it.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds since the loop was made, as the cases count them."""
        reading = self._reading()
        self._elapsed += max(0.0, reading - self._mark) + _SUCCESSION
        self._mark = reading
        return self._elapsed

    def enter(self, session: CaseSession | None) -> None:
        """From now on the loop's time is this case's."""
        if session is not self._session:
            self._elapsed += max(0.0, self._reading() - self._mark)
            self._session = session
            self._mark = self._reading()

    def run_forever(self) -> None:
        """Run until it is stopped, in the time of the case at hand."""
        self.enter(self._timeline.present())
        super().run_forever()

    def _reading(self) -> float:
        return real_now() if self._session is None else self._session.clock.passed


class _CaseSelector(selectors.BaseSelector):
    """Waits for sockets as the system's selector does, and passes time where none is pending."""

    def __init__(self, loop: CaseLoop, timeline: Timeline) -> None:
        self._loop = loop
        self._timeline = timeline
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Have a file watched."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Have it watched no more."""
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Have it watched for something else."""
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is watched."""
        return self._real.get_map()

    def close(self) -> None:
        """Watch nothing any more."""
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; where nothing is, when `timeout` seconds of the case's time are over."""
        session = self._timeline.present()
        self._loop.enter(session)
        ready = self._real.select(0)
        if ready or session is None or timeout == 0:
            return ready or (self._real.select(timeout) if timeout != 0 else ready)
        due = _NEVER if timeout is None else session.clock.micros + math.ceil(timeout * 1e6)
        try:
            return self._passed(session, due)
        finally:
            self._timeline.go_on()

    def _passed(self, session: CaseSession, due: int) -> list[tuple[selectors.SelectorKey, int]]:
        """What became ready before the moment `due` of the case's clock."""
        while session.clock.micros < due:
            pending = any(map(is_pending, self._real.get_map().values()))
            self._timeline.wait(session.clock, AT_WORK if pending else due)
            if not pending and self._jumped(session, due):
                break
            ready = self._waited(session, due, pending)
            if ready:
                return ready
        return self._real.select(0)

    def _jumped(self, session: CaseSession, due: int) -> bool:
        """Pass the time up to a moment, where nothing can happen before it; looked at twice."""
        if due == _NEVER or not self._timeline.is_next(session, due):
            return False
        if self._timeline.has_others() and (
            self._real.select(_YIELD) or not self._timeline.is_next(session, due)
        ):
            return False
        if self._real.select(0):
            return False  # what a thread left behind when it ended a moment ago
        session.clock.advance_to(due)
        return True

    def _waited(
        self, session: CaseSession, due: int, pending: bool
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for a moment really; the clock follows where somebody is at work."""
        clock, began = session.clock, real_now()
        longest = _LOOK_AGAIN if pending or due == _NEVER else _YIELD
        ready = self._real.select(max(0.0, min(longest, (due - clock.micros) / 1e6)))
        if pending or self._timeline.others_work():
            clock.follow(began, real_now())
        return ready
