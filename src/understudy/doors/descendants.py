"""The processes that descend from one, as the system tells them."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

__all__ = ["descending", "sockets_of"]

_PROC = Path("/proc")
_TOLD = "children"
_SOCKET = "socket:["


def descending(pid: int) -> Iterator[int]:
    """The number of each, nearest first; none where there is no `/proc`."""
    children = _told if (_PROC / "thread-self" / _TOLD).exists() else _by_parent()
    todo = [pid]
    while todo:
        own = list(children(todo.pop()))
        todo += own
        yield from own


def sockets_of(pid: int) -> frozenset[int]:
    """The numbers of the sockets that are open in the processes that descend from one."""
    found = set()
    for each in descending(pid):
        with contextlib.suppress(OSError):  # it has ended
            for entry in os.scandir(f"/proc/{each}/fd"):
                with contextlib.suppress(OSError):
                    name = os.readlink(entry.path)  # noqa: PTH115 -- it is no path
                    if name.startswith(_SOCKET):
                        found.add(int(name[len(_SOCKET) : -1]))
    return frozenset(found)


def _told(pid: int) -> Iterator[int]:
    for path in _PROC.glob(f"{pid}/task/*/{_TOLD}"):
        with contextlib.suppress(OSError):  # it has ended
            yield from map(int, path.read_text(encoding="ascii").split())


def _by_parent() -> Callable[[int], Iterable[int]]:
    """The same where the kernel was built without telling who has whom."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for path in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            told = path.read_text(encoding="utf-8", errors="replace")
            found[int(told.rpartition(")")[2].split()[1])].append(int(path.parent.name))
    return found.__getitem__
