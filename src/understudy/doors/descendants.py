"""The processes that descend from one, as the system tells them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

__all__ = ["descending"]

_PROC = Path("/proc")


def descending(pid: int) -> Iterator[int]:
    """The number of each, nearest first; none where the system does not tell who has whom."""
    todo = [pid]
    while todo:
        for path in _PROC.glob(f"{todo.pop()}/task/*/children"):
            with contextlib.suppress(OSError):  # it has ended
                own = [int(each) for each in path.read_text(encoding="ascii").split()]
                todo += own
                yield from own
