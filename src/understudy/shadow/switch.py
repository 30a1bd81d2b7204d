"""The kill switch of a run: a file in its folder, with the time at which it was pressed."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

__all__ = ["STOP", "WRITES", "press", "pressed_at", "write_counted"]

STOP = "STOP"
"""The file in a run's folder that is its kill switch."""
_BEING_PRESSED = 500_000_000
WRITES = "WRITES"
"""Where a drill counts accepted writes, a byte each, whoever does them."""


def press(stop: Path) -> None:
    """Press the switch; who presses it again changes nothing."""
    with contextlib.suppress(FileExistsError), stop.open("xb", buffering=0) as file:
        file.write(str(time.time_ns()).encode())


def pressed_at(stop: Path) -> int:
    """When it was pressed, in nanoseconds of the epoch.

    By the file's own time where somebody made it by hand, and so to a few milliseconds. Whoever
    presses it makes the file first, so one that was made just now is given time to be written.
    """
    until = time.monotonic_ns() + _BEING_PRESSED
    while True:
        told = stop.read_bytes()
        if told.strip().isdigit():
            return int(told)
        made = stop.stat().st_mtime_ns
        if told or time.monotonic_ns() > until or time.time_ns() - made > _BEING_PRESSED:
            return made
        time.sleep(0.001)


def write_counted(path: Path) -> int:
    """Count one more write; how many there are."""
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(number, b".")
        return os.fstat(number).st_size
    finally:
        os.close(number)
