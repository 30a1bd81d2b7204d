"""The fields of tickets: those that every account has, defined ones, and ones that tickets show."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from understudy.model.world import Row, World
from understudy.systems.overlay import Overlay

__all__ = ["TICKET_FIELDS", "is_known_field", "shown_fields", "standard_fields", "whole_field"]

TICKET_FIELDS = "zendesk.ticket_fields"
_BORN = "2021-03-01T09:00:00Z"
_STANDARD = (
    ("Subject", "subject"), ("Description", "description"), ("Status", "status"),
    ("Type", "tickettype"), ("Priority", "priority"), ("Group", "group"), ("Assignee", "assignee"),
)  # fmt: skip
_FIRST = 360_000_000_001
_CHOSEN = {
    "status": ("Open", "Pending", "Solved"),
    "tickettype": ("Question", "Incident", "Problem", "Task"),
    "priority": ("Low", "Normal", "High", "Urgent"),
}
_OPEN_TO_CUSTOMERS = ("subject", "description")
_SHOWN: WeakKeyDictionary[World, dict[str, Row]] = WeakKeyDictionary()


def standard_fields() -> list[Row]:
    """What every account's tickets have; no account can take them away."""
    return [
        {**_field(str(_FIRST + place), title, kind), "position": place, "removable": False}
        for place, (title, kind) in enumerate(_STANDARD)
    ]


def _field(number: str, title: str, kind: str) -> dict[str, Any]:
    return {
        "id": number, "title": title, "type": kind, "position": 9999, "active": True,
        "required": False, "regexp_for_validation": None, "custom_field_options": [],
        "created_at": _BORN, "updated_at": _BORN,
    }  # fmt: skip


def whole_field(row: Row) -> dict[str, Any]:
    """A field with what an account says of it where nobody has said anything."""
    kind, text = row.get("type"), row.get("description") or ""
    theirs = kind in _OPEN_TO_CUSTOMERS
    said: dict[str, Any] = {
        "description": text, "raw_description": text, "collapsed_for_agents": False,
        "title_in_portal": row.get("title"), "visible_in_portal": theirs or kind == "priority",
        "editable_in_portal": theirs, "required_in_portal": theirs, "tag": None, "key": None,
        "agent_description": None, "removable": True,
    }  # fmt: skip
    if kind in _CHOSEN:
        said["system_field_options"] = [{"name": n, "value": n.lower()} for n in _CHOSEN[kind]]
    return {**said, **row}


def shown_fields(overlay: Overlay) -> list[Row]:
    """Custom fields that the world's tickets have and that nobody has defined."""
    return [
        row
        for number, row in _shown(overlay.world).items()
        if overlay.get(TICKET_FIELDS, number) is None
    ]


def _shown(world: World) -> dict[str, Row]:
    if world not in _SHOWN:
        found: dict[str, Row] = {}
        for ticket in world.table("zendesk.tickets").values():
            for number in _numbers(ticket.get("custom_fields")):
                if number not in found:
                    found[number] = _field(number, f"Custom field {number}", "text")
        _SHOWN[world] = found
    return _SHOWN[world]


def _numbers(fields: Any) -> list[str]:
    if isinstance(fields, dict):
        return [str(number) for number in fields if str(number).isdecimal()]
    listed = fields if isinstance(fields, list) else []
    numbers = (str(each.get("id")) for each in listed if isinstance(each, dict))
    return [number for number in numbers if number.isdecimal()]


def is_known_field(overlay: Overlay, named: int | str) -> bool:
    """Whether an account has a custom field; where nothing tells of any, it may have all."""
    number = str(named)
    if overlay.get(TICKET_FIELDS, number) is not None or number in _shown(overlay.world):
        return True
    return not overlay.world.table(TICKET_FIELDS) and not _shown(overlay.world)
