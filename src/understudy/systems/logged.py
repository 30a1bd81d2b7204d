"""A system that only its log shows: what each action says that it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from understudy.model.action import Action, Effect
from understudy.model.state import Change, State, changes

__all__ = ["LoggedState"]

_ACCEPTED = 200


class LoggedState:
    """Built from `before` and `after` of the actions that may be played; nothing else is known.

    >>> from understudy.model.action import Target
    >>> close = Action(system="desk2", operation="desk2.close", target=Target(type="job", id="4"),
    ...                before={"open": True}, after={"open": False})
    >>> system = LoggedState([close])
    >>> since = system.snapshot()
    >>> system.apply(close).response_status, system.diff(since)
    (200, (Change(entity='desk2.job', id='4', field='open', before=True, after=False),))
    """

    def __init__(self, actions: Iterable[Action]) -> None:
        self._tables: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._made = 0
        for action in actions:
            if action.before and action.target is not None and action.target.id is not None:
                table = self._tables.setdefault(_table(action), {})
                table[action.target.id] = {**action.before, **table.get(action.target.id, {})}

    @staticmethod
    def tells(action: Action) -> bool:
        """Whether the log says what an action changed."""
        deleted = action.effect is Effect.DELETE and bool(action.before)
        return action.target is not None and (bool(action.after) or deleted)

    def apply(self, action: Action) -> Action:
        """Write what the action left behind; what was refused left nothing."""
        if action.refused:
            return action
        table = self._tables.setdefault(_table(action), {})
        if action.effect is Effect.DELETE and not action.after:
            table.pop(self._key(action), None)
        else:
            key = self._key(action)
            table[key] = {**table.get(key, {}), **(action.after or {})}
        return msgspec.structs.replace(action, response_status=_ACCEPTED)

    def snapshot(self) -> State:
        """All that is known by now."""
        return {name: dict(table) for name, table in self._tables.items()}

    def diff(self, since: State) -> tuple[Change, ...]:
        """Every field that differs from a snapshot."""
        return tuple(changes(since, self._tables))

    def _key(self, action: Action) -> str:
        if action.target is not None and action.target.id is not None:
            return action.target.id
        self._made += 1
        return f"new {self._made}"


def _table(action: Action) -> str:
    return f"{action.system}.{action.target.type if action.target else 'object'}"
