"""HubSpot's search: groups of filters, any group suffices, all filters of a group must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from understudy.model.world import Row
from understudy.systems.folded import find_folded, fold
from understudy.systems.hubspot.errors import failure
from understudy.systems.hubspot.kinds import columns, kind_of, modified_property, schema_of
from understudy.systems.hubspot.paging import page_size
from understudy.systems.hubspot.payload import Asked, links, show_object
from understudy.systems.operation import Call, Reply
from understudy.systems.session import CaseSession

__all__ = ["search_objects"]

# https://developers.hubspot.com/docs/api/crm/search#limitations
_MOST_CHARACTERS = 3000
_MOST_GROUPS, _MOST_FILTERS, _MOST_IN_ALL, _MOST_RESULTS = 5, 6, 18, 10_000
_SEARCHED = {
    "contacts": ("email", "firstname", "lastname", "phone", "company"),
    "companies": ("name", "domain", "phone"),
    "deals": ("dealname",),
    "tickets": ("subject", "content"),
    "notes": ("hs_note_body",),
    "tasks": ("hs_task_subject", "hs_task_body"),
}
_ALWAYS = (
    "createdate", "hs_createdate", "hs_lastmodifieddate", "hs_object_id", "lastmodifieddate",
)  # fmt: skip
_PLAIN = (str, int, float)
_FORMS: dict[str, Any] = {"value": _PLAIN, "highValue": _PLAIN, "values": list}
_NEEDED = {
    "BETWEEN": ("value", "highValue"), "IN": ("values",), "NOT_IN": ("values",),
    "HAS_PROPERTY": (), "NOT_HAS_PROPERTY": (),
}  # fmt: skip
_DIRECTIONS = (None, "ASCENDING", "DESCENDING")
_WORD = re.compile(r"[\w@.+-]+")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition."""

    name: str
    operator: str
    value: str = ""
    high: str = ""
    values: tuple[str, ...] = ()


Test = Callable[[str | None, Filter], bool]


