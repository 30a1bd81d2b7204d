"""Zendesk's search: `type:ticket status<solved requester:a@b.example "some words" -tags:vip`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from understudy.model.world import Row
from understudy.systems.folded import find_folded, fold
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.rendering import show_bytes
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.changes import STATUSES
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.listing import id_key, list_reply, offset_page
from understudy.systems.zendesk.payload import organization, ticket, user
from understudy.systems.zendesk.people import me

__all__ = ["count_found", "export_found", "search"]

_MOST = 1000
_TERM = re.compile(
    r"""(?P<no>-)?(?:(?P<name>[A-Za-z_]+\d*)(?P<operator>:|>=|<=|>|<))?
    (?:"(?P<quoted>[^"]*)"|(?P<word>\S+))""",
    re.VERBOSE,
)
_KINDS: dict[str, tuple[str, Callable[[Row], dict[str, Any]]]] = {
    "ticket": ("zendesk.tickets", ticket),
    "user": ("zendesk.users", user),
    "organization": ("zendesk.organizations", organization),
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_ORDERS: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "priority": ("low", "normal", "high", "urgent"),
}
_PEOPLE = {"requester": "requester_id", "assignee": "assignee_id", "submitter": "submitter_id"}
_DATES = {"created": "created_at", "updated": "updated_at", "solved": "updated_at"}
_COLUMNS = {
    **_PEOPLE, **_DATES, "organization": "organization_id", "group": "group_id",
    "ticket_type": "type", "via": "via", "id": "id", "status": "status", "priority": "priority",
    "subject": "subject", "description": "description", "tags": "tags", "name": "name",
    "email": "email", "role": "role", "phone": "phone", "external_id": "external_id",
    "organization_id": "organization_id", "requester_id": "requester_id",
    "assignee_id": "assignee_id", "group_id": "group_id", "notes": "notes", "details": "details",
}  # fmt: skip
_SPECIAL = ("type", "comment", "fieldvalue", "order_by", "sort")
_TEXTS = ("subject", "description", "name", "notes", "details")


@dataclass(frozen=True, slots=True)
class _Term:
    """One condition; `name` is empty for words that may stand anywhere."""

    name: str
    operator: str
    value: str
    negated: bool


def search(call: Call) -> Reply:
    """One page of what the query finds; a thousand results at most can be reached."""
    rows = _found(call)
    page, links = offset_page(call, rows)
    number = int(call.query.get("page", "1"))
    size = min(int(call.query.get("per_page", "100")), 100)
    if number * size > _MOST and number > 1:
        raise _beyond()
    shown = [_shown(call.session, kind, row) for kind, row in page]
    return Reply(200, {"results": shown, "facets": None, **links})


def export_found(call: Call) -> Reply:
    """All that the query finds of one kind, by cursor."""
    kind = call.query.get("filter[type]", "")
    if kind not in _KINDS:
        raise refused(422, "invalid", "Invalid search: filter[type] is missing or unknown")
    query = f"{call.query.get('query', '')} type:{kind}"
    call.query = {"page[size]": "100", **call.query, "query": query}
    rows = sorted((row for _, row in _found(call)), key=id_key)
    render = _KINDS[kind][1]

    def shown(row: Row) -> dict[str, Any]:
        return {"result_type": kind, **render(row)}

    return list_reply(call, "results", rows, shown)


def count_found(call: Call) -> Reply:
    """How many the query finds."""
    return Reply(200, {"count": len(_found(call))})


def _beyond() -> Refusal:
    return refused(
        422, "invalid", "Invalid search: Requested response size was greater than Search Response"
        " Limits",
    )  # fmt: skip


def _found(call: Call) -> list[tuple[str, Row]]:
    query = call.query.get("query", "").strip()
    if not query:
        raise refused(422, "invalid", "Invalid search: query is missing")
    terms = _parsed(query)
    kinds = [t.value.lower() for t in terms if t.name == "type" and not t.negated]
    rest = [t for t in terms if t.name != "type"]
    found = [
        (kind, row)
        for kind in (kinds or list(_KINDS))
        if kind in _KINDS
        for row in _matching(call.session, kind, rest)
    ]
    return _sorted(call, found)


def _parsed(query: str) -> list[_Term]:
    terms = []
    for match in _TERM.finditer(query):
        name, value = match["name"] or "", match["quoted"] or match["word"] or ""
        known = not name or name in _COLUMNS or name in _SPECIAL
        if not known and not name.startswith("custom_field_"):
            name, value = "", match[0]
        terms.append(_Term(name, match["operator"] or ":", value, match["no"] is not None))
    # The same condition again changes nothing, and a query can hold thousands of them.
    return list(dict.fromkeys(term for term in terms if term.name not in ("order_by", "sort")))


