"""What a detector sees of a row: nulls, lengths, digits, odd letters, formats; never the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.quality import pattern

__all__ = ["matrix", "patterns"]

Floats = npt.NDArray[np.float64]
Cells = Mapping[str, pa.Array]
_FORMATS = 32


def patterns(values: pa.Array) -> list[str]:
    """The format of each cell."""
    return [pattern(value) for value in values.to_pylist()]


def matrix(sides: Sequence[Cells], columns: Sequence[str]) -> list[Floats]:
    """The rows of each side as numbers, in the same features.

    Per column: null, length, digits, letters beyond ASCII, and the 32 commonest formats one-hot.
    Per row: how many cells are null, are not ASCII, and have a format outside the common ones.
    """
    parts: list[list[Floats]] = [[] for _ in sides]
    totals = [np.zeros((_count(side), 3)) for side in sides]
    for name in columns:
        cells = [side[name].to_pylist() for side in sides]
        shapes = [[pattern(cell) for cell in column] for column in cells]
        counts = Counter(shape for column in shapes for shape in column)
        common = {shape: place for place, (shape, _) in enumerate(_commonest(counts))}
        for number, (column, shape) in enumerate(zip(cells, shapes, strict=True)):
            plain = _plain(column)
            parts[number] += [plain, _one_hot(shape, common)]
            rare = np.array([one not in common for one in shape], dtype=np.float64)
            totals[number] += np.column_stack([plain[:, 0], plain[:, 3] > 0, rare])
    return [
        np.hstack([*found, total]) if found else total
        for found, total in zip(parts, totals, strict=True)
    ]


def _commonest(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_FORMATS]


def _count(side: Cells) -> int:
    return len(next(iter(side.values())))


def _plain(column: Sequence[str | None]) -> Floats:
    return np.array(
        [
            (1.0, 0.0, 0.0, 0.0)
            if cell is None
            else (
                0.0,
                len(cell),
                sum(map(str.isdigit, cell)),
                0.0 if cell.isascii() else sum(letter > "\x7f" for letter in cell),
            )
            for cell in column
        ]
    ).reshape(-1, 4)


def _one_hot(shapes: Sequence[str], common: Mapping[str, int]) -> Floats:
    made = np.zeros((len(shapes), len(common)))
    for row, shape in enumerate(shapes):
        place = common.get(shape)
        if place is not None:
            made[row, place] = 1.0
    return made
