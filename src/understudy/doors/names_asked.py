"""Whoever a program asks for names in its own network: tells of none, and counts what is asked."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections import Counter
from pathlib import Path

from understudy.doors.kernel_count import KernelCount
from understudy.doors.namespace import claim_all_addresses

__all__ = ["Lookups", "NamesAsked", "question_of", "searched"]

_PORT = 53
_PACKET_INFO = 8
_NO_SUCH_NAME = 0x8183
_MOST_BYTES = 4096
_MOST_NAMES = 10_000
_SETTINGS = Path("/etc/resolv.conf")


class NamesAsked:
    """Servers of names at every address there is, in a network in which nothing else is."""

    def __init__(self, count: KernelCount) -> None:
        """Without the right to listen there none can be, and who asks for names is counted so."""
        self._count = count
        self._suffixes = tuple(f".{each}" for each in searched())
        self._lookups = Lookups(self._suffixes)
        self._open: dict[int, socket.socket] = {}
        if claim_all_addresses():
            for family in (socket.AF_INET, socket.AF_INET6):
                with contextlib.suppress(OSError):
                    made = _listener(family)
                    self._open[made.fileno()] = made

    @property
    def sockets(self) -> list[int]:
        """The descriptors to wait on."""
        return list(self._open)

    def answer(self, number: int) -> None:
        """Take one question, count it where it begins a look-up, and know nothing."""
        with contextlib.suppress(OSError):
            asked, told, _, who = self._open[number].recvmsg(_MOST_BYTES, 256)
            read = question_of(asked)
            if read is None:
                return
            name, kind, end = read
            if self._lookups.begins(name, kind):
                self._count.add("network", f"resolve {self._lookups.told(name)}")
            head = struct.pack("!2sHHHHH", asked[:2], _NO_SUCH_NAME, 1, 0, 0, 0)
            # From the address that was asked: an answer from elsewhere is not taken.
            self._open[number].sendmsg([head + asked[12:end]], told, 0, who)


class Lookups:
    """Tells look-ups from the questions that they are made of.

    One look-up asks for addresses of both sorts, and under each of the names that the machine's
    settings make of the one.

    >>> lookups = Lookups((".corp.example",))
    >>> asked = [("api.test", 1), ("api.test", 28), ("api.test.corp.example", 1), ("api.test", 1)]
    >>> [lookups.begins(name, kind) for name, kind in asked], lookups.told("api.test.corp.example")
    ([True, False, False, True], 'api.test')
    """

    def __init__(self, suffixes: tuple[str, ...]) -> None:
        self._suffixes = suffixes
        self._asked: Counter[tuple[str, int]] = Counter()
        self._begun: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def begins(self, name: str, kind: int) -> bool:
        """Whether a question is the first one of a look-up."""
        self._asked[name, kind] += 1
        bare = self._bare(name)
        if len(self._asked) > _MOST_NAMES:
            for kept in (self._asked, self._begun, self._first):
                kept.clear()
            self._asked[name, kind] = 1
        self._first.setdefault(bare, name)
        if self._asked[name, kind] <= self._begun[bare]:
            return False
        self._begun[bare] += 1
        return True

    def told(self, name: str) -> str:
        """The name as it was asked for first."""
        return self._first.get(self._bare(name), name)

    def _bare(self, name: str) -> str:
        for suffix in self._suffixes:
            while name.endswith(suffix):
                name = name.removesuffix(suffix)
        return name


def question_of(message: bytes) -> tuple[str, int, int] | None:
    r"""The name that a message asks for, the kind of record, and where the question ends.

    As in RFC 1035, 4.1.2; None where the message asks nothing.

    >>> question_of(bytes(12) + b"\3api\4Test\0" + bytes([0, 28, 0, 1]))
    ('api.test', 28, 26)
    >>> question_of(bytes(12) + b"." + 60 * b"x")
    """
    at, labels = 12, []
    while at < len(message) and 0 < message[at] < 64:
        labels.append(message[at + 1 : at + 1 + message[at]])
        at += 1 + message[at]
    if not labels or len(message) < at + 5 or message[at]:
        return None
    name = b".".join(labels).decode("ascii", "replace").lower()
    return name, struct.unpack("!H", message[at + 1 : at + 3])[0], at + 5


def _listener(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        made.setsockopt(socket.IPPROTO_IP, _PACKET_INFO, 1)
    made.bind(("", _PORT))
    made.setblocking(False)
    return made


def searched() -> list[str]:
    """What is put behind names that are not found, as the machine's settings say."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in _SETTINGS.read_text(encoding="utf-8").splitlines():
            word, *rest = line.split() or [""]
            if word in ("search", "domain"):
                return [each.strip(".").lower() for each in rest]
    return []
