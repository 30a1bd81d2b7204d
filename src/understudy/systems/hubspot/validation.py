"""What HubSpot refuses to write into an object's properties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from understudy.model.world import Row
from understudy.systems.folded import find_folded
from understudy.systems.hubspot.definitions import (
    definition,
    is_dated,
    option_error,
    required,
    value_error,
)
from understudy.systems.hubspot.errors import failure, invalid_properties, property_error
from understudy.systems.hubspot.kinds import columns
from understudy.systems.hubspot.payload import text_of
from understudy.systems.hubspot.pipelines import misplaced
from understudy.systems.overlay import Overlay
from understudy.systems.session import CaseSession

__all__ = ["OPTIONS", "clean", "refuse_taken", "refuse_unset"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
OPTIONS: dict[str, tuple[str, ...]] = {
    "lifecyclestage": (
        "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity",
        "customer", "evangelist", "other",
    ),
    "hs_task_status": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"),
    "hs_task_priority": ("NONE", "LOW", "MEDIUM", "HIGH"),
    "hs_ticket_priority": ("LOW", "MEDIUM", "HIGH", "URGENT"),
}  # fmt: skip
_NUMBERS = (
    "amount",
    "price",
    "quantity",
    "numberofemployees",
    "annualrevenue",
    "hs_forecast_amount",
)
_DATES = (
    "closedate",
    "hs_expiration_date",
    "hs_meeting_end_time",
    "hs_meeting_start_time",
    "hs_timestamp",
)
_READ_ONLY = ("hs_object_id", "createdate", "hs_createdate", "hs_merged_object_ids")
_OBLIGATORY = dict.fromkeys(("calls", "emails", "meetings", "notes", "tasks"), ("hs_timestamp",))
_LONGEST = 65_536
_OWNER, _OWNERS = "hubspot_owner_id", "hubspot.owners"


def clean(session: CaseSession, kind: str, given: Any, row: Row | None = None) -> dict[str, Any]:
    """The properties as they will be stored, or the 400 with everything that is wrong.

    `row` is the object as it is, where it is not a new one.
    """
    if not isinstance(given, Mapping):
        message = "Invalid input JSON: cannot deserialize properties: expected an object"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    known = set(columns(session.overlay, kind))
    errors = list(_errors(session, kind, known, given))
    stored = {name: text_of(value) or None for name, value in given.items()}
    wrong = {each["name"] for each in errors}
    for name, message, error in misplaced(session.overlay, kind, stored, row):
        if name not in wrong:
            errors.append(property_error(name, message, error))
    if errors:
        raise invalid_properties(session, errors)
    email = stored.get("email")
    if kind == "contacts" and email:
        stored["email"] = email.lower()
    return stored


def _errors(
    session: CaseSession, kind: str, known: set[str], given: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for name, value in given.items():
        if name in _READ_ONLY:
            yield property_error(name, f"{name} is a read only property", "READ_ONLY_VALUE")
        elif name not in known:
            message = f'Property "{name}" does not exist'
            yield property_error(name, message, "PROPERTY_DOESNT_EXIST")
        elif value not in (None, ""):
            error = _form_error(kind, name, value)
            error = error or _value_error(session.overlay, kind, name, value)
            if error:
                yield error


def _form_error(kind: str, name: str, value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict | list):
        return property_error(name, f"{name} must be a string", "INVALID_TYPE")
    text = text_of(value) or ""
    if len(text) > _LONGEST:
        return property_error(name, f"{name} is too long", "PROPERTY_VALUE_TOO_LONG")
    if name == "email" and kind == "contacts" and not _EMAIL.fullmatch(text):
        return property_error(name, f"Email address {text} is invalid", "INVALID_EMAIL")
    return None


def _value_error(overlay: Overlay, kind: str, name: str, value: Any) -> dict[str, Any] | None:
    """The company's own definitions come before what every account has."""
    text = text_of(value) or ""
    found = value_error(overlay, kind, name, text)
    if found or definition(overlay, kind, name):
        return found
    wrong = _standard_error(overlay, kind, name, text)
    return property_error(name, *wrong) if wrong else None


def _standard_error(overlay: Overlay, kind: str, name: str, text: str) -> tuple[str, str] | None:
    if name in _NUMBERS and not _numeric(text):
        return f"{text} was not a valid number.", "INVALID_NUMBER"
    if name in _DATES and not is_dated(text, "date"):
        return f"{text} was not a valid long.", "INVALID_LONG"
    if name in OPTIONS and text not in OPTIONS[name]:
        return option_error(list(OPTIONS[name]), text)
    return _owner_error(overlay, kind, text) if name == _OWNER else None


def _owner_error(overlay: Overlay, kind: str, text: str) -> tuple[str, str] | None:
    """An owner that the account does not have; one without owners may have any."""
    if not text.isdecimal():
        return f"{text} was not a valid integer (for owner ID).", "INVALID_INTEGER"
    known = overlay.get(_OWNERS, text) is not None or not overlay.world.table(_OWNERS)
    if known or overlay.world.ever(f"hubspot.{kind}", _OWNER, text):
        return None
    return f"{text} was not a valid owner ID.", "INVALID_OWNER_ID"


def _numeric(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def refuse_unset(session: CaseSession, kind: str, stored: Mapping[str, Any]) -> None:
    """Notes and tasks need their time, and a company's own objects what it says."""
    needed = (*_OBLIGATORY.get(kind, ()), *required(session.overlay.world, kind))
    unset = [name for name in needed if not stored.get(name)]
    if unset:
        message = f"Error creating {kind.upper()}. Some required properties were not set."
        context = {"properties": unset}
        raise failure(session, 400, message, "VALIDATION_ERROR", context=context)


def refuse_taken(
    session: CaseSession, kind: str, stored: Mapping[str, Any], own_id: str | None = None
) -> None:
    """Two living contacts cannot be given one e-mail, nor two objects one unique value."""
    for name, value in stored.items():
        known = definition(session.overlay, kind, name)
        if known is None or not known.get("hasUniqueValue") or not value:
            continue
        for row in session.overlay.find(f"hubspot.{kind}", name, value):
            if row["id"] != own_id and not row.get("archived"):
                error = f"{row['id']} already has that value."
                raise invalid_properties(
                    session, [property_error(name, error, "CONFLICTING_UNIQUE_VALUE")]
                )
    email = stored.get("email")
    if kind != "contacts" or not email:
        return
    for row in find_folded(session.overlay, "hubspot.contacts", "email", email):
        if row["id"] != own_id and not row.get("archived"):
            message = f"Contact already exists. Existing ID: {row['id']}"
            raise failure(session, 409, message, "CONFLICT")
