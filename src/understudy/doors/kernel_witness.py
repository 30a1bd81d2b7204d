"""A process of its own that the kernel asks about each call it is to refuse, and that counts them.

It never lets a call go on: an answer that did could be for other arguments than it has read. It is
started before the filter stands, and early, as it keeps the memory that its parent has by then. It
holds nothing else of it but the kernel's questions, and ends when nobody is left whom they could be
about.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import os
import select
import signal
import socket
import struct
import threading
import warnings
from collections.abc import Callable, Mapping

from understudy.doors.kernel_count import KernelCount

__all__ = ["TO_SERVERS_OF_NAMES", "Witness"]

_RECEIVE, _ANSWER = 0xC0502100, 0xC0182101
_QUESTION = struct.Struct("=QIIiIQ6Q")
_REFUSED = 13
TO_SERVERS_OF_NAMES = 0x80802
"""How the C library makes a socket to ask for a name; Python's own are made otherwise."""
_SET_PTRACER = 0x59616D61
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
_NETWORK = frozenset(("connect", "sendmmsg", "sendmsg", "sendto", "socket"))
_ADDRESS_AT = {"connect": (1, 2), "sendto": (4, 5)}
# What libraries ask by themselves when somebody wants a name, an address of its own or a UUID.
_NAME_SERVICES = (
    "/var/run/nscd/", "/run/nscd/", "/var/lib/sss/", "/run/systemd/", "/var/run/avahi-daemon/",
    "/run/avahi-daemon/", "/run/uuidd/", "/var/run/uuidd/",
)  # fmt: skip


class Witness:
    """Counts refusals in a process of its own, from the moment it is handed the questions."""

    def __init__(self, names: Mapping[int, str]) -> None:
        """`names` are the calls by number. Raises `OSError` where no process can be started."""
        self.count = KernelCount()
        self._ours, theirs = socket.socketpair()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads are not gone on with
            process = os.fork()
        if process == 0:
            _leave(theirs, names, self.count)
        theirs.close()
        os.waitpid(process, 0)
        told = self._ours.recv(4)
        if len(told) < 4:
            raise OSError("the process that counts did not start")
        self._pid = struct.unpack("=i", told)[0]

    def fileno(self) -> int:
        """The descriptor that leads to it, open until the questions are handed over."""
        return self._ours.fileno()

    def hand_over(self, install: Callable[[], int]) -> bool:
        """Have the filter installed for this thread; whether it gave a descriptor of questions.

        The descriptor goes over by a thread that the filter does not hold yet. Nothing of it stays
        here: whoever had it could answer for itself.
        """
        ctypes.CDLL(None).prctl(_SET_PTRACER, self._pid, 0, 0, 0)
        installed, box = threading.Event(), [-1]
        sender = threading.Thread(target=self._send, args=(installed, box))
        sender.start()
        try:
            box[0] = install()
        finally:
            installed.set()
            sender.join()
            self._ours.close()
        if box[0] >= 0:
            os.close(box[0])
        return box[0] >= 0

    def _send(self, installed: threading.Event, box: list[int]) -> None:
        installed.wait()
        if box[0] >= 0:
            socket.send_fds(self._ours, [b"."], [box[0]])


def _leave(theirs: socket.socket, names: Mapping[int, str], count: KernelCount) -> None:
    """Go on as a process that nobody waits for; never returns."""
    try:
        if os.fork():
            os._exit(0)
        gc.disable()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- closed as they are met
            if int(name) != theirs.fileno():
                with contextlib.suppress(OSError):
                    os.close(int(name))
        theirs.sendall(struct.pack("=i", os.getpid()))
        _, found, _, _ = socket.recv_fds(theirs, 1, 1)
        if found:
            _Attendant(found[0], names, count).attend()
    finally:
        os._exit(0)


