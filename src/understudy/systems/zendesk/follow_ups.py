"""Tickets that follow up closed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.model.world import Row
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import record_invalid
from understudy.systems.zendesk.payload import number

__all__ = ["followed", "inherited", "note_follow_up"]

_TICKETS = "zendesk.tickets"
_INHERITED = ("subject", "tags", "custom_fields")


def followed(session: CaseSession, given: Mapping[str, Any]) -> Row | None:
    """The closed ticket that a new one is to follow up; named tickets that are open have no effect.

    https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets
    """
    named = given.get("via_followup_source_id")
    if named in (None, ""):
        return None
    row = session.overlay.get(_TICKETS, str(named))
    if row is None or row.get("deleted_at"):
        raise record_invalid("via_followup_source_id", "Followup source: is invalid")
    return row if row.get("status") == "closed" else None


def inherited(source: Row | None) -> dict[str, Any]:
    """What a follow-up has of the closed ticket as long as the request says nothing else."""
    if source is None:
        return {}
    told = {"ticket_id": number(source["id"]), "subject": source.get("subject")}
    origin = {"from": told, "to": {}, "rel": "follow_up"}
    kept = {name: source[name] for name in _INHERITED if source.get(name)}
    return {**kept, "via": {"channel": "api", "source": origin}}


def note_follow_up(session: CaseSession, source: Row, ticket_id: str) -> None:
    """The closed ticket names what follows it up."""
    known = list(source.get("followup_ids") or [])
    changes = {"followup_ids": [*known, number(ticket_id)]}
    session.overlay.patch(_TICKETS, source["id"], changes)
