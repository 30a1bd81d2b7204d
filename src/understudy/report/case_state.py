"""What both ways leave behind differently, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.model.action import DESK, Action
from understudy.model.printable import printable

__all__ = ["state_lines"]

_MOST = 40
_Left = dict[tuple[str, str, str], Any]


def state_lines(people: Sequence[Action], candidate: Sequence[Action]) -> tuple[str, ...]:
    """Each field that the two leave with different values, as a sentence; refused writes count not.

    >>> from understudy.model.action import Target
    >>> def wrote(**fields):
    ...     target = Target(type="contact", id="7")
    ...     return [Action(system="hubspot", operation="o", target=target, fields=fields)]
    >>> state_lines(wrote(phone="1", city="Rome"), wrote(phone="2", city="Rome"))
    ('hubspot contact 7, phone: people leave 1, the candidate 2',)
    """
    theirs, ours = _left(people), _left(candidate)
    lines = []
    for at in sorted(theirs.keys() | ours.keys()):
        one, other = (side.get(at, _UNTOUCHED) for side in (theirs, ours))
        if one != other:
            system, target, field = at
            lines.append(
                f"{system} {target}, {field}: people leave {_shown(one)}, the candidate "
                f"{_shown(other)}"
            )
    return tuple(lines[:_MOST])


_UNTOUCHED = object()


def _left(actions: Sequence[Action]) -> _Left:
    found: _Left = {}
    for action in actions:
        if action.refused or action.system == DESK or action.target is None:
            continue
        target = f"{action.target.type} {action.target.id or '(new)'}"
        for name, value in (action.after or action.fields).items():
            found[printable(action.system, 40), printable(target, 80), printable(name, 60)] = value
    return found


def _shown(value: Any) -> str:
    return "it as it was" if value is _UNTOUCHED else printable(value, 120)
