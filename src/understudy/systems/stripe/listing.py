"""Stripe's lists: newest first, cut by cursors, narrowed by filters."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from understudy.model.world import Row, World
from understudy.systems.operation import Call, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.errors import invalid, no_such
from understudy.systems.stripe.expand import Expansion, present
from understudy.systems.stripe.fields import (
    boolean,
    integer,
    lenient_integer,
    nested,
    params,
    several,
    text,
)

__all__ = [
    "Keep",
    "between",
    "both",
    "list_reply",
    "narrowed",
    "ordered",
    "page_limit",
    "page_of",
]

Key = tuple[int, str]
_CUSTOMERS = "stripe.customers"
Keep = Callable[[Row], bool]
_ORDERS: WeakKeyDictionary[World, dict[str, list[Key]]] = WeakKeyDictionary()
_BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__,
}  # fmt: skip


def list_reply(
    call: Call, table: str, url: str, equal: Iterable[str] = (), only: Keep | None = None
) -> Reply:
    """One page of a table. `equal` names the columns that may be asked for by value."""
    values = params(call)
    expansion = Expansion.of(call, listed=True)
    wanted = {name: value for name in equal if (value := text(values, name)) is not None}
    limit = page_limit(values)
    keep = both(between(values, "created"), only)
    rows, more = _page(call.session.overlay, f"stripe.{table}", wanted, keep, values, limit)
    if not rows and "customer" in wanted:
        _refuse_nobody(call.session.overlay, f"stripe.{table}", wanted["customer"])
    data = [present(call.session, table, row, expansion) for row in rows]
    return Reply(200, {"object": "list", "url": url, "has_more": more, "data": data})


def _refuse_nobody(overlay: Overlay, table: str, customer: str) -> None:
    """The 400 of a customer that there never was, where the world tells who there is."""
    known = overlay.get(_CUSTOMERS, customer) or overlay.touched(_CUSTOMERS, customer)
    told = overlay.world.table(_CUSTOMERS)
    if told and not known and not overlay.find(table, "customer", customer):
        raise no_such("customer", customer, "customer")


def page_of(
    made: Iterable[dict[str, Any]], values: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], bool]:
    """One page of what no table holds, given newest first, and whether more follows."""
    limit = page_limit(values)
    after, before = _cursors(values)
    cursor, name = (after, "starting_after") if before is None else (before, "ending_before")
    if cursor is None:
        taken = list(islice(made, limit + 1))
        return taken[:limit], len(taken) > limit
    shown = list(made)
    place = next((n for n, each in enumerate(shown) if each["id"] == cursor), None)
    if place is None:
        raise no_such(shown[0]["object"] if shown else "object", cursor, name)
    if before is None:
        return shown[place + 1 : place + 1 + limit], len(shown) > place + 1 + limit
    return shown[max(0, place - limit) : place], place > limit


def ordered(overlay: Overlay, table: str) -> Iterator[Row]:
    """All rows of a table, newest first."""
    return _rows(overlay, table, _whole(overlay, table), None)


def _cursors(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """What `starting_after` and `ending_before` name; a page begins at one of them only."""
    after, before = text(values, "starting_after"), text(values, "ending_before")
    if after is not None and before is not None:
        raise invalid(
            "You cannot specify both `starting_after` and `ending_before` at the same time.",
            param="ending_before",
        )
    return after, before


def page_limit(values: Mapping[str, Any]) -> int:
    """How many objects a page may hold: 10, or what `limit` says, 1 to 100."""
    limit = integer(values, "limit", least=1)
    if limit is not None and limit > 100:
        message = f"This value must be less than or equal to 100 (it currently is '{limit}')."
        raise invalid(message, param="limit", code="parameter_invalid_integer")
    return limit or 10


def between(values: Mapping[str, Any], name: str) -> Keep | None:
    """The filter that a parameter asks for: a time, or bounds `gt`, `gte`, `lt`, `lte`."""
    wanted = values.get(name)
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        exact = integer(values, name)
        return lambda row: _time(row, name) == exact
    bounds = {bound: lenient_integer(v) for bound, v in nested(values, name, _BOUNDS).items()}
    wrong = next((bound for bound, value in bounds.items() if value is None), None)
    if wrong is not None:
        shown, param = str(wanted[wrong])[:200], f"{name}[{wrong}]"
        code = "parameter_invalid_integer"
        raise invalid(f"Invalid integer: {shown}", param=param, code=code)
    tests = [(_BOUNDS[bound], value) for bound, value in bounds.items() if value is not None]
    return lambda row: all(test(_time(row, name), value) for test, value in tests)


def narrowed(
    values: Mapping[str, Any], flags: Iterable[str], columns: Mapping[str, str]
) -> Keep | None:
    """The filter that truth values, and lists of values by column, ask for.

    What a row says nothing of is true, as of `active`.
    """
    wanted = {name: flag for name in flags if (flag := boolean(values, name)) is not None}
    among = {
        column: listed for name, column in columns.items() if (listed := several(values, name))
    }
    if not wanted and not among:
        return None
    return lambda row: (
        all(bool(row.get(name, True)) is flag for name, flag in wanted.items())
        and all(row.get(column) in known for column, known in among.items())
    )


def both(first: Keep | None, second: Keep | None) -> Keep | None:
    """A filter that holds where both hold; None holds always."""
    if first is None or second is None:
        return first or second
    return lambda row: first(row) and second(row)


def _page(
    overlay: Overlay, table: str, wanted: Mapping[str, str], keep: Keep | None,
    values: Mapping[str, Any], limit: int,
) -> tuple[list[Row], bool]:  # fmt: skip
    after, before = _cursors(values)
    order = _narrowed(overlay, table, wanted)
    if before is not None:
        found = _rows(overlay, table, _until(order, _cursor(overlay, table, before)), keep)
        taken = list(islice(found, limit + 1))
        return taken[:limit][::-1], len(taken) > limit
    rest = order if after is None else _from(order, _cursor(overlay, table, after))
    taken = list(islice(_rows(overlay, table, rest, keep), limit + 1))
    return taken[:limit], len(taken) > limit


def _narrowed(overlay: Overlay, table: str, wanted: Mapping[str, str]) -> list[Key]:
    if not wanted:
        return _whole(overlay, table)
    first, *others = wanted.items()
    rows = overlay.find(table, *first)
    return sorted(_key(row) for row in rows if all(row.get(n) == v for n, v in others))


def _whole(overlay: Overlay, table: str) -> list[Key]:
    base = _base_order(overlay.world, table)
    written = overlay.written(table)
    if not written:
        return base
    own = sorted(_key(row) for row in written)
    ids = {row["id"] for row in written}
    return list(heapq.merge(own, (key for key in base if key[1] not in ids)))


def _base_order(world: World, table: str) -> list[Key]:
    orders = _ORDERS.setdefault(world, {})
    if table not in orders:
        orders[table] = sorted(_key(row) for row in world.table(table).values())
    return orders[table]


def _rows(overlay: Overlay, table: str, keys: Iterable[Key], keep: Keep | None) -> Iterator[Row]:
    for _, row_id in keys:
        row = overlay.get(table, row_id)
        if row is not None and (keep is None or keep(row)):
            yield row


def _from(order: list[Key], cursor: Key) -> Iterator[Key]:
    return (order[i] for i in range(bisect_right(order, cursor), len(order)))


def _until(order: list[Key], cursor: Key) -> Iterator[Key]:
    return (order[i] for i in range(bisect_left(order, cursor) - 1, -1, -1))


def _cursor(overlay: Overlay, table: str, row_id: str) -> Key:
    row = overlay.get(table, row_id)
    if row is None:
        raise no_such(table.partition(".")[2].removesuffix("s"), row_id, "starting_after")
    return _key(row)


def _time(row: Row, name: str) -> int:
    time = row.get(name)
    return time if isinstance(time, int) else 0


def _key(row: Row) -> Key:
    return -_time(row, "created"), row["id"]
