"""F1: how often each sort of damage shows, and which gaps are more than chance."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from understudy.world.fidelity.features import Cells
from understudy.world.fidelity.measures import missing

__all__ = ["Rates", "error_masks", "rate_excess", "rate_gaps", "rates"]

_SEEN: dict[str, Callable[[str], bool]] = {
    "stray space": lambda cell: cell != cell.strip() or "  " in cell,
    "beyond ASCII": lambda cell: not cell.isascii(),
    "escape": lambda cell: re.search(r"&[a-z]+;|''|\"\"", cell) is not None,
    "capitals": lambda cell: len(cell) > 3 and cell.isupper(),
    "letters and digits": lambda cell: bool(
        re.search(r"\d", cell) and re.search(r"[A-Za-z]", cell)
    ),
}
_SIGMAS = 3.0
_FALSE_ALARMS = 0.05


@dataclass(frozen=True, slots=True)
class Rates:
    """The share of cells by column and sort of damage, and the number of rows."""

    rows: int
    shares: Mapping[str, float]


def rates(cells: Cells) -> Rates:
    """How often cells are empty, stand-ins, spaced, escaped, and so on."""
    shares: dict[str, float] = {}
    rows = len(next(iter(cells.values())))
    for name, values in cells.items():
        held = [cell for cell in values.to_pylist() if cell is not None]
        shares[f"{name}: empty"] = values.null_count / rows
        shares[f"{name}: stand-in"] = (int(missing(values).sum()) - values.null_count) / rows
        for sort, shows in _SEEN.items():
            shares[f"{name}: {sort}"] = sum(map(shows, held)) / rows
    return Rates(rows, shares)


def rate_gaps(one: Rates, two: Rates) -> dict[str, float]:
    """How far each rate of one table is from the other's."""
    return {name: abs(share - two.shares.get(name, 0.0)) for name, share in one.shares.items()}


def rate_excess(one: Rates, two: Rates) -> dict[str, float]:
    """Each gap as a multiple of what chance allows.

    Allowed is max(0.01, z sqrt(r (1 - r) (1 / n1 + 1 / n2))), z standard errors of the difference
    of two binomial shares with the rate r of both together. z is 3, and more where so many rates
    vary that one in twenty pairs of equal tables would have one beyond it: 1 - 0.05 / 2m of the
    normal distribution (Bonferroni).

    >>> rate_excess(Rates(100, {"a": 0.5}), Rates(100, {"a": 0.2}))["a"] > 1
    True
    >>> few, many = ({f"c{i}": 0.5 for i in range(n)} for n in (10, 500))
    >>> [rate_excess(Rates(900, r), Rates(900, {**r, "c0": 0.425}))["c0"] > 1 for r in (few, many)]
    [True, False]
    """
    sigmas, rows = _sigmas(one, two), one.rows + two.rows
    found = {}
    for name, gap in rate_gaps(one, two).items():
        r = (one.rows * one.shares[name] + two.rows * two.shares.get(name, 0.0)) / rows
        chance = sigmas * math.sqrt(r * (1 - r) * (1 / one.rows + 1 / two.rows))
        found[name] = gap / max(0.01, chance)
    return found


def _sigmas(one: Rates, two: Rates) -> float:
    varying = sum(0 < r < 1 or r != two.shares.get(name, 0.0) for name, r in one.shares.items())
    return max(_SIGMAS, NormalDist().inv_cdf(1 - _FALSE_ALARMS / 2 / max(varying, 1)))


def error_masks(cells: Cells) -> dict[str, npt.NDArray[np.float64]]:
    """Per column which cells are empty or stand-ins: what is bad beyond doubt."""
    return {name: missing(values).astype(np.float64) for name, values in cells.items()}
