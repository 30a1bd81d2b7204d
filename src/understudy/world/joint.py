"""Damages whole rows at a time, as a learned profile says: group, signature, form, ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.entropy import Stream, quantised
from understudy.world.learned import OK, Group, Learned, LearnedColumn, form_of
from understudy.world.quality import NULL, pattern
from understudy.world.step import Step

__all__ = ["JointHit", "draw_rows"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_HIGH = np.uint64(32)
_HELD = "held"


@dataclass(frozen=True, slots=True)
class JointHit:
    """Rows of the block whose cell of one column is damaged by one step of a way."""

    column: str
    rows: Ints
    step: Step
    purpose: str


def draw_rows(
    columns: Mapping[str, pa.Array], learned: Learned, stream: Stream, block: int
) -> Iterator[JointHit]:
    """Which cells of a block are damaged how; the same for a row whatever else is damaged."""
    count = len(next(iter(columns.values())))
    picks = _signatures(columns, learned, stream, block, count)
    for name, column in learned.columns.items():
        names = [OK, *column.ways]
        ways = _ways(columns[name], name, learned, picks, _words(stream, name, block, count))
        for number, way in enumerate(names):
            rows = np.flatnonzero(ways == number)
            for turn, step in enumerate(column.ways.get(way, ()) if len(rows) else ()):
                yield JointHit(name, rows, step, f"learned/{way}/{turn}")


@dataclass(frozen=True, slots=True)
class _Picks:
    """The group of each row, and its signature in that group; -1 is none of them."""

    groups: Ints
    signatures: Ints


def _words(stream: Stream, column: str, block: int, count: int) -> npt.NDArray[np.uint64]:
    own = Stream(stream.seed, stream.table, column, f"{stream.purpose}/form")
    return own.words(block, 2 * count).reshape(2, -1) >> _HIGH


def _signatures(
    columns: Mapping[str, pa.Array], learned: Learned, stream: Stream, block: int, count: int
) -> _Picks:
    groups = np.full(count, -1, dtype=np.int64)
    picks = np.full(count, -1, dtype=np.int64)
    words = stream.words(block, count) >> _HIGH
    for number, group in enumerate(learned.groups):
        rows = np.flatnonzero((groups < 0) & _fits(columns, group, count))
        groups[rows] = number
        edges = quantised(np.cumsum([one.share for one in group.signatures]))
        found = np.searchsorted(edges, words[rows], side="right")
        picks[rows] = np.where(found < len(group.signatures), found, -1)
    return _Picks(groups, picks)


def _fits(columns: Mapping[str, pa.Array], group: Group, count: int) -> npt.NDArray[np.bool_]:
    fits = np.ones(count, dtype=bool)
    for name, values in group.when.items():
        cells = pc.fill_null(columns[name].cast(pa.string()), NULL)
        fits &= np.asarray(pc.is_in(cells, pa.array(values, pa.string())))
    return fits


def _ways(
    cells: pa.Array, name: str, learned: Learned, picks: _Picks, words: npt.NDArray[np.uint64]
) -> Ints:
    """The way of each cell: the signature's, or another one where the cell's form forbids it."""
    column = learned.columns[name]
    ways = np.zeros(len(cells), dtype=np.int64)
    overall = _overall(column, learned, name)
    if learned.seen:
        column = _topped_up(column, overall, cells.null_count / max(len(cells), 1))
    forms, shapes = _forms(cells, column)
    for number, group in enumerate(learned.groups):
        inside = picks.groups == number
        if not inside.any():
            continue
        ways[inside] = _drawn(name, column, group, picks.signatures[inside], words[0][inside])
        marginal = _marginal(name, column, group)
        usual = _vector(group.expected[name], column) if name in group.expected else overall
        for code, shape in enumerate(shapes):
            rows = np.flatnonzero(inside & (forms == code))
            wanted = _wanted(column, shape, marginal, usual)
            if wanted is not None and len(rows):
                ways[rows] = _coupled(ways[rows], marginal, wanted, words[1][rows])
    return ways


def _topped_up(column: LearnedColumn, overall: Floats, empty: float) -> LearnedColumn:
    """The shares for empty and for held cells that make the whole column as the sample was.

    With a share s of cells empty already and p of the sample: of the empty ones min(s, p) / s stay,
    the others get a word for nothing if the sample has any; of the held max(0, p - s) / (1 - s)
    are emptied, and words for nothing come to what the empty ones have not taken.
    """
    shares = dict(zip(column.ways, overall[1:].tolist(), strict=True))
    ops = {way: steps[0].op for way, steps in column.ways.items() if steps}
    gone = sum(shares[way] for way, op in ops.items() if op == "null_explicit")
    words = {way: shares[way] for way, op in ops.items() if op == "null_sentinel"}
    filled = max(0.0, 1 - gone / empty) if empty and sum(words.values()) else 0.0
    before = {way: filled * share / sum(words.values()) for way, share in words.items() if filled}
    held = max(1 - empty, 1e-9)
    after = {way: share / held for way, share in shares.items()}
    for way, op in ops.items():
        if op == "null_explicit":
            after[way] = max(0.0, shares[way] - empty * shares[way] / max(gone, 1e-9)) / held
        elif op == "null_sentinel":
            after[way] = max(0.0, shares[way] - empty * before.get(way, 0.0)) / held
    total = max(1.0, sum(after.values()))
    forms = {NULL: before, _HELD: {way: share / total for way, share in after.items()}}
    return column.model_copy(update={"forms": forms})


def _forms(cells: pa.Array, column: LearnedColumn) -> tuple[Ints, list[str]]:
    """The form of each cell as a number, and the forms."""
    encoded = cells.cast(pa.string()).dictionary_encode()
    values = encoded.dictionary.to_pylist()
    held = _HELD in column.forms
    shapes = [_HELD if held else form_of(pattern(value), value, column) for value in values]
    names = sorted({*shapes, NULL})
    codes = np.array([*(names.index(shape) for shape in shapes), names.index(NULL)], dtype=np.int64)
    places = np.asarray(pc.fill_null(encoded.indices, len(values)), dtype=np.int64)
    return codes[places], names


def _drawn(
    name: str,
    column: LearnedColumn,
    group: Group,
    signatures: Ints,
    words: npt.NDArray[np.uint64],
) -> Ints:
    names = [OK, *column.ways]
    told = [names.index(one.cells.get(name, OK)) for one in group.signatures]
    ways = np.array([*told, 0], dtype=np.int64)[signatures]
    alone = group.alone.get(name)
    if alone:
        edges = quantised(np.cumsum(_vector(alone, column)))
        found = np.minimum(np.searchsorted(edges, words, side="right"), len(names) - 1)
        ways = np.where(signatures < 0, found, ways)
    return ways


def _vector(shares: Mapping[str, float], column: LearnedColumn) -> Floats:
    """The share of each way, `ok` first with what the others leave."""
    given = np.array([0.0, *(shares.get(way, 0.0) for way in column.ways)])
    given[0] = max(0.0, 1.0 - given.sum())
    return np.asarray(given / given.sum())


def _marginal(name: str, column: LearnedColumn, group: Group) -> Floats:
    """How often each way is drawn in a group, before the cell's own form is looked at."""
    shares = np.zeros(1 + len(column.ways))
    names = [OK, *column.ways]
    for one in group.signatures:
        shares[names.index(one.cells.get(name, OK))] += one.share
    rest = max(0.0, 1.0 - shares.sum())
    return np.asarray(shares + rest * _vector(group.alone.get(name, {}), column))


