"""A customer's part in a ticket: asked by a public reply, answering by a comment of their own."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.model.action import Action
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.changes import add_comment
from understudy.systems.zendesk.tickets import TICKETS

__all__ = ["asked_on_ticket", "reply_on_ticket"]

_WAITING = "pending"
_MARKS = ("?", "\uff1f", "\u061f")
"""Those of Chinese and Japanese, and of Arabic, as well."""


def asked_on_ticket(session: CaseSession, ticket_id: str, actions: Sequence[Action]) -> str | None:
    """The question that the last of these public replies puts, while the ticket waits for it."""
    row = session.overlay.get(TICKETS, ticket_id)
    if row is None or row.get("status") != _WAITING:
        return None
    said = [
        str(action.fields.get("body") or "")
        for action in actions
        if action.operation == "zendesk.tickets.public_reply"
        and not action.refused
        and action.target is not None
        and action.target.id == ticket_id
    ]
    return said[-1] if said and any(mark in said[-1] for mark in _MARKS) else None


def reply_on_ticket(session: CaseSession, ticket_id: str, text: str) -> None:
    """The requester's comment, and the ticket open again, as if it had come by mail."""
    row = session.overlay.get(TICKETS, ticket_id) or {}
    comment = {"body": text, "author_id": row.get("requester_id"), "public": True}
    with session.lock:
        add_comment(session, ticket_id, comment)
        changed = {"status": "open", "updated_at": session.clock.iso()}
        session.overlay.patch(TICKETS, ticket_id, changed)
