"""What a program may do in the machine's own network, where it has none of its own.

There nothing but the kernel's questions holds it. What is refused never begins; what goes on is
read again by the kernel, so that code which sets out to deceive could put another address in place
of the one that was judged.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from os import stat_result
from pathlib import Path

from understudy.doors.descendants import sockets_of
from understudy.doors.kernel_count import KernelCount
from understudy.doors.kernel_question import NOT_DONE, Question
from understudy.doors.names_asked import Lookups, question_of, searched
from understudy.doors.program_judge import NAMES, Program, ProgramJudge
from understudy.doors.unix_sockets import bound_here, device_of

__all__ = ["SharedJudge"]

_NETLINK = 16
_MOST_REMEMBERED = 1000
_SENDING = ("sendmmsg", "sendmsg", "sendto")


class SharedJudge(ProgramJudge):
    """Lets a program reach what it is allowed, and what listens that it has started itself."""

    def __init__(self, program: Program, count: KernelCount) -> None:
        super().__init__(program, count, names=False)
        self._program = program
        self._lookups = Lookups(tuple(f".{each}" for each in searched()))
        self._asked: dict[tuple[bytes, str, int], None] = {}

    def judge(self, question: Question) -> int:
        """As every program's; sockets that reach others by calls of their own are none."""
        if question.name == "socket":
            family, _, protocol = question.arguments[:3]
            if family != _NETLINK:
                self._count.add("network", f"socket of family {family}, protocol {protocol}")
            return errno.EACCES
        if question.name in _SENDING and not any(question.addresses()):
            return self._sends(question)
        return super().judge(question)

    def _sends(self, question: Question) -> int:
        """To what its socket is connected to; one that only seems to be is asking for names."""
        if not question.sends_datagrams() or question.is_connected():
            return 0
        self._asks(question)
        return errno.ECONNREFUSED

    def _asks(self, question: Question) -> bool:
        """Count the look-ups that a message begins; whether it asks for names at all."""
        found = [(each[:2], question_of(each)) for each in question.payloads()]
        for number, read in found:
            if read is None:
                continue
            name, kind, _ = read
            # The same message goes to one server of names after the other.
            again = (number, name, kind) in self._asked
            self._asked[number, name, kind] = None
            if not again and self._lookups.begins(name, kind):
                self._count.add("network", f"resolve {self._lookups.told(name)}")
        while len(self._asked) > _MOST_REMEMBERED:
            del self._asked[next(iter(self._asked))]
        return any(read for _, read in found)

    def _reaches_host(self, question: Question, host: str, port: int) -> int:
        if (host, port) in self._reachable:
            return 0
        connects = question.name == "connect"
        datagram = not connects or question.sends_datagrams()
        if datagram and port == NAMES:
            if connects:
                return NOT_DONE
            if self._asks(question):
                return errno.ECONNREFUSED
        own = host == "::1" or host.startswith("127.")
        if own and self._listens(port, datagram=datagram):
            return 0
        # Many connect a datagram socket to learn an address, or for figures that nobody takes.
        if own and datagram and connects:
            return NOT_DONE
        if not (datagram and connects and not port):
            self._count.add("network", f"{'connect' if connects else 'sendto'} {host}:{port}")
        return errno.ECONNREFUSED if own else errno.ENETUNREACH

    def _listens(self, port: int, *, datagram: bool) -> bool:
        """Whether it is the program itself, or what it has started, that alone has the port."""
        taken = set(_takers(port, datagram=datagram))
        return bool(taken) and taken <= sockets_of(self._program.starter)

    def _is_own(self, found: stat_result) -> bool:
        bound = bound_here(sockets_of(self._program.starter))
        number = found.st_ino & 0xFFFFFFFF
        devices = {device for each, device in bound or () if each == number}
        # Layered file systems tell another device to whoever looks at the file.
        return device_of(found) in devices or (self._is_fresh(found) and bool(devices))

    def _is_own_name(self, path: str) -> bool:
        # Sockets of several sorts, and files, may be shown under one name: all have to be its own.
        shown = path.replace("\0", "@")
        lines = [line.split(maxsplit=7) for line in _lines("unix")]
        taken = {int(words[6]) for words in lines if len(words) == 8 and words[7] == shown}
        return bool(taken) and taken <= sockets_of(self._program.starter)


def _takers(port: int, *, datagram: bool) -> Iterator[int]:
    """The numbers of the sockets that have a port."""
    for name in ("udp", "udp6") if datagram else ("tcp", "tcp6"):
        for line in _lines(name):
            words = line.split()
            if words[1].endswith(f":{port:04X}") and (datagram or words[3] == "0A"):
                yield int(words[9])


def _lines(name: str) -> list[str]:
    try:
        text = Path("/proc/self/net", name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.split("\n")[1:-1]
