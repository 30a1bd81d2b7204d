"""Associations between CRM objects, v4 and the older v3 reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from understudy.model.world import Row
from understudy.systems.hubspot.association_types import (
    check_name,
    check_types,
    known_types,
    numbers,
    shown_types,
    told_types,
    turned_types,
)
from understudy.systems.hubspot.errors import failure, not_found
from understudy.systems.hubspot.kinds import KNOWN_IDS, kind_of, label, singular
from understudy.systems.hubspot.paging import next_page, page_size
from understudy.systems.hubspot.payload import Asked, links, show_object, spec
from understudy.systems.operation import Call, Reply, Wire
from understudy.systems.session import CaseSession

__all__ = [
    "End",
    "archive_association",
    "associate",
    "associate_default",
    "associate_labelled",
    "associate_v3",
    "both_ways",
    "labelled",
    "list_associations",
    "list_associations_v3",
    "part",
    "read_associations",
    "types_alone",
    "wanted_links",
]

_TABLE, _NUMBER, _MOST = "hubspot.associations", "associationTypeId", 500
End = tuple[str, str]


def associate(
    session: CaseSession, one: End, other: End, types: Sequence[dict[str, Any]] = ()
) -> None:
    """Write one association unless it is there; `types` take the place of those it has."""
    told = told_types(one[0], other[0], types)
    for row in links(session, *one, other[0]):
        if row["to_id"] == other[1]:
            kept = turned_types(one[0], other[0], told) if row.get("turned") else told
            if types and kept != list(row.get("types") or ()):
                session.overlay.patch(_TABLE, row["id"], {"types": kept})
            return
    row_id = session.number("association", 12, _TABLE)
    row = {
        "id": row_id, "from_type": one[0], "from_id": one[1], "to_type": other[0],
        "to_id": other[1],
    }  # fmt: skip
    session.overlay.put(_TABLE, {**row, "types": told} if told else row)


def wanted_links(
    session: CaseSession, kind: str, given: Any
) -> list[tuple[End, list[dict[str, Any]]]]:
    """The ends, with their types, that a new object's `associations` ask for; each must exist."""
    ends = []
    for item in given if isinstance(given, list) else []:
        end = item.get("to") if isinstance(item, dict) else None
        target = end.get("id") if isinstance(end, dict) else None
        to_id = str(target)
        to_kind = _kind_by_types(session, kind, item, to_id) if target else None
        if to_kind is None:
            message = f"Invalid association target: {to_id[:80]}"
            raise failure(session, 400, message, "VALIDATION_ERROR")
        types = item.get("types") or []
        checked = check_types(session, kind, to_kind, types) if types else []
        ends.append(((to_kind, to_id), checked))
    return ends


def _kind_by_types(session: CaseSession, kind: str, item: dict[str, Any], to_id: str) -> str | None:
    """The target's type: the one that the association's number belongs to, else who has the id."""
    own = session.overlay.world.table("hubspot.schemas")
    holders = [
        k for k in (*KNOWN_IDS, *own) if session.overlay.get(f"hubspot.{k}", to_id) is not None
    ]
    asked = numbers(item.get("types"))
    for holder in holders:
        if not asked.isdisjoint(known_types(kind, holder) or [spec(kind, holder)[_NUMBER]]):
            return holder
    return holders[0] if holders else None


def _ends(call: Call) -> tuple[End, End]:
    session, path = call.session, call.path
    one = (kind_of(session, path["object_type"]), path["id"])
    other = (kind_of(session, path["to_object_type"]), path["to_id"])
    for kind, row_id in (one, other):
        row = session.overlay.get(f"hubspot.{kind}", row_id)
        if row is None or row.get("archived"):
            raise not_found(session)
    return one, other


def _sources(call: Call) -> tuple[str, str]:
    kind = kind_of(call.session, call.path["object_type"])
    if call.session.overlay.get(f"hubspot.{kind}", call.path["id"]) is None:
        raise not_found(call.session)
    return kind, kind_of(call.session, call.path["to_object_type"])


def _one(kind: str, to_kind: str, link: Row) -> dict[str, Any]:
    to_id, types = link["to_id"], shown_types(kind, to_kind, link)
    return {"toObjectId": int(to_id) if to_id.isdecimal() else to_id, "associationTypes": types}


def list_associations(call: Call) -> Reply:
    """What an object is associated with, one target type at a time."""
    kind, to_kind = _sources(call)
    return _page(call, (kind, to_kind), lambda row: _one(kind, to_kind, row))


