"""A digest over the values of Arrow columns: equal values, equal digest, whatever the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["combined_digest", "values_digest"]


def values_digest(tables: Mapping[str, Mapping[str, pa.Array]]) -> str:
    """The sha256 over tables and columns by name, nulls and values in row order.

    Chunks, slices, padding and the file format do not matter.

    >>> whole, part = pa.array(["x", "ab", None]), pa.array(["ab", None])
    >>> values_digest({"t": {"c": whole[1:]}}) == values_digest({"t": {"c": part}})
    True
    """
    state = hashlib.sha256()
    for table in sorted(tables):
        for column in sorted(tables[table]):
            values = tables[table][column]
            state.update(f"\x1d{table}\x1e{column}\x1e{values.type}\x1e{len(values)}".encode())
            for part in _parts(values):
                state.update(part)
    return state.hexdigest()


def combined_digest(digests: Iterable[str]) -> str:
    """One digest of many, in their order."""
    state = hashlib.sha256()
    for digest in digests:
        state.update(f"{digest}\n".encode())
    return state.hexdigest()


def _parts(values: pa.Array) -> Iterable[bytes | memoryview]:
    if pa.types.is_null(values.type):
        return
    if values.null_count:
        yield np.packbits(np.asarray(values.is_valid())).tobytes()
    if not pa.types.is_string(values.type):
        zero = pa.scalar(0).cast(values.type)
        plain = pc.fill_null(values, zero) if values.null_count else values
        yield np.ascontiguousarray(plain.to_numpy(zero_copy_only=False)).tobytes()
        return
    texts = pc.fill_null(values, "") if values.null_count else values
    yield np.ascontiguousarray(pc.binary_length(texts)).tobytes()
    yield _text_bytes(texts)


def _text_bytes(texts: pa.Array) -> bytes | memoryview:
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return b""
    places = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data)[int(places[0]) : int(places[-1])]
