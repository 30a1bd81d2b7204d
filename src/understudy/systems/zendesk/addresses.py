"""The addresses by which a user is known: the primary e-mail, the phone, and further ones."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from understudy.model.world import Row
from understudy.systems.folded import find_folded, fold
from understudy.systems.session import CaseSession

__all__ = ["ADDRESSES", "add_address", "addresses", "holders", "make_primary", "put_address"]

ADDRESSES = "zendesk.identities"
_USERS = "zendesk.users"


def addresses(session: CaseSession, user: Row) -> list[Row]:
    """All addresses of a user, the primary one first.

    What stands in the user's own row is told as addresses too, under ids that never change.
    """
    kept = session.overlay.find(ADDRESSES, "user_id", user["id"])
    known = {(row["type"], fold(row["value"])) for row in kept}
    own = [("email", user.get("email")), ("phone_number", user.get("phone"))]
    told = [_own(user, kind, value) for kind, value in own if value]
    both = [row for row in told if (row["type"], fold(row["value"])) not in known] + kept
    primary = fold(user.get("email") or "")
    marked: list[Row] = [
        {**row, "primary": row["type"] == "email" and fold(row["value"]) == primary} for row in both
    ]
    if not any(row["primary"] for row in marked) and marked:
        marked[0] = {**marked[0], "primary": True}
    return sorted(marked, key=lambda row: not row["primary"])


def _own(user: Row, kind: str, value: Any) -> Row:
    return {
        "id": str(crc32(f"{user['id']}:{kind}".encode())), "user_id": user["id"], "type": kind,
        "value": value, "verified": True, "created_at": user.get("created_at"),
        "updated_at": user.get("updated_at"),
    }  # fmt: skip


def holders(session: CaseSession, email: str) -> list[Row]:
    """The users with an e-mail, those with it as their primary one first, deleted ones left out."""
    found = find_folded(session.overlay, _USERS, "email", email)
    further = find_folded(session.overlay, ADDRESSES, "value", email)
    owners = (session.overlay.get(_USERS, row["user_id"]) for row in further)
    both = [*found, *(row for row in owners if row is not None)]
    return list({row["id"]: row for row in both if row.get("active", True)}.values())


def add_address(session: CaseSession, user: Row, kind: str, value: str, **told: Any) -> Row:
    """A further address of a user, or the one that is there already."""
    for row in addresses(session, user):
        if (row["type"], fold(row["value"])) == (kind, fold(value)):
            return row
    now = session.clock.iso()
    made = {
        "id": session.number("identity", 13, ADDRESSES), "user_id": user["id"], "type": kind,
        "value": value, "verified": False, "created_at": now, "updated_at": now, **told,
    }  # fmt: skip
    return put_address(session, made)


def put_address(session: CaseSession, row: Row) -> Row:
    """Write an address; which one is the primary one only the user's own row says."""
    kept = {name: value for name, value in row.items() if name != "primary"}
    return session.overlay.put(ADDRESSES, kept)


def make_primary(session: CaseSession, user: Row, address: Row) -> Row:
    """The user with another primary e-mail; the one before stays among the addresses."""
    for row in addresses(session, user):
        if row["type"] == "email" and session.overlay.get(ADDRESSES, row["id"]) is None:
            put_address(session, row)
    changes = {"email": address["value"], "updated_at": session.clock.iso()}
    return session.overlay.patch(_USERS, user["id"], changes)
