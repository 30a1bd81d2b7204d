"""HubSpot's part of the route table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.systems.hubspot import (
    aims,
    association_table,
    batch,
    merging,
    objects,
    properties,
    search,
    settings,
    shapes,
)
from understudy.systems.operation import Operation
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, array, params, says

__all__ = ["OPERATIONS"]

_TYPE = says(
    STRING, "contacts, companies, deals, tickets, notes, tasks and the like, or a custom type."
)
_NAMES = says(array(STRING), "Names of the properties to return.")
_PROPERTIES = says(OBJECT, "Property names with their values; an empty string clears one.")
_SHOWN: dict[str, Any] = {
    "properties": _NAMES, "propertiesWithHistory": array(STRING), "associations": array(STRING),
    "archived": BOOLEAN,
}  # fmt: skip
_PAGE: dict[str, Any] = {"limit": INTEGER, "after": STRING}
_INPUTS = says(array(OBJECT), "Up to 100 objects, each with id and properties.")
_OBJECTS = "/crm/v3/objects/{object_type}"
_HUBSPOT: dict[str, Any] = {"system": "hubspot"}
_APPROVAL: dict[str, Any] = {
    "system": "hubspot", "action_class": ActionClass.APPROVAL_REQUIRED,
}  # fmt: skip
_AUTOMATED: dict[str, Any] = {"system": "hubspot", "action_class": ActionClass.AUTOMATED}

_READS = (
    Operation(
        name="hubspot.objects.list", method="GET", template=_OBJECTS,
        description="List CRM objects of one type by id.",
        params=params("object_type", object_type=_TYPE, **_PAGE, **_SHOWN),
        answers=shapes.page("object"),
        handler=objects.list_objects, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.objects.get", method="GET", template=_OBJECTS + "/{id}",
        description="Get one CRM object by id, or by a unique property named in idProperty.",
        params=params("object_type id", object_type=_TYPE, id=STRING, idProperty=STRING, **_SHOWN),
        answers=shapes.one("object"),
        handler=objects.get_object, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.objects.search", method="POST", template=_OBJECTS + "/search",
        description="Search CRM objects by filterGroups, sorts and free text.",
        params=params(
            "object_type", object_type=_TYPE,
            filterGroups=says(
                array(OBJECT), "Groups of filters {propertyName, operator, value}; any group fits."
            ),
            sorts=array(OBJECT), query=STRING, properties=_NAMES, **_PAGE,
        ),
        answers=shapes.page("object", total=True),
        handler=search.search_objects, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.objects.batch_read", method="POST", template=_OBJECTS + "/batch/read",
        description="Read up to 100 CRM objects at once.",
        params=params(
            "object_type inputs", object_type=_TYPE, inputs=_INPUTS, properties=_NAMES,
            propertiesWithHistory=array(STRING), idProperty=STRING,
        ),
        answers=shapes.batch("object"),
        handler=batch.batch_read, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.owners.list", method="GET", template="/crm/v3/owners",
        description="List the people who can own objects.",
        params=params("", email=STRING, archived=BOOLEAN, **_PAGE),
        answers=shapes.page("owner"),
        handler=settings.list_owners, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.owners.get", method="GET", template="/crm/v3/owners/{id}",
        description="Get one owner.", params=params("id", id=STRING, idProperty=STRING),
        answers=shapes.one("owner"),
        handler=settings.get_owner, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.pipelines.list", method="GET", template="/crm/v3/pipelines/{object_type}",
        description="List the pipelines of deals or tickets.",
        params=params("object_type", object_type=_TYPE),
        answers=shapes.page("pipeline"),
        handler=settings.list_pipelines, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.pipelines.get", method="GET",
        template="/crm/v3/pipelines/{object_type}/{id}",
        description="Get one pipeline with its stages.",
        params=params("object_type id", object_type=_TYPE, id=STRING),
        answers=shapes.one("pipeline"),
        handler=settings.get_pipeline, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.pipeline_stages.list", method="GET",
        template="/crm/v3/pipelines/{object_type}/{id}/stages",
        description="List the stages of a pipeline.",
        params=params("object_type id", object_type=_TYPE, id=STRING),
        answers=shapes.page("stage"),
        handler=settings.list_stages, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.pipeline_stages.get", method="GET",
        template="/crm/v3/pipelines/{object_type}/{id}/stages/{stage_id}",
        description="Get one stage of a pipeline.",
        params=params("object_type id stage_id", object_type=_TYPE, id=STRING, stage_id=STRING),
        answers=shapes.one("stage"),
        handler=settings.get_stage, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.properties.list", method="GET", template="/crm/v3/properties/{object_type}",
        description="List the properties that objects of a type have.",
        params=params("object_type", object_type=_TYPE, archived=BOOLEAN, properties=STRING),
        answers=shapes.page("property"),
        handler=properties.list_properties, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.properties.get", method="GET",
        template="/crm/v3/properties/{object_type}/{name}",
        description="Get the definition of one property.",
        params=params("object_type name", object_type=_TYPE, name=STRING, archived=BOOLEAN),
        answers=shapes.one("property"),
        handler=properties.get_property, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.properties.batch_read", method="POST",
        template="/crm/v3/properties/{object_type}/batch/read",
        description="Get the definitions of several properties.",
        params=params("object_type inputs", object_type=_TYPE, inputs=array(OBJECT),
                      archived=BOOLEAN),
        answers=shapes.batch("property"),
        handler=properties.read_properties, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.schemas.list", method="GET", template="/crm/v3/schemas",
        description="List the object types that the company has defined itself.",
        params=params("", archived=BOOLEAN),
        answers=shapes.page("schema"),
        handler=settings.list_schemas, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.schemas.get", method="GET", template="/crm/v3/schemas/{object_type}",
        description="Get one of the company's own object types with its properties.",
        params=params("object_type", object_type=_TYPE),
        answers=shapes.one("schema"),
        handler=settings.get_schema, **_HUBSPOT,
    ),
)  # fmt: skip

_WRITES = (
    Operation(
        name="hubspot.objects.create", method="POST", template=_OBJECTS,
        description="Create a CRM object, such as a contact, deal, note or task.",
        params=params(
            "object_type properties", object_type=_TYPE, properties=_PROPERTIES,
            associations=says(array(OBJECT), "Each {to: {id}, types: [{associationTypeId}]}."),
        ),
        answers=shapes.created("object"),
        handler=objects.create_object, effect=Effect.WRITE, escalate=aims.created_class,
        effect_of=aims.created_effect, target=aims.created_target, amount=aims.deal_amount,
        gist=aims.object_gist,
        replay=aims.object_params, reversible_by="hubspot.objects.archive", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.objects.update", method="PATCH", template=_OBJECTS + "/{id}",
        description="Change properties of a CRM object.",
        params=params(
            "object_type id properties", object_type=_TYPE, id=STRING, properties=_PROPERTIES,
            idProperty=STRING,
        ),
        answers=shapes.one("object"),
        handler=objects.update_object, effect=Effect.WRITE, escalate=aims.updated_class,
        target=aims.path_object, amount=aims.deal_amount, gist=aims.object_gist,
        replay=aims.object_params,
        reversible_by="hubspot.objects.update", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.objects.archive", method="DELETE", template=_OBJECTS + "/{id}",
        description="Move a CRM object to the recycle bin.",
        params=params("object_type id", object_type=_TYPE, id=STRING),
        answers=shapes.nothing(),
        handler=objects.archive_object, effect=Effect.DELETE, target=aims.path_object,
        amount=aims.deal_amount, gist=aims.object_gist,
        replay=aims.object_params, destructive=True, **_APPROVAL,
    ),
    Operation(
        name="hubspot.objects.batch_create", method="POST", template=_OBJECTS + "/batch/create",
        description="Create up to 100 CRM objects at once.",
        params=params("object_type inputs", object_type=_TYPE, inputs=_INPUTS),
        answers=shapes.batch("object", 201),
        handler=batch.batch_create, effect=Effect.WRITE, escalate=aims.batch_class,
        target=aims.batch_target, amount=aims.batch_amount, gist=aims.batch_gist,
        replay=aims.batch_params,
        reversible_by="hubspot.objects.batch_archive", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.objects.batch_update", method="POST", template=_OBJECTS + "/batch/update",
        description="Change up to 100 CRM objects at once.",
        params=params("object_type inputs", object_type=_TYPE, inputs=_INPUTS),
        answers=shapes.batch("object"),
        handler=batch.batch_update, effect=Effect.WRITE, escalate=aims.batch_class,
        target=aims.batch_target, amount=aims.batch_amount, gist=aims.batch_gist,
        replay=aims.batch_params,
        reversible_by="hubspot.objects.batch_update", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.objects.batch_upsert", method="POST", template=_OBJECTS + "/batch/upsert",
        description="Change objects found by a unique property, or create them.",
        params=params("object_type inputs", object_type=_TYPE, inputs=_INPUTS),
        answers=shapes.batch("upserted"),
        handler=batch.batch_upsert, effect=Effect.WRITE, escalate=aims.batch_class,
        target=aims.batch_target, amount=aims.batch_amount, gist=aims.batch_gist,
        replay=aims.batch_params,
        reversible_by="hubspot.objects.batch_update", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.objects.batch_archive", method="POST", template=_OBJECTS + "/batch/archive",
        description="Move up to 100 CRM objects to the recycle bin.",
        params=params("object_type inputs", object_type=_TYPE, inputs=_INPUTS),
        answers=shapes.nothing(),
        handler=batch.batch_archive, effect=Effect.DELETE, target=aims.batch_target,
        amount=aims.batch_amount, gist=aims.batch_gist,
        replay=aims.batch_params, destructive=True, **_APPROVAL,
    ),
    Operation(
        name="hubspot.contacts.merge", method="POST", template="/crm/v3/objects/contacts/merge",
        description="Merge two contacts for good: objectIdToMerge goes up in primaryObjectId.",
        params=params(
            "primaryObjectId objectIdToMerge", primaryObjectId=STRING, objectIdToMerge=STRING
        ),
        answers=shapes.one("object"),
        handler=merging.merge_objects, effect=Effect.DELETE, target=aims.merged, destructive=True,
        **_APPROVAL,
    ),
    Operation(
        name="hubspot.objects.merge", method="POST", template=_OBJECTS + "/merge",
        description="Merge two objects of one type for good, as of two companies.",
        params=params(
            "object_type primaryObjectId objectIdToMerge", object_type=_TYPE,
            primaryObjectId=STRING, objectIdToMerge=STRING,
        ),
        answers=shapes.one("object"),
        handler=merging.merge_objects, effect=Effect.DELETE, target=aims.merged, destructive=True,
        **_APPROVAL,
    ),
    Operation(
        name="hubspot.contacts.gdpr_delete", method="POST",
        template="/crm/v3/objects/contacts/gdpr-delete",
        description="Forget a contact for good, as data protection law asks for.",
        params=params("objectId", objectId=STRING, idProperty=STRING),
        answers=shapes.nothing(),
        handler=merging.gdpr_delete, effect=Effect.DELETE, target=aims.forgotten,
        destructive=True, **_APPROVAL,
    ),
)  # fmt: skip

_DEFINITION: dict[str, Any] = {
    "label": STRING, "type": STRING, "fieldType": STRING, "groupName": STRING,
    "description": STRING, "options": says(array(OBJECT), "Each {label, value}."),
    "hasUniqueValue": BOOLEAN, "hidden": BOOLEAN, "formField": BOOLEAN, "displayOrder": INTEGER,
}  # fmt: skip
_DEFINES: dict[str, Any] = {
    "target": aims.defined, "gist": aims.definition_gist, **_APPROVAL,
}  # fmt: skip
_PROPERTY_WRITES = (
    Operation(
        name="hubspot.properties.create", method="POST",
        template="/crm/v3/properties/{object_type}",
        description="Define a property of the account's own.",
        params=params(
            "object_type name label type fieldType groupName", object_type=_TYPE, name=STRING,
            **_DEFINITION,
        ),
        answers=shapes.created("property"),
        handler=properties.create_property, effect=Effect.WRITE,
        reversible_by="hubspot.properties.archive", **_DEFINES,
    ),
    Operation(
        name="hubspot.properties.update", method="PATCH",
        template="/crm/v3/properties/{object_type}/{name}",
        description="Change the definition of a property of the account's own.",
        params=params("object_type name", object_type=_TYPE, name=STRING, **_DEFINITION),
        answers=shapes.one("property"),
        handler=properties.update_property, effect=Effect.WRITE,
        reversible_by="hubspot.properties.update", **_DEFINES,
    ),
    Operation(
        name="hubspot.properties.archive", method="DELETE",
        template="/crm/v3/properties/{object_type}/{name}",
        description="Take away a property of the account's own.",
        params=params("object_type name", object_type=_TYPE, name=STRING),
        answers=shapes.nothing(),
        handler=properties.archive_property, effect=Effect.DELETE,
        reversible_by="hubspot.properties.create", **_DEFINES,
    ),
)  # fmt: skip
_BATCHES = ("batch_", "_v3", "pipeline_stages", "properties.create", "properties.update",
            "properties.archive", "labels")  # fmt: skip

OPERATIONS = tuple(
    replace(each, aside=any(part in each.name for part in _BATCHES))
    for each in (*_READS, *_WRITES, *_PROPERTY_WRITES, *association_table.OPERATIONS)
)
