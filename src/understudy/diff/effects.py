"""What two ways of handling a case leave behind: the three-way difference of their end states."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.diff.fields import Rules
from understudy.diff.settled import settled
from understudy.model.action import Action
from understudy.model.state import ABSENT, Change, Place, System

__all__ = ["Effects", "FieldDifference", "Played", "Shape", "compare_effects", "three_way"]


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
    def place(self) -> Place:
        """The entity that the field belongs to."""
        return self.entity, self.id

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
class Played:
    """One action, how the system answered it, and what it moved."""

    asked: Action
    answered: Action
    moved: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of a baseline and of a candidate on the same state."""

    differences: tuple[FieldDifference, ...]
    played: tuple[tuple[Played, ...], tuple[Played, ...]]
    """The baseline's actions and the candidate's."""

    @property
    def equal(self) -> bool:
        """Whether both leave the system alike."""
        return not self.differences

    @property
    def baseline(self) -> tuple[Action, ...]:
        """The baseline's actions as the system answered them; one may be refused."""
        return tuple(each.answered for each in self.played[0])

    @property
    def candidate(self) -> tuple[Action, ...]:
        """The candidate's, likewise."""
        return tuple(each.answered for each in self.played[1])

    @property
    def entities(self) -> frozenset[Place]:
        """Type and id of everything that is left differently."""
        return frozenset(each.place for each in self.differences)

    def moved_by(self, action: Action) -> frozenset[Place]:
        """What one of the played actions moved."""
        both = (each for side in self.played for each in side)
        return frozenset().union(*(each.moved for each in both if each.asked is action))


def compare_effects(
    opened: Callable[[], System],
    baseline: Iterable[Action],
    candidate: Iterable[Action],
    rules: Rules | None = None,
) -> Effects:
    """Play both on the same initial state, each on its own copy, and compare the end states.

    Every action is tried: whether it has an effect is for the system to say. With `rules`, values
    are compared as fields of actions are, and new objects by what they hold instead of by the ids
    they were given; without, to the letter.
    """
    theirs, wanted = _played(opened(), baseline, rules)
    mine, done = _played(opened(), candidate, rules)
    return Effects(three_way(theirs, mine), (wanted, done))


def _played(
    system: System, actions: Iterable[Action], rules: Rules | None
) -> tuple[Sequence[Change], tuple[Played, ...]]:
    initial = since = system.snapshot()
    told: list[tuple[Action, Action, frozenset[Place]]] = []
    for action in actions:
        answered = system.apply(action)
        moved = frozenset((one.entity, one.id) for one in system.diff(since))
        since = system.snapshot()
        told.append((action, answered, moved))
    found: Sequence[Change] = system.diff(initial)
    names: Mapping[Place, Place] = {}
    if rules is not None:
        found, names = settled(found, rules)
    return found, tuple(
        Played(asked, answered, frozenset(names.get(place, place) for place in moved))
        for asked, answered, moved in told
    )


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
