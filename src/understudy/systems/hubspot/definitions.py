"""What a company has defined in its CRM itself: types, properties, pipelines; and their checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from understudy.model.world import Row, World
from understudy.systems.hubspot.errors import property_error
from understudy.systems.hubspot.kinds import schema_of
from understudy.systems.overlay import Overlay

__all__ = [
    "BORN",
    "definition",
    "is_dated",
    "option_error",
    "pipelines",
    "required",
    "value_error",
]

BORN = "2021-03-01T09:00:00Z"
"""When the account was opened, and everything standard with it."""
_TRUTHS = ("true", "false")
_SEVERAL = ("checkbox",)


def definition(overlay: Overlay, kind: str, name: str) -> Row | None:
    """The company's own definition of a property, or None."""
    row = overlay.get("hubspot.properties", f"{kind}.{name}")
    return None if row is None or row.get("archived") else row


def required(world: World, kind: str) -> tuple[str, ...]:
    """The properties without which a custom object is not made."""
    schema = schema_of(world, kind)
    return tuple(schema.get("requiredProperties") or ()) if schema else ()


def pipelines(world: World, kind: str) -> list[Row]:
    """The company's own pipelines of a type, in their order."""
    ids = world.find("hubspot.pipelines", "object_type", kind)
    rows = [row for each in ids if (row := world.get("hubspot.pipelines", each)) is not None]
    return sorted(rows, key=lambda row: row.get("displayOrder", 0))


def value_error(overlay: Overlay, kind: str, name: str, text: str) -> dict[str, Any] | None:
    """What HubSpot says of a value that the company's own definitions do not allow, or None."""
    known = definition(overlay, kind, name)
    wrong = _by_type(known, text) if known else None
    return property_error(name, *wrong) if wrong else None


def _by_type(known: Row, text: str) -> tuple[str, str] | None:
    if known.get("readOnly"):
        return f"{known['name']} is a read only property", "READ_ONLY_VALUE"
    kind = known.get("type")
    if kind == "number" and not _numeric(text):
        return f"{text} was not a valid number.", "INVALID_NUMBER"
    if kind == "bool" and text not in _TRUTHS:
        return option_error(list(_TRUTHS), text)
    if kind in ("date", "datetime") and not is_dated(text, kind):
        return f"{text} was not a valid long.", "INVALID_LONG"
    if kind == "enumeration":
        allowed = [str(each["value"]) for each in known.get("options") or ()]
        asked = _parts(known, text)
        wrong = next((part for part in asked if part not in allowed), None)
        return option_error(allowed, wrong) if allowed and wrong is not None else None
    return None


def _parts(known: Row, text: str) -> Iterator[str]:
    several = known.get("fieldType") in _SEVERAL
    return iter([part for part in text.split(";") if part] if several else [text])


def option_error(allowed: list[str], text: str) -> tuple[str, str]:
    """What HubSpot says of a value that is none of those it may be, and the error's name."""
    return f"{text} was not one of the allowed options: [{', '.join(allowed)}]", "INVALID_OPTION"


def _numeric(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def is_dated(text: str, kind: str) -> bool:
    """A day or a time in ISO's form, or milliseconds of the epoch."""
    if text.removeprefix("-").isdecimal():
        return True
    try:
        parsed = (
            date.fromisoformat if kind == "date" and len(text) == 10 else datetime.fromisoformat
        )
        parsed(text)
    except ValueError:
        return False
    return True
