"""Pages of a list: how many at once, and where the next one begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from understudy.systems.hubspot.errors import failure
from understudy.systems.operation import Call
from understudy.systems.session import CaseSession

__all__ = ["next_page", "page_size"]


def page_size(session: CaseSession, values: Mapping[str, Any], most: int, usual: int = 10) -> int:
    """`limit`, from 1 to `most`; `usual` by default."""
    limit = values.get("limit", usual)
    if isinstance(limit, str) and limit.isdecimal() and len(limit) < 9:
        limit = int(limit)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= most:
        message = f"limit must be between 1 and {most}, but was {str(limit)[:40]}"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    return limit


def next_page(call: Call, limit: int, after: str) -> dict[str, Any]:
    """Where a list goes on: the link asks for the same again, from there."""
    kept = {name: value for name, value in call.query.items() if name != "after"}
    asked = urlencode({"limit": limit, **kept, "after": after}, doseq=True)
    link = f"https://api.hubapi.com{call.request.path}?{asked}"
    return {"next": {"after": after, "link": link}}
