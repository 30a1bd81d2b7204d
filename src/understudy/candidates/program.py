"""A program of the user's own, started in the environment and the network of its worker."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from understudy.model.errors import CandidateError

__all__ = ["pipes_of", "start"]


def start(
    command: Sequence[str],
    project: Path,
    before: Callable[[], None],
    *,
    stdin: int,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in `project`; `before` runs in the new process ahead of it.

    Raises `CandidateError` where it cannot be started, as where there is no such command.
    """
    try:
        return subprocess.Popen(  # noqa: S603 -- the command is the user's own, from the campaign
            command,
            stdin=stdin,
            stdout=stdout,
            cwd=project,
            preexec_fn=before,  # noqa: PLW1509 -- there is one thread yet
        )
    except OSError as error:
        known = shutil.which(command[0]) is not None
        reason = error.strerror if known else "there is no such command"
        raise CandidateError(
            f"`{command[0]}` cannot be started: {reason}",
            code="U208",
            where=str(project),
            hint="write the command as you would type it in the project's folder",
        ) from None


def pipes_of(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """What leads into a process and what comes out of it."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    return process.stdin, process.stdout
