"""What describes the CRM itself: owners, pipelines, object types."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from understudy.model.world import Row
from understudy.systems.hubspot.definitions import BORN
from understudy.systems.hubspot.errors import not_found
from understudy.systems.hubspot.kinds import TYPE_IDS, kind_of, schema_of
from understudy.systems.hubspot.paging import page_size
from understudy.systems.hubspot.pipelines import shown_pipelines
from understudy.systems.hubspot.properties import show_property
from understudy.systems.operation import Call, Reply
from understudy.systems.session import CaseSession

__all__ = [
    "get_owner",
    "get_pipeline",
    "get_schema",
    "get_stage",
    "list_owners",
    "list_pipelines",
    "list_schemas",
    "list_stages",
]


def _owner(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"], "email": row.get("email"), "type": "PERSON",
        "firstName": row.get("firstName"), "lastName": row.get("lastName"),
        "userId": crc32(row["id"].encode()) % 10**8, "createdAt": row.get("createdAt", BORN),
        "updatedAt": row.get("updatedAt", BORN), "archived": bool(row.get("archived", False)),
    }  # fmt: skip


def list_owners(call: Call) -> Reply:
    """A page of owners, or the one with an e-mail."""
    session, query = call.session, call.query
    rows = sorted(session.overlay.rows("hubspot.owners"), key=lambda row: row["id"])
    email, after = query.get("email"), query.get("after") or ""
    if email:
        rows = [row for row in rows if str(row.get("email")).lower() == email.lower()]
    rows = [row for row in rows if row["id"] > after]
    limit = page_size(session, {"limit": query.get("limit", "100")}, 500)
    payload: dict[str, Any] = {"results": [_owner(row) for row in rows[:limit]]}
    if len(rows) > limit:
        payload["paging"] = {"next": {"after": rows[limit - 1]["id"]}}
    return Reply(200, payload)


def get_owner(call: Call) -> Reply:
    """One owner, by the owner's id or the user's."""
    given, overlay = call.path["id"], call.session.overlay
    row = overlay.get("hubspot.owners", given)
    if call.query.get("idProperty") == "userId":
        rows = overlay.rows("hubspot.owners")
        row = next((each for each in rows if str(_owner(each)["userId"]) == given), None)
    if row is None:
        raise not_found(call.session)
    return Reply(200, _owner(row))


def list_pipelines(call: Call) -> Reply:
    """All pipelines of an object type."""
    kind = kind_of(call.session, call.path["object_type"])
    return Reply(200, {"results": shown_pipelines(call.session.overlay.world, kind)})


def _found(call: Call) -> dict[str, Any]:
    kind = kind_of(call.session, call.path["object_type"])
    for made in shown_pipelines(call.session.overlay.world, kind):
        if made["id"] == call.path["id"]:
            return made
    raise not_found(call.session)


def get_pipeline(call: Call) -> Reply:
    """One pipeline with its stages."""
    return Reply(200, _found(call))


def list_stages(call: Call) -> Reply:
    """The stages of one pipeline."""
    return Reply(200, {"results": _found(call)["stages"]})


def get_stage(call: Call) -> Reply:
    """One stage of a pipeline."""
    for made in _found(call)["stages"]:
        if made["id"] == call.path["stage_id"]:
            return Reply(200, made)
    raise not_found(call.session)


def _schema(session: CaseSession, row: Row) -> dict[str, Any]:
    kind, overlay = row["id"], session.overlay
    linked = [
        {
            "id": str(number), "fromObjectTypeId": kind, "toObjectTypeId": other,
            "name": f"{row.get('name')}_to_{name.removesuffix('s')}", "createdAt": None,
            "updatedAt": None, "cardinality": "ONE_TO_MANY",
            "inverseCardinality": "ONE_TO_MANY",
        }
        for number, (name, other) in enumerate(TYPE_IDS.items(), 1)
    ]  # fmt: skip
    own = [
        each["id"][len(kind) + 1 :]
        for each in overlay.find("hubspot.properties", "object_type", kind)
        if not each.get("archived")
    ]
    taken = (
        "labels", "requiredProperties", "searchableProperties", "primaryDisplayProperty",
        "secondaryDisplayProperties", "fullyQualifiedName", "name",
    )  # fmt: skip
    return {
        "id": kind.partition("-")[2], "objectTypeId": kind, "metaType": "PORTAL_SPECIFIC",
        **{name: row.get(name) for name in taken}, "archived": False, "restorable": True,
        "properties": [show_property(overlay, kind, name) for name in own], "associations": linked,
        "createdAt": row.get("createdAt") or BORN, "updatedAt": row.get("updatedAt") or BORN,
    }  # fmt: skip


def list_schemas(call: Call) -> Reply:
    """The company's own object types with their properties."""
    rows = call.session.overlay.world.table("hubspot.schemas").values()
    return Reply(200, {"results": [_schema(call.session, row) for row in rows]})


def get_schema(call: Call) -> Reply:
    """One of the company's own object types, by type id or name."""
    row = schema_of(call.session.overlay.world, call.path["object_type"])
    if row is None:
        raise not_found(call.session)
    return Reply(200, _schema(call.session, row))
