"""What a comparison of two tables says: its measures, their outcomes and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from understudy.model.errors import ConfigurationError, nearest
from understudy.world.sample import read_sample

__all__ = [
    "FAIL", "PASS", "UNDECIDED", "WARN", "Link", "Measure", "Outcome", "Score", "link_to",
]  # fmt: skip

Outcome = str
PASS, WARN, FAIL, UNDECIDED = "pass", "warn", "fail", "not decidable"


@dataclass(frozen=True, slots=True)
class Link:
    """A column that names rows of another table, and those rows' ids."""

    column: str
    ids: frozenset[str | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the ten: its value, what it may be, and the same for the yardsticks."""

    id: str
    name: str
    outcome: Outcome
    reason: str
    value: float | None = None
    limit: float | None = None
    yardsticks: Mapping[str, float | None] = field(default_factory=dict)
    columns: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict of a comparison."""

    real: str
    generated: str
    rows: tuple[int, int]
    outcome: Outcome
    reason: str
    naive: str
    measures: tuple[Measure, ...]


def link_to(text: str) -> Link:
    """A link as it is typed: `COLUMN=PARENTS.csv:ID`."""
    column, equals, target = text.partition("=")
    path, colon, key = target.rpartition(":")
    if not (equals and colon and column and path and key):
        raise ConfigurationError(f"`{text}` is no link; write COLUMN=PARENTS.csv:ID", code="U138")
    parents = read_sample(Path(path))
    if key not in parents.columns:
        near = nearest(key, parents.columns)
        raise ConfigurationError(f"`{path}` has no column `{key}`{near}", code="U138")
    return Link(column, frozenset(parents.columns[key].to_pylist()))
