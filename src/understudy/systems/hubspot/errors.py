"""HubSpot's way of saying no."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from understudy.systems.operation import Refusal
from understudy.systems.session import CaseSession

__all__ = [
    "NO_CASE",
    "PORTAL",
    "all_invalid",
    "failure",
    "invalid_properties",
    "not_found",
    "property_error",
]

PORTAL = 26_104_557
"""The number of the mocked account."""
NO_CASE = "00000000-0000-4000-a000-000000000000"
"""The correlation id of a request that belongs to nobody."""


def failure(
    session: CaseSession | None, status: int, message: str, category: str, **more: Any
) -> Refusal:
    """An error body with its correlation id."""
    made = session.correlation_id() if session else NO_CASE
    body = {
        "status": "error", "message": message, "correlationId": made, "category": category, **more,
    }  # fmt: skip
    return Refusal(status, body)


def not_found(session: CaseSession) -> Refusal:
    """The 404 of an id that does not exist."""
    return failure(
        session, 404, "Object not found.  objectId are usually numeric.", "OBJECT_NOT_FOUND"
    )


def property_error(name: str, message: str, error: str) -> dict[str, Any]:
    """One entry of a validation error."""
    return {
        "isValid": False, "message": message, "error": error, "name": name,
        "localizedErrorMessage": message, "portalId": PORTAL,
    }  # fmt: skip


def invalid_properties(session: CaseSession, errors: Iterable[dict[str, Any]]) -> Refusal:
    """The 400 that lists every property whose value is not allowed."""
    found = list(errors)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    message = f"Property values were not valid: {text}"
    told = [
        {"message": e["message"], "code": e["error"], "context": {"propertyName": [e["name"]]}}
        for e in found
    ]
    return failure(session, 400, message, "VALIDATION_ERROR", errors=told)


def all_invalid(session: CaseSession, refusals: Sequence[Refusal]) -> Refusal:
    """One refusal of several: every property that is wrong in any, or else the first."""
    bodies = [refusal.reply.payload for refusal in refusals]
    told = [each for body in bodies for each in body.get("errors", ())]
    if not all("errors" in body for body in bodies):
        return refusals[0]
    return invalid_properties(
        session,
        [property_error(e["context"]["propertyName"][0], e["message"], e["code"]) for e in told],
    )
