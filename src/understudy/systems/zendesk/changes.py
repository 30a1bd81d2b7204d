"""From the `ticket` of a request to the fields that change, or the refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.model.world import Row
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.copied import COPIED, copied_changes
from understudy.systems.zendesk.errors import invalid_attribute, record_invalid, refused
from understudy.systems.zendesk.forms import check_value, refuse_unsolved, tags_of
from understudy.systems.zendesk.groups import group_or_none
from understudy.systems.zendesk.payload import number
from understudy.systems.zendesk.people import find_user, me, organization_of
from understudy.systems.zendesk.ticket_fields import is_known_field
from understudy.systems.zendesk.values import (
    custom_value,
    id_or_none,
    text_or_none,
    time_or_none,
    words,
)

__all__ = [
    "STATUSES",
    "add_comment",
    "refuse_closed",
    "refuse_new_again",
    "refuse_stale",
    "said_in",
    "ticket_changes",
]

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
_WORDS = {
    "status": STATUSES,
    "priority": ("low", "normal", "high", "urgent"),
    "type": ("problem", "incident", "question", "task"),
}
_PEOPLE = ("requester_id", "assignee_id", "submitter_id")
_PLAIN: dict[str, Callable[[str, Any], str | None]] = {
    **dict.fromkeys(("subject", "external_id", "recipient"), text_or_none),
    **dict.fromkeys(("brand_id", "problem_id"), id_or_none),
    "due_at": time_or_none,
}
_OWN = frozenset(
    ("additional_tags", "custom_fields", "fields", "remove_tags", "tags", "ticket_form_id")
)
_LONGEST = 65_535


def ticket_changes(session: CaseSession, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the named fields change; a comment is another matter."""
    changes = {
        name: _word(name, known, given[name]) for name, known in _WORDS.items() if name in given
    }
    for name in _PEOPLE:
        if name in given:
            changes[name] = _person(session, name, given[name])
    for name in given:
        if name in _PLAIN:
            changes[name] = _PLAIN[name](name, given[name])
    changes |= _around(session, row, given)
    if changes.get("status") == "solved":
        refuse_unsolved(session, {**row, **changes})
    return changes


