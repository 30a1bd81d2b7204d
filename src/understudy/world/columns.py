"""Whole columns at a time: gathering from pools, joining texts, ids, digits and times."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.entropy import Stream, below

__all__ = [
    "constant",
    "filled",
    "fixed",
    "from_iso",
    "gather",
    "integers",
    "is_number",
    "iso",
    "join",
    "keys",
    "not_before",
    "numbered",
    "spread",
    "text",
    "when",
]

Ints = npt.NDArray[np.int64]
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PER_WORD = 8
_EIGHT_DIGITS = 10**8
_DAY = 86_400
_NUMBER = r"-?\d+(\.\d+)?"


def is_number(word: str) -> bool:
    """Whether a text is a decimal number."""
    return re.fullmatch(_NUMBER, word) is not None


def not_before(values: pa.Array, since: str) -> npt.NDArray[np.bool_]:
    """Which texts are `since` or come after it: as numbers where it is one, else as ISO times.

    >>> not_before(pa.array(["9", "10", "x", None]), "10").tolist()
    [False, True, False, False]
    """
    bound: float | str = since
    if is_number(since):
        bound = float(since)
        numbers = pc.match_substring_regex(values, f"^{_NUMBER}$")
        values = pc.if_else(numbers, values, pa.scalar(None, values.type)).cast(pa.float64())
    return np.asarray(pc.fill_null(pc.greater_equal(values, bound), False), dtype=np.bool_)


def gather(pool: pa.Array, index: Ints) -> pa.Array:
    """The pool's values at `index`."""
    return pc.take(pool, pa.array(index), boundscheck=False)


def join(*parts: pa.Array | str, separator: str = "") -> pa.Array:
    """Texts joined row by row; null where a part is null."""
    scalars = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*scalars, separator)


def text(values: Any) -> pa.Array:
    """Numbers written as text."""
    return pc.cast(pa.array(values), pa.string())


def integers(values: npt.NDArray[Any]) -> pa.Array:
    """Whole numbers as a column."""
    return pa.array(values, pa.int64())


