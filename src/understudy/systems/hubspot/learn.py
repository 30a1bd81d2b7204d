"""A company's own CRM definitions, out of HubSpot's answers and exports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from understudy.model.system_settings import PropertyType
from understudy.systems.hubspot.kinds import STANDARD, TYPE_IDS, table_of

__all__ = ["learn", "learn_columns"]

Learned = dict[str, Any]
_GROUPS = {
    "contactinformation": "contacts", "companyinformation": "companies",
    "dealinformation": "deals", "ticketinformation": "tickets",
}  # fmt: skip
_KNOWN_TYPES = get_args(PropertyType)


def learn(name: str, document: Any) -> Learned | None:
    """What one exported answer tells, as a part of the settings; None where it is no such export.

    `name` is the file's, or the object type that the user put before it: answers about properties
    and pipelines do not say which type they are of.
    """
    found = document.get("results") if isinstance(document, Mapping) else document
    rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    if not rows and isinstance(document, Mapping) and "objectTypeId" in document:
        rows = [document]
    if not rows:
        return None
    first = rows[0]
    if "objectTypeId" in first:
        return {"objects": [_object(row) for row in rows if not row.get("archived")]}
    if "stages" in first:
        return {"pipelines": {_kind_of_pipelines(name, rows): [_pipeline(row) for row in rows]}}
    if "fieldType" in first:
        return _properties(name, rows)
    if "userId" in first and "email" in first:
        return {"owners": [_owner(row) for row in rows]}
    if "properties" in first and isinstance(first["properties"], Mapping):
        names = dict.fromkeys(name for row in rows for name in row["properties"])
        return _seen(_kind(name), names)
    return None


def learn_columns(name: str, head: Iterable[str]) -> Learned | None:
    """The properties that the columns of an export in CSV are, by their labels."""
    labels = [label.strip() for label in head]
    if not any(label == "Record ID" or label.startswith("Record ID -") for label in labels):
        return None
    kind = _kind(name)
    standard = {each.replace("_", "") for each in STANDARD.get(kind, ())}
    own = {_internal(label): label for label in labels if not label.startswith("Record ID")}
    new = {key: label for key, label in own.items() if key.replace("_", "") not in standard}
    return {"properties": {kind: [{"name": key, "label": new[key]} for key in new]}}


def _internal(label: str) -> str:
    """HubSpot's internal name for a label.

    >>> _internal("Contract end (UTC)")
    'contract_end__utc_'
    """
    made = re.sub(r"[^a-z0-9_]", "_", label.lower())
    return made if made[:1].isalpha() else f"n{made}"


def _seen(kind: str, names: Iterable[str]) -> Learned:
    standard = STANDARD.get(kind, ())
    own = [each for each in names if each not in standard and not each.startswith("hs_")]
    kept = [each for each in own if each not in ("createdate", "lastmodifieddate")]
    return {"properties": {kind: [{"name": each} for each in kept]}}


def _kind(name: str) -> str:
    """The object type that a file's name speaks of, as in `contacts.json` or `0-3.json`."""
    for word in re.split(r"[^A-Za-z0-9-]+", name):
        kind = table_of(word)
        if kind in TYPE_IDS or re.fullmatch(r"2-\d+", kind):
            return kind
    raise ValueError(
        "of which object type it is, is not told; put it before the file, as in `contacts=FILE`"
    )


def _kind_of_pipelines(name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    try:
        return _kind(name)
    except ValueError:
        told = [stage.get("metadata") or {} for row in rows for stage in row["stages"]]
        if any("ticketState" in each for each in told):
            return "tickets"
        if any("probability" in each for each in told):
            return "deals"
        raise


def _properties(name: str, rows: list[Mapping[str, Any]]) -> Learned:
    try:
        kind = _kind(name)
    except ValueError:
        kinds = {_GROUPS.get(str(row.get("groupName"))) for row in rows} - {None}
        if len(kinds) != 1:
            raise
        kind = str(kinds.pop())
    return {"properties": {kind: [_property(row) for row in rows if _own(row)]}}


def _own(row: Mapping[str, Any]) -> bool:
    """Whether the company has defined or changed it: what every account has is known."""
    if row.get("archived") or row.get("calculated"):
        return False
    changed = not (row.get("modificationMetadata") or {}).get("readOnlyDefinition", True)
    return not row.get("hubspotDefined") or (changed and bool(row.get("options")))


def _property(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = row.get("type")
    made: dict[str, Any] = {
        "name": row["name"], "label": row.get("label") or row["name"],
        "type": kind if kind in _KNOWN_TYPES else "string",
        "field_type": row.get("fieldType"), "group": row.get("groupName"),
        "options": [_option(each) for each in row.get("options") or ()],
        "unique": bool(row.get("hasUniqueValue")),
        "read_only": bool((row.get("modificationMetadata") or {}).get("readOnlyValue")),
    }  # fmt: skip
    return _kept(made)


def _kept(made: dict[str, Any]) -> dict[str, Any]:
    """Without what is as it is by default."""
    return {key: value for key, value in made.items() if value not in (None, False, [], ())}


def _option(row: Mapping[str, Any]) -> dict[str, str]:
    value = str(row["value"])
    label = str(row.get("label") or value)
    return {"value": value} if label == value else {"value": value, "label": label}


def _object(row: Mapping[str, Any]) -> dict[str, Any]:
    labels = row.get("labels") or {}
    return _kept(
        {
            "type_id": row["objectTypeId"], "name": row.get("name") or _short(row),
            "singular": labels.get("singular"), "plural": labels.get("plural"),
            "full_name": row.get("fullyQualifiedName"),
            "primary": row.get("primaryDisplayProperty"),
            "secondary": list(row.get("secondaryDisplayProperties") or ()),
            "required": list(row.get("requiredProperties") or ()),
            "searchable": list(row.get("searchableProperties") or ()),
            "properties": [_property(each) for each in row.get("properties") or () if _own(each)],
        }
    )  # fmt: skip


def _short(row: Mapping[str, Any]) -> str:
    return str(row.get("fullyQualifiedName", row["objectTypeId"])).partition("_")[2] or "custom"


def _pipeline(row: Mapping[str, Any]) -> dict[str, Any]:
    stages = sorted(row["stages"], key=lambda each: each.get("displayOrder", 0))
    return {
        "id": str(row["id"]), "label": row.get("label"),
        "stages": [_stage(each) for each in stages if not each.get("archived")],
    }  # fmt: skip


def _stage(row: Mapping[str, Any]) -> dict[str, Any]:
    told = row.get("metadata") or {}
    made: dict[str, Any] = {"id": str(row["id"]), "label": row.get("label")}
    if str(told.get("isClosed")).lower() == "true" or told.get("ticketState") == "CLOSED":
        made["closed"] = True
    if told.get("probability") is not None:
        made["probability"] = float(told["probability"])
    return made


def _owner(row: Mapping[str, Any]) -> dict[str, Any]:
    return _kept(
        {
            "id": str(row["id"]), "email": row.get("email"), "first_name": row.get("firstName"),
            "last_name": row.get("lastName"), "archived": bool(row.get("archived")),
        }
    )  # fmt: skip
