"""The candidate's process: its line to the supervisor, and what the candidate prints."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from typing import IO, Any

import msgspec

from understudy.shadow.late_traces import LateTrace
from understudy.shadow.protocol import Asked, Finished, Question, Waiting, encode

__all__ = ["Channel", "Printed"]

_OUT_OF_THE_WAY = 100
_MOST_PRINTED = 64 << 10


class Channel:
    """Standard input and output as they were at the start, moved where nobody writes by accident.

    Afterwards descriptor 0 is empty, and 1 and 2 both lead to the file that catches what the
    candidate prints.
    """

    def __init__(self) -> None:
        self._in: IO[bytes] = os.fdopen(_moved(0), "rb")
        self._out = _moved(1)
        self._asking, self._writing = threading.Lock(), threading.Lock()
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)
        os.dup2(2, 1)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A process that dies does not write out what it had buffered.
            sys.stdout.reconfigure(line_buffering=True)

    def read(self) -> bytes:
        """The next line; empty when the supervisor has gone."""
        return self._in.readline()

    def tell(self, message: Finished | LateTrace) -> None:
        """Say what has become of a case, or what came of it since."""
        self.write(encode(message))

    def ask(self, question: Asked | Question | Waiting) -> dict[str, Any]:
        """Ask, and wait for the answer; one question at a time, and none between two cases."""
        with self._asking:
            self.write(encode(question))
            answer: dict[str, Any] = msgspec.json.decode(self.read())
            return answer

    def write(self, line: bytes) -> None:
        """Send one line whole."""
        rest = memoryview(line)
        with self._writing:
            while rest:
                rest = rest[os.write(self._out, rest) :]


class Printed:
    """What was written to standard output and error since the last look."""

    def __init__(self) -> None:
        # A descriptor of its own: the candidate may close the others.
        self._file = _moved(2)

    def take(self) -> str:
        """The text since the last call, its end where it is long; the file is emptied."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        text = self._emptied()
        self.mend()
        return text

    def _emptied(self) -> str:
        size = os.fstat(self._file).st_size
        if not size:
            return ""
        text = os.pread(self._file, _MOST_PRINTED, max(0, size - _MOST_PRINTED))
        os.ftruncate(self._file, 0)
        return text.decode("utf-8", "backslashreplace")

    def mend(self) -> None:
        """Open again what the candidate closed, for its next case."""
        for number, name in ((1, "stdout"), (2, "stderr")):
            if not self._leads_here(number):
                os.dup2(self._file, number)
            if getattr(getattr(sys, name, None), "closed", True):
                raw = io.FileIO(number, "w", closefd=False)
                text = io.TextIOWrapper(
                    io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True
                )
                setattr(sys, name, text)

    def _leads_here(self, number: int) -> bool:
        try:
            return os.path.sameopenfile(number, self._file)
        except OSError:
            return False


def _moved(number: int) -> int:
    import fcntl

    return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
