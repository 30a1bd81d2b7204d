"""What ties a process to its parent and cuts it off the network, where the system permits it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["adopt_orphans", "end_with_parent", "enter_namespace"]

_NEW_NETWORK = 0x40000000
_NEW_USER = 0x10000000
_PARENT_DEATH_SIGNAL, _CHILD_SUBREAPER = 1, 36
_SET_FLAGS = 0x8914
_UP_AND_RUNNING = 0x1 | 0x40


def enter_namespace() -> bool:
    """Leave the machine's network for an empty one with only `lo` in it; whether that worked.

    To be called before the process has a second thread. Loopback is up where it can be brought
    up; nothing else exists there, for native code as for Python.
    """
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    if _unshare(_NEW_NETWORK):
        _raise_loopback()
        return True
    if _unshare(_NEW_NETWORK | _NEW_USER):
        _map_identity(user, group)
        _raise_loopback()
        return True
    return False


def _unshare(flags: int) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    return hasattr(library, "unshare") and library.unshare(flags) == 0


def _map_identity(user: int, group: int) -> None:
    # Unmapped, the process would run as `nobody` and could not read its own files.
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with contextlib.suppress(OSError):
            Path("/proc/self", name).write_text(text, encoding="ascii")


def _raise_loopback() -> None:
    import fcntl
    import struct

    request = struct.pack("16sh14x", b"lo", _UP_AND_RUNNING)
    with _datagram_socket() as number, contextlib.suppress(OSError):
        fcntl.ioctl(number, _SET_FLAGS, request)


@contextlib.contextmanager
def _datagram_socket() -> Iterator[int]:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made.fileno()


def end_with_parent() -> None:
    """Have the system kill this process when its parent ends, however that happens."""
    if sys.platform.startswith("linux"):
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def adopt_orphans() -> None:
    """Be the parent of whatever this process's children leave behind, instead of the system."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
