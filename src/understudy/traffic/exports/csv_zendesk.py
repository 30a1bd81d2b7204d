"""Zendesk's CSV of tickets: how they stand, without what was written on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from understudy.traffic.csv_file import SEPARATOR, plain_name
from understudy.traffic.exports.csv_values import iso_time
from understudy.traffic.raw_record import Malformed

__all__ = ["zendesk_records"]

_WORDS = {"status": "status", "priority": "priority", "ticket_type": "type"}
_CHANNELS = {"mail": "email", "web form": "web", "web service": "api", "closed ticket": "web"}
_NONE = ("-", "")


def zendesk_records(row: Mapping[str, str], zone: tzinfo | None) -> Iterator[dict[str, Any]]:
    """The ticket of one row."""
    told = {plain_name(name): text for name, text in row.items()
            if name != SEPARATOR and text not in _NONE}  # fmt: skip
    if not told.get("id", "").isdecimal() or "created_at" not in told:
        raise Malformed("a ticket's row without `Id` or `Created at`")
    via = told.get("via", "").lower()
    ticket: dict[str, Any] = {
        "id": int(told["id"]), "subject": told.get("subject", ""),
        "via": {"channel": _CHANNELS.get(via, via or "web")},
        "tags": told.get("tags", "").replace(",", " ").split(),
        **{api: told[name].lower() for name, api in _WORDS.items() if name in told},
    }  # fmt: skip
    for name in ("created_at", "updated_at"):
        if name in told:
            ticket[name] = iso_time(told[name], zone)
    for name in ("requester_id", "assignee_id", "external_id"):
        if name in told:
            ticket[name] = told[name]
    yield {"status": "new", "requester_id": None, **ticket}
