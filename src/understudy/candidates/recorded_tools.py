"""What users' own tools have answered, recorded, and given again to the same arguments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from understudy.candidates.plain import plain
from understudy.model.canonical import digest
from understudy.model.errors import CandidateError, RecordingError, nearest
from understudy.model.jsonl import read_lines
from understudy.systems.session import CaseSession

__all__ = ["RecordedAnswers", "recorded"]


class _Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file: a call of a tool, and what it answered."""

    tool: str
    answer: Any
    arguments: dict[str, Any] = {}


class RecordedAnswers:
    """Answers by tool and arguments; the n-th equal call of a case gets the n-th, then the last."""

    def __init__(self, calls: Iterable[_Answered]) -> None:
        self._answers: dict[str, list[Any]] = defaultdict(list)
        self._known: dict[str, str] = {}
        for call in calls:
            key = _key(call.tool, call.arguments)
            self._answers[key].append(call.answer)
            self._known[key] = f"{call.tool}({_told(call.arguments)})"

    def answer(self, session: CaseSession, tool: str, arguments: Mapping[str, Any]) -> Any:
        """What was recorded for this; `LookupError` with the call that comes closest."""
        key = _key(tool, arguments)
        if key not in self._answers:
            asked = f"{tool}({_told(arguments)})"
            known = [text for text in self._known.values() if text.startswith(f"{tool}(")]
            raise LookupError(f"nothing is recorded for {asked}{nearest(asked, known)}")
        found = self._answers[key]
        return found[min(session.count(f"answered {key}"), len(found)) - 1]


def recorded(file: str | Path) -> RecordedAnswers:
    """The answers in a file of lines `{"tool", "arguments", "answer"}`, for a map of tools.

    Raises `CandidateError` where it is not there, or a line is none of these.
    """
    path = Path(file)
    try:
        return RecordedAnswers(read_lines(path, _Answered))
    except RecordingError as error:
        raise CandidateError(
            f"`{path}` holds no recorded answers: {error.problem}",
            code="U220",
            where=error.where,
            hint='write a line for each call: {"tool": …, "arguments": {…}, "answer": …}',
        ) from None


def _key(tool: str, arguments: Mapping[str, Any]) -> str:
    given = {name: value for name, value in arguments.items() if value is not None}
    return digest([tool, plain(given)])


def _told(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r:.40}" for name, value in arguments.items())
