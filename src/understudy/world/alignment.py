"""Which clean row a dirty row was: by key where both sides have one, by position otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.model.errors import ConfigurationError
from understudy.world.sample import Cells, Sample

__all__ = ["Pairs", "align", "match_columns"]

Ints = npt.NDArray[np.int64]
_SHARED = (0.95, 0.3)
_WIDEST = 2
_CANDIDATES = 12


@dataclass(frozen=True, slots=True)
class Pairs:
    """Dirty rows beside their clean ones; columns go by the clean table's names."""

    dirty: Cells
    clean: Cells
    key: tuple[str, ...]
    copies: tuple[int, ...]
    """How often each clean row that is found at all stands in the dirty table."""

    def __len__(self) -> int:
        return len(next(iter(self.clean.values())))


def match_columns(dirty: Sample, clean: Sample) -> dict[str, str]:
    """The clean name of each dirty column: the same but for case and marks, or by position.

    Raises `ConfigurationError` where the tables have no column in common.
    """
    names = {_plain(name): name for name in clean.source.columns}
    found = {name: names[_plain(name)] for name in dirty.source.columns if _plain(name) in names}
    left = [name for name in dirty.source.columns if name not in found]
    right = [name for name in clean.source.columns if name not in found.values()]
    if len(dirty.source.columns) == len(clean.source.columns) and found:
        places = zip(dirty.source.columns, clean.source.columns, strict=True)
        found |= {one: two for one, two in places if one in left and two in right}
    if not found:
        raise ConfigurationError(
            f"`{dirty.source.path}` and `{clean.source.path}` have no column in common",
            code="U135",
            hint=f"columns of the clean table: {', '.join(clean.source.columns[:12])}",
        )
    return found


def align(dirty: Sample, clean: Sample, key: Sequence[str] = ()) -> Pairs:
    """Pair the rows of two tables.

    Without a `key` the narrowest columns are taken that name a clean row each and that the dirty
    rows share; failing these, rows go by position, which needs equal numbers of rows.
    """
    names = match_columns(dirty, clean)
    left = {names[name]: dirty.columns[name] for name in dirty.source.columns if name in names}
    right = {name: clean.columns[name] for name in left}
    if key:
        _known(key, right, clean)
    found = tuple(key) or (() if _in_order(left, right) else _key(left, right))
    if found:
        return _by_key(left, right, found)
    return _by_position(left, right, dirty, clean)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum()) or name


def _known(key: Sequence[str], columns: Cells, clean: Sample) -> None:
    missing = [name for name in key if name not in columns]
    if missing:
        raise ConfigurationError(
            f"the key column `{missing[0]}` is not in both tables",
            code="U135",
            hint=f"columns of `{clean.source.path}`: {', '.join(columns)}",
        )


def _in_order(left: Cells, right: Cells) -> bool:
    """Whether rows at the same position mostly agree, at least half of their cells."""
    sizes = {len(next(iter(side.values()))) for side in (left, right)}
    if len(sizes) != 1:
        return False
    equal = [np.mean(np.asarray(_same(left[name], right[name]))) for name in left]
    return bool(np.mean(equal) >= 0.5)


def _same(one: pa.Array, two: pa.Array) -> list[bool]:
    return [a == b for a, b in zip(one.to_pylist(), two.to_pylist(), strict=True)]


def _key(left: Cells, right: Cells) -> tuple[str, ...]:
    """The narrowest columns that name each clean row, and that nearly all dirty rows share.

    Failing these, columns that a third of them share: then the tables overlap in part.
    """
    candidates = sorted(right, key=lambda name: -len(right[name].unique()))[:_CANDIDATES]
    found: list[tuple[float, tuple[str, ...]]] = []
    for width in range(1, _WIDEST + 1):
        for names in combinations(candidates, width):
            ours = _texts(right, names)
            known = set(ours)
            if len(known) == len(ours):
                theirs = _texts(left, names)
                found.append((sum(row in known for row in theirs) / max(len(theirs), 1), names))
    for least in _SHARED:
        for share, names in found:
            if share >= least:
                return names
    return ()


def _texts(columns: Cells, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    return list(zip(*(columns[name].to_pylist() for name in names), strict=True))


def _by_key(left: Cells, right: Cells, key: tuple[str, ...]) -> Pairs:
    places: dict[tuple[str | None, ...], int] = {}
    for place, row in enumerate(_texts(right, key)):
        places.setdefault(row, place)
    found = np.array([places.get(row, -1) for row in _texts(left, key)], dtype=np.int64)
    counts = Counter(found[found >= 0].tolist())
    rows = np.flatnonzero(found >= 0)
    if not len(rows):
        raise ConfigurationError(
            f"no dirty row has a clean one with the same {', '.join(key)}", code="U135"
        )
    return Pairs(
        {name: values.take(pa.array(rows)) for name, values in left.items()},
        {name: right[name].take(pa.array(found[rows])) for name in left},
        key,
        tuple(counts[place] for place in sorted(counts)),
    )


def _by_position(left: Cells, right: Cells, dirty: Sample, clean: Sample) -> Pairs:
    if len(dirty) != len(clean):
        raise ConfigurationError(
            f"`{dirty.source.path}` has {len(dirty):,} rows, `{clean.source.path}` {len(clean):,}, "
            "and no column names the rows of both",
            code="U135",
            hint="name the columns that identify a row: `--key id` or `--key source,number`",
        )
    return Pairs(left, right, (), (1,) * len(clean))
