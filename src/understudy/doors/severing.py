"""Connections from before the wall: cut, and whoever uses one all the same is counted."""

from __future__ import annotations

import gc
import os
import socket
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

from understudy.doors.refusals import Refusals

__all__ = ["sever"]

_USES = (
    "accept", "bind", "connect", "connect_ex", "dup", "getpeername", "getsockname", "listen",
    "makefile", "read", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg",
    "recvmsg_into", "send", "sendall", "sendfile", "sendmsg", "sendto", "shutdown", "write",
)  # fmt: skip


def sever(keep: Collection[int], refusals: Refusals) -> None:
    """Close every socket of this process but those in `keep`; using one raises, and is counted.

    A bare descriptor that led to one leads nowhere; what is written to it fails uncounted.
    """
    for made in [each for each in gc.get_objects() if issubclass(type(each), socket.socket)]:
        if made.fileno() > 2 and made.fileno() not in keep:
            # Taken out of the object, which would else close whatever has the number next.
            os.close(made.detach())
            made.__class__ = _severed(type(made), refusals)
    for path in list(_descriptors().iterdir()):
        number = int(path.name)
        if number > 2 and number not in keep and _is_socket(number):
            os.close(number)


def _severed(kind: type, refusals: Refusals) -> Any:
    """The class of a connection that is cut."""

    def used(self: Any, *args: Any, **options: Any) -> Any:
        del self, args, options
        raise refusals.network("a connection opened before the wall")

    uses = {name: used for name in _USES if hasattr(kind, name)}
    return type(kind.__name__, (kind,), {"__slots__": (), **uses})


def _descriptors() -> Path:
    return next(path for path in map(Path, ("/proc/self/fd", "/dev/fd")) if path.is_dir())


def _is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False  # the descriptor of the listing itself, closed by now