class _Attendant:
    """Answers the kernel's questions, one after the other."""

    def __init__(self, listener: int, names: Mapping[int, str], count: KernelCount) -> None:
        self._listener, self._names, self._count = listener, names, count
        self._library = ctypes.CDLL(None, use_errno=True)

    def attend(self) -> None:
        """Answer until there is nobody left."""
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        while not any(events & select.POLLHUP for _, events in waiting.poll()):
            question = bytearray(_QUESTION.size)
            try:
                fcntl.ioctl(self._listener, _RECEIVE, question)
                self._answer(*_QUESTION.unpack(question))
            except OSError:
                continue  # who asked is gone

    def _answer(self, key: int, pid: int, _flags: int, call: int, *rest: int) -> None:
        name, arguments = self._names.get(call, str(call)), rest[2:]
        address = self._address(pid, name, arguments)
        if not self._is_harmless(pid, name, arguments, address):
            sort = "network" if name in _NETWORK else "process"
            about = _sort_of(arguments) if name == "socket" else _shown(address)
            self._count.add(sort, f"native {name} {about}".strip())
        answer = bytearray(struct.pack("=QqiI", key, 0, -_REFUSED, 0))
        fcntl.ioctl(self._listener, _ANSWER, answer)

    def _address(self, pid: int, name: str, arguments: tuple[int, ...]) -> bytes:
        """The address that a call names, where this process may read it."""
        if name not in _ADDRESS_AT:
            return b""
        place, length = (arguments[index] for index in _ADDRESS_AT[name])
        try:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 -- unbuffered
                return os.pread(memory.fileno(), min(length, 128), place) if place else b""
        except (OSError, OverflowError):
            return b""

    def _is_harmless(self, pid: int, name: str, arguments: tuple[int, ...], address: bytes) -> bool:
        """Whether the C library does so by itself; it is refused all the same."""
        if name != "connect" or len(address) < 2:
            return False
        family = struct.unpack("=H", address[:2])[0]
        if family == socket.AF_UNIX:
            return _path(address).startswith(_NAME_SERVICES)
        # It asks which of its own addresses would be used, and sends nothing.
        return family == socket.AF_UNSPEC or (
            _host(address) in ("127.0.0.1", "::1") and self._sends_datagrams(pid, arguments[0])
        )

    def _sends_datagrams(self, pid: int, number: int) -> bool:
        process = self._library.syscall(_PIDFD_OPEN, pid, 0)
        if process < 0:
            return False
        copy = self._library.syscall(_PIDFD_GETFD, process, number, 0)
        os.close(process)
        if copy < 0:
            return False
        with socket.socket(fileno=copy) as made:
            return made.type == socket.SOCK_DGRAM


def _sort_of(arguments: tuple[int, ...]) -> str:
    asks = arguments[1] == TO_SERVERS_OF_NAMES
    return "to look up a name" if asks else f"of family {arguments[0]}"


def _shown(address: bytes) -> str:
    """An address as people write it.

    >>> _shown(struct.pack("=H", 2) + bytes([1, 187, 10, 0, 0, 1]) + bytes(8))
    '10.0.0.1:443'
    """
    if len(address) < 2:
        return ""
    if struct.unpack("=H", address[:2])[0] == socket.AF_UNIX:
        return _path(address)
    host = _host(address)
    return f"{host}:{struct.unpack('!H', address[2:4])[0]}" if host else ""


def _host(address: bytes) -> str:
    family = struct.unpack("=H", address[:2])[0]
    if family == socket.AF_INET and len(address) >= 8:
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return ""


def _path(address: bytes) -> str:
    """The path of a Unix socket; one of the abstract names begins with `@`.

    >>> _path(struct.pack("=H", 1) + bytes(1) + b"door")
    '@door'
    """
    raw = address[2:]
    text = raw[1:] if raw[:1] == b"\0" else raw.partition(b"\0")[0]
    return ("@" if raw[:1] == b"\0" else "") + text.decode("utf-8", "replace")