def constant(value: Any, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """One value in every row."""
    return pa.repeat(pa.scalar(value, kind or pa.scalar(value).type), count)


def filled(values: pa.Array, mask: npt.NDArray[np.bool_]) -> pa.Array:
    """`values` where the mask holds, null elsewhere."""
    return pc.if_else(pa.array(mask), values, pa.scalar(None, values.type))


def when(mask: npt.NDArray[np.bool_], left: pa.Array | str, right: pa.Array | str) -> pa.Array:
    """`left` where the mask holds, `right` elsewhere."""
    sides = [pa.scalar(side) if isinstance(side, str) else side for side in (left, right)]
    return pc.if_else(pa.array(mask), *sides)


def iso(epochs: npt.NDArray[Any]) -> pa.Array:
    """Epoch seconds as ISO times.

    >>> iso(np.array([1_793_610_000])).to_pylist()
    ['2026-11-02T09:00:00Z']
    """
    if not len(epochs):
        return pa.array([], pa.string())
    days, seconds = np.divmod(epochs.astype(np.int64), _DAY)
    first = int(days.min())
    dates = np.arange(first, int(days.max()) + 1).astype("datetime64[D]")
    written = np.empty(len(epochs), dtype=[("date", "S11"), ("clock", "S9")])
    written["date"] = np.char.add(np.datetime_as_string(dates).astype("S10"), b"T")[days - first]
    written["clock"] = _clock()[seconds]
    return fixed(written)


@lru_cache(maxsize=1)
def _clock() -> npt.NDArray[np.bytes_]:
    """Every second of a day as it is written."""
    moments = np.datetime_as_string(np.arange(_DAY).astype("datetime64[s]")).astype("S19")
    return np.char.add(moments.view([("date", "S11"), ("clock", "S8")])["clock"], b"Z")


def from_iso(times: pa.Array) -> Ints:
    """ISO times as epoch seconds; 0 where a cell is null."""
    plain = pc.replace_substring(times, "Z", "")
    moments = pc.strptime(plain, format="%Y-%m-%dT%H:%M:%S", unit="s").cast(pa.int64())
    return np.asarray(pc.fill_null(moments, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def spread(values: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Each value as often as counted, and the number of each copy from 0.

    >>> [part.tolist() for part in spread(np.array([7, 8]), np.array([2, 1]))]
    [[7, 7, 8], [0, 1, 0]]
    """
    starts = np.cumsum(counts) - counts
    copies = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(starts, counts)
    return np.repeat(values, counts), copies


def keys(prefix: str, stream: Stream, block: int, count: int, length: int = 14) -> pa.Array:
    """Ids as Stripe writes them: a prefix and random letters and digits."""
    lanes = -(-length // _PER_WORD)
    words = stream.words(block, count * lanes).reshape(lanes, count)
    places = {str(place): "S2" if place + 1 < length else "S1" for place in range(0, length, 2)}
    layout = [("prefix", f"S{len(prefix)}"), *places.items()]
    written: npt.NDArray[Any] = np.empty(count, dtype=layout)
    written["prefix"] = prefix.encode()
    pairs = _pairs()
    for place in places:
        written[place] = pairs.take(_digit(words[int(place) // _PER_WORD], len(pairs)))
    return fixed(written)


@lru_cache(maxsize=1)
def _pairs() -> npt.NDArray[np.bytes_]:
    """All pairs of letters and digits."""
    return np.array([first + second for first in _BASE62 for second in _BASE62], dtype="S2")


def numbered(start: int, step: int, stream: Stream, block: int, count: int) -> pa.Array:
    """Rising ids of digits with gaps, apart from those of every other block."""
    numbers = below(stream.halves(block, count), step)
    numbers += np.arange(count, dtype=np.int64) * step
    numbers += start + (block + 1) * (1 << 20) * step
    return _rising(numbers)


def _rising(numbers: Ints) -> pa.Array:
    """Rising numbers as text, four digits at a time where all have the same digits in front.

    >>> _rising(np.array([7, 12345, 12_345_678])).to_pylist()
    ['7', '12345', '12345678']
    """
    ends = [str(numbers[place] // _EIGHT_DIGITS) for place in (0, -1)] if len(numbers) else []
    if not ends or ends[0] != ends[1] or ends[0] == "0":
        return text(numbers)
    fours = _fours()
    layout = [("front", f"S{len(ends[0])}"), ("middle", "u4"), ("last", "u4")]
    written: npt.NDArray[Any] = np.empty(len(numbers), dtype=layout)
    written["front"] = ends[0].encode()
    numbers = numbers % _EIGHT_DIGITS
    high = numbers // 10_000
    written["middle"], written["last"] = fours.take(high), fours.take(numbers - high * 10_000)
    return fixed(written)


@lru_cache(maxsize=1)
def _fours() -> npt.NDArray[np.uint32]:
    """All numbers of four digits, each one's four bytes as one number."""
    return np.array([f"{number:04d}" for number in range(10_000)], dtype="S4").view(np.uint32)


def _digit(words: npt.NDArray[np.uint64], base: int) -> Ints:
    """The last digit of each word in a base; the words lose it."""
    rest = words // np.uint64(base)
    # A remainder by multiplication: numpy divides by a constant fast, but takes remainders slowly.
    digit = (words - rest * np.uint64(base)).astype(np.int64)
    words[:] = rest
    return digit


def fixed(written: npt.NDArray[Any]) -> pa.Array:
    """Rows of equally many ASCII bytes as texts."""
    offsets = np.arange(len(written) + 1, dtype=np.int32) * np.int32(written.dtype.itemsize)
    return pa.StringArray.from_buffers(len(written), pa.py_buffer(offsets), pa.py_buffer(written))
