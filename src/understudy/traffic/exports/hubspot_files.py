"""HubSpot's export files of a history: objects with the histories of all their properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zlib import crc32

from understudy.model.world import Row
from understudy.systems.hubspot.kinds import TYPE_IDS
from understudy.traffic.exports.vendor_history import History, Write

__all__ = ["hubspot_files"]

_OWN = ("id", "archived", "createdAt", "updatedAt", "hs_merged_into")
_LABELS = {kind: kind.removesuffix("s") for kind in TYPE_IDS} | {"companies": "company"}
Entries = dict[tuple[str, str], list[tuple[str, Any, str, str]]]
"""By table and id: (property, value, time, actor), the oldest first."""


def hubspot_files(history: History) -> dict[str, Iterable[Any]]:
    """The records of each file."""
    entries = _entries(history)
    links = _links(history)
    files: dict[str, Iterable[Any]] = {
        f"{kind}-results.json": _objects(history, kind, entries, links) for kind in TYPE_IDS
    }
    files["owners-results.json"] = _owners(history)
    return files


def _entries(history: History) -> Entries:
    found: Entries = {}
    for write in history.writes:
        at = _time(write)
        for edit in write.edits:
            if not edit.table.startswith("hubspot.") or edit.after is None:
                continue
            before = edit.before or {}
            for name, value in edit.after.items():
                if name not in _OWN and value != before.get(name):
                    found.setdefault((edit.table, edit.id), []).append(
                        (name, value, at, write.actor)
                    )
            if edit.before is not None:
                told = ("hs_lastmodifieddate", at, at, "")
                found.setdefault((edit.table, edit.id), []).append(told)
    return found


def _time(write: Write) -> str:
    return f"{write.at:%Y-%m-%dT%H:%M:%S}.{write.at.microsecond // 1000:03d}Z"


def _links(history: History) -> dict[tuple[str, str], list[tuple[str, str]]]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in history.table("hubspot.associations"):
        one, other = (row["from_type"], row["from_id"]), (row["to_type"], row["to_id"])
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return found


def _objects(
    history: History,
    kind: str,
    entries: Entries,
    links: dict[tuple[str, str], list[tuple[str, str]]],
) -> Iterator[Any]:
    table = f"hubspot.{kind}"
    for row in history.table(table):
        first = history.world.get(table, row["id"]) or {}
        later = entries.get((table, row["id"]), [])
        # What was merged away is in no export any more; an earlier one still has it as it was.
        if first.get("hs_merged_into"):
            continue
        shown, told = (first, []) if row.get("hs_merged_into") else (row, later)
        yield _object(kind, shown, _histories(first, told), links.get((kind, row["id"]), []))


def _histories(first: Any, later: list[tuple[str, Any, str, str]]) -> dict[str, list[Any]]:
    """Each property's values, the newest first, as HubSpot gives them."""
    histories: dict[str, list[Any]] = {}
    created, updated = str(first.get("createdAt") or ""), str(first.get("updatedAt") or "")
    for name, value in first.items() if created else ():
        if name not in _OWN:
            histories[name] = [_entry(value, created, "")]
    if updated > created:
        histories["hs_lastmodifieddate"] = [_entry(updated, updated, "")]
    for name, value, at, actor in later:
        histories.setdefault(name, []).insert(0, _entry(value, at, actor))
    return histories


def _entry(value: Any, at: str, actor: str) -> dict[str, Any]:
    made = {"value": _text(value), "timestamp": at}
    if not actor:
        return {**made, "sourceType": "INTEGRATIONS_SYNC", "sourceId": "1"}
    user = _user(actor)
    return {**made, "sourceType": "CRM_UI", "sourceId": f"userId:{user}", "updatedByUserId": user}


def _user(actor: str) -> int:
    return crc32(actor.encode()) % 10**8


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _object(
    kind: str, row: Row, histories: dict[str, list[Any]], ends: list[tuple[str, str]]
) -> dict[str, Any]:
    grouped: dict[str, list[Any]] = {}
    for to_kind, to_id in ends:
        label = f"{_LABELS.get(kind, kind)}_to_{_LABELS.get(to_kind, to_kind)}"
        grouped.setdefault(to_kind, []).append({"id": to_id, "type": label})
    made = {
        "id": row["id"], "archived": bool(row.get("archived")),
        "properties": {name: _text(value) for name, value in row.items() if name not in _OWN},
        "propertiesWithHistory": histories,
        "associations": {name: {"results": found} for name, found in grouped.items()},
    }  # fmt: skip
    return made | {name: row[name] for name in ("createdAt", "updatedAt") if row.get(name)}


def _owners(history: History) -> Iterator[Any]:
    """The account's owners, and everybody who worked in it."""
    for row in history.table("hubspot.owners"):
        yield {**row, "userId": crc32(row["id"].encode()) % 10**8, "archived": False}
    for actor in sorted({write.actor for write in history.writes if write.actor}):
        first, _, last = actor.removeprefix("agent:").partition(" ")
        user = _user(actor)
        yield {"id": str(10**9 + user), "userId": user, "firstName": first, "lastName": last,
               "email": None, "archived": False}  # fmt: skip
