"""What a table must look like, and what was found: the words between us and the validator."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["CheckReport", "Expectation", "Outcome", "Suite"]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation by the class name that Great Expectations knows, and why it must hold.

    `shown` says what is expected, in words, where the arguments alone do not.
    """

    kind: str
    arguments: dict[str, Any]
    why: str
    shown: str = ""


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """The expectations of one table; `file` is the Parquet that holds it."""

    table: str
    file: str
    expectations: tuple[Expectation, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one expectation came out; `observed` is what was found, in words."""

    table: str
    column: str
    kind: str
    expected: str
    observed: str
    why: str
    success: bool


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found, and what it could not look at."""

    outcomes: tuple[Outcome, ...]
    remarks: tuple[str, ...] = ()
    docs: str | None = None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The expectations that do not hold."""
        return tuple(each for each in self.outcomes if not each.success)

    def summary(self) -> str:
        """The report for a terminal: a line for each failure, then the counts."""
        lines = [
            f"{each.table}, {each.column}: {each.kind} expected {each.expected}, observed "
            f"{each.observed} ({each.why})"
            for each in self.failed
        ]
        held = len(self.outcomes) - len(self.failed)
        lines.append(f"{held} of {len(self.outcomes)} expectations hold")
        lines += [f"  {remark}" for remark in self.remarks]
        return "\n".join([*lines, *([f"  pages: {self.docs}"] if self.docs else [])])