def _matching(session: CaseSession, kind: str, terms: list[_Term]) -> Iterator[Row]:
    tests = [_resolved(session, term) for term in terms if term.name]
    words = [(term.value.lower(), term.negated) for term in terms if not term.name]
    for row in _candidates(session, kind, tests):
        if row.get("deleted_at"):
            continue
        if not all(_holds(session, kind, row, *test) for test in tests):
            continue
        if not words or _says(_text(session, kind, row), words):
            yield row


Resolved = tuple[_Term, frozenset[str] | None]


def _resolved(session: CaseSession, term: _Term) -> Resolved:
    """The ids that a person's e-mail or name stands for, looked up once."""
    if term.name not in _PEOPLE or term.value.isdecimal():
        return term, None
    if term.value == "me":
        return term, frozenset((me(session)["id"],))
    if term.value == "none":
        return term, frozenset()
    column = "email" if "@" in term.value else "name"
    rows = find_folded(session.overlay, "zendesk.users", column, term.value)
    return term, frozenset(row["id"] for row in rows) or frozenset(("",))


def _candidates(session: CaseSession, kind: str, tests: list[Resolved]) -> Iterable[Row]:
    overlay, table = session.overlay, _KINDS[kind][0]
    for term, ids in tests:
        if term.negated or term.operator != ":":
            continue
        if kind == "ticket" and term.name in _PEOPLE and ids != frozenset():
            wanted = ids if ids is not None else (term.value,)
            column = _PEOPLE[term.name]
            return [row for each in sorted(wanted) for row in overlay.find(table, column, each)]
        if kind == "user" and term.name == "email":
            return find_folded(overlay, table, "email", term.value)
    return overlay.rows(table)


def _holds(
    session: CaseSession, kind: str, row: Row, term: _Term, ids: frozenset[str] | None
) -> bool:
    if term.name == "comment":
        held = kind == "ticket" and term.value.lower() in _comments(session, row)
    elif ids is not None:
        column = row.get(_PEOPLE[term.name])
        held = column in ids if ids else not column
    else:
        held = _compares(row, term)
    return held != term.negated


def _says(text: str, words: list[tuple[str, bool]]) -> bool:
    return all((word in text) != negated for word, negated in words)


def _text(session: CaseSession, kind: str, row: Row) -> str:
    """Everything that is said in a row, to be looked through for any number of words."""
    texts = [str(row.get(name) or "") for name in (*_TEXTS, "email")]
    text = " ".join([*texts, row["id"], *map(str, row.get("tags") or [])]).lower()
    return f"{text}\0{_comments(session, row)}" if kind == "ticket" else text


def _comments(session: CaseSession, row: Row) -> str:
    """What was written under a ticket; no words are found across two comments."""
    comments = session.overlay.find("zendesk.comments", "ticket_id", row["id"])
    return "\0".join(str(each.get("body") or "") for each in comments).lower()


def _compares(row: Row, term: _Term) -> bool:
    found = _value(row, term.name)
    if term.value == "none" and term.operator == ":":
        return found in (None, "", [])
    if found is None:
        return False
    if isinstance(found, list):
        wanted = term.value.lower().split(",")
        return any(fold(item) in wanted for item in found)
    if term.name in _TEXTS:
        return term.value.lower() in str(found).lower()
    return _ranked(term, str(found))


def _value(row: Row, name: str) -> Any:
    known = row.get("custom_fields") or []
    if name == "fieldvalue":
        held = [field.get("value") for field in known]
        return [each for value in held for each in (value if isinstance(value, list) else [value])]
    if name.startswith("custom_field_"):
        wanted = name.removeprefix("custom_field_")
        return next((f.get("value") for f in known if str(f.get("id")) == wanted), None)
    found = row.get(_COLUMNS[name])
    return found.get("channel") if isinstance(found, dict) else found


def _ranked(term: _Term, found: str) -> bool:
    left, right = found.lower(), term.value.lower()
    order = _ORDERS.get(term.name)
    if order is not None:
        return _COMPARE[term.operator](_place(order, left), _place(order, right))
    if term.name in _DATES:
        left = left[: len(right)]
    return _COMPARE[term.operator](left, right)


def _sorted(call: Call, found: list[tuple[str, Row]]) -> list[tuple[str, Row]]:
    by = call.query.get("sort_by")
    down = call.query.get("sort_order", "desc") != "asc"
    column = by if by in ("created_at", "updated_at") else "created_at"
    found.sort(key=lambda hit: id_key(hit[1]))
    if by in _ORDERS:
        order = _ORDERS[by]
        found.sort(key=lambda hit: _place(order, hit[1].get(by)), reverse=down)
    else:
        found.sort(key=lambda hit: str(hit[1].get(column) or ""), reverse=down)
    return found


def _place(order: tuple[str, ...], value: Any) -> int:
    return order.index(value) if value in order else -1


def _shown(session: CaseSession, kind: str, row: Row) -> Any:
    table, render = _KINDS[kind]
    shown = show_bytes(session, table, row, render)
    # The kind is put in front of the kept bytes, so that they need not be written again.
    return orjson.Fragment(b'{"result_type":"' + kind.encode() + b'",' + shown[1:])
