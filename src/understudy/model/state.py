"""The state of a system, and what a system must offer so that actions can be played on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from understudy.model.action import Action

__all__ = ["ABSENT", "Absent", "Change", "Place", "State", "System", "changes"]

State = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Fields by name, by the entity's id, by the entity's type."""

Place = tuple[str, str]
"""The type and the id of one entity."""


class Absent:
    """What a field holds whose entity or self is not there; unlike `None`, which a field can hold.

    >>> ABSENT
    (absent)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "(absent)"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one entity that holds something else than before."""

    entity: str
    id: str
    field: str
    before: Any
    after: Any


class System(Protocol):
    """What actions are played on: a mocked vendor, a system of one's own, or a recorded log."""

    def apply(self, action: Action) -> Action:
        """Do what the action says; returns it with the `response_status` that the system gave."""

    def snapshot(self) -> State:
        """The state as it is now; later actions do not change it."""

    def diff(self, since: State) -> tuple[Change, ...]:
        """What has changed since a snapshot, per entity and field."""


def changes(before: State, after: State) -> Iterator[Change]:
    """Every field that differs, in the order of type, id and field.

    >>> list(changes({"item": {"1": {"stock": 3}}}, {"item": {"1": {"stock": 2}}}))
    [Change(entity='item', id='1', field='stock', before=3, after=2)]
    """
    for entity in sorted(before.keys() | after.keys()):
        old, new = before.get(entity, {}), after.get(entity, {})
        if old is new:
            continue
        for key in sorted(_differing(old, new)):
            yield from _fields(entity, key, old.get(key, {}), new.get(key, {}))


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from old.keys() - new.keys()
    for key, value in new.items():
        if old.get(key, ABSENT) is not value:
            yield key


def _fields(
    entity: str, key: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Change]:
    for field in sorted(old.keys() | new.keys()):
        before, after = old.get(field, ABSENT), new.get(field, ABSENT)
        if before is not after and before != after:
            yield Change(entity, key, field, before, after)
