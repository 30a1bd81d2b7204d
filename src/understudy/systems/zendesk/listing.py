"""Zendesk's two ways of paging: by cursor where `page[size]` asks for it, else by page number."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.payload import SUBDOMAIN

__all__ = ["counted", "id_key", "list_reply", "offset_page"]

Item = TypeVar("Item")
Render = Callable[[Row], dict[str, Any]]
Key = tuple[int, str]
Beside = Callable[[Sequence[Row]], dict[str, Any]]
_MOST = 100
_TABLES = ("comments", "macros", "organizations", "tickets", "users")
_CURSORS = {"page[size]", "page[after]", "page[before]"}
_SORTED = ("created_at", "updated_at", "id", "name", "priority", "status", "subject")
_ORDERS = {
    "status": ("new", "open", "pending", "hold", "solved", "closed"),
    "priority": ("low", "normal", "high", "urgent"),
}  # fmt: skip


def id_key(row: Row) -> tuple[int, str]:
    """Ids in the order of their numbers."""
    return len(row["id"]), row["id"]


def list_reply(
    call: Call, key: str, rows: Sequence[Row], render: Render, beside: Beside | None = None
) -> Reply:
    """One page under `key`; `rows` are complete, and come in their order unless another is asked.

    `beside` gives what is shown beside the rows of the page.
    """
    shown, rows = _shower(call.session, key, render), _ordered(call, rows)
    by_cursor = not call.query.keys().isdisjoint(_CURSORS)
    page, more = (_by_cursor if by_cursor else offset_page)(call, rows)
    found = beside(page) if beside else {}
    return Reply(200, {key: [shown(row) for row in page], **found, **more})


def _ordered(call: Call, rows: Sequence[Row]) -> Sequence[Row]:
    """The rows as `sort`, or `sort_by` and `sort_order`, ask for."""
    asked = call.query.get("sort") or call.query.get("sort_by") or ""
    name = asked.removeprefix("-")
    if name not in _SORTED:
        if call.query.get("sort"):
            raise refused(400, "InvalidPaginationParameter", f"sort is not valid: {asked[:40]}")
        return rows
    down = asked.startswith("-") or call.query.get("sort_order") == "desc"
    return sorted(rows, key=lambda row: (_rank(name, row), id_key(row)), reverse=down)


def _rank(name: str, row: Row) -> tuple[int, str]:
    value = str(row.get(name) or "")
    if name == "id":
        return id_key(row)
    order = _ORDERS.get(name)
    return (order.index(value) if order and value in order else -1, "" if order else value)


def _shower(session: CaseSession, key: str, render: Render) -> Callable[[Row], Any]:
    # What is no table of its own must not be kept: only a row tells whether the case changed it.
    return (lambda row: show(session, f"zendesk.{key}", row, render)) if key in _TABLES else render


def counted(call: Call, number: int) -> Reply:
    """A count, with the time of counting."""
    return Reply(200, {"count": {"value": number, "refreshed_at": call.session.clock.iso()}})


def offset_page(call: Call, rows: Sequence[Item]) -> tuple[Sequence[Item], dict[str, Any]]:
    """A page by number, with its neighbours' links and the count."""
    size = _size(call.query.get("per_page"), "per_page")
    page = _whole(call.query.get("page", "1"), "page")
    start = (page - 1) * size
    links = {
        "count": len(rows),
        "next_page": _link(call, page=page + 1) if start + size < len(rows) else None,
        "previous_page": _link(call, page=page - 1) if page > 1 else None,
    }
    return rows[start : start + size], links


def _by_cursor(call: Call, rows: Sequence[Row]) -> tuple[Sequence[Row], dict[str, Any]]:
    """A page that a cursor leads to, with its neighbours' links."""
    size = _size(call.query.get("page[size]"), "page[size]")
    after, before = call.query.get("page[after]"), call.query.get("page[before]")
    keys = [id_key(row) for row in rows]
    places = {key: place for place, key in enumerate(keys)}
    if before is not None:
        cursor = _decoded(before)
        end = places.get(cursor, bisect_left(keys, cursor))
        start = max(0, end - size)
        more = start > 0
    else:
        start = _after(keys, places, _decoded(after)) if after is not None else 0
        end = min(len(rows), start + size)
        more = end < len(rows)
    page = rows[start:end]
    first, last = (_cursor(page[0]), _cursor(page[-1])) if page else (None, None)
    links = {
        "prev": _link(call, **{"page[before]": first}) if page else None,
        "next": _link(call, **{"page[after]": last}) if more and page else None,
    }
    meta = {"has_more": more, "after_cursor": last, "before_cursor": first}
    return page, {"meta": meta, "links": links}


def _after(keys: list[Key], places: Mapping[Key, int], cursor: Key) -> int:
    """Where a page begins; of a row that is gone its id tells where it was."""
    return places[cursor] + 1 if cursor in places else bisect_right(keys, cursor)


def _cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(f"id:{row['id']}".encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise refused(400, "InvalidPaginationParameter", "invalid cursor") from error
    if not text.startswith("id:"):
        raise refused(400, "InvalidPaginationParameter", "invalid cursor")
    return len(text) - 3, text[3:]


def _size(given: str | None, name: str) -> int:
    return _MOST if given is None else min(_whole(given, name), _MOST)


def _whole(given: str, name: str) -> int:
    if not given.isdecimal() or len(given) > 9 or int(given) < 1:
        raise refused(400, "InvalidPaginationParameter", f"{name} must be a positive number")
    return int(given)


def _link(call: Call, **changes: Any) -> str:
    kept = {k: v for k, v in call.query.items() if k not in ("page[after]", "page[before]")}
    query = urlencode({**kept, **changes})
    return f"https://{SUBDOMAIN}.zendesk.com{call.request.path}?{query}"
