"""Organizations: read, looked up, made, changed, deleted."""

from __future__ import annotations

from typing import Any

from understudy.model.action import Target
from understudy.model.world import Row
from understudy.systems.folded import find_folded
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import invalid_attribute, not_found, record_invalid
from understudy.systems.zendesk.forms import check_keyed
from understudy.systems.zendesk.listing import counted, id_key, list_reply
from understudy.systems.zendesk.payload import BASE_URL, organization
from understudy.systems.zendesk.people import find_user
from understudy.systems.zendesk.values import id_or_none, refuse_taken_external, text_or_none, words

__all__ = [
    "autocomplete",
    "count_organizations",
    "create_organization",
    "delete_organization",
    "get_organization",
    "list_organizations",
    "list_organizations_of",
    "new_organization",
    "organization_gist",
    "organization_target",
    "search_organizations",
    "update_organization",
]

_TABLE = "zendesk.organizations"
_TEXTS = ("name", "details", "notes", "external_id")


def _listed(call: Call, rows: list[Row]) -> Reply:
    return list_reply(call, "organizations", sorted(rows, key=id_key), organization)


def _shown(session: CaseSession, row: Row) -> dict[str, Any]:
    return {"organization": show(session, _TABLE, row, organization)}


def _named(call: Call) -> Row:
    row = call.session.overlay.get(_TABLE, call.path["id"])
    if row is None:
        raise not_found()
    return row


def _given(call: Call) -> dict[str, Any]:
    given = call.fields.get("organization")
    return given if isinstance(given, dict) else {}


def new_organization(_: Call) -> Target:
    """A new organization has no id before it is there."""
    return Target(type="organization")


def organization_target(call: Call) -> Target:
    """The organization that the path names."""
    return Target(type="organization", id=call.path["id"])


def organization_gist(call: Call) -> dict[str, Any]:
    """The fields to change."""
    return dict(_given(call))


def get_organization(call: Call) -> Reply:
    """One organization."""
    return Reply(200, _shown(call.session, _named(call)))


def list_organizations(call: Call) -> Reply:
    """All organizations."""
    return _listed(call, list(call.session.overlay.rows(_TABLE)))


def list_organizations_of(call: Call) -> Reply:
    """The organization of a user."""
    person = find_user(call.session, call.path["id"])
    if person is None:
        raise not_found()
    row = call.session.overlay.get(_TABLE, str(person.get("organization_id")))
    return _listed(call, [] if row is None else [row])


def search_organizations(call: Call) -> Reply:
    """Organizations by name or by external id, exactly."""
    overlay, query = call.session.overlay, call.query
    if query.get("external_id"):
        return _listed(call, overlay.find(_TABLE, "external_id", query["external_id"]))
    return _listed(call, find_folded(overlay, _TABLE, "name", query.get("name", "")))


def autocomplete(call: Call) -> Reply:
    """Organizations whose name begins so."""
    start = call.query.get("name", "").lower()
    rows = call.session.overlay.rows(_TABLE)
    return _listed(call, [r for r in rows if str(r.get("name") or "").lower().startswith(start)])


def count_organizations(call: Call) -> Reply:
    """How many organizations there are."""
    return counted(call, sum(1 for _ in call.session.overlay.rows(_TABLE)))


def _changes(session: CaseSession, row: Row, given: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {n: text_or_none(n, given[n]) for n in _TEXTS if n in given}
    if "name" in given:
        _refuse_name(session, row, changes["name"])
    refuse_taken_external(session, _TABLE, row, changes.get("external_id"))
    if "tags" in given:
        changes["tags"] = words(given["tags"])
    if "domain_names" in given:
        changes["domain_names"] = words(given["domain_names"])
    if "group_id" in given:
        changes["group_id"] = id_or_none("group_id", given["group_id"])
    own = given.get("organization_fields")
    if own is not None:
        if not isinstance(own, dict):
            raise invalid_attribute("organization_fields")
        check_keyed(session, "organization_fields", own)
        changes["organization_fields"] = {**(row.get("organization_fields") or {}), **own}
    return {**changes, "updated_at": session.clock.iso()}


def _refuse_name(session: CaseSession, row: Row, name: str | None) -> None:
    if not (name or "").strip():
        raise record_invalid("name", "Name: cannot be blank", "BlankValue")
    if any(each["id"] != row.get("id") for each in find_folded(session.overlay, _TABLE, "name",
                                                               str(name))):  # fmt: skip
        raise record_invalid("name", "Name: has already been taken", "DuplicateValue")


def create_organization(call: Call) -> Reply:
    """A new organization; its name must be free."""
    session, given = call.session, _given(call)
    if not given:
        raise invalid_attribute("organization")
    changes = _changes(session, {}, {"name": None, **given})
    row_id = session.number("organization", 13, _TABLE)
    made = {"id": row_id, "created_at": session.clock.iso(), **changes}
    row = session.overlay.put(_TABLE, made)
    place = (("location", f"{BASE_URL}/organizations/{row_id}.json"),)
    return Reply(201, _shown(session, row), place, created=(_TABLE, row_id))


def update_organization(call: Call) -> Reply:
    """Changed fields of one organization."""
    row, given, session = _named(call), _given(call), call.session
    if not given:
        raise invalid_attribute("organization")
    row = session.overlay.patch(_TABLE, row["id"], _changes(session, row, given))
    return Reply(200, _shown(session, row))


def delete_organization(call: Call) -> Reply:
    """An organization taken away; its people belong to none."""
    row, overlay = _named(call), call.session.overlay
    for person in overlay.find("zendesk.users", "organization_id", row["id"]):
        overlay.patch("zendesk.users", person["id"], {"organization_id": None})
    overlay.delete(_TABLE, row["id"])
    return Reply(204)
