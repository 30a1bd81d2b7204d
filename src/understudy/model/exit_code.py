"""The exit codes of every command, and which of several wins."""

from __future__ import annotations

import enum
from collections.abc import Iterable

__all__ = ["ExitCode", "worst"]


class ExitCode(enum.IntEnum):
    """What a command's exit code means."""

    GO = 0
    """GO, or the stage is done."""
    NO_GO = 1
    """At least one gate failed."""
    USAGE = 2
    """The command, an option or a file cannot be used as written."""
    INVALID = 3
    """The run cannot support a verdict."""
    SAFETY_STOP = 4
    """An egress attempt, the kill switch or a budget stopped the run."""
    NO_CASES = 5
    """The selection left no case."""
    INCONCLUSIVE = 6
    """Not enough evidence for GO or NO-GO."""
    INTERRUPTED = 130
    """Interrupted; what was done is kept."""


_FROM_WORST = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.SAFETY_STOP,
    ExitCode.INVALID,
    ExitCode.NO_GO,
    ExitCode.INCONCLUSIVE,
    ExitCode.NO_CASES,
    ExitCode.GO,
)


def worst(codes: Iterable[int]) -> ExitCode:
    """The code that a campaign of several candidates exits with.

    >>> worst([ExitCode.GO, ExitCode.INCONCLUSIVE, ExitCode.NO_GO]).name
    'NO_GO'
    """
    return min((ExitCode(code) for code in codes), key=_FROM_WORST.index, default=ExitCode.GO)
