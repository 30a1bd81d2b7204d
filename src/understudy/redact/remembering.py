"""What came of a value before: kept, but not for ever more of them."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["REMEMBERED", "keep"]

Key = TypeVar("Key")
Value = TypeVar("Value")
REMEMBERED = 20_000
"""So many values are remembered; then all of them are forgotten."""


def keep(known: dict[Key, Value], key: Key, value: Value) -> None:
    """Remember what came of a value.

    >>> known = dict[str, int]()
    >>> keep(known, "a", 1)
    >>> known
    {'a': 1}
    """
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value
