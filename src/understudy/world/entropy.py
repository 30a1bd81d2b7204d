"""Keyed, counter-based random words: the same for a row whatever else is generated, or where.

A stream is named by seed, table, column and purpose; within it, each block of rows has a counter
of its own. So a shard needs nothing from another shard, and a new column or operator disturbs
none. Only raw words of Philox are used: numpy keeps those stable, but not what `Generator` makes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "BLOCK",
    "Stream",
    "below",
    "chosen",
    "hashed",
    "hits",
    "quantised",
    "share",
    "uniform",
]

BLOCK = 65_536
"""Rows of one counter block where rows are numbered through."""

Words = npt.NDArray[np.uint64]
_HIGH = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Stream:
    """The random words of one purpose."""

    seed: int
    table: str
    column: str = ""
    purpose: str = ""

    def words(self, block: int, count: int, lane: int = 0) -> Words:
        """`count` words of a block; lanes are independent of one another."""
        name = f"{self.seed}\x1f{self.table}\x1f{self.column}\x1f{self.purpose}"
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest(), "little")
        # Blocks are numbered from -2: the shared rows and the added ones have blocks too.
        generator = np.random.Philox(key=key, counter=[0, 0, lane, block + 2])
        return np.asarray(generator.random_raw(count), dtype=np.uint64)


def below(words: Words, limit: int | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Whole numbers in 0..limit-1, by multiply and shift.

    >>> below(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64), 10).tolist()
    [0, 5, 9]
    """
    bound = np.asarray(limit, dtype=np.uint64)
    return ((words >> _HIGH) * bound >> _HIGH).astype(np.int64)


def uniform(words: Words) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1), exact multiples of 2^-53.

    >>> uniform(np.array([0, 2**63], dtype=np.uint64)).tolist()
    [0.0, 0.5]
    """
    return np.asarray((words >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def quantised(rate: float | npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """A rate in 2^-32 steps, so that a decision is a comparison of whole numbers.

    >>> quantised(0.5).item() == 2**31
    True
    """
    return np.rint(np.asarray(rate, dtype=np.float64) * 4_294_967_296.0).astype(np.uint64)


def share(words: Words, rate: float | npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which rows a rate hits, each for itself."""
    return np.asarray((words >> _HIGH) < quantised(rate))


def hits(words: Words, rate: float | npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The positions that a rate hits."""
    return np.flatnonzero(share(words, rate))


def chosen(words: Words, weights: Sequence[float]) -> npt.NDArray[np.int64]:
    """The index of one of the weighted choices for each word.

    >>> chosen(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64), [1, 1, 2]).tolist()
    [0, 2, 2]
    """
    total = float(sum(weights))
    edges = quantised(np.cumsum(np.asarray(weights, dtype=np.float64)) / total)
    return np.minimum(
        np.searchsorted(edges, words >> _HIGH, side="right"), len(weights) - 1
    ).astype(np.int64)


def hashed(*parts: object) -> int:
    """A number of 62 bits that depends only on the parts' texts.

    >>> hashed("a", 1) == hashed("a", 1) != hashed("a", 2)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 2