def list_associations_v3(call: Call) -> Reply:
    """The same in the older form."""
    kind, to_kind = _sources(call)
    named = label(kind, to_kind)
    return _page(call, (kind, to_kind), lambda row: {"id": row["to_id"], "type": named})


def _page(call: Call, kinds: tuple[str, str], show: Callable[[Row], dict[str, Any]]) -> Reply:
    limit, after = page_size(call.session, call.query, _MOST, _MOST), call.query.get("after")
    rows = links(call.session, kinds[0], call.path["id"], kinds[1])
    if after is not None:
        places = [index for index, row in enumerate(rows) if row["to_id"] == after]
        if not places:
            raise failure(call.session, 400, f"Invalid paging offset: {after}", "VALIDATION_ERROR")
        rows = rows[places[0] + 1 :]
    payload: dict[str, Any] = {"results": [show(row) for row in rows[:limit]]}
    if len(rows) > limit:
        payload["paging"] = next_page(call, limit, rows[limit - 1]["to_id"])
    return Reply(200, payload)


def read_associations(call: Call) -> Reply:
    """What several objects are associated with."""
    session = call.session
    kind = kind_of(session, call.path["object_type"])
    to_kind = kind_of(session, call.path["to_object_type"])
    results, errors = [], []
    wanted = call.fields.get("inputs")
    for item in wanted if isinstance(wanted, list) else []:
        row_id = str(item.get("id")) if isinstance(item, dict) else str(item)
        rows = links(session, kind, row_id, to_kind)
        if rows:
            found = [_one(kind, to_kind, row) for row in rows]
            results.append({"from": {"id": row_id}, "to": found})
        else:
            errors.append(_none_found(kind, to_kind, row_id))
    now = session.clock.iso_millis()
    body: dict[str, Any] = {
        "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now,
    }  # fmt: skip
    if errors:
        return Reply(207, {**body, "numErrors": len(errors), "errors": errors})
    return Reply(200, body)


def _none_found(kind: str, to_kind: str, row_id: str) -> dict[str, Any]:
    return {
        "status": "error", "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {singular(to_kind)} is associated with {singular(kind)} {row_id}.",
        "context": {
            "fromObjectId": [row_id], "fromObjectType": [singular(kind)],
            "toObjectType": [singular(to_kind)],
        },
    }  # fmt: skip


def both_ways(one: End, other: End) -> list[dict[str, Any]]:
    """A plain association as it is shown, once from each end."""
    return [
        {"from": {"id": a[1]}, "to": {"id": b[1]}, "associationSpec": spec(a[0], b[0])}
        for a, b in ((one, other), (other, one))
    ]


def labelled(one: End, other: End) -> dict[str, Any]:
    """An association of given types as it is shown."""
    return {
        "fromObjectTypeId": KNOWN_IDS.get(one[0], one[0]), "fromObjectId": one[1],
        "toObjectTypeId": KNOWN_IDS.get(other[0], other[0]), "toObjectId": other[1], "labels": [],
    }  # fmt: skip


def associate_default(call: Call) -> Reply:
    """Associate two objects without a label."""
    one, other = _ends(call)
    associate(call.session, one, other)
    now = call.session.clock.iso_millis()
    body = {"status": "COMPLETE", "results": both_ways(one, other), "startedAt": now}
    return Reply(200, {**body, "completedAt": now})


def associate_labelled(call: Call) -> Reply:
    """Associate two objects with given association types."""
    one, other = _ends(call)
    types = check_types(call.session, one[0], other[0], call.body)
    associate(call.session, one, other, types)
    return Reply(201, labelled(one, other))


def associate_v3(call: Call) -> Reply:
    """Associate two objects in the older form, which shows the first of them."""
    one, other = _ends(call)
    check_name(call.session, one[0], other[0], call.path["type"])
    associate(call.session, one, other)
    row = call.session.overlay.get(f"hubspot.{one[0]}", one[1]) or {}
    asked = Asked(associations=(other[0],))
    return Reply(200, show_object(call.session, one[0], row, asked))


def archive_association(call: Call) -> Reply:
    """Part two objects; parting strangers is no error."""
    part(call.session, *_ends(call))
    return Reply(204)


def part(session: CaseSession, one: End, other: End) -> None:
    """Take away what associates two objects."""
    for row in links(session, *one, other[0]):
        if row["to_id"] == other[1]:
            session.overlay.delete(_TABLE, row["id"])


def types_alone(given: dict[str, Any]) -> Wire:
    """The list of types is the whole body."""
    return Wire(body=given.get("types") or [])
