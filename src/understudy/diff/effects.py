"""What two ways of handling a case leave behind: the three-way difference of their end states."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.model.action import Action
from understudy.model.state import ABSENT, Change, State, System

__all__ = ["Effects", "FieldDifference", "Shape", "compare_effects", "three_way"]


class Shape(enum.StrEnum):
    """How a field of the candidate's end state differs from the baseline's."""

    MISSING = "missing"
    """Only the baseline changed it."""
    EXTRA = "extra"
    """Only the candidate changed it."""
    WRONG_VALUE = "wrong_value"
    """Both changed it, to different values."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that the two ways leave differently, with all three values."""

    entity: str
    id: str
    field: str
    initial: Any
    baseline: Any
    candidate: Any

    @property
    def shape(self) -> Shape:
        """Who moved the field away from where it was."""
        if self.baseline == self.initial:
            return Shape.EXTRA
        return Shape.MISSING if self.candidate == self.initial else Shape.WRONG_VALUE

    def __str__(self) -> str:
        return (
            f"{self.entity} {self.id}, {self.field}: {self.shape.value}, was {self.initial!r}, "
            f"people left {self.baseline!r}, the candidate {self.candidate!r}"
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of a baseline and of a candidate on the same state."""

    differences: tuple[FieldDifference, ...]
    baseline: tuple[Action, ...]
    """The baseline's actions as the system answered them; one may be refused."""
    candidate: tuple[Action, ...]

    @property
    def equal(self) -> bool:
        """Whether both leave the system alike."""
        return not self.differences

    @property
    def entities(self) -> frozenset[tuple[str, str]]:
        """Type and id of everything that is left differently."""
        return frozenset((each.entity, each.id) for each in self.differences)


def compare_effects(
    opened: Callable[[], System], baseline: Iterable[Action], candidate: Iterable[Action]
) -> Effects:
    """Play both on the same initial state, each on its own copy, and compare the end states.

    Every action is tried, refused ones too: whether it has an effect is for the system to say.
    """
    system = opened()
    initial = system.snapshot()
    wanted, theirs = _play(system, baseline, initial)
    done, mine = _play(opened(), candidate, initial)
    return Effects(three_way(theirs, mine), wanted, done)


def _play(
    system: System, actions: Iterable[Action], initial: State
) -> tuple[tuple[Action, ...], tuple[Change, ...]]:
    answered = tuple(system.apply(action) for action in actions)
    return answered, system.diff(initial)


def three_way(
    baseline: Sequence[Change], candidate: Sequence[Change]
) -> tuple[FieldDifference, ...]:
    """The fields that two sets of changes to one initial state leave differently.

    >>> mine, theirs = Change("item", "1", "stock", 3, 2), Change("item", "1", "stock", 3, 1)
    >>> [each.shape.value for each in three_way([theirs], [mine])]
    ['wrong_value']
    >>> three_way([mine], [mine])
    ()
    """
    sides = [
        {(one.entity, one.id, one.field): one for one in side} for side in (baseline, candidate)
    ]
    theirs, mine = sides
    return tuple(
        each for key in sorted(theirs.keys() | mine.keys())
        if (each := _difference(key, theirs.get(key), mine.get(key))) is not None
    )  # fmt: skip


def _difference(
    key: tuple[str, str, str], theirs: Change | None, mine: Change | None
) -> FieldDifference | None:
    known = theirs or mine
    initial = ABSENT if known is None else known.before
    wanted = initial if theirs is None else theirs.after
    got = initial if mine is None else mine.after
    return None if wanted == got else FieldDifference(*key, initial, wanted, got)
