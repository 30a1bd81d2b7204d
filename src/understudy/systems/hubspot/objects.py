"""CRM objects: read, list, create, change, archive."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from understudy.model.world import Row, World
from understudy.systems.folded import find_folded
from understudy.systems.hubspot.associations import associate, wanted_links
from understudy.systems.hubspot.definitions import definition
from understudy.systems.hubspot.errors import failure, not_found
from understudy.systems.hubspot.kinds import STANDARD, columns, kind_of
from understudy.systems.hubspot.paging import next_page, page_size
from understudy.systems.hubspot.payload import Asked, show_object
from understudy.systems.hubspot.validation import clean, refuse_taken, refuse_unset
from understudy.systems.operation import Call, Reply
from understudy.systems.session import CaseSession

__all__ = [
    "archive_object",
    "archive_one",
    "create_object",
    "create_one",
    "find_object",
    "get_object",
    "is_unique",
    "list_objects",
    "living",
    "update_object",
    "update_one",
]

_ORDERS: WeakKeyDictionary[World, dict[str, list[tuple[int, str]]]] = WeakKeyDictionary()


def find_object(session: CaseSession, kind: str, given: str, by: Any = None) -> Row | None:
    """The object that an id, or a unique property's value, names; merged ids lead to the winner."""
    table = f"hubspot.{kind}"
    if by and by != "hs_object_id":
        if not (isinstance(by, str) and is_unique(session, kind, by)):
            message = f"Property {str(by)[:80]} does not exist or is not unique"
            raise failure(session, 400, message, "VALIDATION_ERROR")
        found = find_folded(session.overlay, table, by, given)
        return next((row for row in found if not row.get("archived")), None)
    row = session.overlay.get(table, given)
    seen = {given}
    while row is not None and row.get("hs_merged_into") and row["hs_merged_into"] not in seen:
        seen.add(row["hs_merged_into"])
        row = session.overlay.get(table, row["hs_merged_into"])
    return row


def is_unique(session: CaseSession, kind: str, name: str, *, changing: bool = False) -> bool:
    """Whether objects can be named by a property; one that is not told to be otherwise can.

    A company is found by its domain, but not changed by it, and an id is no property then.
    """
    own = definition(session.overlay, kind, name)
    if own is not None and "hasUniqueValue" in own:
        return bool(own["hasUniqueValue"])
    if changing and name in ("domain", "hs_object_id"):
        return False
    known = name in columns(session.overlay, kind)
    return known and (name in ("email", "domain") or name not in STANDARD.get(kind, ()))


def living(call: Call, kind: str) -> Row:
    """The object that the path names and that is not archived, or the 404."""
    row = find_object(call.session, kind, call.path["id"], call.query.get("idProperty"))
    if row is None or row.get("archived"):
        raise not_found(call.session)
    return row


def _archived(call: Call) -> bool:
    # The vendor's own client for Python writes `True`.
    return str(call.query.get("archived")).lower() == "true"


def get_object(call: Call) -> Reply:
    """One object."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    row = find_object(session, kind, call.path["id"], call.query.get("idProperty"))
    archived = _archived(call)
    if row is None or bool(row.get("archived")) != archived:
        raise not_found(session)
    return Reply(200, show_object(session, kind, row, Asked.of(call.query)))


def list_objects(call: Call) -> Reply:
    """A page of objects in the order of their ids."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    limit, after = page_size(session, call.query, 100), call.query.get("after")
    archived = _archived(call)
    asked, found = Asked.of(call.query), []
    for row in _ordered(session, f"hubspot.{kind}", after):
        if bool(row.get("archived")) == archived:
            found.append(row)
            if len(found) > limit:
                break
    return _page(call, kind, found, limit, asked)


def _page(call: Call, kind: str, found: list[Row], limit: int, asked: Asked) -> Reply:
    shown = [show_object(call.session, kind, row, asked) for row in found[:limit]]
    payload: dict[str, Any] = {"results": shown}
    if len(found) > limit:
        payload["paging"] = next_page(call, limit, found[limit - 1]["id"])
    return Reply(200, payload)


def _ordered(session: CaseSession, table: str, after: str | None) -> Iterator[Row]:
    order = _order(session, table)
    start = 0
    if after is not None:
        if not after.isdecimal():
            raise failure(session, 400, f"Invalid paging offset: {after}", "VALIDATION_ERROR")
        start = bisect_right(order, _key(after))
    for index in range(start, len(order)):
        row = session.overlay.get(table, order[index][1])
        if row is not None:
            yield row


def _order(session: CaseSession, table: str) -> list[tuple[int, str]]:
    world = session.overlay.world
    orders = _ORDERS.setdefault(world, {})
    if table not in orders:
        orders[table] = sorted(map(_key, world.table(table)))
    own = [r["id"] for r in session.overlay.written(table) if world.get(table, r["id"]) is None]
    return sorted([*orders[table], *map(_key, own)]) if own else orders[table]


def _key(row_id: str) -> tuple[int, str]:
    return len(row_id), row_id


def create_object(call: Call) -> Reply:
    """One new object."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    row = create_one(session, kind, call.fields)
    created = (f"hubspot.{kind}", row["id"])
    shown = show_object(session, kind, row, Asked(tuple(call.fields.get("properties") or ())))
    return Reply(201, shown, created=created)


def create_one(session: CaseSession, kind: str, given: Mapping[str, Any]) -> Row:
    """Write one new object with its associations."""
    if given.get("properties") is None:
        message = (
            "Invalid input JSON on line 1, column 1: Cannot build SimplePublicObjectInputForCreate,"
            " some of required attributes are not set [properties]"
        )
        raise failure(session, 400, message, "VALIDATION_ERROR")
    stored = clean(session, kind, given["properties"])
    refuse_unset(session, kind, stored)
    refuse_taken(session, kind, stored)
    ends = wanted_links(session, kind, given.get("associations"))
    now, table = session.clock.iso_millis(), f"hubspot.{kind}"
    row_id = session.number(kind, 12, table)
    times = {"createdAt": now, "updatedAt": now, "archived": False}
    row = session.overlay.put(table, {"id": row_id, **times, **stored})
    for other, types in ends:
        associate(session, (kind, row_id), other, types)
    return row


def update_object(call: Call) -> Reply:
    """Changed properties of one object."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    row = update_one(session, kind, living(call, kind), call.fields.get("properties"))
    shown = show_object(session, kind, row, Asked(tuple(call.fields.get("properties") or ())))
    return Reply(200, shown)


def update_one(session: CaseSession, kind: str, row: Row, given: Any) -> Row:
    """Write changed properties of an object that is not archived."""
    stored = clean(session, kind, given, row)
    refuse_taken(session, kind, stored, row["id"])
    stored["updatedAt"] = session.clock.iso_millis()
    return session.overlay.patch(f"hubspot.{kind}", row["id"], stored)


def archive_object(call: Call) -> Reply:
    """One object moved to the recycle bin; one that lies there already is no error."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    row = find_object(session, kind, call.path["id"], call.query.get("idProperty"))
    if row is None:
        raise not_found(session)
    if not row.get("archived"):
        archive_one(session, kind, row)
    return Reply(204)


def archive_one(session: CaseSession, kind: str, row: Row) -> None:
    """Mark an object as archived."""
    changes = {"archived": True, "updatedAt": session.clock.iso_millis()}
    session.overlay.patch(f"hubspot.{kind}", row["id"], changes)
