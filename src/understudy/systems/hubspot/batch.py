"""HubSpot's batches: up to a hundred objects a call, answered 207 where some fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.world import Row
from understudy.systems.hubspot.errors import failure
from understudy.systems.hubspot.kinds import kind_of
from understudy.systems.hubspot.objects import archive_one, create_one, find_object, update_one
from understudy.systems.hubspot.payload import Asked, show_object
from understudy.systems.operation import Call, Reply

__all__ = ["batch_archive", "batch_create", "batch_read", "batch_update", "batch_upsert", "inputs"]

_MOST = 100


def inputs(call: Call) -> list[dict[str, Any]]:
    """The batch's entries as far as they are objects; nothing is refused here."""
    given = call.fields.get("inputs")
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


def _checked(call: Call) -> list[dict[str, Any]]:
    given = call.fields.get("inputs")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        message = "Invalid input JSON: inputs must be a list of objects"
        raise failure(call.session, 400, message, "VALIDATION_ERROR")
    if len(given) > _MOST:
        message = f"The maximum number of inputs is {_MOST}, but {len(given)} were given"
        raise failure(call.session, 400, message, "VALIDATION_ERROR")
    return given


def batch_read(call: Call) -> Reply:
    """Several objects by id, or by a unique property."""
    by = call.fields.get("idProperty")
    asked = Asked.of(call.fields)
    return _each(call, 200, lambda kind, item: _named(call, kind, item, by), asked)


def batch_create(call: Call) -> Reply:
    """Several new objects; one that cannot be made refuses them all."""
    return _each(call, 201, lambda kind, item: create_one(call.session, kind, item), Asked())


def batch_update(call: Call) -> Reply:
    """Changed properties of several objects."""
    return _each(call, 200, lambda kind, item: _updated(call, kind, item), Asked())


def batch_upsert(call: Call) -> Reply:
    """Objects changed where a unique property finds them, else made."""
    made: set[str] = set()
    return _each(
        call,
        200,
        lambda kind, item: _upserted(call, kind, item, made),
        Asked(),
        lambda row: {"new": row["id"] in made},
    )


def batch_archive(call: Call) -> Reply:
    """Several objects moved to the recycle bin."""
    kind = kind_of(call.session, call.path["object_type"])
    for item in _checked(call):
        row = _named(call, kind, item, None)
        if row is not None:
            archive_one(call.session, kind, row)
    return Reply(204)


def _each(
    call: Call,
    status: int,
    step: Callable[[str, dict[str, Any]], Row | None],
    asked: Asked,
    besides: Callable[[Row], dict[str, Any]] = lambda _: {},
) -> Reply:
    kind = kind_of(call.session, call.path["object_type"])
    results, lost = [], []
    for item in _checked(call):
        row = step(kind, item)
        if row is None:
            lost.append(str(item.get("id")))
            continue
        shown = asked.properties or tuple(item.get("properties") or ())
        wanted = Asked(shown, asked.history)
        results.append(show_object(call.session, kind, row, wanted, **besides(row)))
    now = call.session.clock.iso_millis()
    body: dict[str, Any] = {
        "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now,
    }  # fmt: skip
    if lost:
        return Reply(207, {**body, "numErrors": 1, "errors": [_lost(lost)]})
    return Reply(status, body)


def _lost(ids: list[str]) -> dict[str, Any]:
    return {
        "status": "error", "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some objects: {', '.join(ids)}", "context": {"ids": ids},
    }  # fmt: skip


def _named(call: Call, kind: str, item: dict[str, Any], by: Any) -> Row | None:
    row = find_object(call.session, kind, str(item.get("id")), by or item.get("idProperty"))
    return None if row is None or row.get("archived") else row


def _updated(call: Call, kind: str, item: dict[str, Any]) -> Row | None:
    row = _named(call, kind, item, None)
    if row is None:
        return None
    return update_one(call.session, kind, row, item.get("properties"))


def _upserted(call: Call, kind: str, item: dict[str, Any], made: set[str]) -> Row | None:
    row = _named(call, kind, item, None)
    if row is not None:
        return update_one(call.session, kind, row, item.get("properties"))
    by, given = item.get("idProperty"), item.get("properties") or {}
    if by in (None, "hs_object_id"):
        return None
    if isinstance(given, dict):
        given = {by: item.get("id"), **given}
    row = create_one(call.session, kind, {**item, "properties": given})
    made.add(row["id"])
    return row
