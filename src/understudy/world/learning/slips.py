"""Typing slips between two texts: how many, of which kinds, and with which letters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from understudy.world.learning.support import supported, weights

__all__ = ["Slips", "slips_between"]

_LONGEST = 2_000
_MOST = 8
_SHARE = 0.25


@dataclass(slots=True)
class _Edits:
    """The slips of one value."""

    kinds: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Slips:
    """The slips of a column."""

    kinds: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)

    def add(self, edits: _Edits, count: int) -> None:
        """Take in the slips of a value that stands in `count` rows."""
        for kind, number in edits.kinds.items():
            self.kinds[kind] += number * count
        # A letter counts once for a row, as the privacy rule is about rows.
        for letter in edits.letters:
            self.letters[letter] += count
        self.sizes[min(sum(edits.kinds.values()), _MOST)] += count

    def options(self, table: Counter[str]) -> dict[str, Any]:
        """Options of `typo_keyboard`; letters only where they are few and well supported.

        `table` counts the letters of all columns: one that 20 rows of the table share may be told.
        """
        shared = supported(table)
        kept = {letter: n for letter, n in self.letters.items() if letter in shared}
        common = 2 * sum(kept.values()) >= sum(self.letters.values())
        kinds = {
            kind: float(self.kinds.get(kind, 0))
            for kind in ("substitute", "insert", "delete", "transpose")
        }
        total = sum(kinds.values()) or 1.0
        return {
            **{kind: round(100 * count / total, 1) for kind, count in kinds.items()},
            "slips": [self.sizes.get(size, 0) for size in range(1, max(self.sizes) + 1)],
            **({"letters": weights(kept)} if kept and common else {}),
        }


def slips_between(before: str, after: str) -> _Edits | None:
    """The slips that make one text of the other; None where they are too many to be slips."""
    if max(len(before), len(after)) > _LONGEST:
        return None
    most = min(_MOST, max(2, int(_SHARE * len(before))))
    if abs(len(before) - len(after)) > most:
        return None
    edits = _Edits()
    swapped = _swap(before, after)
    if swapped:
        edits.kinds["transpose"] = 1
        return edits
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, other, stop in matcher.get_opcodes():
        if tag != "equal":
            _count(edits, before[start:end], after[other:stop])
    return edits if 0 < sum(edits.kinds.values()) <= most else None


def _count(edits: _Edits, old: str, new: str) -> None:
    shared = min(len(old), len(new))
    edits.kinds["substitute"] += shared
    edits.kinds["delete"] += len(old) - shared
    edits.kinds["insert"] += len(new) - shared
    edits.letters.update(new)


def _swap(before: str, after: str) -> bool:
    if len(before) != len(after):
        return False
    places = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return before[first] == after[second] and before[second] == after[first]
