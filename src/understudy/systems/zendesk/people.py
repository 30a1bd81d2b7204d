"""Users and organizations: read, look up, change."""

from __future__ import annotations

import re
from typing import Any

from understudy.model.action import ActionClass, Target
from understudy.model.world import Row
from understudy.systems.folded import find_folded
from understudy.systems.mint import letters
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.system import query_pairs
from understudy.systems.zendesk.addresses import add_address, holders
from understudy.systems.zendesk.errors import invalid_attribute, not_found, record_invalid, refused
from understudy.systems.zendesk.forms import check_keyed
from understudy.systems.zendesk.listing import id_key, list_reply, offset_page
from understudy.systems.zendesk.payload import user
from understudy.systems.zendesk.values import (
    flag,
    id_or_none,
    refuse_taken_external,
    text_or_none,
    words,
)

__all__ = [
    "find_user",
    "free_email",
    "get_me",
    "get_user",
    "given_user",
    "list_users",
    "me",
    "new_person",
    "organization_of",
    "requester_tickets_of",
    "search_users",
    "show_many_users",
    "update_user",
    "user_by_email",
    "user_changes",
    "user_class",
    "user_gist",
    "user_target",
]

_TABLE = "zendesk.users"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TEXTS = ("name", "phone", "notes", "details", "time_zone", "locale", "alias", "external_id")
_ROLE_KEYS = ("role", "role[]")
_ROLES = ("end-user", "agent", "admin")
_INTEGRATION: Row = {
    "id": "900000000001", "name": "API", "email": "integrations@acme.example", "role": "admin",
    "created_at": "2021-03-01T09:00:00Z", "updated_at": "2021-03-01T09:00:00Z",
}  # fmt: skip


def me(session: CaseSession) -> Row:
    """The user that the API token belongs to."""
    del session
    return _INTEGRATION


def find_user(session: CaseSession, user_id: str) -> Row | None:
    """One user, the token's own among them."""
    if user_id == _INTEGRATION["id"]:
        return _INTEGRATION
    return session.overlay.get(_TABLE, user_id)


def user_by_email(session: CaseSession, email: str) -> Row | None:
    """The first user with an e-mail, their primary one or another."""
    found = holders(session, email)
    return found[0] if found else None


def new_person(session: CaseSession, email: str, name: str) -> Row:
    """A user who is first heard of in a ticket."""
    now = session.clock.iso()
    row = {
        "id": session.number("user", 13, _TABLE), "name": name, "email": email,
        "role": "end-user", "created_at": now, "updated_at": now,
    }  # fmt: skip
    return session.overlay.put(_TABLE, row)


def _shown(call: Call, row: Row) -> Any:
    return show(call.session, _TABLE, row, user)


def get_user(call: Call) -> Reply:
    """One user."""
    row = find_user(call.session, call.path["id"])
    if row is None:
        raise not_found()
    return Reply(200, {"user": _shown(call, row)})


def get_me(call: Call) -> Reply:
    """The token's user."""
    session = call.session
    token = letters(43, session.seed, session.case_id, "authenticity")
    return Reply(200, {"user": {**user(me(session)), "authenticity_token": f"{token}="}})


def list_users(call: Call) -> Reply:
    """All users, narrowed by `role`, or by several as `role[]`."""
    roles = [value for name, value in query_pairs(call.request.query) if name in _ROLE_KEYS]
    rows = (r for r in call.session.overlay.rows(_TABLE) if not roles or r.get("role") in roles)
    return list_reply(call, "users", sorted(rows, key=id_key), user)


def show_many_users(call: Call) -> Reply:
    """Several users by id."""
    ids = [each for each in call.query.get("ids", "").split(",") if each][:100]
    rows = [row for each in ids if (row := find_user(call.session, each)) is not None]
    shown = [_shown(call, row) for row in rows]
    return Reply(
        200, {"users": shown, "next_page": None, "previous_page": None, "count": len(rows)}
    )


def search_users(call: Call) -> Reply:
    """Users by e-mail, by external id, or by words of their name or e-mail."""
    query, external = call.query.get("query", "").strip(), call.query.get("external_id", "")
    if not (query or external):
        raise refused(422, "ParameterMissing", "query is missing")
    query = query or f"external_id:{external}"
    rows = sorted(_matching(call.session, query), key=id_key)
    page, links = offset_page(call, rows)
    return Reply(200, {"users": [_shown(call, row) for row in page], **links})


