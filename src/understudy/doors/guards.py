"""Which audit events are ways out, and which of them are let through."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Collection
from typing import Any

from understudy.doors.refusals import Refusals

__all__ = ["Address", "Guard", "guards", "is_numeric", "shown"]

Address = tuple[str, int]
Guard = Callable[[tuple[Any, ...]], None]

_FAMILIES = {int(socket.AF_INET), int(socket.AF_INET6), int(getattr(socket, "AF_UNIX", -1))}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_NAMELESS = {None, "", b"", 0}


def guards(refusals: Refusals, allow: Collection[Address]) -> dict[str, Guard]:
    """A guard per audit event; each raises where the event is a way out."""
    network = _NetworkGuards(refusals, frozenset(allow))
    process = _ProcessGuards(refusals)
    return {
        "socket.__new__": network.create,
        "socket.bind": network.bind,
        "socket.connect": network.connect,
        "socket.getaddrinfo": network.resolve,
        "socket.gethostbyaddr": network.reverse,
        "socket.gethostbyname": network.resolve,
        "socket.getnameinfo": network.reverse,
        "socket.sendmsg": network.send,
        "socket.sendto": network.send,
        "ctypes.cdata": process.named("ctypes address"),
        "ctypes.call_function": process.named("ctypes call"),
        "ctypes.dlopen": process.named("dlopen"),
        "ctypes.dlsym": process.symbol,
        "ctypes.dlsym/handle": process.symbol,
        "import": process.load,
        "open": process.open,
        "os.exec": process.named("exec"),
        "os.fork": process.named("fork"),
        "os.forkpty": process.named("forkpty"),
        "os.kill": process.signal,
        "os.killpg": process.named("kill group"),
        "os.posix_spawn": process.named("posix_spawn"),
        "os.spawn": process.named("spawn"),
        "os.startfile": process.named("startfile"),
        "os.system": process.named("system"),
        "pty.spawn": process.named("pty.spawn"),
        "subprocess.Popen": process.named("subprocess"),
    }


class _NetworkGuards:
    """Guards of sockets: only the addresses that were allowed can be reached."""

    def __init__(self, refusals: Refusals, allow: frozenset[Address]) -> None:
        self._refusals = refusals
        self._allow = allow | {
            (name, port) for host, port in allow if host in _LOOPBACK for name in _LOOPBACK
        }
        self._names = _LOOPBACK | {host for host, _ in allow}

    def create(self, args: tuple[Any, ...]) -> None:
        """Packet, netlink and raw sockets need no connect to be heard outside."""
        family, kind = int(args[1]), int(args[2])
        if family not in _FAMILIES or kind & 0xF == socket.SOCK_RAW:
            raise self._refusals.network(f"socket family {family} type {kind & 0xF}")

    def connect(self, args: tuple[Any, ...]) -> None:
        """A connection is made to an allowed address or not at all."""
        self._check("connect", args[1])

    def send(self, args: tuple[Any, ...]) -> None:
        """A message without an address goes where its socket is connected to already."""
        if args[1] is not None:
            self._check("sendto", args[1])

    def bind(self, args: tuple[Any, ...]) -> None:
        """Listening is harmless on loopback only."""
        address = args[1]
        if not isinstance(address, tuple) or address[0] not in _LOOPBACK:
            raise self._refusals.network(f"bind {shown(address)}")

    def resolve(self, args: tuple[Any, ...]) -> None:
        """Asking for a name is already a message to the outside."""
        host = _text(args[0])
        if host not in _NAMELESS and host not in self._names and not is_numeric(host):
            raise self._refusals.network(f"resolve {host}")

    def reverse(self, args: tuple[Any, ...]) -> None:
        """Asking for the name of an address, likewise."""
        host = args[0][0] if isinstance(args[0], tuple) else args[0]
        if _text(host) not in self._names:
            raise self._refusals.network(f"resolve {_text(host)}")

    def _check(self, verb: str, address: Any) -> None:
        if not isinstance(address, tuple) or (_text(address[0]), address[1]) not in self._allow:
            raise self._refusals.network(f"{verb} {shown(address)}")


class _ProcessGuards:
    """Guards of everything that would run code outside this interpreter."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def named(self, verb: str) -> Guard:
        """A guard that refuses in any case and says what was asked for."""

        def refuse(args: tuple[Any, ...]) -> None:
            raise self._refusals.process(f"{verb} {_first(args)}".strip())

        return refuse

    def symbol(self, args: tuple[Any, ...]) -> None:
        """`ctypes.pythonapi` reaches the C library's functions without opening anything."""
        raise self._refusals.process(f"dlsym {_text(args[-1])}")

    def load(self, args: tuple[Any, ...]) -> None:
        """A second copy of the module that forks would come without our replacement in it."""
        if args[0] == "_posixsubprocess":
            raise self._refusals.process("import _posixsubprocess")

    def open(self, args: tuple[Any, ...]) -> None:
        """A process's memory as a file would let its code be rewritten."""
        path = args[0]
        if isinstance(path, str | bytes) and _is_memory(path):
            raise self._refusals.process(f"open {_text(path)}")

    def signal(self, args: tuple[Any, ...]) -> None:
        """Only itself may it send signals to."""
        if args[0] != os.getpid():
            raise self._refusals.process(f"kill {args[0]}")


def _is_memory(path: str | bytes) -> bool:
    return path[-4:] in ("/mem", b"/mem") and path[:6] in ("/proc/", b"/proc/")


def is_numeric(host: Any) -> bool:
    """Whether a host is an address already, so that nobody is asked for it.

    >>> is_numeric("127.0.0.1"), is_numeric("fe80::1%eth0"), is_numeric("example.com")
    (True, True, False)
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, TypeError, ValueError):
            socket.inet_pton(family, str(host).partition("%")[0])
            return True
    return False


def shown(address: Any) -> str:
    """An address as people write it."""
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{_text(address[0])}:{address[1]}"
    return str(_text(address))


def _first(args: tuple[Any, ...]) -> str:
    value = args[0] if args else ""
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return str(_text(value))[:120] if value is not None else ""


def _text(value: Any) -> Any:
    return os.fsdecode(bytes(value)) if isinstance(value, bytes | bytearray) else value
