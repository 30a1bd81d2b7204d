"""Everything that changed since a time: tickets and users, by time or by cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.rendering import show
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.listing import id_key
from understudy.systems.zendesk.payload import BASE_URL, ticket, user

__all__ = ["export_by_cursor", "export_by_time"]

Place = tuple[int, tuple[int, str]]
_MOST = 1000
_FIRST = (0, "")
_RENDER: dict[str, Callable[[Row], dict[str, Any]]] = {"tickets": ticket, "users": user}


def _seconds(row: Row) -> int:
    stamp = row.get("updated_at") or row.get("created_at")
    try:
        return int(datetime.fromisoformat(str(stamp)).timestamp())
    except ValueError:
        return 0


def _since(call: Call, kind: str, start: Place) -> list[tuple[Place, Row]]:
    """The rows from a place on, each with its own, in the order of their places."""
    rows = call.session.overlay.rows(f"zendesk.{kind}")
    placed = (((_seconds(row), id_key(row)), row) for row in rows)
    return sorted((each for each in placed if each[0] >= start), key=lambda each: each[0])


def _whole(given: Any, name: str) -> int:
    text = str(given or "")
    if not text.isdecimal() or len(text) > 12:
        raise refused(400, "InvalidValue", f"{name} must be a time in epoch seconds")
    return int(text)


def _size(call: Call) -> int:
    return min(_whole(call.query.get("per_page") or _MOST, "per_page") or _MOST, _MOST)


def _shown(call: Call, kind: str, rows: list[tuple[Place, Row]]) -> list[Any]:
    return [show(call.session, f"zendesk.{kind}", row, _RENDER[kind]) for _, row in rows]


def export_by_time(kind: str) -> Callable[[Call], Reply]:
    """A handler that gives what changed since `start_time`, up to a thousand at once.

    More of them where they changed in one second, which no later page would begin with.
    """

    def handler(call: Call) -> Reply:
        start, size = _whole(call.query.get("start_time"), "start_time"), _size(call)
        found = _since(call, kind, (start, _FIRST))
        end = found[:size][-1][0][0] if found else start
        page = [each for each in found if each[0][0] <= end]
        done = len(page) == len(found)
        following = f"{BASE_URL}/incremental/{kind}.json?start_time={end if done else end + 1}"
        return Reply(
            200,
            {kind: _shown(call, kind, page), "count": len(page), "end_of_stream": done,
             "end_time": end, "next_page": following},
        )  # fmt: skip

    return handler


def export_by_cursor(kind: str) -> Callable[[Call], Reply]:
    """The same by cursor, the place of the last row: what changes meanwhile comes once more."""

    def handler(call: Call) -> Reply:
        cursor = call.query.get("cursor")
        last = _decoded(cursor) if cursor else (
            _whole(call.query.get("start_time"), "start_time"), _FIRST,
        )  # fmt: skip
        found, size = [each for each in _since(call, kind, last) if each[0] != last], _size(call)
        page = found[:size]
        after = _encoded(page[-1][0] if page else last)
        url = f"{BASE_URL}/incremental/{kind}/cursor.json?cursor={after}"
        told = {"after_cursor": after, "after_url": url, "before_cursor": None, "before_url": None}
        done = len(found) <= size
        return Reply(200, {kind: _shown(call, kind, page), "end_of_stream": done, **told})

    return handler


def _encoded(place: Place) -> str:
    seconds, (_, row_id) = place
    return base64.urlsafe_b64encode(f"{seconds}:{row_id}".encode()).decode().rstrip("=")


def _decoded(cursor: str) -> Place:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        seconds, _, row_id = text.partition(":")
        return int(seconds), (len(row_id), row_id)
    except (binascii.Error, ValueError) as error:
        raise refused(400, "InvalidValue", "cursor is invalid") from error
