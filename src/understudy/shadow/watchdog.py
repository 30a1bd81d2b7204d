"""The time limit of a case, kept inside the candidate's process."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

from understudy.systems.sleeping import step_aside
from understudy.systems.timeline import real_now, real_sleep

__all__ = ["Watchdog", "where_it_stands"]

_LOOK_EVERY = 0.05
_HARNESS = __name__.partition(".")[0] + "."


class Watchdog:
    """Calls `on_expiry` from a thread of its own when the armed time is over.

    Kept inside the process so that what the candidate did before it hung is not lost with it; the
    supervisor kills what does not even let this thread run.
    """

    def __init__(self, on_expiry: Callable[[], None]) -> None:
        self._on_expiry = on_expiry
        self._deadline: float | None = None
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def arm(self, seconds: float) -> None:
        """Start the time of a case."""
        self._deadline = real_now() + seconds

    def disarm(self) -> None:
        """The case has ended."""
        self._deadline = None

    def _watch(self) -> None:
        step_aside()
        while True:
            real_sleep(_LOOK_EVERY)
            deadline = self._deadline
            if deadline is not None and real_now() > deadline:
                self._deadline = None
                self._on_expiry()


def where_it_stands(thread: threading.Thread) -> str:
    """`file:line in function` where a thread stands outside of the harness, or an empty string."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_HARNESS):
        frame = frame.f_back
    if frame is None:
        return ""
    innermost = traceback.extract_stack(frame)[-1]
    return f"{innermost.filename}:{innermost.lineno} in {innermost.name}"
