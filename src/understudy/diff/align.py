"""The cheapest one-to-one story between two lists of actions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

__all__ = ["Alignment", "cheapest_alignment"]

Alignment = list[tuple[int | None, int | None]]
"""Pairs of (proposed, baseline) positions; None on the side that has no partner."""

Cells = Sequence[Sequence[int | None]]
_STEPS = 2_000
"""Up to so many steps the plain search is quicker than a solver, and needs none."""


def cheapest_alignment(pairs: Cells, extra: Sequence[int], missing: Sequence[int]) -> Alignment:
    """Assign proposed to baseline actions so that the whole difference costs least.

    `pairs[i][j]` is what it costs that proposed action i is baseline action j done wrongly, None
    where it cannot be; `extra[i]` what i costs alone, `missing[j]` what leaving j out costs. Of
    equally cheap stories one with the most pairs is told, and of those one in which what came
    later stays alone: of two equal actions the second is the one too many.

    Worked example (the design's note): refunds of 80 and 51 against 50 and 80 cost 100 cents,
    where taking the first match for each costs 5,900.

    >>> cheapest_alignment([[3000, 0], [100, 2900]], [9999, 9999], [9999, 9999])
    [(0, 1), (1, 0)]
    >>> cheapest_alignment([[0], [0]], [500, 500], [100])
    [(0, 0), (1, None)]
    """
    proposed, baseline = len(extra), len(missing)
    if not proposed or not baseline:
        return _told([None] * proposed, baseline)
    if proposed == baseline == 1:
        cell = pairs[0][0]
        return _told([0 if cell is not None and cell <= extra[0] + missing[0] else None], 1)
    quick = proposed * baseline << baseline <= _STEPS
    partners = (_searched if quick else _solved)(pairs, extra, missing)
    return _told(_earliest(partners, pairs, extra), baseline)


def _told(partners: Sequence[int | None], baseline: int) -> Alignment:
    taken = set(partners)
    found: Alignment = list(enumerate(partners))
    return found + [(None, j) for j in range(baseline) if j not in taken]


def _earliest(
    partners: Sequence[int | None], pairs: Cells, extra: Sequence[int]
) -> list[int | None]:
    """The same story, told with earlier actions in place of later ones that cost as much."""
    told = list(partners)
    for i, partner in enumerate(told):
        if partner is not None:
            continue
        for k in range(len(told) - 1, i, -1):
            j = told[k]
            if j is not None and pairs[i][j] == pairs[k][j] and extra[i] == extra[k]:
                told[i], told[k] = j, None
                break
    return told


def _searched(pairs: Cells, extra: Sequence[int], missing: Sequence[int]) -> list[int | None]:
    """Every story, row by row over the set of baseline actions that are still open."""
    rows, everything = len(extra), (1 << len(missing)) - 1

    @cache
    def best(i: int, open_: int) -> tuple[int, int, int | None]:
        """What rows from i on cost, how many stay alone, and the partner of row i."""
        if i == rows:
            left = sum(price for j, price in enumerate(missing) if open_ >> j & 1)
            return left, 0, None
        cost, alone, _ = best(i + 1, open_)
        found: tuple[int, int, int | None] = (cost + extra[i], alone + 1, None)
        for j, cell in enumerate(pairs[i]):
            if cell is not None and open_ >> j & 1:
                cost, alone, _ = best(i + 1, open_ & ~(1 << j))
                if (cost + cell, alone) < found[:2]:
                    found = (cost + cell, alone, j)
        return found

    partners: list[int | None] = []
    open_ = everything
    for i in range(rows):
        partner = best(i, open_)[2]
        partners.append(partner)
        open_ &= everything if partner is None else ~(1 << partner)
    return partners


def _solved(pairs: Cells, extra: Sequence[int], missing: Sequence[int]) -> list[int | None]:
    """One padded assignment over integers.

    An impossible pair costs 1 + the sum of all finite cells, since the solver works in floating
    point; costs are scaled, so that a pair can be preferred by less than one minor unit.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    proposed, baseline = len(extra), len(missing)
    size = proposed + baseline
    finite = sum(cell for row in pairs for cell in row if cell is not None)
    barred = (finite + sum(extra) + sum(missing) + 1) * (size + 1)
    matrix = np.full((size, size), barred, dtype=np.float64)
    for i in range(proposed):
        for j, cell in enumerate(pairs[i]):
            if cell is not None:
                matrix[i, j] = cell * (size + 1)
        matrix[i, baseline + i] = extra[i] * (size + 1) + 1
    for j in range(baseline):
        matrix[proposed + j, j] = missing[j] * (size + 1)
    matrix[proposed:, baseline:] = 0
    _, columns = linear_sum_assignment(matrix)
    return [int(column) if column < baseline else None for column in columns[:proposed]]
