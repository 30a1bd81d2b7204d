"""Rows that a recording shows: enough of a world to play its requests again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from understudy.model.interaction import Interaction
from understudy.model.world import Row, World
from understudy.systems.system import System
from understudy.systems.zendesk.payload import NUMBERS

__all__ = ["with_sightings"]

Sighting = tuple[str, Row]
_DEEPEST = 6


def with_sightings(
    interactions: Iterable[Interaction], world: World, systems: Mapping[str, System]
) -> World:
    """The world with the objects that recorded reads show and that it does not have.

    The first sight counts. What a recorded write answered with is left out: there the write is
    to make it. Systems of the user's own contribute nothing.
    """
    tables = {name: dict(rows) for name, rows in world.tables.items()}
    written: set[str] = set()
    for each in interactions:
        if each.response is None or each.response.status >= 400:
            continue
        rows = list(_rows(each))
        if _writes(each, systems):
            written |= {row["id"] for _, row in rows}
            continue
        for table, row in rows:
            if row["id"] not in written:
                tables.setdefault(table, {}).setdefault(row["id"], row)
    return World(tables, content_digest=world.content_digest, now=world.now, ledger=world.ledger)


def _writes(interaction: Interaction, systems: Mapping[str, System]) -> bool:
    system = systems.get(interaction.system)
    known = system.by_name.get(interaction.operation or "") if system else None
    return known.writes if known else interaction.request.method.upper() != "GET"


def _rows(interaction: Interaction) -> Iterator[Sighting]:
    read = _READERS.get(interaction.system)
    if read is not None and interaction.response is not None:
        parts = urlsplit(interaction.request.url).path.removesuffix(".json").strip("/").split("/")
        yield from read(interaction.response.body, parts, 0)


def _stripe(body: Any, parts: list[str], depth: int) -> Iterator[Sighting]:
    if depth > _DEEPEST or not isinstance(body, dict | list):
        return
    for value in body.values() if isinstance(body, dict) else body:
        yield from _stripe(value, parts, depth + 1)
    if isinstance(body, dict) and _is_object(body):
        yield f"stripe.{body['object']}s", {name: _plain(value) for name, value in body.items()}


def _is_object(value: Any) -> bool:
    named = isinstance(value, dict) and isinstance(value.get("object"), str)
    return named and isinstance(value.get("id"), str)


def _plain(value: Any) -> Any:
    """An expanded object as its id, a list object as its rows."""
    if _is_object(value):
        return value["id"]
    if isinstance(value, dict) and value.get("object") == "list":
        return value.get("data")
    return value


def _hubspot(body: Any, parts: list[str], depth: int) -> Iterator[Sighting]:
    del depth
    if not isinstance(body, dict) or len(parts) < 3:
        return
    kind = parts[3] if parts[2] == "objects" and len(parts) > 3 else parts[2]
    found = body.get("results")
    for each in found if isinstance(found, list) else [body]:
        if isinstance(each, dict) and "id" in each:
            row = {**each, **(each.get("properties") or {}), "id": str(each["id"])}
            row.pop("properties", None)
            yield f"hubspot.{kind}", {k: v for k, v in row.items() if v is not None}


_ZENDESK = {
    "ticket": "tickets", "user": "users", "organization": "organizations", "macro": "macros",
    "comment": "comments",
}  # fmt: skip


def _zendesk(body: Any, parts: list[str], depth: int) -> Iterator[Sighting]:
    del depth
    for name, value in body.items() if isinstance(body, dict) else ():
        for each in value if isinstance(value, list) else [value]:
            kind = _kind(name, each)
            if kind is not None and "id" in each:
                row = {key: _text_id(key, item) for key, item in each.items() if item is not None}
                if kind == "comments" and "tickets" in parts[:-1]:
                    row["ticket_id"] = parts[parts.index("tickets") + 1]
                yield f"zendesk.{kind}", row


def _kind(name: str, value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    if name in _ZENDESK.values():
        return name
    return _ZENDESK.get(value.get("result_type", name))


def _text_id(name: str, value: Any) -> Any:
    """Ids of rows are text in a world.

    >>> _text_id("requester_id", 7), _text_id("count", 7)
    ('7', 7)
    """
    return str(value) if name in NUMBERS and isinstance(value, int) else value


_READERS: dict[str, Callable[[Any, list[str], int], Iterator[Sighting]]] = {
    "hubspot": _hubspot,
    "stripe": _stripe,
    "zendesk": _zendesk,
}
