"""Typed reading of what a request's JSON holds, with Zendesk's complaint where it does not fit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from understudy.model.world import Row
from understudy.systems.folded import find_folded
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import invalid_attribute, record_invalid

__all__ = [
    "custom_value",
    "flag",
    "id_or_none",
    "refuse_taken_external",
    "text_or_none",
    "time_or_none",
    "words",
]

_DIGITS = 18


def text_or_none(name: str, value: Any) -> str | None:
    """A text; numbers are read as one."""
    if isinstance(value, dict | list | bool):
        raise invalid_attribute(name)
    return None if value is None else str(value)


def id_or_none(name: str, value: Any) -> str | None:
    """The number of another record, as the world keeps it."""
    if value in (None, ""):
        return None
    text = str(value)
    if isinstance(value, bool | float) or not text.isdecimal() or len(text) > _DIGITS:
        label = name.removesuffix("_id")
        raise record_invalid(label, f"{label.capitalize()}: is invalid")
    return text


def time_or_none(name: str, value: Any) -> str | None:
    """A time with its zone."""
    if value in (None, ""):
        return None
    try:
        zoned = datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        zoned = False
    if not zoned:
        raise invalid_attribute(name)
    return str(value)


def words(value: Any) -> list[str]:
    """Tags, as a list or as a text that spaces or commas part, each once."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, list) or any(isinstance(part, dict | list) for part in parts):
        raise invalid_attribute("tags")
    return list(dict.fromkeys(str(part).lower().replace(" ", "_") for part in parts))


def flag(name: str, value: Any) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise invalid_attribute(name)
    return value


def custom_value(value: Any) -> Any:
    """What a custom field can hold: a plain value, or the words of a list to choose from."""
    plain = value if isinstance(value, list) else [value]
    if any(isinstance(each, dict | list) for each in plain):
        raise invalid_attribute("custom_fields")
    return value


def refuse_taken_external(session: CaseSession, table: str, row: Row, external: Any) -> None:
    """No two users, and no two organizations, have one external id."""
    new = external and external != row.get("external_id")
    found = find_folded(session.overlay, table, "external_id", external) if new else []
    if any(each["id"] != row.get("id") and each.get("active", True) for each in found):
        raise record_invalid("external_id", "External has already been taken", "DuplicateValue")
