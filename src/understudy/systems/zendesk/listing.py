"""Zendesk's two ways of paging: by cursor where `page[size]` asks for it, else by page number."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.payload import SUBDOMAIN

__all__ = ["id_key", "list_reply", "offset_page"]

Item = TypeVar("Item")
Render = Callable[[Row], dict[str, Any]]
_MOST = 100


def id_key(row: Row) -> tuple[int, str]:
    """Ids in the order of their numbers."""
    return len(row["id"]), row["id"]


def list_reply(call: Call, key: str, rows: Sequence[Row], render: Render) -> Reply:
    """One page under `key`; `rows` are complete and in order of their ids."""
    shown = _shower(call.session, key, render)
    if "page[size]" in call.query or "page[after]" in call.query or "page[before]" in call.query:
        return _by_cursor(call, key, rows, shown)
    page, more = offset_page(call, rows)
    return Reply(200, {key: [shown(row) for row in page], **more})


def _shower(session: CaseSession, key: str, render: Render) -> Callable[[Row], Any]:
    return lambda row: show(session, f"zendesk.{key}", row, render)


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


def _by_cursor(call: Call, key: str, rows: Sequence[Row], shown: Callable[[Row], Any]) -> Reply:
    size = _size(call.query.get("page[size]"), "page[size]")
    after, before = call.query.get("page[after]"), call.query.get("page[before]")
    keys = [id_key(row) for row in rows]
    if before is not None:
        end = bisect_left(keys, _decoded(before))
        start = max(0, end - size)
        more = start > 0
    else:
        start = bisect_right(keys, _decoded(after)) if after is not None else 0
        end = min(len(rows), start + size)
        more = end < len(rows)
    page = rows[start:end]
    first, last = (_cursor(page[0]), _cursor(page[-1])) if page else (None, None)
    links = {
        "prev": _link(call, **{"page[before]": first}) if page else None,
        "next": _link(call, **{"page[after]": last}) if more and page else None,
    }
    meta = {"has_more": more, "after_cursor": last, "before_cursor": first}
    return Reply(200, {key: [shown(row) for row in page], "meta": meta, "links": links})


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
