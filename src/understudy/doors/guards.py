"""Which audit events are ways out, and which of them are let through."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from understudy.doors.kernel_filter import PROTOCOLS
from understudy.doors.refusals import Refusals

__all__ = [
    "Address",
    "Guard",
    "everywhere",
    "exact",
    "guards",
    "is_forbidden",
    "is_numeric",
    "shown",
]

Address = tuple[str, int]
Guard = Callable[[tuple[Any, ...]], None]

_FAMILIES = {int(socket.AF_INET), int(socket.AF_INET6), int(getattr(socket, "AF_UNIX", -1))}
_INTERNET = {int(socket.AF_INET), int(socket.AF_INET6)}
_FURTHER_KINDS = {4, 5, 6}
"""Reliable messages, ordered packets and DCCP, by the numbers that the system has for them."""
_PROTOCOLS = {-1, *PROTOCOLS}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_NAMELESS = {None, "", b"", 0}
_FORBIDDEN = {
    "_interpreters",
    "_posixsubprocess",
    "_testcapi",
    "_testinternalcapi",
    "_testmultiphase",
    "_xxsubinterpreters",
}
_TYPING = {0x5412, 0x541C, 0x80017472}
_TELLING = {"auxv", "cmdline", "cwd", "environ", "fd", "maps", "mem", "root", "smaps", "task"}


def everywhere(allow: Collection[Address]) -> frozenset[Address]:
    """The addresses, those on loopback by each of its names."""
    near = {(name, port) for host, port in allow if host in _LOOPBACK for name in _LOOPBACK}
    return frozenset(allow) | near


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
        "fcntl.ioctl": process.control,
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
        "os.symlink": process.link,
        "os.link": process.link,
        "os.system": process.named("system"),
        "pty.spawn": process.named("pty.spawn"),
        "resource.prlimit": process.limit,
        "socket.sethostname": process.named("sethostname"),
        "subprocess.Popen": process.named("subprocess"),
        "syslog.openlog": network.log,
        "syslog.syslog": network.log,
    }


class _NetworkGuards:
    """Guards of sockets: only the addresses that were allowed can be reached."""

    def __init__(self, refusals: Refusals, allow: frozenset[Address]) -> None:
        self._refusals = refusals
        self._allow = everywhere(allow)
        self._names = _LOOPBACK | {host for host, _ in allow}

    def create(self, args: tuple[Any, ...]) -> None:
        """Packet, netlink and raw sockets need no connect to be heard outside, nor does SCTP."""
        family, kind, protocol = int(args[1]), int(args[2]), int(args[3])
        if family not in _FAMILIES or kind & 0xF == socket.SOCK_RAW:
            raise self._refusals.network(f"socket family {family} type {kind & 0xF}")
        if family in _INTERNET and (kind & 0xF in _FURTHER_KINDS or protocol not in _PROTOCOLS):
            raise self._refusals.network(f"socket of type {kind & 0xF} and protocol {protocol}")

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
        if not isinstance(address, tuple) or exact(tuple.__getitem__(address, 0)) not in _LOOPBACK:
            raise self._refusals.network(f"bind {shown(address)}")

    def resolve(self, args: tuple[Any, ...]) -> None:
        """Asking for a name is already a message to the outside."""
        host = exact(args[0])
        if host not in _NAMELESS and host not in self._names and not is_numeric(host):
            raise self._refusals.network(f"resolve {host}")

    def reverse(self, args: tuple[Any, ...]) -> None:
        """Asking for the name of an address, likewise."""
        host = tuple.__getitem__(args[0], 0) if isinstance(args[0], tuple) else args[0]
        if exact(host) not in self._names:
            raise self._refusals.network(f"resolve {exact(host)}")

    def log(self, args: tuple[Any, ...]) -> None:
        """The system's log is another process, behind a socket."""
        raise self._refusals.network(f"syslog {_first(args)}".strip())

    def _check(self, verb: str, address: Any) -> None:
        if not isinstance(address, tuple) or _place(address) not in self._allow:
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
        raise self._refusals.process(f"dlsym {exact(args[-1])}")

    def load(self, args: tuple[Any, ...]) -> None:
        """A fresh copy of what forks, and interpreters of their own, come without our hook."""
        if is_forbidden(args[0]):
            raise self._refusals.process(f"import {args[0]}")

    def open(self, args: tuple[Any, ...]) -> None:
        """A process's memory lets its code be rewritten; another's files show what it holds."""
        path = exact(args[0])
        if isinstance(path, str) and _is_private(path):
            raise self._refusals.process(f"open {path}")

    def link(self, args: tuple[Any, ...]) -> None:
        """Another name for such a file."""
        path = exact(args[0])
        if isinstance(path, str) and _is_private(os.path.realpath(path)):
            raise self._refusals.process(f"link {path}")

    def signal(self, args: tuple[Any, ...]) -> None:
        """Only itself may it send signals to."""
        if args[0] != os.getpid():
            raise self._refusals.process(f"kill {args[0]}")

    def control(self, args: tuple[Any, ...]) -> None:
        """What is typed into a terminal is carried out by whoever reads it."""
        if int(args[1]) & 0xFFFFFFFF in _TYPING:
            raise self._refusals.process("typing into a terminal")

    def limit(self, args: tuple[Any, ...]) -> None:
        """A limit put on another process, such as the one that watches, ends it."""
        if args[0] not in (0, os.getpid()):
            raise self._refusals.process(f"prlimit {args[0]}")


