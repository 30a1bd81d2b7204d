"""From the ways of all cells to groups of rows, their signatures, and the forms of each column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.learned import OK, Group, JointSignature, Learned, LearnedColumn, form_of
from understudy.world.learning.grouping import Part, features, partition
from understudy.world.learning.support import SUPPORT, supported
from understudy.world.quality import NULL, pattern
from understudy.world.step import Step

__all__ = ["RowWays", "learn_rows"]

_MOST_SIGNATURES = 400
_MOST_FORMS = 12
_SIGNIFICANT = 0.01
_DIFFERENT = 0.005
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowWays:
    """The ways of a column's cells, row by row, and the steps of each way."""

    names: Sequence[str]
    steps: Mapping[str, tuple[Step, ...]]


def learn_rows(
    cells: Mapping[str, pa.Array],
    ways: Mapping[str, RowWays],
    told_by: Sequence[str],
    key: Sequence[str] = (),
    forms: bool = True,
) -> Learned:
    """Groups, signatures and forms of a table whose cells (clean ones) went these ways.

    `told_by` names the columns by whose values rows may be grouped, `key` those that they are
    grouped by in any case.
    """
    texts = {name: _texts(cells[name]) for name in {*told_by, *key, *ways}}
    damaged = {name: one for name, one in ways.items() if set(one.names) != {OK}}
    shapes = {name: _shapes(texts[name]) if forms else None for name in damaged}
    columns = {name: _column(shapes[name], one) for name, one in damaged.items()}
    known = features({name: texts[name] for name in cells if name in {*told_by, *key}})
    count = len(next(iter(texts.values())))
    parts = partition(known, _matrix(damaged, count), key)
    formed = [
        _Formed.of(name, column, shapes[name] or _Shapes((), ()), damaged[name].names)
        for name, column in columns.items()
        if column.forms and len(parts) > 1
    ]
    groups = tuple(
        _group(part, damaged).model_copy(update={"expected": _expected(formed, part)})
        for part in parts
    )
    return Learned(seen=not forms, columns=columns, groups=groups)


def _texts(values: pa.Array) -> list[str]:
    return [NULL if value is None else value for value in values.to_pylist()]


def _matrix(ways: Mapping[str, RowWays], count: int) -> Floats:
    """One column for each way that at least five rows went."""
    made = [np.zeros(count)]
    for one in ways.values():
        names = np.array(one.names, dtype=object)
        for name, times in Counter(one.names).items():
            if name != OK and times >= 5:
                made.append((names == name).astype(np.float64))
    return np.column_stack(made)


@dataclass(frozen=True, slots=True)
class _Shapes:
    """The texts of a column and the shape of each."""

    texts: Sequence[str]
    shapes: Sequence[str]

    def forms(self, column: LearnedColumn) -> list[str]:
        """The form of each cell."""
        return [
            form_of(shape, None if text == NULL else text, column)
            for text, shape in zip(self.texts, self.shapes, strict=True)
        ]


def _shapes(texts: Sequence[str]) -> _Shapes:
    return _Shapes(texts, [pattern(text) if text != NULL else NULL for text in texts])


def _column(cells: _Shapes | None, ways: RowWays) -> LearnedColumn:
    used = Counter(ways.names)
    steps = {name: ways.steps[name] for name, _ in used.most_common() if name != OK}
    plain = LearnedColumn(ways=steps)
    if cells is None:
        return plain
    common = list(supported(Counter(cells.shapes)))[:_MOST_FORMS]
    lengths = [
        len(text)
        for text, shape in zip(cells.texts, cells.shapes, strict=True)
        if shape not in common
    ]
    median = int(np.median(lengths)) if lengths else 0
    named = LearnedColumn(ways=steps, forms={shape: {} for shape in common}, median=median)
    shares = _by_form(cells.forms(named), ways.names)
    return LearnedColumn(ways=steps, forms=shares, median=median) if shares else plain


@dataclass(frozen=True, slots=True)
class _Formed:
    """What the form of each cell of a column alone lets expect of its ways."""

    column: str
    ways: tuple[str, ...]
    shares: Floats

    @classmethod
    def of(cls, name: str, column: LearnedColumn, cells: _Shapes, went: Sequence[str]) -> _Formed:
        """A row for each cell; one whose form has no shares of its own is as it was found."""
        ways = tuple(column.ways)
        place = {way: number for number, way in enumerate(ways)}
        shares = np.zeros((len(went), len(ways)))
        known = {
            form: np.array([by.get(way, 0.0) for way in ways]) for form, by in column.forms.items()
        }
        for row, (form, way) in enumerate(zip(cells.forms(column), went, strict=True)):
            if form in known:
                shares[row] = known[form]
            elif way != OK:
                shares[row, place[way]] = 1.0
        return cls(name, ways, shares)


def _expected(formed: Sequence[_Formed], part: Part) -> dict[str, dict[str, float]]:
    """Where a group's cells have other forms than those of all rows, what these let expect."""
    found = {}
    for one in formed:
        here, usual = one.shares[part.rows].mean(0), one.shares.mean(0)
        if np.abs(here - usual).max(initial=0.0) > _DIFFERENT:
            found[one.column] = {
                way: round(float(share), 4)
                for way, share in zip(one.ways, here, strict=True)
                if share
            }
    return found


def _by_form(forms: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """The share of each way for each form of 20 rows or more; empty where forms do not matter."""
    counts: dict[str, Counter[str]] = {}
    for form, name in zip(forms, names, strict=True):
        counts.setdefault(form, Counter())[name] += 1
    kept = {form: ways for form, ways in counts.items() if ways.total() >= SUPPORT}
    if not _matter(kept):
        return {}
    return {
        form: {
            name: round(count / ways.total(), 4)
            for name, count in sorted(ways.items())
            if name != OK
        }
        for form, ways in sorted(kept.items())
    }


def _matter(counts: Mapping[str, Counter[str]]) -> bool:
    """Whether the ways depend on the form: chi-square test at 1 %."""
    from scipy.stats import chi2_contingency

    names = sorted({name for ways in counts.values() for name in ways})
    if len(counts) < 2 or len(names) < 2:
        return False
    table = np.array([[ways.get(name, 0) for name in names] for ways in counts.values()])
    return bool(chi2_contingency(table).pvalue < _SIGNIFICANT)


def _group(part: Part, ways: Mapping[str, RowWays]) -> Group:
    rows = part.rows.tolist()
    found: Counter[tuple[tuple[str, str], ...]] = Counter()
    for row in rows:
        found[
            tuple((name, one.names[row]) for name, one in ways.items() if one.names[row] != OK)
        ] += 1
    kept = dict(sorted(found.most_common(_MOST_SIGNATURES), key=lambda item: (-item[1], item[0])))
    signatures = tuple(
        JointSignature(share=_share(count, len(rows)), cells=dict(cells))
        for cells, count in kept.items()
    )
    others = {cells: count for cells, count in found.items() if cells not in kept}
    return Group(when=dict(part.when), rows=len(rows), signatures=signatures, alone=_alone(others))


def _alone(rows: Mapping[tuple[tuple[str, str], ...], int]) -> dict[str, dict[str, float]]:
    total = sum(rows.values())
    counts: dict[str, Counter[str]] = {}
    for cells, count in rows.items():
        for name, way in cells:
            counts.setdefault(name, Counter())[way] += count
    return {
        name: {way: _share(count, total) for way, count in sorted(found.items())}
        for name, found in sorted(counts.items())
    }


def _share(count: int, total: int) -> float:
    # Rounded down, so that shares never add up to more than all.
    return int(1_000_000 * count / total) / 1_000_000
