"""One way of writing a value as bytes, so that equal values have equal digests everywhere."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import orjson

__all__ = ["canonical_bytes", "digest", "digest_file", "refuse_unfit_numbers"]


def canonical_bytes(value: Any) -> bytes:
    """Compact JSON with sorted keys; msgspec structs, enums, dates and dataclasses included.

    Raises `ValueError` for NaN and infinities, which JSON would silently turn into null.
    """
    plain = msgspec.to_builtins(value)
    refuse_unfit_numbers(plain)
    try:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Integers beyond 64 bits and lone surrogates stand in recorded payloads now and then.
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """The sha256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def digest_file(path: Path) -> str:
    """The sha256 of a file's bytes, read in blocks."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def refuse_unfit_numbers(value: Any, place: str = "value") -> None:
    """Raise `ValueError`, naming the place, where a NaN or an infinity stands in `value`."""
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise ValueError(f"{place} is {value}, which is not a number that can be hashed or priced")
    if isinstance(value, Mapping):
        for key, item in value.items():
            refuse_unfit_numbers(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            refuse_unfit_numbers(item, f"{place}[{index}]")
