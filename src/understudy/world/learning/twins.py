"""Learning from a table and its clean twin: what became of each cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from understudy.world.alignment import Pairs
from understudy.world.learned import OK
from understudy.world.learning.causes import SLIP, Ways, explain
from understudy.world.learning.rows import RowWays
from understudy.world.step import Step

__all__ = ["ways_of_pairs"]

_MARKS = ("", " ", ", ", "-", "/", ",", "_")
_LEAST = 3
Cell = str | None


def ways_of_pairs(
    pairs: Pairs, progress: Callable[[int, int], None] = lambda *_: None
) -> dict[str, RowWays]:
    """The way of each cell of each column; `progress` is told how many columns of all are done."""
    clean = {name: values.to_pylist() for name, values in pairs.clean.items()}
    dirty = {name: values.to_pylist() for name, values in pairs.dirty.items()}
    taken = _neighbours(clean, dirty)
    ways: dict[str, Ways] = {}
    for name, before in clean.items():
        ways[name] = _explained(before, dirty[name], taken.get(name, {}))
        progress(len(ways), len(clean))
    letters: Counter[str] = Counter()
    for one in ways.values():
        letters.update(one.slips.letters)
    for one in ways.values():
        if SLIP in one.steps:
            options = one.slips.options(letters)
            one.steps[SLIP] = (Step(op="typo_keyboard", options=options),)
    return {
        name: _rows(one, clean[name], dirty[name], taken.get(name, {}))
        for name, one in ways.items()
    }


def _explained(clean: list[Cell], dirty: list[Cell], taken: dict[int, tuple[str, Step]]) -> Ways:
    counts: Counter[tuple[Cell, Cell]] = Counter()
    for row, pair in enumerate(zip(clean, dirty, strict=True)):
        if row not in taken:
            counts[pair] += 1
    return explain(counts, Counter(clean))


def _rows(
    ways: Ways, clean: list[Cell], dirty: list[Cell], taken: dict[int, tuple[str, Step]]
) -> RowWays:
    """The way of each row's cell: a neighbour's value, or what explains the pair."""
    steps = dict(ways.steps)
    names = [ways.way.get(pair, OK) for pair in zip(clean, dirty, strict=True)]
    for row, (name, step) in taken.items():
        names[row] = name
        steps.setdefault(name, (step,))
    return RowWays(names, steps)


def _neighbours(
    clean: Mapping[str, list[Cell]], dirty: Mapping[str, list[Cell]]
) -> dict[str, dict[int, tuple[str, Step]]]:
    """Cells that hold a neighbour's value, behind the own one or instead of it."""
    found: dict[str, dict[int, tuple[str, Step]]] = {}
    for name in clean:
        wrong = [
            row
            for row, (before, after) in enumerate(zip(clean[name], dirty[name], strict=True))
            if before != after and after
        ]
        for other in clean if wrong else ():
            if other != name:
                _from(name, other, wrong, clean, dirty, found)
    return found


def _from(
    name: str,
    other: str,
    wrong: list[int],
    clean: Mapping[str, list[Cell]],
    dirty: Mapping[str, list[Cell]],
    found: dict[str, dict[int, tuple[str, Step]]],
) -> None:
    hits: dict[str | None, list[int]] = {}
    for row in wrong:
        mine, theirs, after = clean[name][row], clean[other][row], dirty[name][row]
        if theirs is None or len(theirs) < 2:
            continue
        # Instead of the own value only where the neighbour lost its own: else it is chance.
        if after == theirs and dirty[other][row] != theirs:
            hits.setdefault(None, []).append(row)
        for mark in _MARKS if mine else ():
            if after == f"{mine}{mark}{theirs}":
                hits.setdefault(mark, []).append(row)
    for between, rows in hits.items():
        if len(rows) >= _LEAST:
            step = Step(op="take_neighbour", options={"column": other, "separator": between})
            label = f"{other} instead" if between is None else f"with {other} behind"
            found.setdefault(name, {}).update((row, (label, step)) for row in rows)
