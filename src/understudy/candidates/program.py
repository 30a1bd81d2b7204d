"""A program of the user's own, started in the environment and the network of its worker."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from understudy.model.errors import CandidateError

__all__ = ["check_command", "pipes_of", "start"]

_NO_COMMAND = "there is no such command"


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
        reason = error.strerror if known else None
        raise _not_started(command, project, reason or _NO_COMMAND) from None


def check_command(command: Sequence[str], project: Path) -> None:
    """Raise `CandidateError` where there is no such command; one with a path is not looked for."""
    if "/" not in command[0] and shutil.which(command[0]) is None:
        raise _not_started(command, project, _NO_COMMAND)


def _not_started(command: Sequence[str], project: Path, reason: str) -> CandidateError:
    return CandidateError(
        f"`{command[0]}` cannot be started: {reason}",
        code="U208",
        where=str(project),
        hint=f"it is started as by: cd {shlex.quote(str(project))} && {shlex.join(command)}",
    )


def pipes_of(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """What leads into a process and what comes out of it."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    return process.stdin, process.stdout
