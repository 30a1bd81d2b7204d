"""`python -m understudy.doors.drill ADDRESS PORT FOLDER LEVEL WAYS`: try ways out, sealed.

WAYS is `all`, or `quick` for those that take no slow library. Prints one JSON line: the level that
was reached, and what became of each way.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from understudy.doors.kernel_filter import Reach
from understudy.doors.namespace import enter_namespace
from understudy.doors.program_drill import try_program
from understudy.doors.refusals import Refusals
from understudy.doors.wall import seal
from understudy.doors.ways_out import NATIVE_WAYS, SLOW_WAYS, WAYS, Target

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Seal this process, try each way and print what happened."""
    host, port, folder, level, chosen = arguments
    address = (host, int(port))
    opened = socket.create_connection(address)
    isolated = level == "hook+netns" and enter_namespace()
    programs = try_program(address, isolated=isolated)
    refusals = seal()
    target = Target(address, Path(folder), opened)
    left_out = SLOW_WAYS if chosen == "quick" else ()
    found = {name: _attempt(name, target, refusals) for name in WAYS if name not in left_out}
    reached = "hook+netns" if isolated else "hook"
    native = {name: _native(way, target, refusals) for name, way in NATIVE_WAYS.items()}
    told = {"level": reached, "ways": found, "native": native, "programs": programs}
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    opened.detach()


def _attempt(name: str, target: Target, refusals: Refusals) -> str:
    outcome: Any = "went through"
    try:
        WAYS[name](target)
    except ModuleNotFoundError as error:
        if error.name != "_posixsubprocess":
            return "absent"
        outcome = "failed"
    except PermissionError:
        return "blocked"  # by the hook or, where it was tampered with, by the kernel
    except BaseException as error:
        outcome = f"failed: {type(error).__name__}: {error}"[:200]
    counted = refusals.take()
    return "blocked" if counted.network + counted.process else outcome


def _native(way: Callable[[Target], bool], target: Target, refusals: Refusals) -> str:
    refusals.take()
    if way(target):
        return Reach.NONE
    counted = refusals.take()
    return Reach.COUNTED if counted.network + counted.process else Reach.BLOCKED


if __name__ == "__main__":
    main(sys.argv[1:])
