"""What a world has beside what its recipe makes: the rows of cases, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.draft import Draft
from understudy.world.population import draw_people
from understudy.world.recipe import Recipe
from understudy.world.truth import Block

__all__ = ["Addition", "addresses_elsewhere", "case_blocks"]

_EACH = 8
"""Out of so many customers for each case: few fit a rare situation."""
_FEWEST = 4096


@dataclass(frozen=True, slots=True)
class Addition:
    """Blocks that are made already, the one of the added rows among them.

    `columns` are those beyond the schema that the added rows have, by table; `complete` puts into
    the folder of the whole world what belongs beside its tables.
    """

    cases: int
    columns: Mapping[str, list[str]]
    blocks: Mapping[int, tuple[Block, Draft]]
    complete: Callable[[Path], None]


def case_blocks(recipe: Recipe, cases: int, seed: int) -> list[int]:
    """The blocks whose customers have cases: as many as the cases need, chosen by the seed.

    A world that is not larger than that has them in all its blocks.

    >>> case_blocks(Recipe(customers=4000, block=1000), cases=10, seed=1)
    [0, 1, 2, 3]
    >>> len(case_blocks(Recipe(customers=1_000_000, block=1000), cases=1000, seed=1))
    8
    """
    numbers = list(range(recipe.blocks()))
    Random(f"case blocks/{seed}").shuffle(numbers)
    wanted, chosen = max(cases * _EACH, _FEWEST), list[int]()
    while numbers and wanted > 0:
        chosen.append(numbers.pop())
        wanted -= recipe.customers_in(chosen[-1])
    return sorted(chosen)


def addresses_elsewhere(recipe: Recipe, seed: int, blocks: list[int]) -> frozenset[str]:
    """The e-mail addresses of these blocks' people that somebody in another block has as well."""
    if len(blocks) == recipe.blocks():
        return frozenset()
    own = pa.concat_arrays(list(_addresses(recipe, seed, blocks)))
    others = sorted(set(range(recipe.blocks())) - set(blocks))
    shared: set[str] = set()
    for each in _addresses(recipe, seed, others):
        shared.update(each.filter(pc.is_in(each, value_set=own)).to_pylist())
    return frozenset(shared)


def _addresses(recipe: Recipe, seed: int, blocks: list[int]) -> Iterator[pa.Array]:
    for number in blocks:
        people = draw_people(recipe, seed, number)
        yield people.columns["email"]
