"""Which rows are damaged alike: a tree over the values of other columns, such as the source.

Each node is split where the values of one column, put in the order of the first principal component
of their damage, part the rows best (Breiman and others, 1984, for several outputs at once); a split
counts only if it is far better than splits of shuffled rows, the farther the more columns there
were to choose from.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from understudy.world.learning.support import SUPPORT, supported

__all__ = ["Feature", "Part", "features", "partition"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_DEPTH = 8
_SHUFFLES = 12
_SIGMAS = 4.0
_FALSE_SPLITS = 0.01
_MOST_VALUES = 400


@dataclass(frozen=True, slots=True)
class Feature:
    """A column by whose values rows can be told apart; -1 stands for values of too few rows."""

    column: str
    values: tuple[str, ...]
    codes: Ints


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one sort, and the values that they are told by."""

    when: Mapping[str, tuple[str, ...]]
    rows: Ints


def features(columns: Mapping[str, Sequence[str]]) -> list[Feature]:
    """The columns that have at least two values, or one and others, of 20 rows and more."""
    found = []
    for name, cells in columns.items():
        counts = Counter(cells)
        kept = list(supported(counts))
        usable = 1 <= len(kept) <= _MOST_VALUES and len(counts) > 1
        if usable and sum(counts[value] for value in kept) * 2 >= len(cells):
            place = {value: number for number, value in enumerate(kept)}
            codes = np.array([place.get(cell, -1) for cell in cells], dtype=np.int64)
            found.append(Feature(name, tuple(kept), codes))
    return found


def partition(known: Sequence[Feature], damage: Floats, forced: Sequence[str] = ()) -> list[Part]:
    """The rows in parts, to be tried in order: the first whose values fit has the row.

    `damage` has a row for each row and a column for each way of damage, 1 where it went it.
    `forced` columns are split by without asking whether it is worth it.
    """
    rows = np.arange(len(damage), dtype=np.int64)
    parts = _by_hand([one for one in known if one.column in forced], rows)
    tree = _Tree([one for one in known if one.column not in forced], damage)
    return [one for part in parts for one in tree.split(part.rows, dict(part.when), 0)]


def _by_hand(forced: Sequence[Feature], rows: Ints) -> list[Part]:
    parts = [Part({}, rows)]
    for feature in forced:
        parts = [one for part in parts for one in _each_value(part, feature)]
    return parts


def _each_value(part: Part, feature: Feature) -> Iterator[Part]:
    codes = feature.codes[part.rows]
    left = []
    for number, value in enumerate(feature.values):
        rows = part.rows[codes == number]
        if len(rows) >= SUPPORT:
            yield Part({**part.when, feature.column: (value,)}, rows)
        else:
            left.append(rows)
    rest = np.concatenate([*left, part.rows[codes < 0]])
    if len(rest):
        yield Part(part.when, np.sort(rest))


@dataclass(frozen=True, slots=True)
class _Split:
    """The values that go to the left, and how much better two parts are than one."""

    feature: Feature
    left: Ints
    gain: float


@dataclass(frozen=True, slots=True)
class _Tree:
    known: Sequence[Feature]
    damage: Floats

    def split(self, rows: Ints, when: dict[str, tuple[str, ...]], depth: int) -> Iterator[Part]:
        """The parts of these rows."""
        best = self._best(rows) if depth < _DEPTH and len(rows) >= 2 * SUPPORT else None
        if best is None or not self._real(rows, best):
            yield Part(when, rows)
            return
        inside = np.isin(best.feature.codes[rows], best.left)
        values = tuple(best.feature.values[code] for code in best.left.tolist())
        told = {**when, best.feature.column: values}
        yield from self.split(rows[inside], told, depth + 1)
        yield from self.split(rows[~inside], when, depth + 1)

    def _best(self, rows: Ints) -> _Split | None:
        splits = [self._one(feature, rows, self.damage[rows]) for feature in self.known]
        return max((one for one in splits if one), key=lambda one: one.gain, default=None)

    def _one(self, feature: Feature, rows: Ints, damage: Floats) -> _Split | None:
        codes = feature.codes[rows] + 1
        counts = np.bincount(codes, minlength=len(feature.values) + 1)
        sums = np.zeros((len(counts), damage.shape[1]))
        np.add.at(sums, codes, damage)
        order = _ordered(sums, counts)
        if len(order) < 2:
            return None
        gains = _gains(sums[order], counts[order])
        at = int(np.argmax(gains))
        if not gains[at] > 0:
            return None
        left, right = order[: at + 1], order[at + 1 :]
        # Values of too few rows cannot be named, so they are always the others.
        named = right if 0 in left else left
        return _Split(feature, np.sort(named) - 1, float(gains[at]))

    def _real(self, rows: Ints, split: _Split) -> bool:
        generator = np.random.Generator(np.random.PCG64(len(rows)))
        damage = self.damage[rows]
        shuffled = []
        for _number in range(_SHUFFLES):
            other = self._one(split.feature, rows, damage[generator.permutation(len(rows))])
            shuffled.append(other.gain if other else 0.0)
        far = _sigmas(len(self.known)) * np.std(shuffled)
        return bool(split.gain > np.mean(shuffled) + far)


def _sigmas(columns: int) -> float:
    """How far beyond the shuffled splits the best of so many columns must be.

    Student's t at 1 - 0.01 / columns for a further draw beside the shuffles, by the expansion of
    Cornish and Fisher (Abramowitz and Stegun 26.7.5); at least 4.

    >>> _sigmas(1), round(_sigmas(100), 1)
    (4.0, 5.8)
    """
    z, df = NormalDist().inv_cdf(1 - _FALSE_SPLITS / columns), _SHUFFLES - 1
    t = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
    return max(_SIGMAS, t * math.sqrt((_SHUFFLES + 1) / df))


def _ordered(sums: Floats, counts: Ints) -> Ints:
    """Values that occur, in the order of the first principal component of their damage."""
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return present
    means = sums[present] / counts[present, None]
    centred = (means - sums.sum(0) / counts.sum()) * np.sqrt(counts[present])[:, None]
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return present[np.argsort(means @ axes[0], kind="stable")]


def _gains(sums: Floats, counts: Ints) -> Floats:
    """What each cut of the ordered values takes off the sum of squares within the parts."""
    left, many = np.cumsum(sums, 0)[:-1], np.cumsum(counts)[:-1]
    total, rows = sums.sum(0), int(counts.sum())
    inside = (left**2).sum(1) / many + ((total - left) ** 2).sum(1) / (rows - many)
    small = (many < SUPPORT) | (rows - many < SUPPORT)
    return np.asarray(np.where(small, -1.0, inside - (total**2).sum() / rows))
