"""How long work tells of its progress: stage, done, and in all; 0 where nobody knows."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
    del stage, done, total
