"""What describes the CRM itself: owners, pipelines, object types."""

from __future__ import annotations

from collections import Counter
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from understudy.model.world import Row, World
from understudy.systems.hubspot.definitions import pipelines
from understudy.systems.hubspot.errors import not_found
from understudy.systems.hubspot.kinds import TYPE_IDS, kind_of, schema_of
from understudy.systems.hubspot.objects import page_size
from understudy.systems.hubspot.properties import BORN, show_property
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

_ENDS = ("1.0", "0.0")
_STAGES: dict[str, dict[str, tuple[str, str]]] = {
    "deals": {
        "appointmentscheduled": ("Appointment Scheduled", "0.2"),
        "qualifiedtobuy": ("Qualified To Buy", "0.4"),
        "presentationscheduled": ("Presentation Scheduled", "0.6"),
        "decisionmakerboughtin": ("Decision Maker Bought-In", "0.8"),
        "contractsent": ("Contract Sent", "0.9"), "closedwon": ("Closed Won", "1.0"),
        "closedlost": ("Closed Lost", "0.0"),
    },
    "tickets": {
        "1": ("New", ""), "2": ("Waiting on contact", ""), "3": ("Waiting on us", ""),
        "4": ("Closed", "1.0"),
    },
}  # fmt: skip
_FIRST = {"deals": "default", "tickets": "0"}
_LABELS = {"deals": "Sales Pipeline", "tickets": "Support Pipeline"}
_COLUMNS = {
    "deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage"),
}  # fmt: skip
_PIPELINES: WeakKeyDictionary[World, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


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


def _pipelines(session: CaseSession, kind: str) -> list[dict[str, Any]]:
    known = _PIPELINES.setdefault(session.overlay.world, {})
    if kind not in known:
        own = pipelines(session.overlay.world, kind)
        known[kind] = [_shown(row) for row in own] or _derived(session.overlay.world, kind)
    return known[kind]


def _shown(row: Row) -> dict[str, Any]:
    """A pipeline as the company has defined it."""
    times = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
    taken = {name: row[name] for name in ("label", "displayOrder", "stages")}
    return {"id": row["name"], **taken, **times}


def _derived(world: World, kind: str) -> list[dict[str, Any]]:
    """The standard pipeline, and those that at least twenty of the world's objects lie in."""
    if kind not in _COLUMNS:
        return []
    pipeline, stage = _COLUMNS[kind]
    rows = list(world.table(f"hubspot.{kind}").values())
    often = Counter(str(row[pipeline]) for row in rows if row.get(pipeline))
    first = _FIRST[kind]
    names = [first, *sorted(n for n, count in often.items() if count >= 20 and n != first)]
    made = []
    for order, name in enumerate(names):
        own = [str(row[stage]) for row in rows if row.get(pipeline) == name and row.get(stage)]
        seen = [s for s, count in sorted(Counter(own).items()) if count >= 20]
        stages = [*_STAGES[kind], *(each for each in seen if each not in _STAGES[kind])]
        made.append(_pipeline(kind, name, order, stages))
    return made


def _pipeline(kind: str, name: str, order: int, stages: list[str]) -> dict[str, Any]:
    times = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
    shown = [_stage(kind, each, index) | times for index, each in enumerate(stages)]
    label = _LABELS[kind] if name == _FIRST[kind] else name
    return {"id": name, "label": label, "displayOrder": order, "stages": shown, **times}


def _stage(kind: str, stage: str, order: int) -> dict[str, Any]:
    label, share = _STAGES[kind].get(stage, (stage, ""))
    closed = share in _ENDS or stage.startswith("closed")
    told = {"isClosed": "true" if closed else "false"}
    if kind == "tickets":
        told["ticketState"] = "CLOSED" if closed else "OPEN"
    elif share:
        told["probability"] = share
    return {"id": stage, "label": label, "displayOrder": order, "metadata": told}


def list_pipelines(call: Call) -> Reply:
    """All pipelines of an object type."""
    kind = kind_of(call.session, call.path["object_type"])
    return Reply(200, {"results": _pipelines(call.session, kind)})


def _found(call: Call) -> dict[str, Any]:
    kind = kind_of(call.session, call.path["object_type"])
    for made in _pipelines(call.session, kind):
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
