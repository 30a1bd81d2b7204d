"""A company's own ticket, user and organization fields, and its ticket forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import not_found, record_invalid
from understudy.systems.zendesk.payload import BASE_URL, number
from understudy.systems.zendesk.ticket_fields import shown_fields, standard_fields, whole_field

__all__ = [
    "check_keyed",
    "check_value",
    "get_one",
    "list_all",
    "own_fields",
    "refuse_unsolved",
    "tags_of",
]

_TAGS = ("tagger", "multiselect")
_FIELD_NAMES = ("raw_title", "raw_title_in_portal")
_FORM_NAMES = ("raw_name", "display_name")
_TYPES = {
    "checkbox": "FieldCheckbox", "date": "FieldDate", "decimal": "FieldDecimal",
    "integer": "FieldInteger", "multiselect": "FieldMultiselect", "regexp": "FieldRegexp",
    "tagger": "FieldTagger", "text": "FieldText", "textarea": "FieldTextarea",
}  # fmt: skip


def _all(session: CaseSession, table: str) -> list[Row]:
    return sorted(session.overlay.rows(f"zendesk.{table}"), key=lambda row: row.get("position", 0))


def _everything(session: CaseSession, table: str) -> list[Row]:
    """What is listed: of ticket fields those of every account come first, unknown ones last."""
    own = _all(session, table)
    if table != "ticket_fields":
        return own
    return [*standard_fields(), *own, *shown_fields(session.overlay)]


def _shown(table: str, row: Row) -> dict[str, Any]:
    name = row.get("name" if table == "ticket_forms" else "title")
    also = _FORM_NAMES if table == "ticket_forms" else _FIELD_NAMES
    url = f"{BASE_URL}/{table}/{row['id']}.json"
    told = whole_field(row) if table == "ticket_fields" else {"removable": True, **row}
    if row.get("type") not in _TAGS:
        told.pop("custom_field_options", None)
    return {**told, **dict.fromkeys(also, name), "id": number(row["id"]), "url": url}


def list_all(table: str) -> Callable[[Call], Reply]:
    """A handler that lists the fields or forms of a table, in their order."""

    def handler(call: Call) -> Reply:
        shown = [_shown(table, row) for row in _everything(call.session, table)]
        links = {"next_page": None, "previous_page": None, "count": len(shown)}
        return Reply(200, {table: shown, **links})

    return handler


def get_one(table: str) -> Callable[[Call], Reply]:
    """A handler that shows one field or form."""

    def handler(call: Call) -> Reply:
        for row in _everything(call.session, table):
            if row["id"] == call.path["id"]:
                return Reply(200, {table.removesuffix("s"): _shown(table, row)})
        raise not_found()

    return handler


def own_fields(session: CaseSession) -> dict[str, Any]:
    """What a new ticket has of the company's own: every custom field, empty, and the form."""
    rows, forms = _all(session, "ticket_fields"), _all(session, "ticket_forms")
    blank = [{"id": number(row["id"]), "value": None} for row in rows if row.get("active", True)]
    chosen = next((row for row in forms if row.get("default")), forms[0] if forms else None)
    form = {"ticket_form_id": number(chosen["id"])} if chosen else {}
    return {**form, "custom_fields": blank} if blank else form


def check_value(session: CaseSession, field_id: Any, value: Any) -> None:
    """Refuse what a ticket's own field does not take; fields nobody defined take everything."""
    row = session.overlay.get("zendesk.ticket_fields", str(field_id))
    if row is not None and value not in (None, "", []) and not _fits(row, value):
        raise _invalid(row, f"{row['title']}: is invalid", "InvalidValue")


def check_keyed(session: CaseSession, table: str, given: Any) -> None:
    """The same for fields of users and organizations, which go by their keys."""
    known = {row.get("key"): row for row in session.overlay.rows(f"zendesk.{table}")}
    for key, value in given.items() if isinstance(given, Mapping) else ():
        if key in known and value not in (None, "") and not _fits(known[key], value):
            raise record_invalid(key, f"{known[key]['title']}: is invalid")


def tags_of(session: CaseSession, field_id: Any, value: Any) -> list[str]:
    """The tags that a drop-down's or multi-select's value puts on its ticket."""
    row = session.overlay.get("zendesk.ticket_fields", str(field_id))
    if row is None or row.get("type") not in _TAGS or not value:
        return []
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def refuse_unsolved(session: CaseSession, row: Row) -> None:
    """A ticket is not solved before its form's required fields have values."""
    required = [
        field
        for field in _all(session, "ticket_fields")
        if field.get("required") and field.get("active", True)
    ]
    if not required:
        return
    filled = {str(f["id"]): f.get("value") for f in row.get("custom_fields") or ()}
    wanted = _on_form(session, row)
    missing = [
        field
        for field in required
        if (wanted is None or field["id"] in wanted) and filled.get(field["id"]) in (None, "", [])
    ]
    if missing:
        raise _unsolved(missing)


def _on_form(session: CaseSession, row: Row) -> set[str] | None:
    form = session.overlay.get("zendesk.ticket_forms", str(row.get("ticket_form_id")))
    return {str(each) for each in form["ticket_field_ids"]} if form else None


def _unsolved(missing: list[Row]) -> Refusal:
    base = [
        _mistake(row, f"{row['title']}: is required when solving a ticket", None) for row in missing
    ]
    return _record(base)


def _invalid(row: Row, description: str, error: str) -> Refusal:
    return _record([_mistake(row, description, error)])


def _mistake(row: Row, description: str, error: str | None) -> dict[str, Any]:
    kind = _TYPES.get(str(row.get("type")), "FieldText")
    return {
        "description": description, "error": error, "ticket_field_id": number(row["id"]),
        "ticket_field_type": kind,
    }  # fmt: skip


def _record(base: list[dict[str, Any]]) -> Refusal:
    return Refusal(
        422,
        {
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {"base": base},
        },
    )


def _fits(row: Row, value: Any) -> bool:
    test = _TESTS.get(str(row.get("type")))
    return test is None or test(row, value)


def _options(row: Row, value: Any) -> bool:
    known = {str(each["value"]) for each in row.get("custom_field_options") or ()}
    asked = value if isinstance(value, list) else [value]
    return not known or all(str(each) in known for each in asked)


def _day(row: Row, value: Any) -> bool:
    del row
    try:
        date.fromisoformat(str(value)[:10])
    except ValueError:
        return False
    return True


def _matches(row: Row, value: Any) -> bool:
    pattern = row.get("regexp_for_validation")
    return not pattern or re.search(pattern, str(value)) is not None


_TESTS: Mapping[str, Callable[[Row, Any], bool]] = {
    "tagger": _options, "dropdown": _options, "multiselect": _options, "date": _day,
    "regexp": _matches,
    "integer": lambda _, value: re.fullmatch(r"-?\d+", str(value)) is not None,
    "decimal": lambda _, value: re.fullmatch(r"-?\d+(\.\d+)?", str(value)) is not None,
    "checkbox": lambda _, value: str(value).lower() in ("true", "false", "1", "0"),
}  # fmt: skip
