"""A world whose systems have a company's own fields, objects, pipelines and forms."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

from understudy.model.system_settings import (
    CustomObject,
    FormField,
    HubSpotSettings,
    Pipeline,
    Price,
    Property,
    StripeSettings,
    SystemSettings,
    ZendeskSettings,
)
from understudy.model.world import Row, World
from understudy.systems.hubspot.kinds import table_of
from understudy.systems.laid_over import LaidOver

__all__ = ["equipped"]

Placed = tuple[str, Row]
_BORN = "2021-03-01T09:00:00Z"
_TIMES = {"created_at": _BORN, "updated_at": _BORN}
_FIELDS = {
    "bool": "booleancheckbox", "enumeration": "select", "number": "number", "date": "date",
    "datetime": "date", "phone_number": "phonenumber",
}  # fmt: skip


def equipped(world: World, settings: SystemSettings) -> World:
    """The same world with what `settings` describe; tickets and people have the new fields.

    Rows of the world that stand under the same id are replaced. Objects of a type that the world
    keeps by its name are found by its type id.
    """
    tables: dict[str, dict[str, Row]] = {}
    for table, row in _placed(settings):
        tables.setdefault(table, {})[row["id"]] = row
    changes = {
        table: functools.partial(_with_blanks, column=column, empty=empty)
        for table, column, empty in _blanks(settings)
    }
    return LaidOver(world, tables, changes, dict(_names(world, settings.hubspot)))


def _names(world: World, hubspot: HubSpotSettings) -> Iterator[tuple[str, str]]:
    for custom in hubspot.objects:
        known = (custom.name, f"p_{custom.name}", custom.full_name)
        kept = next((each for each in known if f"hubspot.{each}" in world.tables), None)
        if kept is not None:
            yield f"hubspot.{custom.type_id}", f"hubspot.{kept}"


def _placed(settings: SystemSettings) -> Iterator[Placed]:
    yield from _crm(settings.hubspot)
    yield from _desk(settings.zendesk)
    yield from _prices(settings.stripe.prices)
    yield from _account(settings.stripe)


def _account(stripe: StripeSettings) -> Iterator[Placed]:
    told: dict[str, Any] = {"livemode": True} if stripe.mode == "live" else {}
    if stripe.currency is not None:
        told["default_currency"] = stripe.currency
    if told:
        yield "stripe.account", {"id": "account", **told}


def _crm(hubspot: HubSpotSettings) -> Iterator[Placed]:
    for custom in hubspot.objects:
        yield "hubspot.schemas", _schema(custom)
        yield from (_property(custom.type_id, each) for each in custom.properties)
    for kind, properties in hubspot.properties.items():
        yield from (_property(table_of(kind), each) for each in properties)
    for kind, pipelines in hubspot.pipelines.items():
        for order, pipeline in enumerate(pipelines):
            yield "hubspot.pipelines", _pipeline(table_of(kind), order, pipeline)
    for owner in hubspot.owners:
        names = {"firstName": owner.first_name, "lastName": owner.last_name}
        told = {"id": owner.id, "email": owner.email, "archived": owner.archived}
        yield "hubspot.owners", {**told, **names, "createdAt": _BORN, "updatedAt": _BORN}


def _desk(zendesk: ZendeskSettings) -> Iterator[Placed]:
    for name in ("ticket_fields", "user_fields", "organization_fields"):
        for position, each in enumerate(getattr(zendesk, name)):
            yield f"zendesk.{name}", _field(each, position, tickets=name == "ticket_fields")
    for position, form in enumerate(zendesk.ticket_forms):
        yield "zendesk.ticket_forms", {
            "id": str(form.id), "name": form.name, "ticket_field_ids": list(form.fields),
            "active": form.active, "default": form.default, "position": position, **_TIMES,
        }  # fmt: skip


def _schema(custom: CustomObject) -> Row:
    singular = custom.singular or custom.name
    return {
        "id": custom.type_id, "name": custom.name,
        "labels": {"singular": singular, "plural": custom.plural or f"{singular}s"},
        "fullyQualifiedName": custom.full_name or f"p26104557_{custom.name}",
        "primaryDisplayProperty": custom.primary,
        "secondaryDisplayProperties": list(custom.secondary),
        "requiredProperties": list(custom.required),
        "searchableProperties": list(custom.searchable),
        "createdAt": _BORN, "updatedAt": _BORN,
    }  # fmt: skip


def _property(kind: str, given: Property) -> Placed:
    options = [
        {
            "label": each.label or each.value, "value": each.value, "displayOrder": order,
            "hidden": False,
        }
        for order, each in enumerate(given.options)
    ]  # fmt: skip
    return "hubspot.properties", {
        "id": f"{kind}.{given.name}", "object_type": kind, "name": given.name,
        "label": given.label or given.name, "type": given.type,
        "fieldType": given.field_type or _FIELDS.get(given.type, "text"),
        "groupName": given.group or f"{kind.removesuffix('s')}information", "options": options,
        "hasUniqueValue": given.unique, "readOnly": given.read_only,
    }  # fmt: skip


def _pipeline(kind: str, order: int, given: Pipeline) -> Row:
    times = {"createdAt": _BORN, "updatedAt": _BORN, "archived": False}
    stages = []
    for position, each in enumerate(given.stages):
        known = {"isClosed": "true" if each.closed else "false"}
        if each.probability is not None:
            known["probability"] = str(each.probability)
        shown = {"id": each.id, "label": each.label or each.id, "displayOrder": position}
        stages.append({**shown, "metadata": known, **times})
    return {
        "id": f"{kind}.{given.id}", "object_type": kind, "name": given.id,
        "label": given.label or given.id, "displayOrder": order, "stages": stages,
    }  # fmt: skip


def _field(given: FormField, position: int, *, tickets: bool) -> Row:
    options = [
        {"id": given.id * 1000 + n, "name": each.label or each.value, "value": each.value}
        for n, each in enumerate(given.options)
    ]
    row: dict[str, Any] = {
        "id": str(given.id), "title": given.title, "type": given.type, "position": position,
        "active": given.active, "regexp_for_validation": given.pattern,
        "custom_field_options": options, **_TIMES,
    }  # fmt: skip
    return {**row, "required": given.required} if tickets else {**row, "key": given.key}


def _prices(prices: Iterable[Price]) -> Iterator[Placed]:
    for price in prices:
        repeated = {"interval": price.interval, "interval_count": price.interval_count}
        recurring = {"recurring": repeated} if price.interval else {}
        yield "stripe.prices", {
            "id": price.id, "product": price.product, "currency": price.currency,
            "unit_amount": price.unit_amount, "active": price.active, "created": 1_614_589_200,
            "nickname": price.nickname, **recurring,
        }  # fmt: skip
        if price.product_name is not None:
            yield "stripe.products", {
                "id": price.product, "name": price.product_name, "created": 1_614_589_200,
            }  # fmt: skip


def _blanks(settings: SystemSettings) -> Iterator[tuple[str, str, dict[Any, Any]]]:
    zendesk = settings.zendesk
    if zendesk.ticket_fields:
        empty = {each.id: None for each in zendesk.ticket_fields if each.active}
        yield "zendesk.tickets", "custom_fields", empty
    for table in ("user", "organization"):
        fields = getattr(zendesk, f"{table}_fields")
        if fields:
            empty = {each.key: None for each in fields if each.active}
            yield f"zendesk.{table}s", f"{table}_fields", empty
    for kind, names in settings.stripe.metadata.items():
        yield f"stripe.{kind}", "metadata", dict.fromkeys(names, "")


def _with_blanks(row: Row, column: str, empty: dict[Any, Any]) -> Row:
    """The row with its own values, and nothing in the fields that it lacks.

    Custom fields of tickets are a list of ids and values; the others are mappings.
    """
    known = row.get(column) or {}
    if column != "custom_fields":
        return {**row, column: {**empty, **known}} if isinstance(known, dict) else row
    listed = (
        known.items() if isinstance(known, dict) else [(f["id"], f.get("value")) for f in known]
    )
    merged = {**empty, **{int(key) if str(key).isdecimal() else key: v for key, v in listed}}
    return {**row, column: [{"id": key, "value": value} for key, value in merged.items()]}
