"""A candidate that is a process: one JSON line in, one out."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from understudy.candidates.failing import CandidateFailed
from understudy.candidates.program import pipes_of, start
from understudy.candidates.use import CommandUse

__all__ = ["CommandCandidate"]

_MOST_BYTES = 8 << 20
_LEAVING_SECONDS = 1.0
_SHOWN = 40
_PRINTED = 2
"""Standard error, where what a candidate prints stands with its case."""


class CommandCandidate:
    """A process that lives as long as its cases; it reads cases and writes answers, a line each."""

    def __init__(self, use: CommandUse, project: Path, before: Callable[[], None]) -> None:
        """Start the command in `project`; `before` runs in the new process ahead of it."""
        self._process = start(
            use.command, project, before, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._in, self._out = pipes_of(self._process)

    def answer(self, case: Any, systems: Any) -> Any:
        """The line that the process writes about the case."""
        del systems
        line = self._exchanged(orjson.dumps(case, default=str) + b"\n")
        if not line.strip():
            return None
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError as error:
            # Its answer may still come, and would be taken for the next case's.
            raise CandidateFailed(
                "malformed_answer",
                f"its line is not JSON: {error}; it begins `{_beginning(line)}`; standard output "
                "is for answers alone, a line each: print to standard error",
                gone=True,
            ) from None

    def close(self) -> None:
        """Tell it that there are no more cases, and end it where it does not end by itself."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()

    def _exchanged(self, line: bytes) -> bytes:
        self._drop_rest()
        with contextlib.suppress(BrokenPipeError):
            self._in.write(line)
            self._in.flush()
        answer = self._out.readline(_MOST_BYTES)
        if answer.endswith(b"\n"):
            return answer
        if len(answer) >= _MOST_BYTES:
            raise CandidateFailed(
                "malformed_answer", f"its line has more than {_MOST_BYTES:,} bytes", gone=True
            )
        raise CandidateFailed("crashed", self._how_it_left(), gone=True)

    def _drop_rest(self) -> None:
        """What it has written besides its last answer is no answer to the next case."""
        os.set_blocking(self._out.fileno(), False)
        try:
            while rest := self._out.read(_MOST_BYTES):
                os.write(_PRINTED, rest)
        finally:
            os.set_blocking(self._out.fileno(), True)

    def _how_it_left(self) -> str:
        try:
            code = self._process.wait(timeout=_LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            return "its process has closed its standard output"
        return f"its process ended with exit code {code}"


def _beginning(line: bytes) -> str:
    return line[:_SHOWN].decode("utf-8", "backslashreplace").strip()
