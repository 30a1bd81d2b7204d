"""The conditions of a search at Zendesk: what they name, and whether a record meets them.

https://support.zendesk.com/hc/en-us/articles/4408835086106-Using-Zendesk-Support-advanced-search
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from understudy.model.world import Row
from understudy.systems.folded import find_folded, fold
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.changes import STATUSES
from understudy.systems.zendesk.groups import groups_named
from understudy.systems.zendesk.people import me

__all__ = [
    "COLUMNS",
    "NAMED",
    "ORDERS",
    "PEOPLE",
    "TEXTS",
    "Resolved",
    "Term",
    "compares",
    "place",
    "resolved",
]

ORDERS: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "priority": ("low", "normal", "high", "urgent"),
}
PEOPLE = {"requester": "requester_id", "assignee": "assignee_id", "submitter": "submitter_id"}
NAMED = {
    **PEOPLE, "cc": "collaborator_ids", "commenter": "", "group": "group_id",
    "organization": "organization_id",
}  # fmt: skip
"""What can be named by name as well as by id, with where the ids stand; commenters stand apart."""
_DATES = {
    "created": "created_at", "due_date": "due_at", "solved": "solved_at", "updated": "updated_at",
}  # fmt: skip
COLUMNS = {
    **NAMED, **_DATES, "is_suspended": "suspended", "is_verified": "verified",
    "ticket_type": "type", "via": "via", "id": "id", "status": "status", "priority": "priority",
    "subject": "subject", "description": "description", "tags": "tags", "name": "name",
    "email": "email", "role": "role", "phone": "phone", "external_id": "external_id",
    "organization_id": "organization_id", "requester_id": "requester_id",
    "assignee_id": "assignee_id", "group_id": "group_id", "notes": "notes", "details": "details",
}  # fmt: skip
TEXTS = ("subject", "description", "name", "notes", "details")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_AGO = re.compile(r"(\d{1,6})(minute|hour|day|week|month|year)s?", re.IGNORECASE)
_LONG = {
    "minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1),
    "week": timedelta(weeks=1), "month": timedelta(days=30), "year": timedelta(days=365),
}  # fmt: skip
_DONE = ("solved", "closed")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `name` is empty for words that may stand anywhere."""

    name: str
    operator: str
    value: str
    negated: bool


Resolved = tuple[Term, frozenset[str] | None]
"""A condition with the ids that its value stands for, where it names somebody."""


def resolved(session: CaseSession, term: Term) -> Resolved:
    """What a name, an e-mail or a span of time stands for here and now."""
    if term.name in _DATES:
        return replace(term, value=_instant(term.value, session.clock.iso())), None
    if term.name not in NAMED or term.value.isdecimal():
        return term, None
    if term.value == "none":
        return term, frozenset()
    return term, frozenset(_ids_of(session, term)) or frozenset(("",))


def _ids_of(session: CaseSession, term: Term) -> list[str]:
    if term.name == "group":
        return groups_named(session, term.value)
    if term.name == "organization":
        found = find_folded(session.overlay, "zendesk.organizations", "name", term.value)
    elif term.value == "me":
        return [me(session)["id"]]
    else:
        column = "email" if "@" in term.value else "name"
        found = find_folded(session.overlay, "zendesk.users", column, term.value)
    return [row["id"] for row in found]


def _instant(text: str, now: str) -> str:
    """A time as records hold it; a day stays a day.

    >>> _instant("4hours", "2026-11-02T09:00:00Z"), _instant("2026-11-02", "")
    ('2026-11-02T05:00:00Z', '2026-11-02')
    >>> _instant("2015-09-01T12:00:00-08:00", "")
    '2015-09-01T20:00:00Z'
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            span = _LONG[ago[2].lower()] * int(ago[1])
            return _written(datetime.fromisoformat(now) - span)
        return _written(datetime.fromisoformat(text)) if "T" in text.upper() else text
    except (OverflowError, ValueError):
        return text


def _written(moment: datetime) -> str:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compares(row: Row, term: Term) -> bool:
    """Whether a record meets a condition on a property of its own."""
    found = _value(row, term.name)
    if term.value == "none" and term.operator == ":":
        return found in (None, "", [])
    if found is None:
        return False
    if isinstance(found, list):
        return _among(term, [fold(item) for item in found])
    if term.value.endswith("*") and term.operator == ":":
        start = term.value[:-1].lower()
        whole = str(found).lower()
        return whole.startswith(start) or any(w.startswith(start) for w in whole.split())
    if term.name in TEXTS:
        return term.value.lower() in str(found).lower()
    return _ranked(term, fold(found) if isinstance(found, bool) else str(found))


def _among(term: Term, held: list[str]) -> bool:
    """Words in quotes have to be there all, and one of those that commas part."""
    wanted = term.value.lower()
    if term.name == "tags" and " " in wanted:
        return all(word in held for word in wanted.split())
    return any(item in wanted.split(",") for item in held)


def _value(row: Row, name: str) -> Any:
    known = row.get("custom_fields") or []
    if name == "fieldvalue":
        held = [field.get("value") for field in known]
        return [each for value in held for each in (value if isinstance(value, list) else [value])]
    if name.startswith("custom_field_"):
        wanted = name.removeprefix("custom_field_")
        return next((f.get("value") for f in known if str(f.get("id")) == wanted), None)
    if name == "solved":
        done = row.get("status") in _DONE
        return (row.get("solved_at") or row.get("updated_at")) if done else None
    found = row.get(COLUMNS[name])
    return found.get("channel") if isinstance(found, dict) else found


def _ranked(term: Term, found: str) -> bool:
    left, right = found.lower(), term.value.lower()
    order = ORDERS.get(term.name)
    if order is not None:
        return _COMPARE[term.operator](place(order, left), place(order, right))
    if term.name in _DATES:
        left = left[: len(right)]
    return _COMPARE[term.operator](left, right)


def place(order: tuple[str, ...], value: Any) -> int:
    """Where a word stands in an order; what is none of it comes first."""
    return order.index(value) if value in order else -1
