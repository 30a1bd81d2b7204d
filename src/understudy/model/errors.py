"""What can go wrong in the harness or in its use, and how each case is told to a person.

```
UnderstudyError            code, problem, where, hint, exit code
├── ConfigurationError     U1xx  a file or option a person wrote           exit 2
├── CandidateError         U2xx  the candidate cannot be reached or loaded  exit 2
├── SafetyError            U3xx  the wall, the kill switch, a budget        exit 4
├── RecordingError         U4xx  a world, recording or run on disk          exit 2
├── EvidenceError          U5xx  the run cannot support a verdict           exit 3
└── NoCasesError           U6xx  nothing was selected                       exit 5
```

A candidate's mistake is never an error: it is a finding.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar

from understudy.model.exit_code import ExitCode

__all__ = [
    "CandidateError",
    "ConfigurationError",
    "EvidenceError",
    "NoCasesError",
    "RecordingError",
    "SafetyError",
    "UnderstudyError",
    "nearest",
    "one_error",
]


class UnderstudyError(Exception):
    """Something a person can mend: what is wrong, where, and what to do next.

    `problem` names the value and what was expected; `where` is `file:line` or a place in a file;
    `hint` is a command or a change to make. Never shown with a traceback unless asked for.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
    default_code: ClassVar[str] = "U100"

    def __init__(
        self,
        problem: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: str | None = None,
        others: Sequence[UnderstudyError] = (),
    ) -> None:
        super().__init__(problem)
        self.code = code or self.default_code
        self.problem = problem
        self.where = where
        self.hint = hint
        self.others = tuple(others)

    def describe(self) -> str:
        """Everything a person needs, one block for each thing that is wrong."""
        return "\n".join([self._text(), *(other.describe() for other in self.others)])

    def _text(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"error[{self.code}] {place}{self.problem}{hint}"


class ConfigurationError(UnderstudyError):
    """A campaign, policy, gate file, suite, recipe or option that cannot be used as written."""


class CandidateError(UnderstudyError):
    """The candidate could not be found, loaded or reached before the first case."""

    default_code: ClassVar[str] = "U200"


class SafetyError(UnderstudyError):
    """The wall, the kill switch or a budget stopped the run."""

    exit_code: ClassVar[ExitCode] = ExitCode.SAFETY_STOP
    default_code: ClassVar[str] = "U300"


class RecordingError(UnderstudyError):
    """A world, recording, proposal or run on disk is missing, damaged or of another version."""

    default_code: ClassVar[str] = "U400"


class EvidenceError(UnderstudyError):
    """The run cannot support a verdict."""

    exit_code: ClassVar[ExitCode] = ExitCode.INVALID
    default_code: ClassVar[str] = "U500"


class NoCasesError(UnderstudyError):
    """The selection left no case to run."""

    exit_code: ClassVar[ExitCode] = ExitCode.NO_CASES
    default_code: ClassVar[str] = "U600"


def one_error(errors: Sequence[UnderstudyError]) -> UnderstudyError:
    r"""All errors as one, of the first one's kind; those that stand with one of them included.

    >>> two = one_error([ConfigurationError("no `b`"), ConfigurationError("no `c`")])
    >>> one_error([RecordingError("no `a`"), two]).describe()
    'error[U400] no `a`\nerror[U100] no `b`\nerror[U100] no `c`'
    """
    first, *rest = errors
    others = [*first.others, *rest]
    return type(first)(
        first.problem, code=first.code, where=first.where, hint=first.hint, others=others
    )


def nearest(value: str, known: Iterable[str]) -> str:
    """The known name closest to `value`, worded as a question, or an empty string.

    >>> nearest("candiate", ["candidate", "policy"])
    '; did you mean `candidate`?'
    """
    matches = difflib.get_close_matches(value, list(known), n=1)
    return f"; did you mean `{matches[0]}`?" if matches else ""
