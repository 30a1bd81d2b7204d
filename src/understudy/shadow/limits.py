"""What a candidate's process may take of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["MOST_PROCESSES", "limit_memory", "set_limits"]

MOST_PROCESSES = 512
_DATA = "VmData:"


def set_limits(memory: int) -> None:
    """Let this process hold so many bytes more than it holds now.

    What asks for more is refused it, as a machine without memory refuses it. No core is dumped,
    and of processes the user may have some hundreds more than now, where the system counts them:
    it does not for root, whose programs the kernel asks about. Only Linux is limited.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    _lower(resource.RLIMIT_DATA, _held() + memory)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NPROC, _processes() + MOST_PROCESSES)


def limit_memory(memory: int) -> None:
    """Let this process hold so many bytes in all; for one that runs another program next."""
    if sys.platform.startswith("linux"):
        import resource

        _lower(resource.RLIMIT_DATA, memory)


def _lower(limit: int, wanted: int) -> None:
    """Set a limit, unless there is a lower one already."""
    import resource

    _, hard = resource.getrlimit(limit)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(limit, (value, value))


def _held() -> int:
    """The bytes that count for the limit by now."""
    for line in (
        Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    ):
        if line.startswith(_DATA):
            return int(line.split()[1]) << 10
    return 0


def _processes() -> int:
    """The threads that the user has by now; those are what counts."""
    user, count = os.getuid(), 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += len(os.listdir(entry / "task"))  # noqa: PTH208 -- only how many
        except OSError:
            continue  # it has ended
    return count
