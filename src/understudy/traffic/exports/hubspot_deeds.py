"""What people did in HubSpot, as the requests that a client would send for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from understudy.systems.hubspot.kinds import association_type
from understudy.traffic.exports.history import Deed, Maker, place_of

__all__ = ["Entry", "deeds_of", "maker_of"]

_PEOPLE = ("CRM_UI", "MOBILE", "EXTENSION", "MERGE", "SALES", "TASK")
_AUTOMATIONS = (
    "WORKFLOW", "AUTOMATION", "CALCULATED", "SEQUENCE", "BOT", "DEFAULT", "ANALYTICS", "AI_",
    "DEAL_", "SYSTEM",
)  # fmt: skip
_INTEGRATIONS = ("API", "INTEGRATION", "SALESFORCE", "IMPORT", "MIGRATION", "BATCH", "DATASET")
_CUSTOMERS = ("FORM", "CONVERSATIONS", "EMAIL", "MEETINGS", "SUBSCRIPTION")


class Entry(NamedTuple):
    """One value of one property: since when, what, from which source and which user."""

    at: datetime
    name: str
    value: Any
    source: str
    user: str | None


def maker_of(source: str) -> Maker:
    """Who a history's `sourceType` stands for.

    >>> maker_of("CRM_UI").value, maker_of("AUTOMATION_PLATFORM").value, maker_of("API").value
    ('person', 'automation', 'integration')
    """
    for maker, words in (
        (Maker.PERSON, _PEOPLE), (Maker.AUTOMATION, _AUTOMATIONS),
        (Maker.INTEGRATION, _INTEGRATIONS), (Maker.CUSTOMER, _CUSTOMERS),
    ):  # fmt: skip
        if source.startswith(words):
            return maker
    return Maker.UNTOLD


def deeds_of(
    kind: str,
    row_id: str,
    first: Sequence[Entry],
    rest: Sequence[Entry],
    ends: Sequence[tuple[str, str]],
) -> Iterator[Deed]:
    """The creation of an object, and each later change; what was written at once is one deed."""
    if first:
        yield from _created(kind, row_id, first, ends)
    values = {entry.name: entry.value for entry in first}
    kept = [entry for entry in rest if not entry.name.startswith(_KEPT_BY_HUBSPOT)]
    kept.sort(key=_at_once)
    for (at, source, user), group in groupby(kept, key=_at_once):
        entries = list(group)
        merged = [entry for entry in entries if entry.name == "hs_merged_object_ids"]
        before = {entry.name: values.get(entry.name) for entry in entries}
        values.update({entry.name: entry.value for entry in entries})
        about = _About(kind, row_id, at, maker_of(source), user or None)
        if merged:
            yield from _merged(about, merged[0], before)
        elif entries:
            yield _updated(about, entries, before)


_KEPT_BY_HUBSPOT = ("hs_lastmodified", "lastmodified", "hs_object", "hs_createdate", "createdate",
                    "notes_last", "num_", "hs_all_", "hs_updated", "hs_analytics")  # fmt: skip


def _at_once(entry: Entry) -> tuple[datetime, str, str]:
    """What entries of one write have in common."""
    return entry.at, entry.source, entry.user or ""


class _About(NamedTuple):
    kind: str
    row_id: str
    at: datetime
    maker: Maker
    user: str | None

    @property
    def place(self) -> str:
        return place_of(f"hubspot.{self.kind}", self.row_id)


def _deed(about: _About, step: str, params: dict[str, Any], **more: Any) -> Deed:
    return Deed(
        key=f"hubspot/{step}/{about.row_id}/{about.at.isoformat()}", at=about.at,
        operation=f"hubspot.{step}", params=params, maker=about.maker, entity=about.place,
        actor=about.user, **{"customer": about.place, **more},
    )  # fmt: skip


def _created(
    kind: str, row_id: str, first: Sequence[Entry], ends: Sequence[tuple[str, str]]
) -> Iterator[Deed]:
    entry = first[0]
    maker = next(
        (m for e in first if (m := maker_of(e.source)) is Maker.PERSON), maker_of(entry.source)
    )
    user = next((each.user for each in first if each.user), None)
    properties = {
        e.name: e.value for e in first
        if e.value not in (None, "") and not e.name.startswith(_KEPT_BY_HUBSPOT)
    }  # fmt: skip
    about = _About(kind, row_id, entry.at, maker, user)
    params: dict[str, Any] = {"object_type": kind, "properties": properties}
    if ends and kind in ("notes", "tasks"):
        params["associations"] = [_end(kind, *end) for end in ends]
    owner = next((end for end in ends if end[0] == "contacts"), None)
    yield _deed(
        about, "objects.create", params, made=about.place,
        needs=tuple(place_of(f"hubspot.{k}", i) for k, i in ends if kind in ("notes", "tasks")),
        customer=place_of("hubspot.contacts", owner[1]) if owner else about.place,
    )  # fmt: skip


def _end(kind: str, to_kind: str, to_id: str) -> dict[str, Any]:
    number = association_type(kind, to_kind)
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
    return {"to": {"id": to_id}, "types": types}


def _updated(about: _About, entries: Sequence[Entry], before: dict[str, Any]) -> Deed:
    properties = {entry.name: "" if entry.value is None else entry.value for entry in entries}
    params = {"object_type": about.kind, "id": about.row_id, "properties": properties}
    return _deed(about, "objects.update", params, needs=(about.place,), before=before)


def _merged(about: _About, entry: Entry, before: dict[str, Any]) -> Iterator[Deed]:
    """A merge; the values that the loser filled in are its consequence, no deed of their own."""
    known = str(before.get("hs_merged_object_ids") or "").split(";")
    for loser in str(entry.value or "").split(";"):
        if loser and loser not in known:
            params = {"primaryObjectId": about.row_id, "objectIdToMerge": loser}
            needs = (about.place, place_of(f"hubspot.{about.kind}", loser))
            yield _deed(about, f"{about.kind}.merge", params, needs=needs, before=before)
