"""Stripe's reads: one object, a list, a search; the same for every kind of object."""

from __future__ import annotations

from typing import Any

from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.schema import INTEGER, OBJECT, STRING, array, params, says
from understudy.systems.stripe.expand import Expansion, present, present_bytes
from understudy.systems.stripe.fields import params as given
from understudy.systems.stripe.fields import require
from understudy.systems.stripe.listing import list_reply
from understudy.systems.stripe.search import search_reply
from understudy.systems.stripe.shapes import found, one, page

__all__ = ["EXPAND", "PAGING", "answer", "list_of", "retrieve", "search_of"]

EXPAND = says(array(STRING), "Ids to replace by the objects they name, e.g. `customer`.")
PAGING: dict[str, Any] = {
    "limit": says(INTEGER, "Page size, 1 to 100; 10 by default."),
    "starting_after": says(STRING, "The id of the last object of the page before."),
    "ending_before": says(STRING, "The id of the first object of the page after."),
    "expand": EXPAND,
}
_CREATED = says(OBJECT, "Bounds of the creation time in epoch seconds: gt, gte, lt, lte.")


def retrieve(table: str, label: str) -> Operation:
    """`GET /v1/<table>/{id}`."""

    def handler(call: Call) -> Reply:
        row = require(call, table, call.path["id"])
        return answer(call, table, row, 200)

    return Operation(
        name=f"stripe.{table}.retrieve",
        system="stripe",
        method="GET",
        template=f"/v1/{table}/{{id}}",
        description=f"Retrieve one {label}.",
        params=params("id", id=STRING, expand=EXPAND),
        handler=handler,
        answers=one(_kind(table)),
    )


def list_of(table: str, label: str, equal: tuple[str, ...] = ()) -> Operation:
    """`GET /v1/<table>`, narrowed by the columns in `equal`."""
    url = f"/v1/{table}"
    filters = dict.fromkeys(equal, STRING)

    def handler(call: Call) -> Reply:
        return list_reply(call, table, url, equal)

    return Operation(
        name=f"stripe.{table}.list",
        system="stripe",
        method="GET",
        template=url,
        description=f"List {label}s, newest first.",
        params=params("", **filters, created=_CREATED, **PAGING),
        handler=handler,
        answers=page(_kind(table)),
    )


def search_of(table: str, label: str) -> Operation:
    """`GET /v1/<table>/search`."""

    def handler(call: Call) -> Reply:
        return search_reply(call, table)

    return Operation(
        name=f"stripe.{table}.search",
        system="stripe",
        method="GET",
        template=f"/v1/{table}/search",
        description=f"Search {label}s with Stripe's query language, e.g. email:'a@b.example'.",
        params=params("query", query=STRING, limit=PAGING["limit"], page=STRING, expand=EXPAND),
        handler=handler,
        answers=found(_kind(table)),
    )


def _kind(table: str) -> str:
    return table.removesuffix("s")


def answer(
    call: Call, table: str, row: Any, status: int = 200, created: tuple[str, str] | None = None
) -> Reply:
    """One object as the whole answer, expanded as asked."""
    expansion = Expansion.of(given(call)) if call.query or call.body else None
    if expansion is None:
        return Reply(status, present_bytes(call.session, table, row), created=created)
    return Reply(status, present(call.session, table, row, expansion), created=created)
