"""One request that does two things, taken apart: a reply on a ticket that also changes the ticket.

People often write and solve in two steps where an integration sends one request. Both leave the
ticket alike, so both sides are compared part by part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from understudy.model.action import Action, ActionClass, Effect

__all__ = ["parts_of"]

_COMMENTS = frozenset({"zendesk.tickets.public_reply", "zendesk.tickets.internal_note"})
_OF_COMMENT = frozenset({"body", "html_body", "public", "uploads", "author_id"})
_UPDATE = "zendesk.tickets.update"


def parts_of(actions: Iterable[Action]) -> Iterator[Action]:
    """The actions with every comment that also changes its ticket as two."""
    for action in actions:
        rest = action.fields.keys() - _OF_COMMENT
        if action.operation not in _COMMENTS or not rest:
            yield action
            continue
        said = {key: value for key, value in action.fields.items() if key in _OF_COMMENT}
        changed = {key: value for key, value in action.fields.items() if key in rest}
        yield msgspec.structs.replace(action, fields=said)
        yield msgspec.structs.replace(
            action,
            operation=_UPDATE,
            fields=changed,
            effect=Effect.WRITE,
            action_class=ActionClass.AUTOMATED,
        )
