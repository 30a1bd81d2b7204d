"""How those who wait for a campaign are told how far it is."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress"]


class Progress(Protocol):
    """Told of each step: the stage, how much of how many is done, and how it stands."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Note that `done` of `total` are finished."""
