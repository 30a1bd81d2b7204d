"""Associations written many at a time, in the newer form and in the older one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.systems.hubspot.association_types import check_types, known_types
from understudy.systems.hubspot.associations import End, associate, both_ways, labelled, part
from understudy.systems.hubspot.errors import failure
from understudy.systems.hubspot.kinds import association_type, kind_of, label
from understudy.systems.hubspot.payload import links
from understudy.systems.operation import Call, Reply

__all__ = [
    "archive_many",
    "associate_many",
    "associate_many_default",
    "associate_many_v3",
    "list_labels",
    "list_types",
    "read_many_v3",
]

_MOST, _OWN = 2000, "HUBSPOT_DEFINED"
Shown = Callable[[End, End], list[dict[str, Any]]]


def _kinds(call: Call) -> tuple[str, str]:
    return (
        kind_of(call.session, call.path["object_type"]),
        kind_of(call.session, call.path["to_object_type"]),
    )


def _inputs(call: Call) -> list[dict[str, Any]]:
    given = call.fields.get("inputs")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        message = "Invalid input JSON: inputs must be a list of associations"
        raise failure(call.session, 400, message, "VALIDATION_ERROR")
    if len(given) > _MOST:
        message = f"The maximum number of inputs is {_MOST}, but {len(given)} were given"
        raise failure(call.session, 400, message, "VALIDATION_ERROR")
    return given


def _id(end: Any) -> str:
    return str(end.get("id")) if isinstance(end, dict) else str(end)


def _many(call: Call, status: int, shown: Shown) -> Reply:
    """Each pair that is there associated; those that are not are told."""
    session, (kind, to_kind) = call.session, _kinds(call)
    results, errors = [], []
    for item in _inputs(call):
        one, other = (kind, _id(item.get("from"))), (to_kind, _id(item.get("to")))
        if all(_lives(call, *end) for end in (one, other)):
            types = item.get("types")
            told = check_types(session, kind, to_kind, types) if types is not None else []
            associate(session, one, other, told)
            results += shown(one, other)
        else:
            errors.append(_missing(one, other))
    now = session.clock.iso_millis()
    body: dict[str, Any] = {
        "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now,
    }  # fmt: skip
    if errors:
        return Reply(207, {**body, "numErrors": len(errors), "errors": errors})
    return Reply(status, body)


def _lives(call: Call, kind: str, row_id: str) -> bool:
    row = call.session.overlay.get(f"hubspot.{kind}", row_id)
    return row is not None and not row.get("archived")


def _missing(one: End, other: End) -> dict[str, Any]:
    return {
        "status": "error", "category": "VALIDATION_ERROR",
        "subCategory": "crm.associations.INVALID_OBJECT_IDS",
        "message": f"{one[0]} {one[1]} or {other[0]} {other[1]} does not exist.",
        "context": {"fromObjectId": [one[1]], "toObjectId": [other[1]]},
    }  # fmt: skip


def associate_many(call: Call) -> Reply:
    """Pairs with given association types."""
    return _many(call, 201, lambda one, other: [labelled(one, other)])


def associate_many_default(call: Call) -> Reply:
    """Pairs without a label."""
    return _many(call, 200, both_ways)


def associate_many_v3(call: Call) -> Reply:
    """Pairs in the older form, where the type goes by its name."""
    return _many(
        call,
        201,
        lambda one, other: [
            {"from": {"id": one[1]}, "to": {"id": other[1]}, "type": label(one[0], other[0])}
        ],
    )


def archive_many(call: Call) -> Reply:
    """Pairs parted; `to` may be one object or several, and strangers are no error."""
    kind, to_kind = _kinds(call)
    for item in _inputs(call):
        told = item.get("to")
        for other in told if isinstance(told, list) else [told]:
            part(call.session, (kind, _id(item.get("from"))), (to_kind, _id(other)))
    return Reply(204)


def read_many_v3(call: Call) -> Reply:
    """What several objects are associated with, in the older form."""
    session, (kind, to_kind) = call.session, _kinds(call)
    named, results = label(kind, to_kind), []
    for item in _inputs(call):
        rows = links(session, kind, _id(item), to_kind)
        if rows:
            to = [{"id": row["to_id"], "type": named} for row in rows]
            results.append({"from": {"id": _id(item)}, "to": to})
    now = session.clock.iso_millis()
    return Reply(
        200, {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    )


def list_labels(call: Call) -> Reply:
    """The association types between two object types, the plain one first."""
    kinds = _kinds(call)
    known = known_types(*kinds) or {association_type(*kinds): None}
    listed = [{"category": _OWN, "typeId": number, "label": known[number]} for number in known]
    return Reply(200, {"results": listed})


def list_types(call: Call) -> Reply:
    """The same in the older form, by name."""
    kinds = _kinds(call)
    return Reply(200, {"results": [{"id": str(association_type(*kinds)), "name": label(*kinds)}]})
