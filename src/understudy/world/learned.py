"""What was read off a sample: how each column is damaged, and which damage goes together.

A *way* is how one cell is damaged: some steps, one after the other. A *form* is the shape of the
clean cell, on which the ways that are possible and likely depend. A *group* is a part of the rows
(told by the values of other columns, such as the source) with its own *signatures*: the ways of all
columns of a row at once. Groups are tried in their order; the first whose `when` fits has the row.
"""

from __future__ import annotations

from typing import Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, ShareText
from understudy.model.errors import nearest
from understudy.world.quality import NULL
from understudy.world.step import Step

__all__ = ["OK", "Group", "JointSignature", "Learned", "LearnedColumn", "form_of"]

OK = "ok"
"""The way of a cell that is not damaged."""
_SLACK = 1.001


class LearnedColumn(Configuration):
    """The ways of one column, and the share of each by the form of the clean cell.

    Cells whose form is none of the named ones go by length (up to `median` letters or longer), and
    by whether they hold quotes and the like, or anything but ASCII.
    """

    ways: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    forms: dict[str, dict[str, ShareText]] = Field(default_factory=dict)
    median: int = Field(0, ge=0)

    @pydantic.model_validator(mode="after")
    def _shares(self) -> Self:
        for form, shares in self.forms.items():
            _known(f"form `{form}`", shares, self.ways)
            _whole(f"form `{form}`", sum(shares.values()))
        return self


class JointSignature(Configuration):
    """The ways of a row's damaged columns, and the share of rows that have just these."""

    share: ShareText
    cells: dict[str, str] = Field(default_factory=dict)


class Group(Configuration):
    """The signatures of the rows whose cells have one of the values in `when`.

    Rows that no signature takes are damaged column by column as `alone` says, or not at all.
    `expected` says what the forms of the group's cells alone would make of them, where that is not
    what they make of all rows: only what is beyond that is the group's own.
    """

    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rows: int = Field(0, ge=0)
    signatures: tuple[JointSignature, ...] = ()
    alone: dict[str, dict[str, ShareText]] = Field(default_factory=dict)
    expected: dict[str, dict[str, ShareText]] = Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _possible(self) -> Self:
        _whole("signatures of the group", sum(one.share for one in self.signatures))
        for column, shares in self.alone.items():
            _whole(f"ways of `{column}` alone", sum(shares.values()))
        for column, shares in self.expected.items():
            _whole(f"expected ways of `{column}`", sum(shares.values()))
        return self


class Learned(Configuration):
    """How a table's rows are damaged, as read off a sample.

    With `seen` no clean twin was there: shares are of what the damaged table shows, so cells that
    are empty in the clean table already count among the empty ones and the words for nothing; and
    `written` says how columns are written as a rule, for tables that come from elsewhere.
    """

    seen: bool = False
    written: dict[str, Step] = Field(default_factory=dict)
    columns: dict[str, LearnedColumn]
    groups: tuple[Group, ...] = Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _named(self) -> Self:
        for group in self.groups:
            for one in group.signatures:
                for column, way in one.cells.items():
                    _way(self.columns, column, way)
            for column, shares in (*group.alone.items(), *group.expected.items()):
                for way in shares:
                    _way(self.columns, column, way)
        return self

    def uses(self) -> set[str]:
        """The columns that are damaged or looked at."""
        looked = {name for group in self.groups for name in group.when}
        moved = {
            column
            for learned in self.columns.values()
            for steps in learned.ways.values()
            for step in steps
            if isinstance(column := getattr(step.parameters, "column", None), str)
        }
        return looked | moved | set(self.columns) | set(self.written)


def form_of(pattern: str, value: str | None, column: LearnedColumn) -> str:
    """The form of a clean cell: its pattern where that is named, else by length and letters.

    >>> form_of("9", "12", LearnedColumn(forms={"9": {}})), form_of("A", "B", LearnedColumn())
    ('9', 'long')
    """
    if value is None or pattern in column.forms:
        return pattern if value is not None else NULL
    size = "short" if len(value) <= column.median else "long"
    marked = ", with quotes" if any(mark in value for mark in "'\"&<>") else ""
    return f"{size}{marked}" if value.isascii() else f"{size}{marked}, not ASCII"


def _way(columns: dict[str, LearnedColumn], column: str, way: str) -> None:
    if column not in columns:
        near = nearest(column, columns)
        raise ValueError(f"a signature names `{column}`, which is no learned column{near}")
    _known(f"signature of `{column}`", {way: 1.0}, columns[column].ways)


def _known(where: str, shares: dict[str, float], ways: dict[str, tuple[Step, ...]]) -> None:
    for way in shares:
        if way != OK and way not in ways:
            raise ValueError(
                f"the {where} names the way `{way}`, which is not listed{nearest(way, ways)}"
            )


def _whole(where: str, total: float) -> None:
    if total > _SLACK:
        raise ValueError(f"the shares of the {where} add up to {total:.1%}, more than all")
