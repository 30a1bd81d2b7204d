"""Writes a world's history as the vendors' own exports, so that an import can be tried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from understudy.traffic.exports.hubspot_files import hubspot_files
from understudy.traffic.exports.stripe_files import stripe_files
from understudy.traffic.exports.vendor_history import History
from understudy.traffic.exports.zendesk_files import zendesk_files

__all__ = ["WRITERS", "write_exports"]

WRITERS: dict[str, Callable[[History], dict[str, Iterable[Any]]]] = {
    "zendesk": zendesk_files,
    "stripe": stripe_files,
    "hubspot": hubspot_files,
}
"""From a history to the records of each file, by vendor."""


def write_exports(history: History, vendor: str, folder: Path) -> list[Path]:
    """Write one vendor's export files; `.ndjson` has a record a line, `.json` is one page."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, records in WRITERS[vendor](history).items():
        path = folder / name
        path.write_bytes(_lines(records) if path.suffix == ".ndjson" else _page(name, records))
        written.append(path)
    return written


def _lines(records: Iterable[Any]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def _page(name: str, records: Iterable[Any]) -> bytes:
    """Records as a page of the vendor's API; its list is named as the file's last word says."""
    found = list(records)
    key = name.removesuffix(".json").rpartition("-")[2]
    if key == "data":
        return orjson.dumps({"object": "list", "has_more": False, "data": found})
    if key == "results":
        return orjson.dumps({key: found})
    return orjson.dumps({key: found, "count": len(found), "next_page": None})
