"""A service that is started with the run, in the environment and the network of its worker."""

from __future__ import annotations

import contextlib
import shlex
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from understudy.candidates.program import start
from understudy.candidates.use import HttpUse
from understudy.model.errors import CandidateError

__all__ = ["StartedService"]

_START_SECONDS = 60.0
_LOOK_EVERY = 0.02
_LEAVING_SECONDS = 0.5
"""Its connections are closed a moment before it has ended."""


class StartedService:
    """The process behind a service's address; it reads its settings from the environment."""

    def __init__(self, use: HttpUse, project: Path, before: Callable[[], None]) -> None:
        """Start it in `project`; `before` runs in the new process ahead of it."""
        self._use, self._project = use, project
        self._process = start(use.command, project, before, stdin=subprocess.DEVNULL)

    def wait(self) -> None:
        """Until it takes connections; raises `CandidateError` where it never does."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            code = self._process.poll()
            if code is not None:
                raise self._failed(f"ended with exit code {code} before it listened")
            with contextlib.suppress(OSError), socket.create_connection(self._use.address, 1):
                return
            time.sleep(_LOOK_EVERY)
        raise self._failed(f"does not listen at {self._use.url} within {_START_SECONDS:g} s")

    def left(self) -> str | None:
        """How it ended, where it has or is about to."""
        try:
            code = self._process.wait(timeout=_LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        return f"the service ended with exit code {code}"

    def close(self) -> None:
        """End it, where that is permitted; else it and what it started end with the worker."""
        # A sealed process may send signals to nobody: its supervisor ends all that is below it.
        with contextlib.suppress(PermissionError):
            self._process.kill()
            self._process.wait()

    def _failed(self, how: str) -> CandidateError:
        return CandidateError(
            f"`{' '.join(self._use.command)}` {how}",
            code="U217",
            where=str(self._project),
            hint="see it alone: "
            f"cd {shlex.quote(str(self._project))} && {shlex.join(self._use.command)}",
        )
