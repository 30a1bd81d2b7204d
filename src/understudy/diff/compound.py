"""One request that does two things, taken apart: a reply on a ticket that also changes the ticket.

People often write and solve in two steps where an integration sends one request. Both leave the
ticket alike, so both sides are compared part by part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from understudy.model.action import Action, ActionClass, Effect

__all__ = ["parts_of"]

_COMMENTS = frozenset({"zendesk.tickets.public_reply", "zendesk.tickets.internal_note"})
_OF_COMMENT = frozenset({"body", "html_body", "public", "uploads", "author_id"})
_UPDATE = "zendesk.tickets.update"


def parts_of(actions: Iterable[Action]) -> list[Action]:
    """The actions with every comment that also changes its ticket as two."""
    parts: list[Action] = []
    for action in actions:
        if action.operation in _COMMENTS:
            parts += _comment_and_change(action)
        else:
            parts.append(action)
    return parts


def _comment_and_change(action: Action) -> list[Action]:
    said: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    for key, value in action.fields.items():
        (said if key in _OF_COMMENT else changed)[key] = value
    if not changed:
        return [action]
    return [
        msgspec.structs.replace(action, fields=said),
        msgspec.structs.replace(
            action,
            operation=_UPDATE,
            fields=changed,
            effect=Effect.WRITE,
            action_class=ActionClass.AUTOMATED,
        ),
    ]
