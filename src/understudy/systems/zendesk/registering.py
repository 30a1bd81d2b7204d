"""Users who come and go: made, found or made, deleted."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass, Target
from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import invalid_attribute, not_found, record_invalid, refused
from understudy.systems.zendesk.listing import counted
from understudy.systems.zendesk.payload import BASE_URL, user
from understudy.systems.zendesk.people import given_user, user_by_email, user_changes

__all__ = [
    "count_users",
    "create_or_update_user",
    "create_user",
    "delete_user",
    "new_user",
    "registered_class",
]

_TABLE = "zendesk.users"
_OPEN = ("new", "open", "pending", "hold")


def new_user(_: Call) -> Target:
    """A new user has no id before they are there."""
    return Target(type="user")


def registered_class(call: Call) -> ActionClass | None:
    """Agents and admins are made by people."""
    role = given_user(call).get("role", "end-user")
    return None if role == "end-user" else ActionClass.APPROVAL_REQUIRED


def create_user(call: Call) -> Reply:
    """A new user; one with the same e-mail must not be there."""
    row = _made(call.session, given_user(call))
    place = (("location", f"{BASE_URL}/users/{row['id']}.json"),)
    payload = {"user": show(call.session, _TABLE, row, user)}
    return Reply(201, payload, place, created=(_TABLE, row["id"]))


def create_or_update_user(call: Call) -> Reply:
    """The user with the e-mail or the external id changed, else a new one."""
    session, given = call.session, given_user(call)
    known = _known(session, given)
    if known is None:
        return create_user(call)
    row = session.overlay.patch(_TABLE, known["id"], user_changes(session, known, given))
    return Reply(200, {"user": show(session, _TABLE, row, user)})


def _known(session: CaseSession, given: dict[str, Any]) -> Row | None:
    if isinstance(given.get("email"), str):
        found = user_by_email(session, given["email"])
        if found is not None:
            return found
    external = given.get("external_id")
    rows = session.overlay.find(_TABLE, "external_id", str(external)) if external else []
    return rows[0] if rows else None


def _made(session: CaseSession, given: dict[str, Any]) -> Row:
    if not given:
        raise invalid_attribute("user")
    if not str(given.get("name") or "").strip():
        raise record_invalid("name", "Name: is too short (minimum one character)", "BlankValue")
    now = session.clock.iso()
    row: Row = {
        "id": session.number("user", 13, _TABLE), "role": "end-user", "active": True,
        "verified": False, "created_at": now,
    }  # fmt: skip
    return session.overlay.put(_TABLE, {**row, **user_changes(session, row, given)})


def delete_user(call: Call) -> Reply:
    """A user who is no longer active; one with unsolved tickets stays."""
    session, user_id = call.session, call.path["id"]
    row = session.overlay.get(_TABLE, user_id)
    if row is None:
        raise not_found()
    tickets = session.overlay.find("zendesk.tickets", "requester_id", user_id)
    if any(each.get("status") in _OPEN and not each.get("deleted_at") for each in tickets):
        raise refused(
            422, "RecordInvalid", "User cannot be deleted while being requester of open tickets"
        )
    gone = {"active": False, "updated_at": session.clock.iso()}
    row = session.overlay.patch(_TABLE, user_id, gone)
    return Reply(200, {"user": show(session, _TABLE, row, user)})


def count_users(call: Call) -> Reply:
    """How many users there are."""
    return counted(call, sum(1 for _ in call.session.overlay.rows(_TABLE)))
