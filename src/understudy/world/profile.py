"""The mess profile: which operators damage which columns, how often, and depending on what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import pydantic
from pydantic import Field

from understudy.model.canonical import digest
from understudy.model.configuration import Configuration, ShareText, Version
from understudy.model.document import load_document
from understudy.model.errors import nearest
from understudy.world.operators.registry import Operator, Works, operators
from understudy.world.package import resolve_document
from understudy.world.schema import NULLABLE, TABLES, column_of

__all__ = ["Condition", "Profile", "Signature", "Step", "TableMess", "load_profile"]

PERSON = "person."
"""Before a name: a column of the hidden person behind the row, as in `person.source`."""


class Condition(Configuration):
    """When a step's rate is another one.

    `on` names a column of the row, or of the person behind it, and `rates` the rate per value
    (a constant rate has none). `longer_than` makes the rate depend on the cell itself.
    """

    on: str | None = None
    rates: dict[str, ShareText] = Field(default_factory=dict)
    longer_than: int | None = Field(None, ge=0)
    otherwise: ShareText = 0.0

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.on) != bool(self.rates):
            raise ValueError("`on` and `rates` belong together: the column, and a rate per value")
        return self


class Step(Condition):
    """One operator at work on one column, some columns of a row, or a table."""

    op: str
    rate: ShareText = 0.0
    columns: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _known(self) -> Self:
        if self.op not in operators():
            raise ValueError(f"unknown operator `{self.op}`{nearest(self.op, operators())}")
        _parameters(self)
        return self

    @property
    def operator(self) -> Operator:
        """The operator that the step names."""
        return operators()[self.op]

    @property
    def parameters(self) -> Configuration:
        """The operator's options, defaults filled in."""
        return _parameters(self)


def _parameters(step: Step) -> Configuration:
    model = step.operator.parameters
    try:
        return model.model_validate(step.options)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(model.model_fields) or "none"
        raise ValueError(
            f"option `{place}` of `{step.op}`: {first['msg']}; its options: {known}"
        ) from None


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
    """What happens to one table: first to the table, then to rows, signatures and cells."""

    table: tuple[Step, ...] = ()
    rows: tuple[Step, ...] = ()
    signatures: tuple[Signature, ...] = ()
    cells: dict[str, tuple[Step, ...]] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _in_place(self) -> Self:
        for place, works, steps in (
            ("table", Works.BLOCK, self.table),
            ("rows", Works.ROWS, self.rows),
            ("cells", Works.CELLS, _cell_steps(self)),
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

    @pydantic.model_validator(mode="after")
    def _fits(self) -> Self:
        for table, mess in self.tables.items():
            if table not in TABLES:
                raise ValueError(f"there is no table `{table}`{nearest(table, TABLES)}")
            problem = next(_misfits(table, mess), None)
            if problem:
                raise ValueError(problem)
        return self

    @property
    def hash(self) -> str:
        """The sha256 of the profile as it was understood, defaults included."""
        return digest(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class _Use:
    column: str
    step: Step


def _uses(mess: TableMess) -> Iterator[_Use]:
    """Every column that a step reads or writes."""
    for step in mess.table:
        column = getattr(step.parameters, "column", None)
        yield from [_Use(column, step)] if column else []
    for step in mess.rows:
        yield from (_Use(column, step) for column in step.columns)
    for signature in mess.signatures:
        yield from (_Use(column, step) for column, step in signature.steps())
    for column, steps in mess.cells.items():
        yield from (_Use(column, step) for step in steps)


def _misfits(table: str, mess: TableMess) -> Iterator[str]:
    """What cannot be done to a table: columns it has not, fields that hold no such value."""
    known = TABLES[table]
    for step in mess.rows:
        if len(step.columns) < step.operator.columns:
            yield f"`{step.op}` on `{table}` needs at least {step.operator.columns} `columns`"
    for use in _uses(mess):
        if use.column not in known:
            yield f"`{table}` has no column `{use.column}`{nearest(use.column, known)}"
        elif not _fitting(table, use):
            kind = column_of(table, use.column).vendor
            yield (
                f"`{use.step.op}` writes what `{table}.{use.column}` cannot hold: the vendor's "
                f"field takes {kind}"
            )
    for condition in (*mess.table, *mess.rows, *mess.signatures, *_cell_steps(mess)):
        on = condition.on
        if on and not on.startswith(PERSON) and on not in known:
            yield f"`on: {on}`: `{table}` has no such column{nearest(on, known)}"


def _cell_steps(mess: TableMess) -> list[Step]:
    return [step for steps in mess.cells.values() for step in steps]


def _fitting(table: str, use: _Use) -> bool:
    fits = use.step.operator.fits
    vendor = column_of(table, use.column).vendor
    if vendor in fits or ("nullable" in fits and use.column in NULLABLE):
        return True
    return use.step.op == "orphan_stale_fk"


def load_profile(name: str | Path = "mid_market") -> Profile:
    """A profile from a file or a shipped one by name."""
    return load_document(resolve_document(name, "profiles"), Profile)
