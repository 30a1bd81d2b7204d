"""Pools of several locales side by side, and texts put together of what stands in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import count as count_up

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.columns import fixed
from understudy.world.entropy import Halves
from understudy.world.pools import load_pool

__all__ = ["Shelf", "kind_shelf", "mask_halves", "mask_shelf", "stitched"]

Ints = npt.NDArray[np.int64]
_HIGH = np.uint64(32)
_MOST = 10_000
_GOLDEN = 618_033_989
_LETTERS = {"#": "0123456789", "@": "ABCDEFGHJKLMNPRSTUWXYZ"}


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The values of several places in one array: where each place's begin, and how many it has."""

    values: pa.Array
    starts: Ints
    sizes: Ints

    def pick(self, place: Ints, words: Halves) -> Ints:
        """Where the value stands that each word draws among those of its row's place."""
        # As `below`, on memory that is fresh anyway; to clip spares the check of each place.
        found = self.sizes.take(place, mode="clip")
        found *= words
        found >>= _HIGH
        drawn = found.view(np.int64)
        drawn += self.starts.take(place, mode="clip")
        return drawn


def stitched(pool: pa.Array, *parts: Ints) -> pa.Array:
    """Texts put together of values of a pool, row by row; none of them may be null.

    Values that are gathered one after the other stand one after the other in memory: so one gather
    of all parts holds the bytes of the joined texts already, and only the ends are others.

    >>> stitched(pa.array(["a", "bc", "-"]), np.array([0, 1]), np.array([2, 2])).to_pylist()
    ['a-', 'bc-']
    """
    index = np.empty((len(parts[0]), len(parts)), dtype=np.int32)
    for place, part in enumerate(parts):
        index[:, place] = part
    if not len(index):
        return pa.array([], pa.string())
    _, ends, letters = pc.take(pool, pa.array(index.reshape(-1)), boundscheck=False).buffers()
    offsets = np.frombuffer(ends, dtype=np.int32)[: index.size + 1 : len(parts)].copy()
    return pa.StringArray.from_buffers(len(index), pa.py_buffer(offsets), letters)


@lru_cache(maxsize=256)
def kind_shelf(locales: tuple[str, ...], kind: str) -> Shelf:
    """The pools of a kind, locale by locale."""
    return _shelf([load_pool(name)[kind] for name in locales])


def _shelf(pools: list[pa.Array]) -> Shelf:
    sizes = np.array([len(pool) for pool in pools], dtype=np.int64)
    return Shelf(pa.concat_arrays(pools), np.cumsum(sizes) - sizes, sizes.astype(np.uint64))


@lru_cache(maxsize=64)
def mask_shelf(masks: tuple[str, ...]) -> Shelf:
    """What the mask of each place can come to: each `#` a digit, each `@` a capital letter.

    Of a mask that can come to more than ten thousand texts it has that many, spread over all.

    >>> shelf = mask_shelf(("A-#", "@"))
    >>> shelf.values[5].as_py(), shelf.starts.tolist(), shelf.sizes.tolist()
    ('A-5', [0, 10], [10, 22])
    """
    kinds = list(dict.fromkeys(masks))
    shelf = _shelf([_written(mask) for mask in kinds])
    order = [kinds.index(mask) for mask in masks]
    return Shelf(shelf.values, shelf.starts[order], shelf.sizes[order])


def mask_halves(masks: tuple[str, ...]) -> tuple[Shelf, Shelf]:
    """The same in two halves, of one array, with half of the letters that are drawn in each.

    >>> head, tail = mask_halves(("+1 ###",))
    >>> head.values[head.starts[0]].as_py(), head.sizes.tolist(), tail.sizes.tolist()
    ('+1 0', [10], [100])
    """
    cut = [_cut(mask) for mask in masks]
    both = mask_shelf(tuple(part for pair in cut for part in pair))
    head, tail = (Shelf(both.values, both.starts[at::2], both.sizes[at::2]) for at in (0, 1))
    return head, tail


def _cut(mask: str) -> tuple[str, str]:
    drawn = [place + 1 for place, letter in enumerate(mask) if letter in _LETTERS]
    middle = drawn[len(drawn) // 2 - 1] if len(drawn) > 1 else len(mask)
    return mask[:middle], mask[middle:]


def _written(mask: str) -> pa.Array:
    """All that a mask can come to, or some that lie evenly among all where they are too many."""
    sizes = [len(_LETTERS.get(letter, letter)) for letter in mask]
    many = math.prod(sizes)
    count = min(many, _MOST)
    # A step without a common divisor, near the golden section of all: no two are the same.
    step = next(each for each in count_up(many * _GOLDEN // 10**9) if math.gcd(each, many) == 1)
    numbers = np.arange(count, dtype=np.int64) * (step if count < many else 1) % many
    letters = np.empty((count, len(mask)), dtype=np.uint8)
    for place in reversed(range(len(mask))):
        choices = np.frombuffer(_LETTERS.get(mask[place], mask[place]).encode(), dtype=np.uint8)
        numbers, drawn = np.divmod(numbers, sizes[place])
        letters[:, place] = choices[drawn]
    return fixed(letters.view(f"S{len(mask)}").reshape(-1)) if mask else pa.array([""])
