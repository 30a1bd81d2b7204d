"""Rows that a recording shows: enough of a world to play its requests again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from understudy.model.interaction import Interaction
from understudy.model.world import Row, World
from understudy.systems.hubspot.kinds import schema_of, table_of
from understudy.systems.laid_over import LaidOver
from understudy.systems.stripe.expand import EXPANDABLE
from understudy.systems.system import System, query_pairs
from understudy.systems.zendesk.payload import NUMBERS

__all__ = ["created", "housed", "sightings", "told_rows", "with_sightings"]

Sighting = tuple[str, Row]
_DEEPEST = 6
_PREFIXES = {
    "cus": "customers", "pm": "payment_methods", "price": "prices", "prod": "products",
}  # fmt: skip
_OWN_TYPE = re.compile(r"2-\d+")
_ID = re.compile(r"\d")


def with_sightings(
    interactions: Iterable[Interaction], world: World, systems: Mapping[str, System]
) -> World:
    """The world with the objects that recorded reads show and that it does not have."""
    tables: dict[str, dict[str, Row]] = {}
    for (table, row_id), row in housed(sightings(interactions, systems), world).items():
        if world.get(table, row_id) is None:
            tables.setdefault(table, {})[row_id] = row
    return LaidOver(world, tables)


def sightings(
    interactions: Iterable[Interaction], systems: Mapping[str, System]
) -> dict[tuple[str, str], Row]:
    """The objects that recorded answers show, by table and id, as they were seen first.

    What a recorded write made is left out: there the write is to make it, where an operation
    serves it. An object that a write names in its path was there before, even where only its
    answer shows it. Systems of the user's own contribute nothing.
    """
    kept = list(interactions)
    made, found = _first_shown(kept, systems)
    named: dict[tuple[str, str], Row] = {}
    taken: dict[tuple[str, str], Row] = {}
    for each, parts in _answered(kept):
        named |= _named(each, parts) | _referred(each)
        taken |= {(table, row["id"]): row for table, row in _accepted(each, parts)}
    return taken | {key: row for key, row in named.items() if key not in made} | found


def created(
    interactions: Iterable[Interaction], systems: Mapping[str, System]
) -> dict[tuple[str, str], Row]:
    """What recorded writes that we serve made, as their answers show it first."""
    return _first_shown(interactions, systems)[0]


def _first_shown(
    interactions: Iterable[Interaction], systems: Mapping[str, System]
) -> tuple[dict[tuple[str, str], Row], dict[tuple[str, str], Row]]:
    """What recorded writes made, and what was there before, each as an answer shows it first."""
    made: dict[tuple[str, str], Row] = {}
    found: dict[tuple[str, str], Row] = {}
    for each, parts in _answered(interactions):
        writes = _writes(each, systems)
        rows = {(table, row["id"]): row for table, row in _rows(each, parts)}
        for key, row in rows.items():
            if key not in made and key not in found:
                (made if writes and key[1] not in parts else found)[key] = row
    return made, found


def _answered(interactions: Iterable[Interaction]) -> Iterator[tuple[Interaction, list[str]]]:
    """What was answered and not refused, with the parts of its path."""
    for each in interactions:
        if each.response is not None and each.response.status < 400:
            yield each, _parts(each)


def housed(found: Mapping[tuple[str, str], Row], world: World) -> dict[tuple[str, str], Row]:
    """The same rows where the world keeps them: objects of a company's own types by type id."""
    return dict(_housed(table, row, world) for (table, _), row in found.items())


def _housed(table: str, row: Row, world: World) -> tuple[tuple[str, str], Row]:
    system, _, kind = table.partition(".")
    defined = row.get("object_type") if kind in ("properties", "pipelines") else None
    own = schema_of(world, defined or kind) if system == "hubspot" else None
    if own is None:
        return (table, row["id"]), row
    if defined is None:
        return (f"hubspot.{own['id']}", row["id"]), row
    placed = _defined(own["id"], row["name"], row)
    return (table, placed["id"]), placed


def told_rows(interaction: Interaction) -> Iterator[Sighting]:
    """The rows that one answer shows, by table, and what a request that was accepted takes."""
    parts = _parts(interaction)
    yield from _accepted(interaction, parts)
    yield from _rows(interaction, parts)


def _parts(interaction: Interaction) -> list[str]:
    path = urlsplit(interaction.request.url).path
    return path.removesuffix(".json").strip("/").split("/")


def _named(interaction: Interaction, parts: list[str]) -> dict[tuple[str, str], Row]:
    """The object at the end of a path that was found: that it is there is all that is known."""
    if interaction.system not in _READERS or len(parts) < 3 or not _ID.search(parts[-1]):
        return {}
    return {(f"{interaction.system}.{parts[-2]}", parts[-1]): {"id": parts[-1]}}


def _referred(interaction: Interaction) -> dict[tuple[str, str], Row]:
    """What a request that succeeded was about: it was there, though nothing shows more of it."""
    if interaction.system != "stripe":
        return {}
    body, query = interaction.request.body, query_pairs(urlsplit(interaction.request.url).query)
    given = body.values() if isinstance(body, dict) else ()
    told = (each for each in (*given, *(value for _, value in query)) if isinstance(each, str))
    found = ((_PREFIXES.get(each.partition("_")[0]), each) for each in told)
    return {(f"stripe.{table}", each): {"id": each} for table, each in found if table}


