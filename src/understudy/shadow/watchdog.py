"""The time limit of a case, kept inside the candidate's process."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

__all__ = ["Watchdog", "where_it_stands"]

_LOOK_EVERY = 0.05


class Watchdog:
    """Calls `on_expiry` from a thread of its own when the armed time is over.

    Kept inside the process so that what the candidate did before it hung is not lost with it; the
    supervisor kills what does not even let this thread run.
    """

    def __init__(self, on_expiry: Callable[[], None]) -> None:
        self._on_expiry = on_expiry
        self._deadline: float | None = None
        # Taken now: a candidate may replace the module's functions.
        self._now, self._sleep = time.monotonic, time.sleep
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def arm(self, seconds: float) -> None:
        """Start the time of a case."""
        self._deadline = self._now() + seconds

    def disarm(self) -> None:
        """The case has ended."""
        self._deadline = None

    def _watch(self) -> None:
        while True:
            self._sleep(_LOOK_EVERY)
            deadline = self._deadline
            if deadline is not None and self._now() > deadline:
                self._deadline = None
                self._on_expiry()


def where_it_stands(thread: threading.Thread) -> str:
    """`file:line in function` of the innermost frame of a thread, or an empty string."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return ""
    innermost = traceback.extract_stack(frame)[-1]
    return f"{innermost.filename}:{innermost.lineno} in {innermost.name}"
