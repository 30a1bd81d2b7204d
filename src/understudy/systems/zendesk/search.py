"""Zendesk's search: `type:ticket status<solved requester:a@b.example "some words" -tags:vip`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from understudy.model.world import Row
from understudy.systems.folded import find_folded
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.rendering import show_bytes
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.listing import id_key, list_reply, offset_page
from understudy.systems.zendesk.payload import organization, ticket, user
from understudy.systems.zendesk.search_terms import (
    COLUMNS,
    NAMED,
    ORDERS,
    PEOPLE,
    TEXTS,
    Resolved,
    Term,
    compares,
    place,
    resolved,
)

__all__ = ["count_found", "export_found", "search"]

_MOST, _MOST_TERMS = 1000, 128
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
_SPECIAL = ("type", "comment", "fieldvalue", "order_by", "sort")
_SORTED_BY = {
    "created": "created_at", "updated": "updated_at", "ticket_type": "type", "priority": "priority",
    "status": "status",
}  # fmt: skip


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
    rest = [t for t in terms if t.name not in ("type", "order_by", "sort")]
    if sum(bool(term.name) for term in rest) > _MOST_TERMS:
        raise refused(422, "invalid", "Invalid search: the query has too many terms")
    found = [
        (kind, row)
        for kind in (kinds or list(_KINDS))
        if kind in _KINDS
        for row in _matching(call.session, kind, rest)
    ]
    told = {t.name: t.value for t in terms if t.name in ("order_by", "sort")}
    return _sorted(call, found, told)


def _parsed(query: str) -> list[Term]:
    terms = []
    for match in _TERM.finditer(query):
        name, value = match["name"] or "", match["quoted"] or match["word"] or ""
        known = not name or name in COLUMNS or name in _SPECIAL
        if not known and not name.startswith("custom_field_"):
            name, value = "", match[0]
        terms.append(Term(name, match["operator"] or ":", value, match["no"] is not None))
    # The same condition again changes nothing, and a query can hold thousands of them.
    return list(dict.fromkeys(terms))


def _matching(session: CaseSession, kind: str, terms: list[Term]) -> Iterator[Row]:
    tests = _alternatives([resolved(session, term) for term in terms if term.name])
    words = [(term.value.lower(), term.negated) for term in terms if not term.name]
    for row in _candidates(session, kind, tests):
        if row.get("deleted_at"):
            continue
        if not all(any(_holds(session, kind, row, *one) for one in each) for each in tests):
            continue
        if not words or _says(_text(session, kind, row), words):
            yield row


def _alternatives(tests: list[Resolved]) -> list[list[Resolved]]:
    """Values of one property are alternatives; what compares or excludes holds besides."""
    same: dict[str, list[Resolved]] = {}
    alone: list[list[Resolved]] = []
    for each in tests:
        if each[0].operator == ":" and not each[0].negated:
            same.setdefault(each[0].name, []).append(each)
        else:
            alone.append([each])
    return [*same.values(), *alone]


def _candidates(session: CaseSession, kind: str, tests: list[list[Resolved]]) -> Iterable[Row]:
    overlay, table = session.overlay, _KINDS[kind][0]
    for term, ids in (each[0] for each in tests if len(each) == 1):
        if term.negated or term.operator != ":":
            continue
        if kind == "ticket" and term.name in PEOPLE and ids != frozenset():
            wanted = ids if ids is not None else (term.value,)
            column = PEOPLE[term.name]
            return [row for each in sorted(wanted) for row in overlay.find(table, column, each)]
        if kind == "user" and term.name == "email" and "*" not in term.value:
            return find_folded(overlay, table, "email", term.value)
    return overlay.rows(table)


def _holds(
    session: CaseSession, kind: str, row: Row, term: Term, ids: frozenset[str] | None
) -> bool:
    if term.name == "comment":
        held = kind == "ticket" and term.value.lower() in _comments(session, row)
    elif term.name in NAMED:
        wanted = frozenset((term.value,)) if ids is None else ids
        there = _ids_in(session, kind, row, term.name)
        own = kind == "ticket" or term.name == "organization"
        held = own and (not wanted.isdisjoint(there) if wanted else not there)
    else:
        held = compares(row, term)
    return held != term.negated


def _ids_in(session: CaseSession, kind: str, row: Row, name: str) -> set[str]:
    if name != "commenter":
        there = row.get(NAMED[name])
        return {str(each) for each in (there if isinstance(there, list) else [there]) if each}
    if kind != "ticket":
        return set()
    comments = session.overlay.find("zendesk.comments", "ticket_id", row["id"])
    return {str(each.get("author_id")) for each in comments}


def _says(text: str, words: list[tuple[str, bool]]) -> bool:
    return all((word in text) != negated for word, negated in words)


def _text(session: CaseSession, kind: str, row: Row) -> str:
    """Everything that is said in a row, to be looked through for any number of words."""
    texts = [str(row.get(name) or "") for name in (*TEXTS, "email")]
    text = " ".join([*texts, row["id"], *map(str, row.get("tags") or [])]).lower()
    return f"{text}\0{_comments(session, row)}" if kind == "ticket" else text


def _comments(session: CaseSession, row: Row) -> str:
    """What was written under a ticket; no words are found across two comments."""
    comments = session.overlay.find("zendesk.comments", "ticket_id", row["id"])
    return "\0".join(str(each.get("body") or "") for each in comments).lower()


def _sorted(
    call: Call, found: list[tuple[str, Row]], told: Mapping[str, str]
) -> list[tuple[str, Row]]:
    """By what parameters say, else the query itself; the newest first where neither does."""
    by = call.query.get("sort_by") or told.get("order_by", "created_at")
    down = (call.query.get("sort_order") or told.get("sort", "desc")) != "asc"
    column = _SORTED_BY.get(by, by)
    order = ORDERS.get(column)
    found.sort(key=lambda hit: id_key(hit[1]))
    if order is not None:
        found.sort(key=lambda hit: place(order, hit[1].get(column)), reverse=down)
        return found
    column = column if column in ("created_at", "updated_at", "type") else "created_at"
    found.sort(key=lambda hit: str(hit[1].get(column) or ""), reverse=down)
    return found


def _shown(session: CaseSession, kind: str, row: Row) -> Any:
    table, render = _KINDS[kind]
    shown = show_bytes(session, table, row, render)
    # The kind is put in front of the kept bytes, so that they need not be written again.
    return orjson.Fragment(b'{"result_type":"' + kind.encode() + b'",' + shown[1:])
