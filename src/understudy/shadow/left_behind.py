"""Processes that a candidate has started, wherever they have gone since."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path

from understudy.doors.descendants import descending

__all__ = ["Started", "end_left_behind"]

_MOST_ROUNDS = 50
_PROC = Path("/proc")


class Started:
    """Every process that descends from one, whatever session, group and environment it gave itself.

    It is found as long as whoever adopts orphans is that process or descends from it; where that
    one has ended, those that were seen before are known still. Only where there is a `/proc`.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[int, str] = {}
        """When each began, which tells it from a later one of the same number."""

    def count(self) -> int:
        """How many there are now."""
        found = list(descending(self._pid))
        for pid in found:
            self._seen.setdefault(pid, _begun(pid))
        return len(found)

    def end(self) -> None:
        """End them all; whatever starts more of itself is met again in the next round."""
        for _ in range(_MOST_ROUNDS):
            self.count()
            alive = [pid for pid, begun in self._seen.items() if begun and _begun(pid) == begun]
            _kill(alive)
            if not alive:
                return


def end_left_behind(home: str) -> None:
    """End every process whose home is this folder, which nobody else has."""
    for _ in range(_MOST_ROUNDS):
        found = list(_at_home(f"HOME={home}".encode()))
        _kill(found)
        if not found:
            return


def _kill(pids: Collection[int]) -> None:
    # All stand still before the first one is gone, so that none can start another meanwhile.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _begun(pid: int) -> str:
    """When a process began, as the system counts it; empty for one that has ended."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *others = told.rpartition(")")[2].split()
    return "" if state == "Z" else others[18]


def _at_home(mark: bytes) -> Iterator[int]:
    for path in _PROC.glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)
        except OSError:
            continue  # it has ended, or is somebody else's
