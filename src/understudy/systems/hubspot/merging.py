"""Two contacts made one, and a contact forgotten for good. Neither can be undone."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.hubspot.errors import failure, not_found
from understudy.systems.hubspot.kinds import kind_of
from understudy.systems.hubspot.objects import find_object
from understudy.systems.hubspot.payload import Asked, show_object
from understudy.systems.operation import Call, Reply
from understudy.systems.session import CaseSession

__all__ = ["gdpr_delete", "merge_objects"]

_OWN = ("id", "archived", "createdAt", "updatedAt", "hs_merged_into", "hs_merged_object_ids")


def merge_objects(call: Call) -> Reply:
    """The second object's values fill the first one's gaps; its id leads to the first."""
    session, kind = call.session, kind_of(call.session, call.path.get("object_type", "contacts"))
    winner = _party(call, kind, "primaryObjectId")
    loser = _party(call, kind, "objectIdToMerge")
    if winner["id"] == loser["id"]:
        message = "The objects to merge are the same object, or were merged before."
        raise failure(session, 400, message, "VALIDATION_ERROR")
    table, now = f"hubspot.{kind}", session.clock.iso_millis()
    gaps = {k: v for k, v in loser.items() if k not in _OWN and not winner.get(k)}
    merged = ";".join(filter(None, (winner.get("hs_merged_object_ids"), loser["id"])))
    row = session.overlay.patch(
        table, winner["id"], {**gaps, "hs_merged_object_ids": merged, "updatedAt": now}
    )
    gone = {"archived": True, "hs_merged_into": winner["id"], "updatedAt": now}
    session.overlay.patch(table, loser["id"], gone)
    _move_links(session, loser["id"], winner["id"], kind)
    return Reply(200, show_object(session, kind, row, Asked()))


def _party(call: Call, kind: str, name: str) -> Row:
    given = call.fields.get(name)
    if not isinstance(given, str | int) or isinstance(given, bool):
        message = f"Invalid input JSON: {name} must be an object id"
        raise failure(call.session, 400, message, "VALIDATION_ERROR")
    row = find_object(call.session, kind, str(given))
    if row is None or row.get("archived"):
        raise not_found(call.session)
    return row


def _move_links(session: CaseSession, loser_id: str, winner_id: str, kind: str) -> None:
    table = "hubspot.associations"
    for end in ("from", "to"):
        for row in session.overlay.find(table, f"{end}_id", loser_id):
            if row[f"{end}_type"] == kind:
                session.overlay.patch(table, row["id"], {f"{end}_id": winner_id})


def gdpr_delete(call: Call) -> Reply:
    """The contact, its associations and every trace of its values."""
    session, body = call.session, call.fields
    by: Any = body.get("idProperty")
    row = find_object(session, "contacts", str(body.get("objectId")), by)
    if row is None:
        raise not_found(session)
    for end in ("from_id", "to_id"):
        for link in session.overlay.find("hubspot.associations", end, row["id"]):
            session.overlay.delete("hubspot.associations", link["id"])
    session.overlay.delete("hubspot.contacts", row["id"])
    return Reply(204)
