"""HubSpot's CSV: the objects of an index page, and the history of properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from understudy.traffic.csv_file import SEPARATOR, plain_name
from understudy.traffic.exports.csv_values import iso_time
from understudy.traffic.raw_record import Malformed

__all__ = ["HISTORY", "hubspot_records", "with_entry"]

_IDS = {
    "contact_id": "contacts", "company_id": "companies", "deal_id": "deals", "ticket_id": "tickets",
    "contactid": "contacts", "companyid": "companies", "dealid": "deals", "ticketid": "tickets",
}  # fmt: skip
_ANY_ID = ("record_id", "object_id", "objectid", "hs_object_id", "id")
_PROPERTY = ("property", "property_name", "property_internal_name", "propertyname")
_VALUE = ("value", "property_value", "new_value")
_AT = ("timestamp", "date", "date_changed", "changed_at", "change_date", "updated_at", "time")
_SOURCE = ("source", "sourcetype", "source_type", "change_source")
_USER = ("updatedbyuserid", "updated_by_user_id", "user_id", "source_id", "sourceid", "updated_by")
_TIMES = {"create_date": "createdAt", "createdate": "createdAt", "last_modified_date": "updatedAt",
          "lastmodifieddate": "updatedAt", "hs_lastmodifieddate": "updatedAt"}  # fmt: skip
_LABELS = {
    "first_name": "firstname", "last_name": "lastname", "phone_number": "phone",
    "lifecycle_stage": "lifecyclestage", "lead_status": "hs_lead_status",
    "deal_name": "dealname", "deal_stage": "dealstage", "close_date": "closedate",
    "company_name": "name", "company_domain_name": "domain",
}  # fmt: skip
_SOURCES = {"crm ui": "CRM_UI", "crm user": "CRM_UI", "workflow": "AUTOMATION_PLATFORM",
            "automation platform": "AUTOMATION_PLATFORM", "forms": "FORM",
            "form": "FORM"}  # fmt: skip
HISTORY = (_PROPERTY, _VALUE, _AT)
"""Of each of these one column is there where a file is a history."""


def hubspot_records(row: Mapping[str, str], zone: tzinfo | None) -> Iterator[dict[str, Any]]:
    """The object of one row."""
    told = {plain_name(name): text for name, text in row.items() if name != SEPARATOR}
    kind, row_id = _identity(told)
    times = {_TIMES[n]: iso_time(text, zone) for n, text in told.items() if n in _TIMES}
    properties = {
        _LABELS.get(name, name): text for name, text in told.items()
        if name not in _TIMES and name not in _ANY_ID and name not in _IDS
    }  # fmt: skip
    yield {"id": row_id, **kind, "properties": properties, **times}


def with_entry(
    objects: dict[str, dict[str, Any]], row: Mapping[str, str], zone: tzinfo | None
) -> None:
    """Put one value of one property into its object, the newest first as the API has it."""
    told = {plain_name(name): text for name, text in row.items() if name != SEPARATOR}
    kind, row_id = _identity(told)
    name, at = _one(told, _PROPERTY), _one(told, _AT)
    if not name or not at:
        raise Malformed("a value without its property or its time")
    source = _one(told, _SOURCE)
    kind_of = _SOURCES.get(source.lower(), source.upper().replace(" ", "_"))
    stamp = iso_time(at, zone)
    entry = {"value": _one(told, _VALUE), "timestamp": stamp, "sourceType": kind_of}
    user = _one(told, _USER).removeprefix("userId:")
    if user.isdecimal():
        entry["updatedByUserId"] = user
    found = objects.setdefault(
        f"{kind}/{row_id}", {"id": row_id, **kind, "propertiesWithHistory": {}}
    )
    found["propertiesWithHistory"].setdefault(plain_name(name), []).append(entry)


def _identity(told: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Of which type the object is, where a column says so, and its id."""
    for name, kind in _IDS.items():
        if name in told:
            return {"objectType": kind}, told[name]
    row_id = _one(told, _ANY_ID)
    if not row_id:
        raise Malformed("a row without the id of its record")
    stated = told.get("object_type") or told.get("objecttype")
    return ({"objectType": stated.lower()} if stated else {}), row_id


def _one(told: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((told[name] for name in names if name in told), "")
