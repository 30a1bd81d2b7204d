"""A question of the kernel's about one call of a process, and what can be learned of it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "NOT_DONE",
    "Question",
    "answer",
    "family_of",
    "host_of",
    "path_of",
    "receive",
    "shown",
    "still_waits",
]

_RECEIVE, _ANSWER, _STILL_WAITS = 0xC0502100, 0xC0182101, 0x80082102
_LAYOUT = struct.Struct("=QIIiIQ6Q")
_GO_ON = 1
NOT_DONE = -1
"""In place of the number of an error: the call is told to be done, and never is."""
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
_ADDRESS_AT = {"connect": (1, 2), "sendto": (4, 5)}
_LONGEST_ADDRESS = 128
_INTEGER = 0xFFFFFFFF
"""The part of an argument that the kernel reads as a number; what stands above is anything."""
_MESSAGE = struct.Struct("=QI4x40x8x")
_MOST_MESSAGES = 1024
_PARTS, _PART = struct.Struct("=16xQQ"), struct.Struct("=QQ")
_LONGEST_PAYLOAD = 512
_library = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Question:
    """One call that a process has made and that stands still until it is answered."""

    key: int
    pid: int
    name: str
    arguments: tuple[int, ...]

    def memory(self, place: int, length: int) -> bytes:
        """What the process has there.

        Raises `OSError` or `OverflowError` where this one cannot read it: nobody may take that for
        a call that names no address.
        """
        if not place or length <= 0:
            return b""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 -- unbuffered
            found = os.pread(memory.fileno(), length, place)
        if len(found) < length:
            raise OSError(errno.EFAULT, "the process has less there")
        return found

    def address(self) -> bytes:
        """The address that the call names, if any."""
        if self.name not in _ADDRESS_AT:
            return b""
        place, length = (self.arguments[index] for index in _ADDRESS_AT[self.name])
        return self.memory(place, min(length & _INTEGER, _LONGEST_ADDRESS))

    def addresses(self) -> Iterator[bytes]:
        """Those that the call names; none where it goes to what its socket is connected to."""
        if self.name == "sendmsg":
            heads = self.memory(self.arguments[1], _MESSAGE.size - 8)
        elif self.name == "sendmmsg":
            number = min(self.arguments[2] & _INTEGER, _MOST_MESSAGES)
            heads = self.memory(self.arguments[1], number * _MESSAGE.size)
        else:
            yield self.address()
            return
        heads += bytes(-len(heads) % _MESSAGE.size)
        for place, length in _MESSAGE.iter_unpack(heads):
            if place:
                yield self.memory(place, min(length, _LONGEST_ADDRESS))

    def payloads(self) -> Iterator[bytes]:
        """The beginning of each message that the call sends."""
        if self.name == "sendto":
            yield self.memory(self.arguments[1], min(self.arguments[2], _LONGEST_PAYLOAD))
            return
        number = 1 if self.name == "sendmsg" else min(self.arguments[2] & _INTEGER, _MOST_MESSAGES)
        for at in range(number):
            head = self.memory(self.arguments[1] + at * _MESSAGE.size, _PARTS.size)
            place, parts = _PARTS.unpack(head)
            if parts:
                start, length = _PART.unpack(self.memory(place, _PART.size))
                yield self.memory(start, min(length, _LONGEST_PAYLOAD))

    def sends_datagrams(self) -> bool:
        """Whether the socket of the call sends messages, and makes no connections."""
        with self._socket() as made:
            return made is not None and made.type == socket.SOCK_DGRAM

    def is_connected(self) -> bool:
        """Whether the socket of the call has another end, or is none of the internet's."""
        with self._socket() as made:
            if made is None or made.family not in (socket.AF_INET, socket.AF_INET6):
                return True
            try:
                made.getpeername()
            except OSError:
                return False
            return True

    @contextlib.contextmanager
    def _socket(self) -> Iterator[socket.socket | None]:
        """The socket of the call, None where it cannot be had."""
        process = _library.syscall(_PIDFD_OPEN, self._process(), 0)
        if process < 0:
            yield None
            return
        copy = _library.syscall(_PIDFD_GETFD, process, self.arguments[0], 0)
        os.close(process)
        if copy < 0:
            yield None
            return
        try:
            made = socket.socket(fileno=copy)
        except OSError:  # it is no socket, and nobody else closes it
            os.close(copy)
            yield None
            return
        with made:
            yield made

    def _process(self) -> int:
        """The number of the process that the thread is one of."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text("utf-8", "replace").splitlines():
                if line.startswith("Tgid:"):
                    return int(line.split()[1])
        return self.pid


def receive(listener: int, names: Mapping[int, str]) -> Question:
    """The next question; raises `OSError` where who asked is gone."""
    block = bytearray(_LAYOUT.size)
    fcntl.ioctl(listener, _RECEIVE, block)
    key, pid, _, call, _, _, *arguments = _LAYOUT.unpack(block)
    return Question(key, pid, names.get(call, str(call)), tuple(arguments))


def still_waits(listener: int, question: Question) -> bool:
    """Whether who asked is there, and has not been ended since."""
    try:
        fcntl.ioctl(listener, _STILL_WAITS, struct.pack("=Q", question.key))
    except OSError:
        return False
    return True


def answer(listener: int, question: Question, refusal: int) -> None:
    """Refuse the call with this number of an error, or have it go on where that is 0."""
    error = 0 if refusal == NOT_DONE else refusal
    said = struct.pack("=QqiI", question.key, 0, -error, 0 if refusal else _GO_ON)
    fcntl.ioctl(listener, _ANSWER, bytearray(said))


def family_of(address: bytes) -> int:
    """The sort of an address; that of none is 0, as that of an address that says nothing."""
    family: int = struct.unpack("=H", address[:2])[0] if len(address) >= 2 else 0
    return family


def shown(address: bytes) -> str:
    """An address as people write it.

    >>> shown(struct.pack("=H", 2) + bytes([1, 187, 10, 0, 0, 1]) + bytes(8))
    '10.0.0.1:443'
    """
    if family_of(address) == socket.AF_UNIX:
        return path_of(address)
    host, port = host_of(address)
    return f"{host}:{port}" if host else ""


def host_of(address: bytes) -> tuple[str, int]:
    """The host as numbers, and the port; no host where it is no address of the internet."""
    family = family_of(address)
    if family == socket.AF_INET and len(address) >= 8:
        host = socket.inet_ntop(socket.AF_INET, address[4:8])
    elif family == socket.AF_INET6 and len(address) >= 24:
        host = socket.inet_ntop(socket.AF_INET6, address[8:24])
    else:
        return "", 0
    return host, struct.unpack("!H", address[2:4])[0]


def path_of(address: bytes) -> str:
    """The path of a Unix socket; one of the abstract names begins with `@`.

    >>> path_of(struct.pack("=H", 1) + bytes(1) + b"door")
    '@door'
    """
    raw = address[2:]
    text = raw[1:] if raw[:1] == b"\0" else raw.partition(b"\0")[0]
    return ("@" if raw[:1] == b"\0" else "") + text.decode("utf-8", "replace")
