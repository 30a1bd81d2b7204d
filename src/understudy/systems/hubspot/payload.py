"""CRM objects as HubSpot shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from understudy.model.world import Row
from understudy.systems.hubspot.kinds import (
    DEFAULTS,
    association_type,
    label,
    modified_property,
    table_of,
)
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession

__all__ = ["Asked", "links", "listed", "show_object", "spec", "text_of"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which properties, histories and associations a caller wants to see."""

    properties: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Asked:
        """Read from a query or a body; names may come as lists or parted by commas."""
        return cls(
            listed(values.get("properties")),
            listed(values.get("propertiesWithHistory")),
            listed(values.get("associations")),
        )


def listed(value: Any) -> tuple[str, ...]:
    """Names that may come as a list, or parted by commas, or both.

    >>> listed(["email,phone", "city"])
    ('email', 'phone', 'city')
    """
    if value is None:
        return ()
    parts = value if isinstance(value, list | tuple) else [value]
    return tuple(name.strip() for part in parts for name in str(part).split(",") if name.strip())


def show_object(
    session: CaseSession, kind: str, row: Row, asked: Asked, **besides: Any
) -> orjson.Fragment:
    """One object; its bytes are kept where nothing but its own properties is told of it."""
    table = f"hubspot.{kind}"
    if asked.history and session.overlay.touched(table, row["id"]):
        versions = session.overlay.versions(table, row["id"])
        own = session.overlay.world.get(table, row["id"]) is None
        besides["propertiesWithHistory"] = {n: _history(versions, n, own) for n in asked.history}
    render = partial(_payload, kind, asked)
    if not asked.associations and not besides:
        return show(session, table, row, render, (asked.properties, asked.history))
    made = {**_payload(kind, asked, row), **besides}
    if asked.associations:
        made["associations"] = _associations(session, kind, row["id"], asked.associations)
    return _piece(made)


def _piece(made: dict[str, Any]) -> orjson.Fragment:
    """A payload as a piece of a larger one."""
    return orjson.Fragment(orjson.dumps(made))


def text_of(value: Any) -> str | None:
    """A property's value: HubSpot keeps everything as text.

    >>> text_of(True), text_of(12), text_of("")
    ('true', '12', '')
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def links(session: CaseSession, kind: str, row_id: str, to_kind: str) -> list[Row]:
    """The associations of an object with a type; those made from the other end are `turned`."""
    overlay, table = session.overlay, "hubspot.associations"
    there = overlay.find(table, "from_id", row_id)
    back = overlay.find(table, "to_id", row_id)
    found = [r for r in there if r["from_type"] == kind and r["to_type"] == to_kind]
    return found + [
        {
            **r, "from_type": kind, "from_id": row_id, "to_type": to_kind, "to_id": r["from_id"],
            "turned": True,
        }
        for r in back
        if r["to_type"] == kind and r["from_type"] == to_kind
    ]  # fmt: skip


def _payload(kind: str, asked: Asked, row: Row) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "id": row["id"],
        "properties": _properties(kind, asked.properties, row),
        "createdAt": row.get("createdAt") or row.get("updatedAt") or "1970-01-01T00:00:00Z",
        "updatedAt": row.get("updatedAt") or row.get("createdAt") or "1970-01-01T00:00:00Z",
        "archived": bool(row.get("archived", False)),
    }
    if payload["archived"]:
        payload["archivedAt"] = payload["updatedAt"]
    if asked.history:
        payload["propertiesWithHistory"] = {name: _history([row], name) for name in asked.history}
    return payload


def _properties(kind: str, wanted: tuple[str, ...], row: Row) -> dict[str, str | None]:
    names = wanted or DEFAULTS.get(kind, ())
    shown: dict[str, str | None] = {name: text_of(row.get(name)) for name in sorted(names)}
    created = "createdate" if kind in DEFAULTS else "hs_createdate"
    shown[created] = row.get("createdAt")
    shown[modified_property(kind)] = row.get("updatedAt")
    shown["hs_object_id"] = row["id"]
    return shown


def _history(versions: Sequence[Row], name: str, made: bool = False) -> list[dict[str, Any]]:
    """The values that a property has had, the newest first; one that was taken away is empty.

    The first version is a person's, unless the object was `made` by the integration itself.
    """
    found: list[dict[str, Any]] = []
    for place, row in enumerate(versions):
        value = text_of(row.get(name)) or ""
        if value != (found[-1]["value"] if found else ""):
            source = "INTEGRATION" if place or made else "CRM_UI"
            at = row.get("updatedAt")
            found.append({"value": value, "timestamp": at, "sourceType": source})
    return found[::-1]


def _associations(
    session: CaseSession, kind: str, row_id: str, wanted: tuple[str, ...]
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for to_kind in map(table_of, wanted):
        rows = links(session, kind, row_id, to_kind)
        if rows:
            named = label(kind, to_kind)
            made[to_kind] = {"results": [{"id": r["to_id"], "type": named} for r in rows]}
    return made


def spec(from_kind: str, to_kind: str) -> dict[str, Any]:
    """The plain association type of two object types."""
    return {
        "associationCategory": "HUBSPOT_DEFINED",
        "associationTypeId": association_type(from_kind, to_kind),
    }
