"""A process of its own that the kernel asks about calls, and that counts what is refused.

It is started before any filter stands, and early, as it keeps the memory that its parent has by
then. It holds nothing else of it but the kernel's questions, and ends when nobody is left whom they
could be about. Of the sealed process itself it lets no call go on but connections to what the
campaign allows, where that is known by numbers; code that sets out to deceive it could put another
address in place of the one that was read, and what holds such code is the network that leads
nowhere. That holds a program too.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import struct
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from understudy.doors.kernel_count import KernelCount
from understudy.doors.kernel_question import (
    Question,
    answer,
    family_of,
    host_of,
    path_of,
    receive,
    shown,
    still_waits,
)
from understudy.doors.names_asked import NamesAsked
from understudy.doors.program_judge import NAME_SERVICES, Program, ProgramJudge, bare
from understudy.doors.shared_network import SharedJudge

__all__ = ["TO_SERVERS_OF_NAMES", "Sealed", "Witness"]

_REFUSED = 13
TO_SERVERS_OF_NAMES = 0x80802
"""How the C library makes a socket to ask for a name; Python's own are made otherwise."""
_SET_PTRACER = 0x59616D61
_SENDING = frozenset(("connect", "sendmmsg", "sendmsg", "sendto"))
_NETWORK = _SENDING | {"socket"}
_LONGEST_ORDER = 1 << 16


class Sealed(msgspec.Struct, frozen=True, tag=True):
    """What the sealed process may connect to, by numbers."""

    reachable: tuple[tuple[str, int], ...] = ()


class Witness:
    """Counts refusals in a process of its own, from the moment it is handed the questions."""

    def __init__(self, names: Mapping[int, str]) -> None:
        """`names` are the calls by number. Raises `OSError` where no process can be started."""
        self.count = KernelCount()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
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

    def was_ended(self) -> bool:
        """Whether its process is gone, though somebody is left whom it could be asked about.

        To be asked by the process that adopts orphans; to any other it is never gone.
        """
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        with contextlib.suppress(ChildProcessError):
            return os.waitid(os.P_PID, self._pid, options) is not None and not self.count.done
        return False

    def hand_over(self, install: Callable[[], int], about: Sealed | Program) -> bool:
        """Have the filter installed for this thread; whether it gave a descriptor of questions.

        They are about this process, or about the program that it becomes. The descriptor goes over
        by a thread that the filter does not hold yet. Nothing of it stays here: whoever had it
        could answer for itself.
        """
        ctypes.CDLL(None).prctl(_SET_PTRACER, self._pid, 0, 0, 0)
        installed, box = threading.Event(), [-1]
        order = msgspec.json.encode(about)
        sender = threading.Thread(target=self._send, args=(installed, box, order))
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

    def _send(self, installed: threading.Event, box: list[int], order: bytes) -> None:
        installed.wait()
        if box[0] >= 0:
            socket.send_fds(self._ours, [order], [box[0]])


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
        _Attendant(theirs, names, count).attend()
        count.leave()
    finally:
        os._exit(0)


class _Judge(Protocol):
    def judge(self, question: Question) -> int:
        """The number of the error that the call is refused with, or 0 where it may go on."""


class _Attendant:
    """Answers the kernel's questions, one after the other."""

    def __init__(self, orders: socket.socket, names: Mapping[int, str], count: KernelCount) -> None:
        self._orders, self._names, self._count = orders, names, count
        self._judges: dict[int, _Judge] = {}
        self._asked: NamesAsked | None = None
        self._waiting = select.poll()
        self._waiting.register(orders, select.POLLIN)
        self._ordered = True

    def attend(self) -> None:
        """Answer until there is nobody left."""
        while self._judges or self._ordered:
            for number, events in self._waiting.poll():
                if number == self._orders.fileno():
                    self._take_order()
                elif number in self._judges:
                    self._questioned(number, events)
                elif self._asked is not None:
                    self._asked.answer(number)

    def _take_order(self) -> None:
        said, found, _, _ = socket.recv_fds(self._orders, _LONGEST_ORDER, 1)
        if not found:
            self._waiting.unregister(self._orders)
            self._ordered = False
            return
        about = msgspec.json.decode(said, type=Sealed | Program)
        judge = self._judge_of(about) if isinstance(about, Program) else _Own(self._count, about)
        self._judges[found[0]] = judge
        self._waiting.register(found[0], select.POLLIN)

    def _judge_of(self, program: Program) -> ProgramJudge:
        if program.shared:
            return SharedJudge(program, self._count)
        if self._asked is None and program.isolated:
            self._asked = NamesAsked(self._count)
            for each in self._asked.sockets:
                self._waiting.register(each, select.POLLIN)
        return ProgramJudge(program, self._count, names=bool(self._asked and self._asked.sockets))

    def _questioned(self, listener: int, events: int) -> None:
        if not events & select.POLLIN:
            self._waiting.unregister(listener)
            del self._judges[listener]
            os.close(listener)
            return
        with contextlib.suppress(OSError):  # who asked is gone
            question = receive(listener, self._names)
            answer(listener, question, self._judged(listener, question))

    def _judged(self, listener: int, question: Question) -> int:
        """Never none: a call without an answer would stand still for good."""
        try:
            return self._judges[listener].judge(question)
        except Exception:
            if still_waits(listener, question):
                about = f"{question.name}, for an address that cannot be read"
                self._count.add("network", about)
            return _REFUSED


class _Own:
    """Refuses what the process that is sealed asks for, but for connections that it may make."""

    def __init__(self, count: KernelCount, about: Sealed) -> None:
        self._count = count
        self._reachable = frozenset((bare(host), port) for host, port in about.reachable)

    def judge(self, question: Question) -> int:
        """Count it, but for what the C library does by itself; it is refused all the same."""
        name = question.name
        named = [*question.addresses()] if name in _SENDING else []
        wrong = [address for address in named if not self._may_reach(address)]
        if self._reachable and name in _SENDING and not wrong:
            return 0
        address = next(iter(wrong), b"")
        if not _is_harmless(question, address):
            sort = "network" if name in _NETWORK else "process"
            about = _sort_of(question.arguments) if name == "socket" else shown(address)
            self._count.add(sort, f"native {name} {about}".strip())
        return _REFUSED

    def _may_reach(self, address: bytes) -> bool:
        host, port = host_of(address)
        return (bare(host), port) in self._reachable


def _is_harmless(question: Question, address: bytes) -> bool:
    family = family_of(address)
    if question.name != "connect" or len(address) < 2:
        return False
    if family == socket.AF_UNIX:
        return path_of(address).startswith(NAME_SERVICES)
    # It asks which of its own addresses would be used, and sends nothing.
    return family == socket.AF_UNSPEC or (
        host_of(address)[0] in ("127.0.0.1", "::1") and question.sends_datagrams()
    )


def _sort_of(arguments: tuple[int, ...]) -> str:
    asks = arguments[1] == TO_SERVERS_OF_NAMES
    return "to look up a name" if asks else f"of family {arguments[0]}"
