"""What becomes of a call that a candidate's program makes: it goes on, or is refused and counted.

The network of the program's own holds it, whatever is said here: what goes on can be for another
address than was read, and leads nowhere then.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

import msgspec

from understudy.doors.descendants import descending
from understudy.doors.kernel_count import KernelCount
from understudy.doors.kernel_question import Question, family_of, host_of, path_of
from understudy.doors.unix_sockets import bound_here, device_of, file_of

__all__ = ["NAMES", "NAME_SERVICES", "Program", "ProgramJudge", "bare"]

# What libraries ask by themselves when somebody wants a name, an address of its own or a UUID.
NAME_SERVICES = (
    "/var/run/nscd/", "/run/nscd/", "/var/lib/sss/", "/run/systemd/", "/var/run/avahi-daemon/",
    "/run/avahi-daemon/", "/run/uuidd/", "/var/run/uuidd/",
)  # fmt: skip
_HARMLESS = (socket.AF_UNSPEC, getattr(socket, "AF_NETLINK", 16))
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- read as the system reads it
_STARTING = ("clone", "clone3", "fork", "vfork")
NAMES = 53
_LISTENS, _ANY = "0A", ""


class Program(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What may be reached by a program, and how many processes may descend from its starter."""

    isolated: bool
    """Whether it has a network of its own."""
    shared: bool = False
    """Whether it has not, and is asked about all the same: what it may reach is numbers."""
    reachable: tuple[tuple[str, int], ...]
    starter: int
    most_processes: int


class ProgramJudge:
    """Judges the calls of one program and of all that it starts."""

    def __init__(self, program: Program, count: KernelCount, *, names: bool) -> None:
        """`names` says whether there is a server of names in the program's network."""
        self._reachable = frozenset((bare(host), port) for host, port in program.reachable)
        self._starter, self._most = program.starter, program.most_processes
        self._count, self._names = count, names
        self._began = time.time()
        self._left = 0
        """How many more may be started before they have to be counted anew."""

    def judge(self, question: Question) -> int:
        """The number of the error that the call is refused with, or 0 where it may go on."""
        if question.name in _STARTING:
            return self._starts()
        if question.name == "setns":
            self._count.add("process", "setns")
            return errno.EPERM
        return next(filter(None, (self._reaches(question, to) for to in question.addresses())), 0)

    def _starts(self) -> int:
        if self._left <= 0:
            there = sum(1 for _ in descending(self._starter))
            # Whoever asks is one of them: where there are none, the system does not tell.
            self._left = self._most - there if there else 0
        self._left -= 1
        return 0 if self._left >= 0 else errno.EAGAIN

    def _reaches(self, question: Question, address: bytes) -> int:
        family = family_of(address)
        # Connecting to no family ends a connection; a datagram to none goes to what is named.
        if family in _HARMLESS and (family or question.name == "connect" or not address):
            return 0
        if family == socket.AF_UNIX:
            return self._reaches_path(question, path_of(address))
        host, port = host_of(address)
        if not host:
            self._count.add("network", f"connect to an address of family {family}")
            return errno.EAFNOSUPPORT
        return self._reaches_host(question, bare(host), port)

    def _reaches_host(self, question: Question, host: str, port: int) -> int:
        if (host, port) in self._reachable:
            return 0
        datagram = question.name != "connect" or question.sends_datagrams()
        if datagram and port == NAMES and self._names:
            return 0
        own = host == "::1" or host.startswith("127.")
        # A datagram socket is connected to learn an address of its own, and sends nothing so.
        if datagram and question.name == "connect" and (own or not port):
            return 0 if own else errno.ENETUNREACH
        if own and _is_listened_at(port, datagram=datagram):
            return 0
        verb = "connect" if question.name == "connect" else "sendto"
        self._count.add("network", f"{verb} {host}:{port}")
        return 0 if own else errno.ENETUNREACH

    def _reaches_path(self, question: Question, path: str) -> int:
        """Refuse a socket of another network than the program's: whoever listens is another's."""
        if not path:
            return 0
        if path.startswith("@"):
            return 0 if self._is_own_name(path) else self._refused_path(path)
        try:
            found = file_of(question.pid, path)
            whole = Path(os.readlink(f"/proc/{question.pid}/cwd"), path)  # noqa: PTH115 -- no path
        except OSError as error:
            return error.errno or errno.ENOENT  # what is not found is not let through
        if self._is_own(found):
            return 0
        return self._refused_path(str(whole))

    def _refused_path(self, path: str) -> int:
        if not path.startswith(NAME_SERVICES):
            self._count.add("network", f"connect {path}")
        return errno.ECONNREFUSED

    def _is_own_name(self, path: str) -> bool:
        """Whether a name that is no file's is the program's; of others there are none here."""
        del path
        return True

    def _is_own(self, found: os.stat_result) -> bool:
        """Whether a socket of the program's network is bound there.

        Where the kernel does not tell, or tells the device otherwise, by when the file was changed.
        """
        fresh, bound = self._is_fresh(found), bound_here()
        if bound is None:
            return fresh
        number = found.st_ino & 0xFFFFFFFF
        devices = {device for each, device in bound if each == number}
        return device_of(found) in devices or (fresh and bool(devices))

    def _is_fresh(self, found: os.stat_result) -> bool:
        """Whether the file was changed since the program began."""
        return found.st_ctime >= self._began


def bare(host: str) -> str:
    """An address in the one way in which it is compared.

    >>> bare("::ffff:10.0.0.1"), bare("localhost"), bare("0.0.0.0")
    ('10.0.0.1', '127.0.0.1', '127.0.0.1')
    """
    if "." in host:
        host = host.removeprefix("::ffff:")
    return "127.0.0.1" if host == "localhost" else _LOCAL.get(host, host)


def _is_listened_at(port: int, *, datagram: bool) -> bool:
    """Whether anybody has taken the port in the network of this process."""
    end, state = f":{port:04X}", _ANY if datagram else _LISTENS
    for name in ("udp", "udp6") if datagram else ("tcp", "tcp6"):
        try:
            lines = Path("/proc/self/net", name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        if any(own.endswith(end) and state in (_ANY, its) for _, own, _, its, *_ in _split(lines)):
            return True
    return False


def _split(lines: list[str]) -> list[list[str]]:
    return [line.split() for line in lines]
