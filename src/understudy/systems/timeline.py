"""Whose time it is: the case that a thread's waiting belongs to, and who else is at work in it."""

from __future__ import annotations

import queue
import selectors
import sys
import threading
import time
import weakref
from collections.abc import Collection, Set
from pathlib import Path
from types import FrameType

from understudy.systems.clock import VirtualClock
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession

__all__ = ["AT_WORK", "Timeline", "real_now", "real_sleep"]

# Taken before anybody replaces them.
real_now, real_sleep = time.monotonic, time.sleep

AT_WORK = 0
"""Stands among those who wait for a thread that waits for something real."""

_POOLS = ("concurrent/futures/thread.py", "_worker")
# Where a thread stands that only another thread's work can bring on.
_WAITING = {
    (threading.__file__, "wait"),
    (threading.__file__, "join"),
    (threading.__file__, "_wait_for_tstate_lock"),
    (queue.__file__, "get"),
    (selectors.__file__, "select"),
}


class Timeline:
    """The engines whose cases have virtual time in this process."""

    def __init__(self) -> None:
        self._engines: tuple[Engine, ...] = ()
        self._bystanders: Set[int] = frozenset()
        self._aside: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._waiting: dict[int, tuple[VirtualClock, int]] = {}
        self._lock = threading.Lock()
        self._seen: tuple[Engine, CaseSession] | None = None
        self._before = 0.0

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The engines, the newest last."""
        return self._engines

    def add(self, engine: Engine) -> None:
        """Threads that run already when the first engine comes are no candidate's."""
        if not self._engines:
            threads = threading.enumerate()
            known = {thread.ident for thread in threads}
            self._bystanders = sys._current_frames().keys() - known
            # As threads, because a number is given again when its thread has ended.
            self._aside.update(set(threads) - {threading.current_thread()})
        self._engines = (*self._engines, engine)

    def remove(self, engine: Engine) -> None:
        """The engine's cases have real time from now on."""
        self._engines = tuple(each for each in self._engines if each is not engine)

    def step_aside(self) -> None:
        """The calling thread is none of the candidate's."""
        self._aside.add(threading.current_thread())

    def wait(self, clock: VirtualClock, until: int) -> None:
        """The calling thread waits for a moment of this clock, or for something real: `AT_WORK`."""
        self._waiting[threading.get_ident()] = clock, until

    def go_on(self) -> None:
        """The calling thread waits no more."""
        self._waiting.pop(threading.get_ident(), None)

    def present(self) -> CaseSession | None:
        """The case that the calling thread's time belongs to.

        That is the one that its calls without a credential belong to. Work that an earlier case
        has left behind lives in the time of the case that is open now.
        """
        for engine in reversed(self._engines):
            session = engine.present_session() or engine.only_session()
            if session is not None:
                return session
        return None

    def skew(self) -> float:
        """By how many seconds the present is ahead of the wall's, all cases taken together."""
        with self._lock:
            session = self.present()
            seen = self._seen
            if seen is not None and seen[1] is not session and not seen[0].is_open(seen[1]):
                self._before += seen[1].clock.skipped
                self._seen = seen = None
            if session is None:
                return self._before
            if seen is None or seen[1] is not session:
                owner = next(each for each in self._engines if each.is_open(session))
                self._seen = owner, session
            return self._before + session.clock.skipped

    def is_open(self, session: CaseSession) -> bool:
        """Whether the case is still being handled."""
        return any(each.is_open(session) for each in self._engines)

    def has_others(self) -> bool:
        """Whether the candidate has threads beside the calling one."""
        return bool(self._others(self._strangers()))

    def is_next(self, session: CaseSession, due: int) -> bool:
        """Whether nothing can happen in the case before this moment of its clock.

        No other thread waits for an earlier one, and none is at work.
        """
        if self.others_work():
            return False
        me, own = threading.get_ident(), session.clock
        return all(
            ident == me or clock is not own or until >= due
            for ident, (clock, until) in list(self._waiting.items())
        )

    def others_work(self) -> bool:
        """Whether another thread is at work, or waits for something real."""
        known = self._strangers()
        # The system is asked first, because others run while it is; what follows is one moment.
        if any(map(_is_on_its_way, self._others(known | self._waiting.keys()))):
            return True
        for ident, frame in sys._current_frames().items():
            if ident in known:
                continue
            _, until = self._waiting.get(ident, (None, None))
            if until == AT_WORK or (until is None and not _is_blocked(frame)):
                return True
        return False

    def _strangers(self) -> set[int | None]:
        """The calling thread, and those that are none of the candidate's."""
        aside = {thread.ident for thread in self._aside if thread.is_alive()}
        return {*self._bystanders, *aside, threading.get_ident()} - {None}

    def _others(self, known: Collection[int | None]) -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.ident not in known]


def _is_blocked(frame: FrameType) -> bool:
    place = frame.f_code.co_filename
    if (place, frame.f_code.co_name) in _WAITING:
        return True
    return frame.f_code.co_name == _POOLS[1] and place.endswith(_POOLS[0])


def _is_on_its_way(thread: threading.Thread) -> bool:
    """Whether a thread is being started, or the system has woken it, and it does not run yet."""
    return thread.ident is None or _is_runnable(thread.native_id)


def _is_runnable(native_id: int | None) -> bool:
    try:
        text = Path(f"/proc/self/task/{native_id}/stat").read_text(encoding="ascii")
    except OSError:
        return False  # it has ended, or the system does not tell
    return text.rpartition(")")[2].split()[0] == "R"
