"""Processes that a candidate has started and that have left its group, as daemons do."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

__all__ = ["end_left_behind"]

_MOST_ROUNDS = 50


def end_left_behind(home: str) -> None:
    """End every process whose home is this folder, which nobody else has.

    Whatever starts more of itself is met again in the next round. Only where there is a `/proc`;
    what has given itself another environment is not found.
    """
    for _ in range(_MOST_ROUNDS):
        found = list(_at_home(f"HOME={home}".encode()))
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _at_home(mark: bytes) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)
        except OSError:
            continue  # it has ended, or is somebody else's
