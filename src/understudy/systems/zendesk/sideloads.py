"""What `include` asks for beside the rows of a page: the people and organizations in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.payload import organization, user
from understudy.systems.zendesk.people import find_user

__all__ = ["sideloads"]

_PEOPLE = ("requester_id", "submitter_id", "assignee_id", "author_id")


def sideloads(call: Call) -> Callable[[Sequence[Row]], dict[str, Any]]:
    """What to show beside rows: every user, and every organization, once."""
    asked = call.query.get("include", "").split(",")

    def found(rows: Sequence[Row]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if "users" in asked:
            made["users"] = _users(call.session, rows)
        if "organizations" in asked:
            made["organizations"] = _organizations(call.session, rows)
        return made

    return found


def _named(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(str(row[c]) for row in rows for c in columns if row.get(c)))


def _users(session: CaseSession, rows: Sequence[Row]) -> list[Any]:
    known = (find_user(session, each) for each in _named(rows, _PEOPLE))
    return [show(session, "zendesk.users", row, user) for row in known if row is not None]


def _organizations(session: CaseSession, rows: Sequence[Row]) -> list[Any]:
    table = "zendesk.organizations"
    known = (session.overlay.get(table, each) for each in _named(rows, ("organization_id",)))
    return [show(session, table, row, organization) for row in known if row is not None]
