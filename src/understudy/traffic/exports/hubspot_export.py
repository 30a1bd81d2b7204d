"""HubSpot's exports: CRM objects with `propertiesWithHistory` and associations, and owners.

Each entry of a history holds `value`, `timestamp`, `sourceType`, `sourceId` and, for people,
`updatedByUserId`; the newest stands first. An object does not say of what type it is: the file's
name, the page or its properties do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from understudy.systems.hubspot.kinds import ALIASES, TYPE_IDS
from understudy.traffic.exports.history import (
    TOUCHED,
    Change,
    Happening,
    Message,
    Person,
    Sighting,
    Tie,
    place_of,
)
from understudy.traffic.exports.hubspot_deeds import Entry, deeds_of, maker_of
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.rewind import Habits

__all__ = ["HABITS", "LISTS", "read_hubspot"]

LISTS = frozenset(("results",))
HABITS = {
    f"hubspot.{kind}": Habits(
        stamp="updatedAt", millis=True,
        telling={"lifecyclestage": None, "dealstage": None, "hs_pipeline_stage": None,
                 "hs_lead_status": None, "hs_merged_object_ids": None,
                 "hs_task_status": "NOT_STARTED"},
    )
    for kind in TYPE_IDS
}  # fmt: skip
_BY_PROPERTY = (
    ("hs_note_body", "notes"), ("hs_task_subject", "tasks"), ("hs_task_status", "tasks"),
    ("dealname", "deals"), ("dealstage", "deals"), ("hs_pipeline_stage", "tickets"),
    ("firstname", "contacts"), ("lastname", "contacts"), ("email", "contacts"),
    ("domain", "companies"), ("name", "companies"),
)  # fmt: skip
_STRIPE_ID = re.compile(r"cus_\w{6,64}")
_AT_BIRTH = timedelta(seconds=5)
_READ_ONLY = re.compile(
    r"hs_lastmodifieddate|lastmodifieddate|createdate|hs_createdate|hs_object_id"
)
_CUSTOMERS_OWN = ("FORM", "CONVERSATIONS", "EMAIL", "MEETINGS")


def read_hubspot(kind: str, record: dict[str, Any], file: str) -> Iterator[Happening]:
    """What one object, owner or list of associations tells."""
    if isinstance(record.get("from"), dict) and isinstance(record.get("to"), list):
        return _linked(record, file)
    if "properties" not in record and "firstName" in record and "id" in record:
        return _owner(record)
    if not isinstance(record.get("properties"), dict | type(None)) or "id" not in record:
        raise Malformed("no `id` or no `properties`")
    if "properties" not in record and "propertiesWithHistory" not in record:
        raise LeftOut(f"HubSpot {kind or 'records of another kind'}: nothing is made of them")
    return _object(record, _kind(record, file))


def _kind(record: dict[str, Any], file: str) -> str:
    told = record.get("objectType") or record.get("objectTypeId")
    if isinstance(told, str) and ALIASES.get(told, told) in TYPE_IDS:
        return ALIASES.get(told, told)
    stem = re.split(r"[^a-z]+", PurePath(file).name.lower())
    for word in stem:
        if ALIASES.get(word, word) in TYPE_IDS:
            return ALIASES.get(word, word)
    names = {**(record.get("properties") or {}), **(record.get("propertiesWithHistory") or {})}
    for name, kind in _BY_PROPERTY:
        if name in names:
            return kind
    raise Malformed("nothing tells of which type the object is; name the file after it")


def _owner(record: dict[str, Any]) -> Iterator[Happening]:
    row = {key: value for key, value in record.items() if value is not None}
    yield Sighting(table="hubspot.owners", id=str(record["id"]), row={**row, "id": str(row["id"])},
                   by="hubspot")  # fmt: skip
    name = " ".join(filter(None, (record.get("firstName"), record.get("lastName"))))
    for user in (record.get("userId"), record.get("userIdIncludingInactive")):
        if user is not None:
            yield Person(place=place_of("hubspot.users", user), staff=True, name=name)


def _object(record: dict[str, Any], kind: str) -> Iterator[Happening]:
    table, row_id = f"hubspot.{kind}", str(record["id"])
    born, stamp = moment_of(record.get("createdAt")), moment_of(record.get("updatedAt"))
    entries = list(_entries(record))
    first = [each for each in entries if born is not None and each.at - born <= _AT_BIRTH]
    by = "" if any(maker_of(each.source) == "person" for each in first) else "hubspot"
    yield Sighting(table=table, id=row_id, row=_row(record, entries), at=stamp, born=born, by=by)
    yield from _changes(table, row_id, entries, first)
    yield from _ties(table, row_id, record)
    yield from _associations(kind, row_id, record, born)
    if kind in ("contacts", "tickets") and first and first[0].source in _CUSTOMERS_OWN:
        yield _message(kind, row_id, first[0], record)
    yield from deeds_of(kind, row_id, first, [e for e in entries if e not in first], _ends(record))


def _entries(record: dict[str, Any]) -> Iterator[Entry]:
    """All histories in one, the oldest entry first."""
    told = record.get("propertiesWithHistory")
    found = []
    for name, history in told.items() if isinstance(told, dict) else ():
        for item in history if isinstance(history, list) else ():
            at = moment_of(item.get("timestamp")) if isinstance(item, dict) else None
            if at is None:
                raise Malformed(f"the history of `{name}` has an entry without `timestamp`")
            found.append(
                Entry(
                    at, str(name), item.get("value"), str(item.get("sourceType") or ""), _user(item)
                )
            )
    found.sort(key=lambda entry: (entry.at, entry.name))
    yield from found


def _user(item: Mapping[str, Any]) -> str | None:
    user = item.get("updatedByUserId")
    if user is None:
        match = re.search(r"userId:(\d+)", str(item.get("sourceId")))
        user = match[1] if match else None
    return None if user is None else place_of("hubspot.users", user)


def _row(record: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    latest = {entry.name: entry.value for entry in entries}
    row = {**latest, **(record.get("properties") or {})}
    kept = {
        key: value
        for key, value in row.items()
        if value is not None and not _READ_ONLY.fullmatch(key)
    }
    times = {key: record[key] for key in ("createdAt", "updatedAt") if record.get(key)}
    return {**kept, **times, "id": str(record["id"]), "archived": bool(record.get("archived"))}


def _changes(
    table: str, row_id: str, entries: list[Entry], first: list[Entry]
) -> Iterator[Happening]:
    values: dict[str, Any] = {entry.name: entry.value for entry in first}
    for entry in first:
        if entry.name == "hs_merged_object_ids":
            yield from _absorbed(table, "", entry, row_id)
    for entry in entries:
        if entry in first:
            continue
        if _READ_ONLY.fullmatch(entry.name):
            yield Change(table=table, id=row_id, field=TOUCHED, at=entry.at, after=None,
                         before=None)  # fmt: skip
            continue
        by = "" if maker_of(entry.source) == "person" else "hubspot"
        yield Change(
            table=table, id=row_id, field=entry.name, at=entry.at, by=by,
            after=entry.value or None, before=values.get(entry.name) or None,
        )  # fmt: skip
        if entry.name == "hs_merged_object_ids":
            yield from _absorbed(table, str(values.get(entry.name) or ""), entry, row_id)
        values[entry.name] = entry.value


def _absorbed(table: str, known: str, entry: Entry, winner: str) -> Iterator[Change]:
    """What a merge did to the objects that are gone by it: their ids lead to the winner."""
    for loser in str(entry.value or "").split(";"):
        if loser and loser not in known.split(";"):
            base: dict[str, Any] = {"table": table, "id": loser, "at": entry.at}
            yield Change(**base, field="archived", after=True, before=False)
            yield Change(**base, field="hs_merged_into", after=winner, before=None)


def _ties(table: str, row_id: str, record: dict[str, Any]) -> Iterator[Tie]:
    if table != "hubspot.contacts":
        return
    place = place_of(table, row_id)
    properties = record.get("properties") or {}
    email = properties.get("email")
    if isinstance(email, str) and email:
        yield Tie(one=place, other=f"email:{email.strip().lower()}", sure=False)
    for name, value in properties.items():
        if isinstance(value, str) and _STRIPE_ID.fullmatch(value):
            yield Tie(one=place, other=place_of("stripe.customers", value))
        elif "zendesk" in name and value:
            yield Tie(one=place, other=place_of("zendesk.users", value))


def _ends(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The types and ids that an object is associated with."""
    told = record.get("associations")
    found = []
    for name, group in told.items() if isinstance(told, dict) else ():
        kind = ALIASES.get(name, name)
        results = group.get("results") if isinstance(group, dict) else None
        for item in results if isinstance(results, list) else ():
            if isinstance(item, dict) and item.get("id") is not None and kind in TYPE_IDS:
                found.append((kind, str(item["id"])))
    return list(dict.fromkeys(found))


