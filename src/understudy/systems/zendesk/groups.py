"""The groups that tickets are assigned to."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.folded import fold
from understudy.systems.operation import Call, Reply
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import not_found, record_invalid
from understudy.systems.zendesk.listing import id_key, list_reply
from understudy.systems.zendesk.payload import BASE_URL, number
from understudy.systems.zendesk.values import id_or_none

__all__ = ["get_group", "group_or_none", "groups_named", "list_groups"]

_BORN = "2021-03-01T09:00:00Z"
_FIRST: Row = {"id": "360000000001", "name": "Support", "default": True}


def _rows(session: CaseSession) -> list[Row]:
    """The world's own; else the one that every account begins with, and those tickets are in."""
    own = list(session.overlay.rows("zendesk.groups"))
    if own:
        return sorted(own, key=id_key)
    used = {str(row["group_id"]) for row in session.overlay.rows("zendesk.tickets")
            if row.get("group_id")} - {_FIRST["id"]}  # fmt: skip
    found = [{"id": each, "name": f"Group {each[-3:]}"} for each in used]
    return sorted([_FIRST, *found], key=id_key)


def groups_named(session: CaseSession, name: str) -> list[str]:
    """The ids of the groups that go by a name."""
    return [row["id"] for row in _rows(session) if fold(row.get("name")) == fold(name)]


def group_or_none(session: CaseSession, value: Any) -> str | None:
    """The id of a group, None where there is to be none, or the 422 of one that is not there.

    One that a ticket is in at any time that is known was there, whether it is listed or not.
    """
    named = id_or_none("group_id", value)
    if named is None or any(row["id"] == named for row in _rows(session)):
        return named
    ever = session.overlay.world.ever
    if not any(ever("zendesk.tickets", "group_id", each) for each in (named, int(named))):
        raise record_invalid("group", "Group: is invalid")
    return named


def _shown(row: Row) -> dict[str, Any]:
    return {
        "url": f"{BASE_URL}/groups/{row['id']}.json", "is_public": True, "description": "",
        "default": False, "deleted": False, "name": "Support", "created_at": _BORN,
        "updated_at": _BORN, **row, "id": number(row["id"]),
    }  # fmt: skip


def list_groups(call: Call) -> Reply:
    """All groups; each of them can be assigned tickets."""
    return list_reply(call, "groups", _rows(call.session), _shown)


def get_group(call: Call) -> Reply:
    """One group."""
    for row in _rows(call.session):
        if row["id"] == call.path["id"]:
            return Reply(200, {"group": _shown(row)})
    raise not_found()