def _around(session: CaseSession, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Whose the ticket is, who gets a copy, and what it is marked with."""
    changes: dict[str, Any] = {}
    if "group_id" in given:
        changes["group_id"] = group_or_none(session, given["group_id"])
    if "organization_id" in given:
        changes["organization_id"] = organization_of(session, given["organization_id"])
    if not COPIED.isdisjoint(given):
        changes |= copied_changes(session, row, given)
    if not _OWN.isdisjoint(given):
        changes |= _own(session, row, given)
    return changes


def _own(session: CaseSession, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """The form, custom fields and tags; values of drop-downs are tags too."""
    custom = _custom(session, row, given)
    tagged = _tagged(session, row, custom)
    changes = {**tagged, **_tags({**row, **tagged}, given), **custom}
    if "ticket_form_id" in given:
        changes["ticket_form_id"] = _form(session, given["ticket_form_id"])
    return changes


def _form(session: CaseSession, value: Any) -> Any:
    known = session.overlay.get("zendesk.ticket_forms", str(value))
    if known is None and any(session.overlay.rows("zendesk.ticket_forms")):
        raise record_invalid("ticket_form_id", "Ticket form: is invalid")
    if known is None and not isinstance(value, int | None):
        raise invalid_attribute("ticket_form_id")
    return number(str(value)) if value is not None else None


def _tagged(session: CaseSession, row: Row, custom: Mapping[str, Any]) -> dict[str, Any]:
    """The tags that the values of drop-downs are: new ones come, old ones go."""
    before, after = (_values(session, each.get("custom_fields")) for each in (row, custom))
    if not custom or before == after:
        return {}
    known = [tag for tag in row.get("tags") or [] if tag not in before or tag in after]
    return {"tags": list(dict.fromkeys([*known, *after]))}


def _values(session: CaseSession, fields: Any) -> list[str]:
    listed = fields if isinstance(fields, list) else []
    return [tag for each in listed for tag in tags_of(session, each["id"], each.get("value"))]


def _word(name: str, words: tuple[str, ...], value: Any) -> str | None:
    if value in (None, "") and name != "status":
        return None
    if value not in words:
        shown = name.capitalize()
        raise record_invalid(name, f"{shown}: '{str(value)[:40]}' is not included in the list")
    return str(value)


def _person(session: CaseSession, name: str, value: Any) -> str | None:
    if value is None and name == "assignee_id":
        return None
    user = find_user(session, str(value))
    label = name.removesuffix("_id").capitalize()
    if user is None:
        raise record_invalid(name.removesuffix("_id"), f"{label}: is invalid")
    if name == "assignee_id" and user.get("role", "end-user") == "end-user":
        raise record_invalid("assignee", f"{label}: is not an agent")
    return str(user["id"])


def _tags(row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    known = list(row.get("tags") or [])
    if "tags" in given:
        known = words(given["tags"])
    known = list(dict.fromkeys([*known, *words(given.get("additional_tags") or [])]))
    gone = set(words(given.get("remove_tags") or []))
    asked = given.keys() & {"tags", "additional_tags", "remove_tags"}
    return {"tags": [tag for tag in known if tag not in gone]} if asked else {}


def _custom(session: CaseSession, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    asked = given.get("custom_fields", given.get("fields"))
    if asked is None:
        return {}
    if isinstance(asked, dict):
        asked = [{"id": key, "value": value} for key, value in asked.items()]
    if not isinstance(asked, list) or not all(map(_is_field, asked)):
        raise invalid_attribute("custom_fields")
    known = row.get("custom_fields")
    kept = {str(f["id"]): f for f in (known if isinstance(known, list) else []) if "id" in f}
    # Zendesk takes no notice of fields that an account does not have.
    asked = [f for f in asked if str(f["id"]) in kept or is_known_field(session.overlay, f["id"])]
    for each in asked:
        check_value(session, each["id"], each.get("value"))
    kept |= {str(f["id"]): {"id": f["id"], "value": custom_value(f.get("value"))} for f in asked}
    return {"custom_fields": list(kept.values())}


def _is_field(given: Any) -> bool:
    named = given.get("id") if isinstance(given, dict) else None
    return isinstance(named, str) or (isinstance(named, int) and named >= 0)


def said_in(given: Mapping[str, Any]) -> Any:
    """A comment's text; `value` is what older clients call it."""
    return given.get("body") or given.get("html_body") or given.get("value")


def add_comment(session: CaseSession, ticket_id: str, given: Any) -> Row:
    """Write one comment."""
    if not isinstance(given, dict):
        raise invalid_attribute("comment")
    body = said_in(given)
    if not isinstance(body, str) or not body.strip():
        raise record_invalid("comment", "Comment: cannot be blank", "BlankValue")
    if len(body) > _LONGEST:
        raise record_invalid("comment", f"Comment: is too long (maximum is {_LONGEST} characters)")
    author = given.get("author_id")
    row = {
        "id": session.number("comment", 13, "zendesk.comments"), "ticket_id": ticket_id,
        "author_id": _person(session, "author_id", author) if author else me(session)["id"],
        "body": body, "public": given.get("public", True) is not False,
        "created_at": session.clock.iso(),
    }  # fmt: skip
    if given.get("html_body"):
        row["html_body"] = text_or_none("comment", given["html_body"])
    return session.overlay.put("zendesk.comments", row)


def refuse_closed(row: Row) -> None:
    """Closed tickets take no change."""
    if row.get("status") == "closed":
        raise record_invalid(
            "status", "Status: closed prevents ticket update", "InvalidStatusTransition"
        )


def refuse_new_again(row: Row, changes: Mapping[str, Any]) -> None:
    """A ticket that was once taken up is never new again.

    support.zendesk.com, "About native system ticket rules".
    """
    if changes.get("status") == "new" and row.get("status") not in (None, "new"):
        raise record_invalid(
            "status", "Status: cannot be set back to new", "InvalidStatusTransition"
        )


def refuse_stale(row: Row, given: Mapping[str, Any]) -> None:
    """With `safe_update`, a ticket that changed since it was read is left alone."""
    stamp = given.get("updated_stamp")
    if given.get("safe_update") in (True, "true") and stamp != row.get("updated_at"):
        raise refused(
            409,
            "UpdateConflict",
            "Safe Update prevented the update due to outdated ticket data. Please fetch the latest"
            " ticket data and try again.",
        )