def is_forbidden(module: Any) -> bool:
    """Whether importing a module anew would bring a way out with it."""
    return str(module).rpartition(".")[2] in _FORBIDDEN


def _is_private(path: str) -> bool:
    """Whether a path leads to a process's memory, or to anything of another process.

    Only names that stand for such files are looked at closely, so that opening stays cheap.
    """
    if "/proc" not in path and path.rpartition("/")[2] not in _TELLING:
        return False
    whole = os.path.realpath(path)
    if not path.startswith("/") and not Path(whole).exists():
        return True  # relative to a folder that is not known here
    # A descriptor's file leads out of the folder that it is named in.
    named = os.path.normpath(f"/{path}" if path.startswith("/") else f"{Path.cwd()}/{path}")
    return _of_a_process(whole) or _of_a_process(named.replace("//", "/"))


def _of_a_process(path: str) -> bool:
    _, first, process, *rest = (*path.split("/"), "", "")
    if first != "proc" or not process.isdigit():
        return False
    return process != str(os.getpid()) or "mem" in rest


def is_numeric(host: Any) -> bool:
    """Whether a host is an address already, so that nobody is asked for it.

    >>> is_numeric("127.0.0.1"), is_numeric("fe80::1%eth0"), is_numeric("example.com")
    (True, True, False)
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, TypeError, ValueError):
            socket.inet_pton(family, str(exact(host)).partition("%")[0])
            return True
    return False


def shown(address: Any) -> str:
    """An address as people write it."""
    if isinstance(address, tuple) and tuple.__len__(address) >= 2:
        host, port = _place(address)
        return f"{host}:{port}"
    return str(exact(address))


def _place(address: tuple[Any, ...]) -> tuple[Any, Any]:
    """Host and port as the system will read them."""
    host, port = tuple.__getitem__(address, slice(2))
    return exact(host), int.__int__(port) if isinstance(port, int) else port


def exact(value: Any) -> Any:
    """Text as the system reads it, whatever a subclass of `str` or `bytes` says of itself.

    >>> class Sly(str):
    ...     def __eq__(self, other): return True
    ...     __hash__ = str.__hash__
    >>> exact(Sly("/proc/1/mem")) == "/dev/null", exact(b"name"), exact(7)
    (False, 'name', 7)
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes | bytearray):
        return os.fsdecode(bytes(memoryview(value)))
    return value


def _first(args: tuple[Any, ...]) -> str:
    value = args[0] if args else ""
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return str(exact(value))[:120] if value is not None else ""
