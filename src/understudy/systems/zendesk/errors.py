"""Zendesk's way of saying no."""

from __future__ import annotations

from understudy.systems.operation import Refusal

__all__ = ["invalid_attribute", "not_found", "record_invalid", "refused"]


def refused(status: int, error: str, description: str) -> Refusal:
    """An error body."""
    return Refusal(status, {"error": error, "description": description})


def not_found() -> Refusal:
    """The 404 of an id that does not exist."""
    return refused(404, "RecordNotFound", "Not found")


def record_invalid(field: str, description: str, code: str = "InvalidValue") -> Refusal:
    """The 422 of a value that the record does not allow."""
    return Refusal(
        422,
        {
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {field: [{"description": description, "error": code}]},
        },
    )


def invalid_attribute(name: str) -> Refusal:
    """The 400 of a body that lacks its wrapping key, or has nonsense under it."""
    message = f"You passed an invalid value for the {name} attribute. Invalid parameter: {name}"
    return Refusal(400, {"error": {"title": "Invalid attribute", "message": message}})