def _overall(column: LearnedColumn, learned: Learned, name: str) -> Floats:
    weights = np.array([max(group.rows, 1) for group in learned.groups], dtype=np.float64)
    shares = np.array([_marginal(name, column, group) for group in learned.groups])
    return np.asarray(weights @ shares / weights.sum())


def _wanted(column: LearnedColumn, form: str, marginal: Floats, usual: Floats) -> Floats | None:
    """How often each way should be for a form in a group: both say how much more often than usual.

    With P(way | form) = p and P(way | group) = q it is p q / r, made to add up to 1, where r is
    what the forms of the group's cells let expect: P(way) where they are those of all rows. So a
    group that is told by the column itself counts what its form says but once.
    """
    if form not in column.forms:
        return None
    own = _vector(column.forms[form], column)
    both = np.divide(own * marginal, usual, out=np.zeros_like(own), where=usual > 0)
    return np.asarray(both / both.sum()) if both.sum() > 0 else own


def _coupled(ways: Ints, given: Floats, wanted: Floats, words: npt.NDArray[np.uint64]) -> Ints:
    """Ways drawn as `given` made to come as often as `wanted`, with as few changed as can be.

    A way is kept with probability min(1, wanted / given); the others are drawn anew from what is
    then still missing (the maximal coupling of two distributions).
    """
    keep = np.divide(wanted, given, out=np.ones_like(wanted), where=given > 0)
    draw = words.astype(np.float64) / float(1 << 32)
    missing = np.clip(wanted - given, 0.0, None)
    changed = draw >= keep[ways]
    if not changed.any() or not missing.sum():
        return ways
    # What is left of the uniform above `keep` is uniform again.
    left = (draw - keep[ways]) / np.clip(1.0 - keep[ways], 1e-12, None)
    edges = np.cumsum(missing) / missing.sum()
    anew = np.minimum(np.searchsorted(edges, left, side="right"), len(wanted) - 1)
    return np.where(changed, anew, ways)