def _matching(session: CaseSession, query: str) -> list[Row]:
    name, _, value = query.partition(":")
    if value and name == "email":
        return holders(session, value.strip("\"'"))
    if value and name in ("name", "phone", "role", "external_id"):
        return find_folded(session.overlay, _TABLE, name, value.strip("\"'"))
    if _EMAIL.fullmatch(query):
        return holders(session, query)
    words = query.lower().split()
    return [row for row in session.overlay.rows(_TABLE) if all(w in _text(row) for w in words)]


def _text(row: Row) -> str:
    return f"{row.get('name') or ''} {row.get('email') or ''}".lower()


def requester_tickets_of(session: CaseSession, user_id: str) -> list[Row]:
    """The tickets that a user asked for, deleted ones left out."""
    rows = session.overlay.find("zendesk.tickets", "requester_id", user_id)
    return sorted((row for row in rows if not row.get("deleted_at")), key=id_key)


def given_user(call: Call) -> dict[str, Any]:
    """The body's `user`, or nothing."""
    given = call.fields.get("user")
    return given if isinstance(given, dict) else {}


def user_target(call: Call) -> Target:
    """The user that the path names."""
    return Target(type="user", id=call.path["id"])


def user_gist(call: Call) -> dict[str, Any]:
    """The fields to change."""
    return dict(given_user(call))


def user_class(call: Call) -> ActionClass | None:
    """Who a person is, and what they may do, is not changed without a person."""
    sensitive = ("email", "role", "suspended", "organization_id")
    return (
        ActionClass.APPROVAL_REQUIRED
        if any(name in given_user(call) for name in sensitive)
        else None
    )


def update_user(call: Call) -> Reply:
    """Changed fields of one user."""
    session, given = call.session, given_user(call)
    row = session.overlay.get(_TABLE, call.path["id"])
    if row is None:
        raise not_found()
    if not given:
        raise invalid_attribute("user")
    changes = user_changes(session, row, given)
    return Reply(200, {"user": _shown(call, session.overlay.patch(_TABLE, row["id"], changes))})


def user_changes(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    """What the named fields change, or the refusal."""
    changes = {name: text_or_none(name, given[name]) for name in _TEXTS if name in given}
    refuse_taken_external(session, _TABLE, row, changes.get("external_id"))
    if "name" in given and not (changes["name"] or "").strip():
        raise record_invalid("name", "Name: is too short (minimum one character)", "BlankValue")
    changes |= _standing(session, row, given)
    return {**changes, "updated_at": session.clock.iso()}


def _standing(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    """Who the user is, and what they may do."""
    changes: dict[str, Any] = {
        name: flag(name, given[name]) for name in ("suspended", "verified") if name in given
    }
    if "email" in given:
        changes |= _email(session, row, given["email"])
    if "tags" in given:
        changes["tags"] = words(given["tags"])
    if "user_fields" in given:
        check_keyed(session, "user_fields", _fields(given))
        changes["user_fields"] = {**(row.get("user_fields") or {}), **_fields(given)}
    if "role" in given:
        if given["role"] not in _ROLES:
            raise record_invalid("role", "Role: is invalid")
        changes["role"] = given["role"]
    if "organization_id" in given:
        changes["organization_id"] = organization_of(session, given["organization_id"])
    return changes


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(given["user_fields"], dict):
        raise invalid_attribute("user_fields")
    return given["user_fields"]


def organization_of(session: CaseSession, value: Any) -> str | None:
    """The organization that a request names, or the 422."""
    named = id_or_none("organization_id", value)
    if named is not None and session.overlay.get("zendesk.organizations", named) is None:
        raise record_invalid("organization", "Organization: is invalid")
    return named


def _email(session: CaseSession, row: Row, given: Any) -> dict[str, Any]:
    """The first e-mail of a user is the primary one, and any later one another address."""
    email = free_email(session, row, given)
    known = row.get("email")
    if not known:
        return {"email": email}
    if known.lower() != email.lower():
        add_address(session, row, "email", email)
    return {}


def free_email(session: CaseSession, row: Row, email: Any) -> str:
    """An e-mail that nobody else has, or the 422."""
    if not isinstance(email, str) or not _EMAIL.fullmatch(email):
        raise record_invalid("email", f"Email: {str(email)[:80]} is not properly formatted")
    if any(holder["id"] != row["id"] for holder in holders(session, email)):
        message = f"Email: {email} is already being used by another user"
        raise record_invalid("email", message, "DuplicateValue")
    return email
