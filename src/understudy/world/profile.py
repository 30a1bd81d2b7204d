"""The mess profile: which operators damage which columns, how often, and depending on what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from understudy.model.canonical import digest
from understudy.model.configuration import Configuration, ShareText, Version
from understudy.model.document import Document, parse_document, read_document
from understudy.model.errors import ConfigurationError, UnderstudyError, one_error
from understudy.model.package import resolve_document
from understudy.world.learned import Learned
from understudy.world.profile_check import WORLD, Ground, problems
from understudy.world.step import Condition, Step

__all__ = [
    "LearnedFrom",
    "Profile",
    "Signature",
    "TableMess",
    "check_profile",
    "load_profile",
    "read_profile",
]


class Signature(Condition):
    """Several columns damaged together in one row, as one source or one form does it."""

    rate: ShareText
    cells: dict[str, str | Step] = Field(min_length=2)

    def steps(self) -> Iterator[tuple[str, Step]]:
        """The column and step of each cell."""
        for column, step in self.cells.items():
            yield column, step if isinstance(step, Step) else Step(op=step, rate=1.0)


class TableMess(Configuration):
    """What happens to one table: first to the table, then to rows, signatures and cells.

    `learned` holds what was read off a sample: whole rows at a time, after everything else.
    """

    table: tuple[Step, ...] = ()
    rows: tuple[Step, ...] = ()
    signatures: tuple[Signature, ...] = ()
    cells: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    learned: Learned | None = None


class LearnedFrom(Configuration):
    """Where a profile comes from."""

    kind: Literal["authored", "sample"] = "authored"
    rows: int | None = None
    sha256: str | None = None
    k_anonymity: int | None = None


class Profile(Configuration):
    """`profile.yaml`."""

    version: Version = 1
    name: str = Field(min_length=1)
    description: str = ""
    learned_from: LearnedFrom = LearnedFrom()
    tables: dict[str, TableMess] = Field(default_factory=dict)

    @property
    def hash(self) -> str:
        """The sha256 of the profile as it was understood, defaults included."""
        return digest(self.model_dump(mode="json"))


def check_profile(profile: Profile) -> Profile:
    """The profile again; all that cannot be done to a world's tables is raised as one error."""
    errors = _errors(profile.model_dump(mode="json"), WORLD, lambda _: profile.name)
    if errors:
        raise one_error(errors)
    return profile


def read_profile(
    name: str | Path, ground: Callable[[Document], Ground] | None = None
) -> tuple[Profile, Document]:
    """A profile and its file with lines.

    Everything wrong in it is one error: what cannot be read, and what the tables of `ground`, which
    is told the file, have not or cannot hold.
    """
    document = read_document(resolve_document(name, "profiles"))
    errors: list[UnderstudyError] = []
    profile = None
    try:
        profile = parse_document(document, Profile)
    except UnderstudyError as error:
        errors.append(error)
    try:
        tables = ground(document) if ground else Ground()
        errors += _errors(document.content, tables, document.where)
    except UnderstudyError as error:
        errors.append(error)
    if errors or profile is None:
        raise one_error(errors)
    return profile, document


def load_profile(name: str | Path = "mid_market") -> Profile:
    """A profile from a file or a shipped one by name, for the tables of a world."""
    profile, _ = read_profile(name, lambda _: WORLD)
    return profile


def _errors(
    content: Any, ground: Ground, where: Callable[[Sequence[str | int]], str]
) -> list[UnderstudyError]:
    code = "U136" if ground.alone else "U118"
    return [
        ConfigurationError(problem, code=code, where=where(place))
        for place, problem in problems(content, ground)
    ]
