"""A company's own ticket fields and forms, out of Zendesk's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from understudy.model.system_settings import FieldType

__all__ = ["learn"]

_FIELDS = ("ticket_fields", "user_fields", "organization_fields")
_KNOWN_TYPES = get_args(FieldType)


def learn(name: str, document: Any) -> dict[str, Any] | None:
    """What one exported answer tells, as a part of the settings; None where it is no such export.

    Ticket fields that every account has, as subject or status, are left out.
    """
    del name
    if not isinstance(document, Mapping):
        return None
    found: dict[str, Any] = {}
    for table in _FIELDS:
        if isinstance(document.get(table), list):
            rows = [row for row in document[table] if row.get("type") in _KNOWN_TYPES]
            own = [row for row in rows if row.get("removable", True) and not row.get("system")]
            found[table] = [_field(row, table) for row in own]
    if isinstance(document.get("ticket_forms"), list):
        found["ticket_forms"] = [_form(row) for row in document["ticket_forms"]]
    return found or None


def _field(row: Mapping[str, Any], table: str) -> dict[str, Any]:
    options = row.get("custom_field_options") or row.get("system_field_options") or ()
    made: dict[str, Any] = {
        "id": int(row["id"]), "title": str(row.get("title") or row.get("raw_title")),
        "type": row["type"],
        "options": [
            {"value": str(each["value"]), "label": str(each.get("name") or each["value"])}
            for each in options
        ],
        "pattern": row.get("regexp_for_validation"),
    }  # fmt: skip
    if table == "ticket_fields":
        made["required"] = bool(row.get("required"))
    else:
        made["key"] = row.get("key")
    made = {key: value for key, value in made.items() if value not in (None, False, [])}
    return made if row.get("active", True) else {**made, "active": False}


def _form(row: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": int(row["id"]), "name": str(row.get("name") or row.get("raw_name")),
        "fields": [int(each) for each in row.get("ticket_field_ids") or ()],
    }  # fmt: skip
    if row.get("default"):
        made["default"] = True
    return made if row.get("active", True) else {**made, "active": False}
