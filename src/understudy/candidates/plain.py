"""Any value that a candidate may hand over, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["plain"]

_DEEPEST = 60
_INTEGER_LIMIT = 1 << 63


def plain(value: Any, depth: int = 0) -> Any:
    r"""`value` with every part as JSON can hold it; `ValueError` where nothing fits.

    What is not JSON is kept as its `repr`, lone surrogates are written out, integers beyond 64
    bits become text. NaN, infinities and endless nesting are refused.

    >>> plain({"a": (1, {2}), "b": "\ud800"})
    {'a': [1, [2]], 'b': '\\ud800'}
    """
    if depth > _DEEPEST:
        raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        return {_text(str(key)): plain(item, depth + 1) for key, item in list(value.items())}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in list(value)]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, int):
        return int(value) if -_INTEGER_LIMIT <= value < _INTEGER_LIMIT else _digits(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"it holds {value}, which is not a number")
        return float(value)
    return _text(repr(value)[:1000])


def _digits(value: int) -> str:
    return hex(value) if value.bit_length() > 10_000 else str(value)


def _text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
