"""The cheapest one-to-one story between two lists of actions."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Alignment", "cheapest_alignment"]

Alignment = list[tuple[int | None, int | None]]
"""Pairs of (proposed, baseline) positions; None on the side that has no partner."""


def cheapest_alignment(
    pairs: Sequence[Sequence[int | None]], extra: Sequence[int], missing: Sequence[int]
) -> Alignment:
    """Assign proposed to baseline actions so that the whole difference costs least.

    `pairs[i][j]` is what it costs that proposed action i is baseline action j done wrongly, None
    where it cannot be; `extra[i]` what i costs alone, `missing[j]` what leaving j out costs. One
    padded assignment over integers; an impossible pair costs 1 + the sum of all finite cells, since
    the solver works in floating point. Of equally cheap stories the one with more pairs is told.

    Worked example (the design's note): refunds of 80 and 51 against 50 and 80 cost 100 cents,
    where taking the first match for each costs 5,900.

    >>> cheapest_alignment([[3000, 0], [100, 2900]], [9999, 9999], [9999, 9999])
    [(0, 1), (1, 0)]
    """
    proposed, baseline = len(extra), len(missing)
    if not proposed or not baseline:
        return _alone(range(proposed), range(baseline))
    size = proposed + baseline
    finite = sum(cell for row in pairs for cell in row if cell is not None)
    # Scaled, so that each pair can be preferred by less than one minor unit.
    scale = size + 1
    barred = (finite + sum(extra) + sum(missing) + 1) * scale
    matrix = [[barred] * size for _ in range(size)]
    for i in range(proposed):
        for j in range(baseline):
            cell = pairs[i][j]
            if cell is not None:
                matrix[i][j] = cell * scale
        matrix[i][baseline + i] = extra[i] * scale + 1
    for j in range(baseline):
        matrix[proposed + j][j] = missing[j] * scale
        matrix[proposed + j][baseline:] = [0] * proposed
    return _read(_solve(matrix), proposed, baseline)


def _solve(matrix: list[list[int]]) -> list[int]:
    """The column of each row in the cheapest assignment."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(np.asarray(matrix, dtype=np.float64))
    return [int(column) for column in columns]


def _read(columns: Sequence[int], proposed: int, baseline: int) -> Alignment:
    partners = [column if column < baseline else None for column in columns[:proposed]]
    taken = {column for column in partners if column is not None}
    found: Alignment = list(enumerate(partners))
    return found + [(None, j) for j in range(baseline) if j not in taken]


def _alone(proposed: range, baseline: range) -> Alignment:
    found: Alignment = [(i, None) for i in proposed]
    return found + [(None, j) for j in baseline]
