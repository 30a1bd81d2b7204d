"""How often a profile damages each column of given rows: the least and the most to be expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from understudy.world.operators.registry import Works
from understudy.world.profile import Profile
from understudy.world.profile_check import PERSON
from understudy.world.schema import PEOPLE

__all__ = ["Odds", "odds_of"]

# These hit every cell that they are meant for; the others need something to work on, as a zero
# in front or a letter with an accent.
_SURE = frozenset({"null_explicit", "null_sentinel", "typo_keyboard"})
_EMPTYING = frozenset({"null_explicit", "null_joint"})
_PEOPLE_DIFFER = 1.5
"""How far a table's people may differ from all people in what a rate depends on."""


@dataclass(slots=True)
class Odds:
    """Of one column: expected ledger entries by operator, and shares of cells that are emptied.

    `moved_most` is the share of cells that another operator may empty or fill by moving values.
    """

    hits: dict[str, tuple[float, float]] = field(default_factory=dict)
    emptied_least: float = 0.0
    emptied_most: float = 0.0
    moved_most: float = 0.0


def odds_of(profile: Profile, table: str, truth: pa.Table, world: Path) -> dict[str, Odds]:
    """The odds of every column that the profile damages in `truth`'s rows."""
    found: dict[str, Odds] = defaultdict(Odds)
    mess = profile.tables.get(table)
    if mess is None:
        return found
    for column, operator, works, rates in _uses(mess, truth, world):
        odds = found[column]
        least, most = rates
        if operator in _EMPTYING:
            odds.emptied_least += least if operator in _SURE else 0.0
            odds.emptied_most += most
        elif operator not in _SURE:
            odds.moved_most += most
        if works is Works.CELLS and column in truth.column_names:
            filled = len(truth) - truth[column].null_count
            before = odds.hits.get(operator, (0.0, 0.0))
            low = least * filled if operator in _SURE else 0.0
            odds.hits[operator] = before[0] + low, before[1] + most * len(truth)
    return _undisturbed(found, mess)


def _undisturbed(found: dict[str, Odds], mess: Any) -> dict[str, Odds]:
    """What one operator has emptied or moved the next cannot hit; copies add to all."""
    copied = sum(max([step.rate, *step.rates.values()]) for step in mess.table)
    for odds in found.values():
        spoilt = min(0.9, odds.emptied_most + odds.moved_most)
        odds.hits = {
            name: (low * (1 - spoilt), high * (1 + copied))
            for name, (low, high) in odds.hits.items()
        }
    return found


Use = tuple[str, str, Works, tuple[float, float]]


def _uses(mess: Any, truth: pa.Table, world: Path) -> Iterator[Use]:
    for column, step, condition in _cells(mess):
        yield column, step.op, Works.CELLS, _rates(condition, truth, world)
    for step in mess.rows:
        rates = _rates(step, truth, world)
        yield from ((column, step.op, Works.ROWS, rates) for column in step.columns)
    for step in mess.table:
        if step.options.get("mode") == "stale":
            continue  # it only notes in the ledger what has become wrong
        most = _rates(step, truth, world)[1]
        yield from ((name, step.op, Works.BLOCK, (0.0, most)) for name in truth.column_names)


def _cells(mess: Any) -> Iterator[tuple[str, Any, Any]]:
    """The column and step of each cell-wise damage, and the condition that it depends on."""
    for column, steps in mess.cells.items():
        yield from ((column, step, step) for step in steps)
    for signature in mess.signatures:
        yield from ((column, step, signature) for column, step in signature.steps())


def _rates(condition: Any, truth: pa.Table, world: Path) -> tuple[float, float]:
    """The least and the most that the rate is on these rows."""
    if condition.longer_than is not None or condition.since is not None:
        top = max([condition.rate, condition.otherwise, *condition.rates.values()])
        return 0.0, top
    if not condition.on:
        return condition.rate, condition.rate
    shares = _shares(condition.on, truth, world)
    if shares is None:
        return condition.rate, condition.rate
    mean = sum(
        share * condition.rates.get(value, condition.rate) for value, share in shares.items()
    )
    if not condition.on.startswith(PERSON):
        return mean, mean
    return mean / _PEOPLE_DIFFER, mean * _PEOPLE_DIFFER


def _shares(on: str, truth: pa.Table, world: Path) -> Mapping[str, float] | None:
    """How the values of a column, or of the people's, are shared out; None where nobody knows.

    An imported world has no hidden people.
    """
    if on.startswith(PERSON):
        file, name = world / "truth" / f"{PEOPLE}.parquet", on.removeprefix(PERSON)
        if not file.exists() or name not in pq.read_schema(file).names:
            return None
        values = pq.read_table(file, columns=[name])[name]
    else:
        values = truth[on]
    total = max(1, len(values))
    counted = pc.value_counts(values.combine_chunks()).to_pylist()
    return {str(item["values"]): item["counts"] / total for item in counted}
