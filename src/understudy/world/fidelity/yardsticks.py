"""What generated mess is held against: clean rows, naive injection, and the real table itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from understudy.model.errors import ConfigurationError
from understudy.world.alignment import Pairs, align
from understudy.world.application import damage_rows
from understudy.world.entropy import BLOCK
from understudy.world.fidelity.features import Cells
from understudy.world.profile import TableMess
from understudy.world.sample import Sample
from understudy.world.step import Step

__all__ = ["Yardsticks", "paired", "yardsticks"]

_MOST = 50_000


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """The tables that the same measures are taken of."""

    halves: tuple[Cells, Cells]
    naive: Cells
    naive_how: str
    clean: Cells | None


def paired(dirty: Sample, clean: Sample | None) -> Pairs | None:
    """A table beside its clean rows, or None where it cannot be."""
    if clean is None:
        return None
    try:
        pairs = align(dirty, clean)
    except ConfigurationError:
        return None
    return pairs if _are_twins(pairs) else None


def _are_twins(pairs: Pairs) -> bool:
    """Whether paired rows agree far more than rows paired by chance do.

    Of the agreement that chance leaves open, (a - c) / (1 - c), a fifth is asked for, the key's own
    columns left out. Rows of two sorted tables agree in much; but where nothing of what names a
    clean row is found beside it, they are others.
    """
    if not pairs.key and _named_otherwise(pairs):
        return False
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(pairs))
    agreed, by_chance = [], []
    for name, clean in pairs.clean.items():
        if name not in pairs.key:
            before, after = np.array(clean.to_pylist()), np.array(pairs.dirty[name].to_pylist())
            agreed.append(np.mean(before == after))
            by_chance.append(np.mean(before[order] == after))
    chance = float(np.mean(by_chance)) if by_chance else 0.0
    return not agreed or float(np.mean(agreed)) - chance >= 0.2 * (1 - chance)


def _named_otherwise(pairs: Pairs) -> bool:
    """Whether there are columns that name each clean row, and no dirty row has its own name."""
    named = [name for name, values in pairs.clean.items() if len(values.unique()) == len(values)]
    return bool(named) and not any(
        pc.any(pc.equal(pairs.clean[name], pairs.dirty[name])).as_py() for name in named
    )


def yardsticks(real: Sample, pairs: Pairs | None, clean: Sample | None, seed: int) -> Yardsticks:
    """Two random halves of the real table, naive injection at its rates, and the clean table.

    Naive injection has the null and error rate of each column, drawn independently for each cell;
    without clean rows it is the real table with each column shuffled by itself.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    order = generator.permutation(len(real))
    middle = len(real) // 2
    halves = tuple(_rows(real.columns, np.sort(part)) for part in (order[:middle], order[middle:]))
    if pairs is None:
        naive = {
            name: values.take(pa.array(generator.permutation(len(values))))
            for name, values in real.columns.items()
        }
        how = "each column of the real table shuffled by itself"
    else:
        mess = TableMess(cells={name: _rates(pairs, name) for name in pairs.clean})
        naive = _damaged(pairs.clean, mess, seed)
        how = "nulls and errors of each column at its real rates, independently"
    return Yardsticks((halves[0], halves[1]), naive, how, clean.columns if clean else None)


def _rows(columns: Cells, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, pa.Array]:
    return {name: values.take(pa.array(rows)) for name, values in columns.items()}


def _rates(pairs: Pairs, name: str) -> tuple[Step, ...]:
    """The null and error steps of one column at the rates that were seen."""
    cells = list(zip(pairs.clean[name].to_pylist(), pairs.dirty[name].to_pylist(), strict=True))
    held = sum(before is not None for before, _ in cells) or 1
    gone = sum(before is not None and after is None for before, after in cells) / held
    wrong = sum(before != after and None not in (before, after) for before, after in cells) / held
    return (
        Step(op="typo_keyboard", rate=min(1.0, wrong / max(1 - gone, 1e-9))),
        Step(op="null_explicit", rate=gone),
    )


def _damaged(columns: Mapping[str, pa.Array], mess: TableMess, seed: int) -> dict[str, pa.Array]:
    block = {name: values[: min(_MOST, BLOCK)] for name, values in columns.items()}
    made = damage_rows(block, mess, seed, 0, "naive").tables["naive"].columns
    return {name: made[name] for name in columns}
