"""A user's identities: listed, added, verified, made the primary one, taken away."""

from __future__ import annotations

import re
from typing import Any

from understudy.model.action import Action, Target
from understudy.model.world import Row
from understudy.systems.operation import Call, Reply, Wire
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.addresses import (
    ADDRESSES,
    add_address,
    addresses,
    make_primary,
    put_address,
)
from understudy.systems.zendesk.errors import invalid_attribute, not_found, record_invalid
from understudy.systems.zendesk.payload import BASE_URL, number
from understudy.systems.zendesk.people import find_user, free_email
from understudy.systems.zendesk.values import flag

__all__ = [
    "create_identity",
    "delete_identity",
    "get_identity",
    "identity_gist",
    "identity_params",
    "identity_target",
    "identity_wire",
    "list_identities",
    "make_identity_primary",
    "new_identity",
    "request_verification",
    "update_identity",
    "verify_identity",
]

_TYPES = (
    "agent_forwarding", "any_channel", "email", "facebook", "foreign", "google", "messaging",
    "phone_number", "sdk", "twitter",
)  # fmt: skip
_PHONE = re.compile(r"\+?[\d\s().-]{3,}")


def _user(call: Call) -> Row:
    row = find_user(call.session, call.path["id"])
    if row is None:
        raise not_found()
    return row


def _named(call: Call) -> tuple[Row, Row]:
    """The user and the identity that the path names."""
    user = _user(call)
    for row in addresses(call.session, user):
        if row["id"] == call.path["identity_id"]:
            return user, row
    raise not_found()


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": number(row["id"]),
        "url": f"{BASE_URL}/users/{row['user_id']}/identities/{row['id']}.json",
        "user_id": number(row["user_id"]), "type": row["type"], "value": row["value"],
        "verified": bool(row.get("verified")), "primary": bool(row.get("primary")),
        "deliverable_state": "deliverable", "undeliverable_count": 0,
        "created_at": row.get("created_at"), "updated_at": row.get("updated_at"),
    }  # fmt: skip


def list_identities(call: Call) -> Reply:
    """The addresses by which a user is known, the primary one first."""
    return _listed(call.session, _user(call))


def _listed(session: CaseSession, user: Row) -> Reply:
    shown = [_shown(row) for row in addresses(session, user)]
    links = {"next_page": None, "previous_page": None, "count": len(shown)}
    return Reply(200, {"identities": shown, **links})


def get_identity(call: Call) -> Reply:
    """One address of a user."""
    return Reply(200, {"identity": _shown(_named(call)[1])})


def _given(call: Call) -> dict[str, Any]:
    given = call.fields.get("identity")
    return given if isinstance(given, dict) else {}


def _value(session: CaseSession, user: Row, kind: str, value: Any) -> str:
    if kind not in _TYPES:
        raise record_invalid("type", f"Type: {kind[:40]} is not included in the list")
    if not isinstance(value, str) or not value.strip():
        raise record_invalid("value", "Value: cannot be blank", "BlankValue")
    if kind == "phone_number" and not _PHONE.fullmatch(value):
        raise record_invalid("value", f"Value: {value[:40]} is not a phone number")
    return free_email(session, user, value) if kind == "email" else value


def create_identity(call: Call) -> Reply:
    """A further address of a user; as the primary one where that is asked for."""
    session, user, given = call.session, _user(call), _given(call)
    if not given:
        raise invalid_attribute("identity")
    kind = str(given.get("type"))
    value = _value(session, user, kind, given.get("value"))
    verified = flag("verified", given.get("verified", False))
    if kind == "email" and any(row["value"] == value for row in addresses(session, user)):
        message = f"Email: {value} is already being used by another user"
        raise record_invalid("value", message, "DuplicateValue")
    row = add_address(session, user, kind, value, verified=verified)
    if given.get("primary") is True and kind == "email":
        user = make_primary(session, user, row)
    shown = next(each for each in addresses(session, user) if each["id"] == row["id"])
    place = (("location", f"{BASE_URL}/users/{user['id']}/identities/{row['id']}.json"),)
    return Reply(201, {"identity": _shown(shown)}, place, created=(ADDRESSES, row["id"]))


def update_identity(call: Call) -> Reply:
    """Another value of an address, or that it is verified."""
    (user, row), given = _named(call), _given(call)
    changes: dict[str, Any] = {"updated_at": call.session.clock.iso()}
    if "value" in given:
        changes["value"] = _value(call.session, user, row["type"], given["value"])
    if "verified" in given:
        changes["verified"] = flag("verified", given["verified"])
    return _changed(call.session, user, row, changes)


def verify_identity(call: Call) -> Reply:
    """An address that is the user's for sure."""
    user, row = _named(call)
    now = call.session.clock.iso()
    return _changed(call.session, user, row, {"verified": True, "updated_at": now})


def request_verification(call: Call) -> Reply:
    """A mail to the user with a link that verifies an address."""
    _, row = _named(call)
    if row["type"] != "email":
        raise record_invalid("base", "Only an email identity can be verified by mail")
    return Reply(200)


def _changed(session: CaseSession, user: Row, row: Row, changes: dict[str, Any]) -> Reply:
    put_address(session, {**row, **changes})
    name = "email" if row["type"] == "email" else "phone"
    if "value" in changes and user.get(name) == row["value"]:
        session.overlay.patch("zendesk.users", user["id"], {name: changes["value"]})
    return Reply(200, {"identity": _shown({**row, **changes})})


def make_identity_primary(call: Call) -> Reply:
    """The address by which the user is written to from now on; only an e-mail can be."""
    user, row = _named(call)
    if row["type"] != "email":
        raise record_invalid("base", "Only an email identity can be made primary")
    return _listed(call.session, make_primary(call.session, user, row))


def delete_identity(call: Call) -> Reply:
    """An address taken away; the primary one stays."""
    user, row = _named(call)
    if row["primary"]:
        raise record_invalid("base", "The primary identity cannot be deleted")
    session = call.session
    if session.overlay.get(ADDRESSES, row["id"]) is not None:
        session.overlay.delete(ADDRESSES, row["id"])
    if row["type"] == "phone_number" and user.get("phone") == row["value"]:
        session.overlay.patch("zendesk.users", user["id"], {"phone": None})
    return Reply(204)


def new_identity(_: Call) -> Target:
    """A new identity has no id before it is there."""
    return Target(type="identity")


def identity_target(call: Call) -> Target:
    """The identity that the path names."""
    return Target(type="identity", id=call.path["identity_id"])


def identity_gist(call: Call) -> dict[str, Any]:
    """Whose address it is, and what is given."""
    return {**_given(call), "user_id": call.path["id"]}


def identity_params(action: Action) -> dict[str, Any]:
    """The parameters behind `identity_gist`."""
    given = {name: value for name, value in action.fields.items() if name != "user_id"}
    named = action.target.id if action.target else None
    place = {"identity_id": named} if named else {}
    return {**given, "id": str(action.fields.get("user_id")), **place}


def identity_wire(given: dict[str, Any]) -> Wire:
    """Flat parameters as an `identity`."""
    return Wire(body={"identity": given})
