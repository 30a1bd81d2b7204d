"""`decisions.jsonl` of a run: appended a line at a time, by several reviewers at once."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from understudy.model.decision import LINK, Choice, Decision
from understudy.model.errors import ConfigurationError
from understudy.model.jsonl import encode_line

__all__ = ["DecisionFile", "Decisions", "refusal", "take_in"]

NAME = "decisions.jsonl"
_LONGEST = 2_000
_DECODER = msgspec.json.Decoder(Decision)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions of a file in their order, and the lines that cannot be read."""

    all: tuple[Decision, ...] = ()
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """The file in a run folder. A line is one write under a lock, so that none is ever torn."""

    path: Path

    @classmethod
    def of(cls, run: Path) -> DecisionFile:
        """The file of a run."""
        return cls(run / NAME)

    def append(self, decision: Decision) -> bool:
        """Add a decision; False where one of that id is there already, as after a second try."""
        number = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            if any(one.decision_id == decision.decision_id for one in self.read().all):
                return False
            line = encode_line(decision)
            size = os.fstat(number).st_size
            if size and os.pread(number, 1, size - 1) != b"\n":
                line = b"\n" + line  # what a crash left half written stays a line of its own
            os.write(number, line)
            os.fsync(number)
        finally:
            os.close(number)
        return True

    def read(self) -> Decisions:
        """All decisions; a line that cannot be read is told with its place and hides no other."""
        if not self.path.is_file():
            return Decisions()
        found: list[Decision] = []
        damaged: list[str] = []
        for number, line in enumerate(self.path.read_bytes().splitlines(), 1):
            if not line.strip():
                continue
            try:
                found.append(_DECODER.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                damaged.append(f"{self.path.name}:{number}: {error}")
        return Decisions(tuple(found), tuple(damaged))


def refusal(decision: Decision) -> str | None:
    """Why a decision cannot stand as it was sent, where it cannot."""
    if not decision.reviewer.strip() or len(decision.reviewer) > 100:
        return "a decision needs the reviewer's name, of at most 100 characters"
    if decision.choice is None:
        return None if decision.undoes else "a decision needs a choice, or names what it undoes"
    if not decision.reason.strip() or len(decision.reason) > _LONGEST:
        return f"a decision needs a reason, of at most {_LONGEST:,} characters"
    of_link = decision.subject == LINK
    if decision.choice.of_link != of_link:
        expected = [one.value for one in Choice if one.of_link == of_link]
        return f"`{decision.choice}` does not fit; expected one of {', '.join(expected)}"
    return None


def take_in(run: Path, exported: Path) -> int:
    """Append the decisions that somebody exported from a static page; those known are left out.

    Raises `ConfigurationError` where a line cannot be read or cannot stand; then none is taken.
    """
    if not exported.is_file():
        raise ConfigurationError(f"`{exported}` is no file", where="--decisions")
    read = DecisionFile(exported).read()
    wrong = [*read.damaged]
    wrong += [f"decision {one.decision_id}: {why}" for one in read.all if (why := refusal(one))]
    if wrong:
        raise ConfigurationError(
            f"{len(wrong):,} decisions cannot be read: {'; '.join(wrong[:10])}",
            where=str(exported),
            hint="export the file again from the report's page",
        )
    file = DecisionFile.of(run)
    return sum(file.append(one) for one in read.all)
