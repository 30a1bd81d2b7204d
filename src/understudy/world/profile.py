"""The mess profile: which operators damage which columns, how often, and depending on what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import pydantic
from pydantic import Field

from understudy.model.canonical import digest
from understudy.model.configuration import Configuration, ShareText, Version
from understudy.model.document import Document, Place, parse_document, read_document
from understudy.model.errors import ConfigurationError, nearest, one_error
from understudy.model.package import resolve_document
from understudy.world.learned import Learned
from understudy.world.operators.registry import Works
from understudy.world.schema import NULLABLE, TABLES, column_of
from understudy.world.step import Condition, Step

__all__ = [
    "PERSON",
    "LearnedFrom",
    "Profile",
    "Signature",
    "TableMess",
    "check_profile",
    "load_profile",
    "read_profile",
    "table_problems",
]

PERSON = "person."
"""Before a name: a column of the hidden person behind the row, as in `person.source`."""


class Signature(Condition):
    """Several columns damaged together in one row, as one source or one form does it."""

    rate: ShareText
    cells: dict[str, str | Step] = Field(min_length=2)

    def steps(self) -> Iterator[tuple[str, Step]]:
        """The column and step of each cell."""
        for column, step in self.cells.items():
            yield column, step if isinstance(step, Step) else Step(op=step, rate=1.0)

    @pydantic.model_validator(mode="after")
    def _cell_wise(self) -> Self:
        for column, step in self.steps():
            if step.operator.works_on is not Works.CELLS:
                raise ValueError(
                    f"`{step.op}` works on {step.operator.works_on}, so it cannot stand in a "
                    f"signature's cell (`{column}`)"
                )
        return self


class TableMess(Configuration):
    """What happens to one table: first to the table, then to rows, signatures and cells.

    `learned` holds what was read off a sample: whole rows at a time, after everything else.
    """

    table: tuple[Step, ...] = ()
    rows: tuple[Step, ...] = ()
    signatures: tuple[Signature, ...] = ()
    cells: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    learned: Learned | None = None

    @pydantic.model_validator(mode="after")
    def _in_place(self) -> Self:
        for place, works, steps in (
            ("table", Works.BLOCK, self.table),
            ("rows", Works.ROWS, self.rows),
            ("cells", Works.CELLS, [step for *_, step in _cell_steps(self)]),
        ):
            for step in steps:
                if step.operator.works_on is not works:
                    wanted = step.operator.works_on
                    raise ValueError(
                        f"`{step.op}` works on {wanted}, so it cannot stand in `{place}`"
                    )
        if sum(signature.rate for signature in self.signatures) > 1:
            raise ValueError("the rates of the signatures add up to more than 100 %")
        return self


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


@dataclass(frozen=True, slots=True)
class _Use:
    """A column that a step reads or writes, and where in the file it does."""

    place: Place
    column: str
    step: Step


def check_profile(profile: Profile, document: Document | None = None) -> Profile:
    """The profile again; all that cannot be done to a world's tables is raised as one error."""
    found = list(_misfits(profile))
    if not found:
        return profile
    errors = [
        ConfigurationError(
            problem, code="U118", where=document.where(place) if document else profile.name
        )
        for place, problem in found
    ]
    raise one_error(errors)


def read_profile(name: str | Path) -> tuple[Profile, Document]:
    """A profile and its file with lines; whether its tables are there is for the caller to say."""
    document = read_document(resolve_document(name, "profiles"))
    return parse_document(document, Profile), document


def load_profile(name: str | Path = "mid_market") -> Profile:
    """A profile from a file or a shipped one by name."""
    return check_profile(*read_profile(name))


def _misfits(profile: Profile) -> Iterator[tuple[Place, str]]:
    for table, mess in profile.tables.items():
        if table in TABLES:
            yield from _table_misfits(table, mess)
        else:
            yield ("tables", table), f"there is no table `{table}`{nearest(table, TABLES)}"


