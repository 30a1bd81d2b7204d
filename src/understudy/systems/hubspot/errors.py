"""HubSpot's way of saying no."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from understudy.systems.operation import Refusal
from understudy.systems.session import CaseSession

__all__ = ["NO_CASE", "failure", "invalid_properties", "not_found", "property_error"]

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
        "localizedErrorMessage": message, "portalId": 26_104_557,
    }  # fmt: skip


def invalid_properties(session: CaseSession, errors: Iterable[dict[str, Any]]) -> Refusal:
    """The 400 that lists every property whose value is not allowed."""
    text = json.dumps(list(errors), ensure_ascii=False, separators=(",", ":"))
    return failure(session, 400, f"Property values were not valid: {text}", "VALIDATION_ERROR")
