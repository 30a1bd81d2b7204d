"""What describes the CRM itself: owners, pipelines, properties."""

from __future__ import annotations

from collections import Counter
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from understudy.model.world import Row, World
from understudy.systems.hubspot.definitions import definition, pipelines
from understudy.systems.hubspot.errors import failure, not_found
from understudy.systems.hubspot.kinds import TYPE_IDS, columns, kind_of, schema_of
from understudy.systems.hubspot.objects import page_size
from understudy.systems.hubspot.validation import OPTIONS
from understudy.systems.operation import Call, Reply
from understudy.systems.session import CaseSession

__all__ = [
    "get_owner",
    "get_pipeline",
    "get_property",
    "get_schema",
    "list_owners",
    "list_pipelines",
    "list_properties",
    "list_schemas",
]

_BORN = "2021-03-01T09:00:00Z"
_STAGES: dict[str, tuple[str, ...]] = {
    "deals": (
        "appointmentscheduled", "qualifiedtobuy", "presentationscheduled",
        "decisionmakerboughtin", "contractsent", "closedwon", "closedlost",
    ),
    "tickets": ("1", "2", "3", "4"),
}  # fmt: skip
_COLUMNS = {
    "deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage"),
}  # fmt: skip
_PIPELINES: WeakKeyDictionary[World, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


def _owner(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"], "email": row.get("email"), "type": "PERSON",
        "firstName": row.get("firstName"), "lastName": row.get("lastName"),
        "userId": crc32(row["id"].encode()) % 10**8, "createdAt": row.get("createdAt", _BORN),
        "updatedAt": row.get("updatedAt", _BORN), "archived": bool(row.get("archived", False)),
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
    """One owner."""
    row = call.session.overlay.get("hubspot.owners", call.path["id"])
    if row is None:
        raise not_found(call.session)
    return Reply(200, _owner(row))


def _pipelines(session: CaseSession, kind: str) -> list[dict[str, Any]]:
    known = _PIPELINES.setdefault(session.overlay.world, {})
    if kind not in known:
        own = pipelines(session.overlay.world, kind)
        known[kind] = [_shown(row) for row in own] or _derived(session.overlay.world, kind)
    return known[kind]


def _shown(row: Row) -> dict[str, Any]:
    """A pipeline as the company has defined it."""
    times = {"createdAt": _BORN, "updatedAt": _BORN, "archived": False}
    taken = {name: row[name] for name in ("label", "displayOrder", "stages")}
    return {"id": row["name"], **taken, **times}


def _derived(world: World, kind: str) -> list[dict[str, Any]]:
    """The standard pipeline, and those that at least twenty of the world's objects lie in."""
    if kind not in _COLUMNS:
        return []
    pipeline, stage = _COLUMNS[kind]
    rows = list(world.table(f"hubspot.{kind}").values())
    often = Counter(str(row[pipeline]) for row in rows if row.get(pipeline))
    names = ["default", *sorted(n for n, count in often.items() if count >= 20 and n != "default")]
    made = []
    for order, name in enumerate(names):
        own = [str(row[stage]) for row in rows if row.get(pipeline) == name and row.get(stage)]
        seen = [s for s, count in sorted(Counter(own).items()) if count >= 20]
        made.append(_pipeline(name, order, list(dict.fromkeys((*_STAGES[kind], *seen)))))
    return made


def _pipeline(name: str, order: int, stages: list[str]) -> dict[str, Any]:
    times = {"createdAt": _BORN, "updatedAt": _BORN, "archived": False}
    shown = [
        {"id": s, "label": s, "displayOrder": i, "metadata": _closed(s), **times}
        for i, s in enumerate(stages)
    ]
    return {"id": name, "label": name, "displayOrder": order, "stages": shown, **times}


def _closed(stage: str) -> dict[str, str]:
    return {"isClosed": "true" if stage.startswith("closed") else "false"}


def list_pipelines(call: Call) -> Reply:
    """All pipelines of an object type."""
    kind = kind_of(call.session, call.path["object_type"])
    return Reply(200, {"results": _pipelines(call.session, kind)})


def get_pipeline(call: Call) -> Reply:
    """One pipeline with its stages."""
    kind = kind_of(call.session, call.path["object_type"])
    for made in _pipelines(call.session, kind):
        if made["id"] == call.path["id"]:
            return Reply(200, made)
    raise not_found(call.session)


def _property(world: World, kind: str, name: str) -> dict[str, Any]:
    """A property's definition: the company's own, else the standard one."""
    own = definition(world, kind, name)
    standard = _standard(kind, name)
    if own is None:
        return standard
    kept = {key: own[key] for key in standard.keys() & own.keys() - {"createdAt", "updatedAt"}}
    changeable = {**standard["modificationMetadata"], "readOnlyDefinition": False}
    changeable["readOnlyValue"] = bool(own.get("readOnly"))
    return {**standard, "hubspotDefined": False, **kept, "modificationMetadata": changeable}


def _standard(kind: str, name: str) -> dict[str, Any]:
    options = OPTIONS.get(name, ())
    return {
        "name": name, "label": name.replace("_", " ").capitalize(),
        "type": "enumeration" if options else "string",
        "fieldType": "select" if options else "text", "description": "",
        "groupName": f"{kind.removesuffix('s')}information",
        "options": [
            {"label": o, "value": o, "displayOrder": i, "hidden": False}
            for i, o in enumerate(options)
        ],
        "displayOrder": -1, "calculated": False, "externalOptions": False, "hasUniqueValue": False,
        "hidden": False, "hubspotDefined": True, "formField": True, "createdAt": _BORN,
        "updatedAt": _BORN, "archived": False,
        "modificationMetadata": {
            "archivable": True, "readOnlyDefinition": True, "readOnlyValue": False,
        },
    }  # fmt: skip


def list_properties(call: Call) -> Reply:
    """The definitions of all properties of an object type."""
    kind = kind_of(call.session, call.path["object_type"])
    world = call.session.overlay.world
    return Reply(200, {"results": [_property(world, kind, name) for name in columns(world, kind)]})


def get_property(call: Call) -> Reply:
    """The definition of one property."""
    kind, name = kind_of(call.session, call.path["object_type"]), call.path["name"]
    if name not in columns(call.session.overlay.world, kind):
        message = f"Unable to find property {name} for {kind}"
        raise failure(call.session, 404, message, "OBJECT_NOT_FOUND")
    return Reply(200, _property(call.session.overlay.world, kind, name))


def _schema(world: World, row: Row) -> dict[str, Any]:
    kind = row["id"]
    linked = [
        {
            "id": str(number), "fromObjectTypeId": kind, "toObjectTypeId": other,
            "name": f"{row.get('name')}_to_{name.removesuffix('s')}", "createdAt": None,
            "updatedAt": None, "cardinality": "ONE_TO_MANY",
            "inverseCardinality": "ONE_TO_MANY",
        }
        for number, (name, other) in enumerate(TYPE_IDS.items(), 1)
    ]  # fmt: skip
    names = [
        each[len(kind) + 1 :] for each in world.find("hubspot.properties", "object_type", kind)
    ]
    taken = (
        "labels", "requiredProperties", "searchableProperties", "primaryDisplayProperty",
        "secondaryDisplayProperties", "fullyQualifiedName", "name",
    )  # fmt: skip
    return {
        "id": kind.partition("-")[2], "objectTypeId": kind, "metaType": "PORTAL_SPECIFIC",
        **{name: row.get(name) for name in taken}, "archived": False, "restorable": True,
        "properties": [_property(world, kind, name) for name in names], "associations": linked,
        "createdAt": row.get("createdAt") or _BORN, "updatedAt": row.get("updatedAt") or _BORN,
    }  # fmt: skip


def list_schemas(call: Call) -> Reply:
    """The company's own object types with their properties."""
    world = call.session.overlay.world
    rows = world.table("hubspot.schemas").values()
    return Reply(200, {"results": [_schema(world, row) for row in rows]})


def get_schema(call: Call) -> Reply:
    """One of the company's own object types, by type id or name."""
    world = call.session.overlay.world
    row = schema_of(world, call.path["object_type"])
    if row is None:
        raise not_found(call.session)
    return Reply(200, _schema(world, row))