def _writes(interaction: Interaction, systems: Mapping[str, System]) -> bool:
    """Whether an operation that we serve is to make what the answer shows."""
    system = systems.get(interaction.system)
    if system is None:
        return False
    segments = system.segments(urlsplit(interaction.request.url).path)
    route = system.dispatcher.find(interaction.request.method.upper(), segments)
    if route is None or not system.names_objects(route.path(segments)):
        return False
    return route.operations[-1].writes


def _rows(interaction: Interaction, parts: list[str]) -> Iterator[Sighting]:
    read = _READERS.get(interaction.system)
    if read is not None and interaction.response is not None:
        yield from read(interaction.response.body, parts, 0)


def _stripe(body: Any, parts: list[str], depth: int) -> Iterator[Sighting]:
    if depth > _DEEPEST or not isinstance(body, dict | list):
        return
    for value in body.values() if isinstance(body, dict) else body:
        yield from _stripe(value, parts, depth + 1)
    if isinstance(body, dict) and _is_object(body):
        row = {name: _plain(name, value) for name, value in body.items()}
        yield f"stripe.{body['object']}s", row


def _is_object(value: Any) -> bool:
    named = isinstance(value, dict) and isinstance(value.get("object"), str)
    return named and isinstance(value.get("id"), str)


def _plain(name: str, value: Any) -> Any:
    """An expanded object as its id, a list object as its rows."""
    if name in EXPANDABLE and _is_object(value):
        return value["id"]
    if isinstance(value, dict) and value.get("object") == "list":
        return value.get("data")
    return value


def _hubspot(body: Any, parts: list[str], depth: int) -> Iterator[Sighting]:
    del depth
    if not isinstance(body, dict) or len(parts) < 3:
        return
    if parts[2] in ("schemas", "properties", "pipelines"):
        yield from _definitions(body, parts)
        return
    kind = table_of(parts[3]) if parts[2] == "objects" and len(parts) > 3 else parts[2]
    found = body.get("results")
    for each in found if isinstance(found, list) else [body]:
        if isinstance(each, dict) and "id" in each:
            own = each.get("properties")
            row = {**each, **(own if isinstance(own, dict) else {}), "id": str(each["id"])}
            row.pop("properties", None)
            yield f"hubspot.{kind}", {k: v for k, v in row.items() if v is not None}


def _definitions(body: dict[str, Any], parts: list[str]) -> Iterator[Sighting]:
    """What a company has defined itself, as its CRM lists it."""
    found = body.get("results", [body])
    kind = table_of(parts[3]) if len(parts) > 3 else ""
    for each in found if isinstance(found, list) else []:
        if parts[2] == "schemas":
            yield from _schema(each)
        elif parts[2] == "properties" and "name" in each:
            yield "hubspot.properties", _defined(kind, each["name"], each)
        elif parts[2] == "pipelines" and "id" in each:
            yield "hubspot.pipelines", _defined(kind, each["id"], each)


def _defined(kind: str, name: str, told: Mapping[str, Any]) -> Row:
    return {**told, "id": f"{kind}.{name}", "object_type": kind, "name": name}


def _schema(told: Mapping[str, Any]) -> Iterator[Sighting]:
    kind = str(told.get("objectTypeId"))
    yield "hubspot.schemas", {**told, "id": kind}
    for each in told.get("properties") or ():
        if isinstance(each, dict) and "name" in each:
            yield "hubspot.properties", _defined(kind, each["name"], each)


def _accepted(interaction: Interaction, parts: list[str]) -> Iterator[Sighting]:
    """The types and properties that a CRM took, whatever they are defined as."""
    if interaction.system != "hubspot" or parts[2:3] != ["objects"] or len(parts) < 4:
        return
    kind, body = table_of(parts[3]), interaction.request.body
    if _OWN_TYPE.fullmatch(kind):
        yield "hubspot.schemas", {"id": kind, "name": kind}
    told = body if isinstance(body, dict) else {}
    given = told.get("inputs", [told])
    for each in given if isinstance(given, list) else []:
        taken = each.get("properties") if isinstance(each, dict) else None
        for name in taken if isinstance(taken, dict) else ():
            yield "hubspot.properties", _defined(kind, name, {"type": "string"})
    for name in _sought(told):
        yield "hubspot.properties", _defined(kind, name, {"type": "string"})


def _sought(body: Mapping[str, Any]) -> Iterator[str]:
    """The properties that a search asks about."""
    groups = body.get("filterGroups")
    for group in [body, *(groups if isinstance(groups, list) else [])]:
        filters = group.get("filters") if isinstance(group, dict) else None
        for each in filters if isinstance(filters, list) else []:
            name = each.get("propertyName") if isinstance(each, dict) else None
            if isinstance(name, str) and not name.startswith("associations."):
                yield name


_ZENDESK = {
    "ticket_field": "ticket_fields", "ticket_form": "ticket_forms", "user_field": "user_fields",
    "organization_field": "organization_fields", "ticket": "tickets", "user": "users",
    "organization": "organizations", "macro": "macros", "comment": "comments",
    "job_status": "job_statuses",
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
