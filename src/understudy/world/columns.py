"""Whole columns at a time: gathering from pools, joining texts, ids, digits and times."""

from __future__ import annotations

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
    "from_iso",
    "gather",
    "integers",
    "iso",
    "join",
    "keys",
    "masked",
    "numbered",
    "spread",
    "text",
    "when",
]

Ints = npt.NDArray[np.int64]
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PER_WORD = 8
_DAY = 86_400
_DIGITS = "0123456789"
_CAPITALS = "ABCDEFGHJKLMNPRSTUWXYZ"


def gather(pool: pa.Array, index: Ints) -> pa.Array:
    """The pool's values at `index`."""
    return pool.take(pa.array(index))


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
    width = written.dtype.itemsize
    offsets = np.arange(len(epochs) + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(len(epochs), pa.py_buffer(offsets), pa.py_buffer(written))


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
    letters = np.frombuffer(_BASE62.encode(), dtype=np.uint8)
    drawn = np.empty((count, length), dtype=np.uint8)
    for place in range(length):
        drawn[:, place] = letters[_digit(words[place // _PER_WORD], 62)]
    return join(prefix, _fixed(drawn))


def numbered(start: int, step: int, stream: Stream, block: int, count: int) -> pa.Array:
    """Rising ids of digits with gaps, apart from those of every other block."""
    gaps = below(stream.words(block, count), step)
    first = start + (block + 1) * (1 << 20) * step
    return text(first + np.arange(count, dtype=np.int64) * step + gaps)


def masked(masks: list[str], which: Ints, stream: Stream, block: int) -> pa.Array:
    """One mask per row with its `#` drawn as digits and its `@` as capital letters."""
    width = max(map(len, masks))
    drawn = stream.words(block, len(which) * 2).reshape(2, -1)
    rows: list[Any] = [None] * len(masks)
    for number, mask in enumerate(masks):
        rows[number] = _drawn(mask, width, drawn[:, which == number])
    out = np.zeros((len(which), width), dtype=np.uint8)
    for number, letters in enumerate(rows):
        out[which == number] = letters
    lengths = np.array([len(mask) for mask in masks], dtype=np.int64)[which]
    return _ragged(out, lengths)


def _digit(words: npt.NDArray[np.uint64], base: int) -> Ints:
    """The last digit of each word in a base; the words lose it."""
    rest = words // np.uint64(base)
    # A remainder by multiplication: numpy divides by a constant fast, but takes remainders slowly.
    digit = (words - rest * np.uint64(base)).astype(np.int64)
    words[:] = rest
    return digit


def _drawn(mask: str, width: int, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    out = np.zeros((words.shape[1], width), dtype=np.uint8)
    state = words.copy()
    for place, letter in enumerate(mask):
        alphabet = {"#": _DIGITS, "@": _CAPITALS}.get(letter)
        if alphabet is None:
            out[:, place] = ord(letter)
            continue
        choices = np.frombuffer(alphabet.encode(), dtype=np.uint8)
        out[:, place] = choices[_digit(state[place % 2], len(alphabet))]
    return out


def _fixed(letters: npt.NDArray[np.uint8]) -> pa.Array:
    count, width = letters.shape
    return _ragged(letters, np.full(count, width, dtype=np.int64))


def _ragged(letters: npt.NDArray[np.uint8], lengths: Ints) -> pa.Array:
    """ASCII rows of a matrix as texts, each cut at its length."""
    count, width = letters.shape
    kept = letters[np.arange(width) < lengths[:, None]]
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(kept))
