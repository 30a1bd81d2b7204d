"""The files that Unix sockets are bound to: which one a process means, and whose they are."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Container, Iterator

__all__ = ["bound_here", "device_of", "file_of"]

# From include/uapi/linux/netlink.h, sock_diag.h and unix_diag.h.
_SOCKETS, _BY_FAMILY, _DUMP, _DONE, _ERROR = 4, 20, 0x1 | 0x300, 3, 2
_ALL_STATES, _SHOW_FILE, _FILE = 0xFFFFFFFF, 2, 1
_HEAD, _REQUEST, _ATTRIBUTE = (struct.Struct(each) for each in ("=IHHII", "=BBHIIIII", "=HH"))
_TOLD_OF = 16
_LARGEST = 1 << 16
_SECONDS = 5.0
_OWN = ("/proc/self/", "/proc/thread-self/")


def file_of(pid: int, path: str) -> os.stat_result:
    """The file that a process means by a path; raises `OSError` where there is none.

    What it names by its own folder, root or `/proc/self` is looked for as its own, not as that of
    whoever asks.
    """
    for own in _OWN:
        if path.startswith(own):
            return os.stat(f"/proc/{pid}/{path.removeprefix(own)}")  # noqa: PTH116 -- not `self`
    base = "root" if path.startswith("/") else "cwd/"
    return os.stat(f"/proc/{pid}/{base}{path}")  # noqa: PTH116 -- a `Path` would join it otherwise


def device_of(found: os.stat_result) -> int:
    """The device of a file as `bound_here` tells it."""
    return os.major(found.st_dev) << 20 | os.minor(found.st_dev)


def bound_here(sockets: Container[int] | None = None) -> frozenset[tuple[int, int]] | None:
    """The file of each socket in the network of this process, as its number and its device.

    With `sockets` only of these, by their own numbers. Of a file's number only the lower 32 bits
    are told. None where the kernel tells nothing of it. Some file systems tell another device to
    whoever looks at the file: layered ones, those of volumes.
    """
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCKETS) as kernel:
            kernel.settimeout(_SECONDS)
            whole = _HEAD.size + _REQUEST.size
            asked = _REQUEST.pack(socket.AF_UNIX, 0, 0, _ALL_STATES, 0, _SHOW_FILE, 0, 0)
            kernel.send(_HEAD.pack(whole, _BY_FAMILY, _DUMP, 1, 0) + asked)
            return frozenset(_told(kernel, sockets))
    except (AttributeError, OSError):
        return None


def _told(kernel: socket.socket, sockets: Container[int] | None) -> Iterator[tuple[int, int]]:
    while True:
        for kind, body in _messages(kernel.recv(_LARGEST)):
            if kind == _DONE:
                return
            if kind == _ERROR:
                raise OSError("the kernel does not tell of sockets")
            if sockets is None or struct.unpack_from("=I", body, 4)[0] in sockets:
                yield from _files(body[_TOLD_OF:])


def _messages(block: bytes) -> Iterator[tuple[int, bytes]]:
    while len(block) >= _HEAD.size:
        length, kind, *_ = _HEAD.unpack_from(block)
        yield kind, block[_HEAD.size : length]
        block = block[_padded(length) :]


def _files(rest: bytes) -> Iterator[tuple[int, int]]:
    while len(rest) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(rest)
        if kind == _FILE:
            yield struct.unpack_from("=II", rest, _ATTRIBUTE.size)
        rest = rest[_padded(length) :]


def _padded(length: int) -> int:
    """At least one, so that whoever reads on comes to an end."""
    return max(4, (length + 3) & ~3)