def _table_misfits(table: str, mess: TableMess) -> Iterator[tuple[Place, str]]:
    """Columns that the table has not, and fields that cannot hold what is written."""
    here: Place = ("tables", table)
    yield from (((*here, *place), problem) for place, problem in _too_few(mess, table))
    for use in _uses(mess):
        problem = _misfit(table, use)
        if problem:
            yield (*here, *use.place), problem
    looked = mess.learned.uses() - set(mess.learned.columns) if mess.learned else set()
    for column in sorted(looked):
        if column not in TABLES[table]:
            near = nearest(column, TABLES[table])
            yield (*here, "learned"), f"`{table}` has no column `{column}`{near}"
    for place, condition in _conditions(mess):
        on = condition.on
        if on and not on.startswith(PERSON) and on not in TABLES[table]:
            near = nearest(on, TABLES[table])
            yield (*here, *place), f"`on: {on}`: `{table}` has no such column{near}"


def table_problems(
    mess: TableMess, columns: Sequence[str], table: str
) -> Iterator[tuple[Place, str]]:
    """What a profile asks for and a table of these columns, which is none of a world's, has not."""
    yield from _too_few(mess, table)
    for number, step in enumerate(mess.table):
        if step.op not in _ANY_TABLE or step.options.get("mode", "orphan") != "orphan":
            yield ("table", number), f"`{step.op}` needs the tables of a world, not `{table}` alone"
    for place, column in _named(mess):
        if column not in columns:
            near = nearest(column, columns) or f"; its columns: {', '.join(columns[:12])}"
            yield place, f"`{table}` has no column `{column}`{near}"


_ANY_TABLE = ("duplicate_rows", "orphan_stale_fk")


def _named(mess: TableMess) -> Iterator[tuple[Place, str]]:
    """All columns that a table's mess names, each once, and where."""
    found: dict[str, Place] = {}
    for use in _uses(mess):
        found.setdefault(use.column, use.place)
    for place, condition in _conditions(mess):
        if condition.on:
            found.setdefault(condition.on, place)
    for column in sorted(mess.learned.uses()) if mess.learned else ():
        found.setdefault(column, ("learned", "columns", column))
    yield from ((place, column) for column, place in found.items())


def _too_few(mess: TableMess, table: str) -> Iterator[tuple[Place, str]]:
    for number, step in enumerate(mess.rows):
        if len(step.columns) < step.operator.columns:
            needed = f"`{step.op}` on `{table}` needs at least {step.operator.columns} `columns`"
            yield ("rows", number), needed


def _misfit(table: str, use: _Use) -> str | None:
    if use.column not in TABLES[table]:
        return f"`{table}` has no column `{use.column}`{nearest(use.column, TABLES[table])}"
    vendor, fits = column_of(table, use.column).vendor, use.step.operator.fits
    if vendor in fits or ("nullable" in fits and use.column in NULLABLE):
        return None
    if use.step.op == "orphan_stale_fk" and use.step.options.get("mode") == "deleted":
        return None
    return (
        f"`{use.step.op}` writes what `{table}.{use.column}` cannot hold: the vendor's field "
        f"takes {vendor}"
    )


def _uses(mess: TableMess) -> Iterator[_Use]:
    for number, step in enumerate(mess.table):
        column = getattr(step.parameters, "column", None)
        yield from [_Use(("table", number), column, step)] if column else []
    for number, step in enumerate(mess.rows):
        yield from (_Use(("rows", number), column, step) for column in step.columns)
    for number, signature in enumerate(mess.signatures):
        for column, step in signature.steps():
            yield _Use(("signatures", number, "cells", column), column, step)
    for column, number, step in _cell_steps(mess):
        yield _Use(("cells", column, number), column, step)
    yield from _learned_uses(mess.learned) if mess.learned else ()


def _learned_uses(learned: Learned) -> Iterator[_Use]:
    for column, one in learned.columns.items():
        for way, steps in one.ways.items():
            for number, step in enumerate(steps):
                yield _Use(("learned", "columns", column, "ways", way, number), column, step)


def _conditions(mess: TableMess) -> Iterator[tuple[Place, Condition]]:
    for name, steps in (
        ("table", mess.table),
        ("rows", mess.rows),
        ("signatures", mess.signatures),
    ):
        yield from (((name, number), step) for number, step in enumerate(steps))
    yield from ((("cells", column, number), step) for column, number, step in _cell_steps(mess))


def _cell_steps(mess: TableMess) -> Iterator[tuple[str, int, Step]]:
    for column, steps in mess.cells.items():
        yield from ((column, number, step) for number, step in enumerate(steps))