def _tokens(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _contains(found: str | None, wanted: Filter) -> bool:
    if found is None:
        return False
    words = [*_tokens(found), *re.split(r"\W+", found.lower())]
    patterns = dict.fromkeys(wanted.value.lower().split())
    return all(any(_fits(word, pattern) for word in words) for pattern in patterns)


def _fits(word: str, pattern: str) -> bool:
    """Whether a word is what a pattern with stars says; regular expressions could take for ever.

    >>> _fits("acme.example", "acme*"), _fits("aba", "ab*ba"), _fits("abcab", "*b*b")
    (True, False, True)
    """
    first, *others = pattern.split("*")
    if not others:
        return word == pattern
    *middle, last = others
    if len(word) < len(first) + len(last) or not word.startswith(first):
        return False
    at, end = len(first), len(word) - len(last)
    for part in middle:
        at = word.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return word.endswith(last)


def _rank(value: str) -> tuple[int, float, str]:
    """Numbers and times compare as numbers, everything else as text."""
    try:
        return 0, float(value), ""
    except ValueError:
        moment = _moment(value)
    return (1, 0.0, value.lower()) if moment is None else (0, moment, "")


def _moment(value: str) -> float | None:
    if len(value) < 10 or value[4:5] != "-":
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.timestamp() * 1000


def _same(found: str | None, value: str) -> bool:
    return found is not None and (fold(found) == fold(value) or _rank(found) == _rank(value))


_TESTS: dict[str, Test] = {
    "EQ": lambda found, f: _same(found, f.value),
    "NEQ": lambda found, f: found is not None and not _same(found, f.value),
    "LT": lambda found, f: found is not None and _rank(found) < _rank(f.value),
    "LTE": lambda found, f: found is not None and _rank(found) <= _rank(f.value),
    "GT": lambda found, f: found is not None and _rank(found) > _rank(f.value),
    "GTE": lambda found, f: found is not None and _rank(found) >= _rank(f.value),
    "BETWEEN": lambda found, f: (
        found is not None and _rank(f.value) <= _rank(found) <= _rank(f.high)
    ),
    "IN": lambda found, f: any(_same(found, value) for value in f.values),
    "NOT_IN": lambda found, f: (
        found is not None and not any(_same(found, value) for value in f.values)
    ),
    "HAS_PROPERTY": lambda found, _: bool(found),
    "NOT_HAS_PROPERTY": lambda found, _: not found,
    "CONTAINS_TOKEN": _contains,
    "NOT_CONTAINS_TOKEN": lambda found, f: not _contains(found, f),
}


def search_objects(call: Call) -> Reply:
    """One page of what the filters find."""
    session, body = call.session, call.fields
    if len(call.request.body.decode(errors="replace")) > _MOST_CHARACTERS:
        message = f"The request body must not be longer than {_MOST_CHARACTERS} characters"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    kind = kind_of(session, call.path["object_type"])
    groups, order = _groups(session, kind, body), _order(session, kind, body.get("sorts"))
    limit, start = page_size(session, body, 200), _offset(session, body.get("after"))
    if start + limit > _MOST_RESULTS:
        message = f"The requested page goes beyond the first {_MOST_RESULTS} results."
        raise failure(session, 400, message, "VALIDATION_ERROR")
    found = _found(session, kind, groups, body.get("query"))
    _sort(kind, found, order)
    asked = Asked.of({"properties": body.get("properties")})
    page = [show_object(session, kind, row, asked) for row in found[start : start + limit]]
    payload: dict[str, Any] = {"total": len(found), "results": page}
    if start + limit < len(found):
        payload["paging"] = {"next": {"after": str(start + limit)}}
    return Reply(200, payload)


def _offset(session: CaseSession, after: Any) -> int:
    text = str(after if after not in (None, "") else 0)
    if not text.isdecimal() or len(text) > 9:
        raise failure(session, 400, f"Invalid paging offset: {text[:40]}", "VALIDATION_ERROR")
    return int(text)


def _groups(session: CaseSession, kind: str, body: dict[str, Any]) -> list[list[Filter]]:
    given = body.get("filterGroups")
    if given is None:
        given = [{"filters": body["filters"]}] if body.get("filters") else []
    if not isinstance(given, list) or len(given) > _MOST_GROUPS:
        message = f"filterGroups must be a list of at most {_MOST_GROUPS} groups"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    known = columns(session.overlay, kind) if given else ()
    groups = [_group(session, known, group) for group in given]
    if sum(map(len, groups)) > _MOST_IN_ALL:
        message = f"A search can have at most {_MOST_IN_ALL} filters in all"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    return [group for group in groups if group]


def _group(session: CaseSession, known: Container[str], group: Any) -> list[Filter]:
    filters = group.get("filters") if isinstance(group, dict) else None
    if not isinstance(filters, list) or len(filters) > _MOST_FILTERS:
        message = f"Each group needs a list of at most {_MOST_FILTERS} filters"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    return [_filter(session, known, item) for item in filters]


def _filter(session: CaseSession, known: Container[str], item: Any) -> Filter:
    if not isinstance(item, dict) or not isinstance(item.get("propertyName"), str):
        raise failure(session, 400, "Each filter needs a propertyName", "VALIDATION_ERROR")
    name = item["propertyName"]
    if not name.startswith("associations.") and name not in _ALWAYS and name not in known:
        message = f"There was a problem with the request: property {name[:80]} does not exist"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    operator = str(item.get("operator"))
    if operator not in _TESTS:
        message = f"Invalid operator: {operator[:40]}; known are {', '.join(_TESTS)}"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    values = item.get("values")
    needed = _NEEDED.get(operator, ("value",))
    lost = [each for each in needed if not isinstance(item.get(each), _FORMS[each])]
    if lost:
        message = f"operator {operator} on property {name[:80]} requires {' and '.join(lost)}"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    if isinstance(item.get("value"), str) and not item["value"].strip():
        message = (
            "Invalid input JSON on line 1, column 1: value must be non-empty and non-blank, if"
            f" specified {{propertyName: '{name[:80]}'}}"
        )
        raise failure(session, 400, message, "VALIDATION_ERROR")
    return Filter(
        name,
        operator,
        _text(item.get("value")),
        _text(item.get("highValue")),
        tuple(map(_text, values)) if isinstance(values, list) else (),
    )


def _text(value: Any) -> str:
    return "" if value is None else fold(value) if isinstance(value, bool) else str(value)


def _found(session: CaseSession, kind: str, groups: list[list[Filter]], query: Any) -> list[Row]:
    words = str(query).lower().split() if query else []
    places = _searched(session, kind)
    seen: dict[str, Row] = {}
    for group in groups or [[]]:
        for row in _candidates(session, kind, group):
            if row["id"] in seen or not _mentions(row, places, words):
                continue
            if _holds(session, kind, row, group):
                seen[row["id"]] = row
    return list(seen.values())


def _candidates(session: CaseSession, kind: str, group: list[Filter]) -> Iterable[Row]:
    table = f"hubspot.{kind}"
    for wanted in group:
        if wanted.operator == "EQ" and wanted.name in _SEARCHED.get(kind, ())[:1]:
            return find_folded(session.overlay, table, wanted.name, wanted.value)
        if wanted.operator == "EQ" and wanted.name == "hs_object_id":
            row = session.overlay.get(table, wanted.value)
            return [] if row is None else [row]
    return session.overlay.rows(table)


def _searched(session: CaseSession, kind: str) -> tuple[str, ...]:
    """Where words are looked for: in a company's own type, what its schema calls searchable."""
    own = schema_of(session.overlay.world, kind)
    return tuple(own.get("searchableProperties") or ()) if own else _SEARCHED.get(kind, ())


def _mentions(row: Row, places: tuple[str, ...], words: list[str]) -> bool:
    if not words:
        return True
    text = " ".join(str(row.get(name) or "") for name in places).lower()
    return all(word in text for word in words)


def _holds(session: CaseSession, kind: str, row: Row, group: list[Filter]) -> bool:
    return not row.get("archived") and all(_test(session, kind, row, each) for each in group)


def _test(session: CaseSession, kind: str, row: Row, wanted: Filter) -> bool:
    if wanted.name.startswith("associations."):
        to_kind = kind_of(session, wanted.name.partition(".")[2])
        ids = [link["to_id"] for link in links(session, kind, row["id"], to_kind)]
        return any(_TESTS[wanted.operator](each, wanted) for each in ids)
    return _TESTS[wanted.operator](_value(kind, row, wanted.name), wanted)


def _value(kind: str, row: Row, name: str) -> str | None:
    if name in ("createdate", "hs_createdate"):
        name = "createdAt"
    elif name == modified_property(kind):
        name = "updatedAt"
    elif name == "hs_object_id":
        name = "id"
    value = row.get(name)
    return None if value is None else _text(value)


def _order(session: CaseSession, kind: str, sorts: Any) -> tuple[str, bool] | None:
    """What a search is sorted by and whether downwards, or the 400; at most one rule."""
    if sorts in (None, []):
        return None
    rule = sorts[0] if isinstance(sorts, list) and len(sorts) == 1 else None
    if isinstance(rule, str):
        down = rule.startswith("-")
        rule = {"propertyName": rule.lstrip("-"), "direction": _DIRECTIONS[1 + down]}
    if not isinstance(rule, dict) or rule.get("direction") not in _DIRECTIONS:
        message = "sorts must be a list of one rule, ASCENDING or DESCENDING by a propertyName"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    name = str(rule.get("propertyName"))
    if name not in _ALWAYS and name not in columns(session.overlay, kind):
        message = f"There was a problem with the request: property {name[:80]} does not exist"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    return name, rule.get("direction") == "DESCENDING"


def _sort(kind: str, found: list[Row], order: tuple[str, bool] | None) -> None:
    found.sort(key=lambda row: (len(row["id"]), row["id"]))
    if order is not None:
        name, down = order
        found.sort(key=partial(_sort_key, kind, name), reverse=down)


def _sort_key(kind: str, name: str, row: Row) -> tuple[int, float, str]:
    return _rank(_value(kind, row, name) or "")
