"""The supervisor's side of one candidate's process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from understudy.candidates.handed import Inbound
from understudy.candidates.program import pipes_of
from understudy.model.case import Turn
from understudy.model.proposal import WallCount
from understudy.shadow.left_behind import Started, end_left_behind
from understudy.shadow.protocol import Setup, Stage, Told, decode_told, encode

__all__ = ["Worker", "ending"]

_MOST_PRINTED = 4 << 10
_COUNTED_FOR = 0.05
"""Counting processes takes as long as a quick case, so one stands for so many seconds."""


class Worker:
    """One process: started, fed one case at a time, killed.

    What the candidate prints goes to a nameless file that both sides hold, so that its last words
    are there even when the process is gone.
    """

    def __init__(self, setup: Setup, environment: Mapping[str, str]) -> None:
        self._printed = _nameless_file()
        self._home = environment["HOME"]
        self.door, theirs = socket.socketpair()
        """Where the process hands over its listeners."""
        self.model_key = setup.model_key
        self._process = subprocess.Popen(
            # -P: the candidate's folder must not be able to replace the standard library.
            [sys.executable, "-P", "-m", "understudy.shadow.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            env=dict(environment),
            cwd=setup.project,
            start_new_session=True,
            pass_fds=[theirs.fileno()],
        )
        self.started = Started(self._process.pid)
        """The processes of its candidate."""
        self._counted, self._count_at = 0, 0.0
        setup = msgspec.structs.replace(setup, door=theirs.fileno())
        theirs.close()
        self._in, self._out = pipes_of(self._process)
        self.ready = self.leaving = self.expecting = False
        self.case: int | None = None
        """The position of the case that it is at."""
        self.attempted = WallCount()
        """What the wall has refused in that case, as far as it has said so."""
        self.since = time.monotonic()
        self._rest = bytearray()
        self._send(encode(setup))

    @property
    def free(self) -> bool:
        """Whether it waits for a case."""
        return self.ready and not self.leaving and self.case is None

    @property
    def output(self) -> int:
        """The descriptor to wait on."""
        return self._out.fileno()

    def give(self, index: int, order: Inbound, stage: Stage | None = None) -> None:
        """Hand it the next case, with what that is played on where it has a world of its own."""
        self.case, self.since = index, time.monotonic()
        self.attempted = WallCount()
        if stage is not None:
            self._send(encode(stage))
        self._send(encode(order))

    def tell(self, answer: Mapping[str, Any]) -> None:
        """Answer what it has asked."""
        self._send(msgspec.json.encode(answer) + b"\n")

    def reply(self, turn: Turn | None) -> None:
        """Give it what the customer says; its time for the case begins anew."""
        self._send(msgspec.json.encode({"turn": turn}) + b"\n")
        self.since = time.monotonic()

    def hear(self) -> tuple[list[Told], bool]:
        """What it has said since, and whether it still lives."""
        block = os.read(self.output, 1 << 20)
        self._rest += block
        return list(self._lines()), bool(block)

    def no_more(self) -> None:
        """Tell it that there are no more cases; it says what is left to be said, and ends."""
        with contextlib.suppress(OSError):
            self._in.close()

    def processes(self) -> int:
        """How many its candidate has started and not ended, as of a moment ago."""
        now = time.monotonic()
        if now - self._count_at >= _COUNTED_FOR:
            self._counted, self._count_at = self.started.count(), now
        return self._counted

    def seconds(self) -> float:
        """How long it has been at what it is doing."""
        return time.monotonic() - self.since

    def end(self, patience: float = 0.0) -> int:
        """Kill it and all that it started, unless it ends by itself in time; its exit code."""
        deadline = time.monotonic() + patience
        while not self.ended and time.monotonic() < deadline:
            time.sleep(0.005)
        self.started.end()
        # Before it is waited for: until then nobody else can have its number.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        end_left_behind(self._home)
        self.door.close()
        for stream in (self._in, self._out):
            with contextlib.suppress(OSError):
                stream.close()
        return code

    @property
    def ended(self) -> bool:
        """Whether the process is no more, though nobody has waited for it yet."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self._process.pid, options) is not None
        except ChildProcessError:
            return True

    def last_words(self) -> str:
        """The end of what the candidate printed and nobody has read."""
        number = self._printed.fileno()
        size = os.fstat(number).st_size
        text = os.pread(number, _MOST_PRINTED, max(0, size - _MOST_PRINTED))
        self._printed.close()
        return text.decode("utf-8", "backslashreplace")

    def _send(self, line: bytes) -> None:
        # A process that has died is noticed when it is listened to.
        with contextlib.suppress(BrokenPipeError):
            self._in.write(line)
            self._in.flush()

    def _lines(self) -> Iterator[Told]:
        while (newline := self._rest.find(b"\n")) >= 0:
            line = bytes(self._rest[: newline + 1])
            del self._rest[: newline + 1]
            yield decode_told(line)


def _nameless_file() -> IO[bytes]:
    # Opened for appending, so that writing goes on at the start after it was emptied.
    number, name = tempfile.mkstemp(prefix="printed-")
    os.close(number)
    path = Path(name)
    file = path.open("a+b", buffering=0)
    path.unlink()
    return file


def ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"its process ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process was ended by signal {-code}"
