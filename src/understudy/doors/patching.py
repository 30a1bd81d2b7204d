"""Replacing attributes of other libraries, and putting them back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Patch", "apply", "undo"]


@dataclass(frozen=True, slots=True)
class Patch:
    """One attribute of a class or module with its value."""

    owner: Any
    name: str
    value: Any


def apply(patches: Iterable[Patch]) -> list[Patch]:
    """Set every attribute; returns the patches that undo it."""
    before = []
    for patch in patches:
        before.append(Patch(patch.owner, patch.name, getattr(patch.owner, patch.name)))
        setattr(patch.owner, patch.name, patch.value)
    return before


def undo(before: Iterable[Patch]) -> None:
    """Put back what `apply` returned."""
    for patch in before:
        setattr(patch.owner, patch.name, patch.value)
