"""HubSpot's batches: up to a hundred objects a call, answered 207 where some fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from understudy.model.world import Row
from understudy.systems.hubspot.errors import PORTAL, all_invalid, failure
from understudy.systems.hubspot.kinds import TYPE_IDS, kind_of, singular
from understudy.systems.hubspot.objects import (
    archive_one,
    create_one,
    find_object,
    is_unique,
    update_one,
)
from understudy.systems.hubspot.payload import Asked, show_object
from understudy.systems.operation import Call, Refusal, Reply

__all__ = ["batch_archive", "batch_create", "batch_read", "batch_update", "batch_upsert", "inputs"]

_MOST = 100
_TRACE = "objectWriteTraceId"


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
    """Several new objects; one that cannot be made refuses them all, unless inputs are traced."""
    return _each(call, 201, lambda kind, item: create_one(call.session, kind, item), Asked())


def batch_update(call: Call) -> Reply:
    """Changed properties of several objects."""
    _refuse_unclear(call)
    return _each(call, 200, lambda kind, item: _updated(call, kind, item), Asked())


def batch_upsert(call: Call) -> Reply:
    """Objects changed where a unique property finds them, else made."""
    _refuse_unclear(call)
    made: set[str] = set()
    return _each(
        call,
        200,
        lambda kind, item: _upserted(call, kind, item, made),
        Asked(),
        lambda row: {"new": row["id"] in made},
    )


def _refuse_unclear(call: Call) -> None:
    """Each input of a batch that changes objects names one, by what no two can have alike."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    given = _checked(call)
    for by in filter(None, (item.get("idProperty") for item in given)):
        if not (isinstance(by, str) and is_unique(session, kind, by, changing=True)):
            message = (
                f"Unable to perform update/upsert by non-unique {TYPE_IDS.get(kind, kind)}"
                f" property {str(by)[:80]} in portal ID {PORTAL}"
            )
            raise failure(session, 400, message, "VALIDATION_ERROR")
    named = Counter(str(item.get("id")) for item in given if "id" in item)
    twice = [each for each, count in named.items() if count > 1]
    if twice:
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise failure(session, 400, message, "VALIDATION_ERROR", context={"ids": twice})


def batch_archive(call: Call) -> Reply:
    """Several objects moved to the recycle bin."""
    kind = kind_of(call.session, call.path["object_type"])
    for item in _checked(call):
        row = _named(call, kind, item, None)
        if row is not None:
            archive_one(call.session, kind, row)
    return Reply(204)


@dataclass(slots=True)
class _Failed:
    """What became of the inputs that could not be carried out."""

    lost: list[dict[str, Any]] = field(default_factory=list)
    traced: list[dict[str, Any]] = field(default_factory=list)
    whole: list[Refusal] = field(default_factory=list)

    def refuse(self, item: dict[str, Any], refusal: Refusal) -> None:
        """An input with a trace of its own fails alone; any other takes the batch with it."""
        body = refusal.reply.payload
        trace = item.get(_TRACE)
        if not trace:
            self.whole.append(refusal)
            return
        taken = body["message"].partition("Existing ID: ")[2]
        context = {_TRACE: [str(trace)], **body.get("context", {})}
        context |= {"existingId": [taken]} if taken else {}
        told = {key: body[key] for key in ("category", "message")}
        self.traced.append({"status": "error", **told, "context": context})

    def errors(self, kind: str) -> list[dict[str, Any]]:
        """The entries of a 207."""
        return [*([_lost(kind, self.lost)] if self.lost else []), *self.traced]


def _each(
    call: Call,
    status: int,
    step: Callable[[str, dict[str, Any]], Row | None],
    asked: Asked,
    besides: Callable[[Row], dict[str, Any]] = lambda _: {},
) -> Reply:
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    results, failed = [], _Failed()
    for item in _checked(call):
        mark = session.overlay.mark()
        try:
            row = step(kind, item)
        except Refusal as refusal:
            session.overlay.rollback(mark)
            failed.refuse(item, refusal)
            continue
        if row is None:
            failed.lost.append(item)
            continue
        shown = asked.properties or tuple(item.get("properties") or ())
        wanted = Asked(shown, asked.history)
        results.append(show_object(session, kind, row, wanted, **besides(row)))
    if failed.whole:
        raise all_invalid(session, failed.whole)
    now = session.clock.iso_millis()
    body: dict[str, Any] = {
        "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now,
    }  # fmt: skip
    errors = failed.errors(kind)
    if errors:
        return Reply(207, {**body, "numErrors": len(errors), "errors": errors})
    return Reply(status, body)


def _lost(kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    traces = [str(item[_TRACE]) for item in items if item.get(_TRACE)]
    context = {"ids": [str(item.get("id")) for item in items]}
    message = (
        f"Could not get some {singular(kind).upper()} objects, they may be deleted or not exist."
        " Check that ids are valid."
    )
    return {
        "status": "error", "category": "OBJECT_NOT_FOUND", "message": message,
        "context": {**context, _TRACE: traces} if traces else context,
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
    if by is None:
        return None
    if isinstance(given, dict):
        given = {by: item.get("id"), **given}
    row = create_one(call.session, kind, {**item, "properties": given})
    made.add(row["id"])
    return row
