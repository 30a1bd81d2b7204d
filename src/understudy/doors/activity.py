"""Whether anybody is calling, and since when nobody is."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import Counter
from collections.abc import Iterator

from understudy.systems.timeline import real_now

__all__ = ["Activity"]


class Activity:
    """Calls by name, under way and ended.

    >>> calls = Activity()
    >>> calls.idle("case")
    inf
    >>> with calls.of("case"):
    ...     calls.idle("case")
    0.0
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """A call of this name is under way within."""
        with self._lock:
            self._under_way[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[name] -= 1
                self._last[name] = real_now()

    def idle(self, name: str) -> float:
        """Seconds since the last call of this name; 0 during one, infinite before the first."""
        with self._lock:
            if self._under_way[name]:
                return 0.0
            last = self._last.get(name)
        return math.inf if last is None else real_now() - last
