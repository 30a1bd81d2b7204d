"""Keyed, counter-based random words: the same for a row whatever else is generated, or where.

A stream is named by seed, table, column and purpose; within it, each block of rows has a counter
of its own. So a shard needs nothing from another shard, and a new column or operator disturbs
none. Only raw words of Philox are used: numpy keeps those stable, but not what `Generator` makes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "BLOCK",
    "Halves",
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
Halves = npt.NDArray[np.uint32]
_HIGH = np.uint64(32)
_MOST = np.uint64(2**32 - 1)
_FEW = 24


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
        key = hashlib.blake2b(name.encode(), digest_size=16).digest()
        # Blocks are numbered from -2: the shared rows and the added ones have blocks too.
        return _GENERATOR.words(key, (0, 0, lane, block + 2), count)

    def halves(self, block: int, count: int) -> Halves:
        """`count` words of half the length, which is enough for whatever a row decides."""
        words = self.words(block, (count + 1) // 2)
        return words.astype("<u8", copy=False).view("<u4").astype(np.uint32, copy=False)[:count]


class _Generator(threading.local):
    """One Philox for each thread: to set it takes a thirtieth of the time to make one."""

    def __init__(self) -> None:
        self._philox = np.random.Philox(key=0)
        self._state: Any = {**self._philox.state, "buffer_pos": 4}

    def words(self, key: bytes, counter: tuple[int, int, int, int], count: int) -> Words:
        """The words that `Philox(key=key, counter=counter)` begins with; the key is 16 bytes."""
        parts = np.frombuffer(key, dtype="<u8").astype(np.uint64)
        self._state["state"] = {"key": parts, "counter": np.array(counter, dtype=np.uint64)}
        self._philox.state = self._state
        return np.asarray(self._philox.random_raw(count), dtype=np.uint64)


_GENERATOR = _Generator()


def _upper(words: Words | Halves) -> Words | Halves:
    """The 32 bits that decide."""
    return words if words.dtype == np.uint32 else words >> _HIGH


def below(
    words: Words | Halves, limit: int | npt.NDArray[np.int64] | Words
) -> npt.NDArray[np.int64]:
    """Whole numbers in 0..limit-1, by multiply and shift.

    >>> below(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64), 10).tolist()
    [0, 5, 9]
    """
    # In place: fresh memory for each step takes longer than the steps themselves.
    found = np.multiply(_upper(words), np.asarray(limit, dtype=np.uint64), dtype=np.uint64)
    found >>= _HIGH
    return found.view(np.int64)


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


def share(words: Words | Halves, rate: float | npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which rows a rate hits, each for itself."""
    edge = np.asarray(quantised(rate))
    if not edge.ndim and edge <= _MOST:
        edge = edge.astype(np.uint32)
    return np.asarray(_upper(words) < edge)


def hits(words: Words | Halves, rate: float | npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The positions that a rate hits."""
    return np.flatnonzero(share(words, rate))


def chosen(words: Words | Halves, weights: Sequence[float]) -> npt.NDArray[np.int64]:
    """The index of one of the weighted choices for each word.

    >>> chosen(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64), [1, 1, 2]).tolist()
    [0, 2, 2]
    """
    total = float(sum(weights))
    edges = quantised(np.cumsum(np.asarray(weights, dtype=np.float64)) / total)[:-1]
    drawn = _upper(words).astype(np.uint32, copy=False)
    if len(edges) > _FEW:
        return np.searchsorted(edges, drawn, side="right").astype(np.int64)
    # For few choices counting the edges that are passed is three times as fast as a search.
    passed = np.zeros(len(drawn), dtype=np.uint8)
    for edge in edges[edges <= _MOST].astype(np.uint32):
        passed += drawn >= edge
    return passed.astype(np.int64)


def hashed(*parts: object) -> int:
    """A number of 62 bits that depends only on the parts' texts.

    >>> hashed("a", 1) == hashed("a", 1) != hashed("a", 2)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 2