def _associations(
    kind: str, row_id: str, record: dict[str, Any], born: datetime | None
) -> Iterator[Happening]:
    for to_kind, to_id in _ends(record):
        attached = kind in ("notes", "tasks")
        yield _link((kind, row_id), (to_kind, to_id), born if attached else None)
        if to_kind == "contacts":
            yield Tie(one=place_of(f"hubspot.{kind}", row_id),
                      other=place_of("hubspot.contacts", to_id)) if attached else _no_tie(
                          kind, row_id)  # fmt: skip


def _no_tie(kind: str, row_id: str) -> Tie:
    place = place_of(f"hubspot.{kind}", row_id)
    return Tie(one=place, other=place)


def _link(one: tuple[str, str], other: tuple[str, str], born: datetime | None) -> Sighting:
    """One association, from the end that sorts first, so that both ends tell of the same one."""
    if one[0] not in ("notes", "tasks") and (other[0] in ("notes", "tasks") or other < one):
        one, other = other, one
    row_id = f"{one[0]}-{one[1]}-{other[0]}-{other[1]}"
    row = {"id": row_id, "from_type": one[0], "from_id": one[1], "to_type": other[0],
           "to_id": other[1]}  # fmt: skip
    return Sighting(table="hubspot.associations", id=row_id, row=row, born=born)


def _linked(record: dict[str, Any], file: str) -> Iterator[Happening]:
    """A read of associations by themselves; the file's name tells of which types."""
    kinds = [ALIASES.get(w, w) for w in re.split(r"[^a-z]+", PurePath(file).name.lower())]
    kinds = [kind for kind in kinds if kind in TYPE_IDS]
    if len(kinds) != 2:
        raise Malformed("associations of untold types; name the file as in contacts-companies.json")
    for item in record["to"]:
        to_id = item.get("toObjectId", item.get("id")) if isinstance(item, dict) else None
        if to_id is not None:
            yield _link((kinds[0], str(record["from"].get("id"))), (kinds[1], str(to_id)), None)


def _message(kind: str, row_id: str, entry: Entry, record: dict[str, Any]) -> Message:
    properties = record.get("properties") or {}
    place = place_of(f"hubspot.{kind}", row_id)
    text = properties.get("message") or properties.get("content") or ""
    return Message(
        entity=place, at=entry.at, author="hubspot", text=text if isinstance(text, str) else "",
        system="hubspot", type=f"{kind.removesuffix('s')}.created", customer=place,
        payload={"object_type": kind, "object_id": row_id, "source": entry.source},
    )  # fmt: skip
