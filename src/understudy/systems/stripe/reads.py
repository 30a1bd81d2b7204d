"""Stripe's reads: one object, a list, a search; the same for every kind of object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, array, one_of, params, says
from understudy.systems.stripe.expand import Expansion, present, present_bytes
from understudy.systems.stripe.fields import one_of as one_word
from understudy.systems.stripe.fields import params as given
from understudy.systems.stripe.fields import require
from understudy.systems.stripe.listing import Keep, both, list_reply, narrowed
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
_NO_NAMES: Mapping[str, str] = {}
_NO_WORDS: Mapping[str, tuple[str, ...]] = {}
_CREATED = says(OBJECT, "Bounds of the creation time in epoch seconds: gt, gte, lt, lte.")


def _nothing_more(_: dict[str, Any]) -> Keep | None:
    return None


def retrieve(table: str, label: str, accepts: frozenset[str] = frozenset()) -> Operation:
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
        accepts=accepts,
    )


def list_of(
    table: str,
    label: str,
    equal: tuple[str, ...] = (),
    *,
    flags: tuple[str, ...] = (),
    several: Mapping[str, str] = _NO_NAMES,
    words: Mapping[str, tuple[str, ...]] = _NO_WORDS,
    also: Callable[[dict[str, Any]], Keep | None] = _nothing_more,
    **more: dict[str, Any],
) -> Operation:
    """`GET /v1/<table>`, narrowed by columns: by one value, by a truth value, by several values.

    `several` maps parameters to columns, as `{"ids": "id"}`; `words` names the only values of
    columns that have a few. What `also` makes of the parameters in `more` is the table's own.
    """
    url = f"/v1/{table}"
    filters = {
        **dict.fromkeys(equal, STRING),
        **{name: one_of(*known) for name, known in words.items()}, **dict.fromkeys(flags, BOOLEAN),
        **dict.fromkeys(several, array(STRING)), **more,
    }  # fmt: skip

    def handler(call: Call) -> Reply:
        values = given(call)
        _refuse_other(values, words)
        keep = both(narrowed(values, flags, several), also(values))
        return list_reply(call, table, url, (*equal, *words), keep)

    return Operation(
        name=f"stripe.{table}.list",
        system="stripe",
        method="GET",
        template=url,
        description=f"List {label}s, newest first.",
        params=params("", **filters, created=_CREATED, **PAGING),
        handler=handler,
        answers=page(_kind(table)),
        accepts=frozenset(("customer_account", "test_clock")),
    )


def _refuse_other(values: dict[str, Any], words: Mapping[str, tuple[str, ...]]) -> None:
    for name, known in words.items():
        one_word(values, name, known)


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
    looked = call.query or call.body or call.version
    expansion = Expansion.of(call) if looked else None
    if expansion is None:
        return Reply(status, present_bytes(call.session, table, row), created=created)
    return Reply(status, present(call.session, table, row, expansion), created=created)
