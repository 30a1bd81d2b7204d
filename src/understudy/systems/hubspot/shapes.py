"""What HubSpot's answers look like: JSON Schemas of every object, written from use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.systems.schema import (
    BOOLEAN,
    INTEGER,
    OBJECT,
    STRING,
    TIME,
    WHOLE,
    any_of,
    array,
    constant,
    each,
    nullable,
    one_of,
    record,
    ref,
    texts,
)

__all__ = ["SHAPES", "batch", "created", "nothing", "one", "page"]

Answers = Mapping[int, Mapping[str, Any] | None]

_ID = {"type": "string", "minLength": 1}
_TEXT = nullable(STRING)
_TIMES: dict[str, Any] = {**each("createdAt updatedAt", TIME), "archived": BOOLEAN}
_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_PAGING = record({"next": record({"after": STRING, "link": STRING}, optional="link")})
_ERROR = record(
    {
        "status": constant("error"), "message": STRING, "correlationId": _UUID,
        "category": STRING, "context": texts(array(STRING)), "subCategory": STRING,
        "errors": array(OBJECT), **each("errorType policyName", STRING),
    },
    optional="context subCategory errors errorType policyName",
)  # fmt: skip
_PLAIN_LINK = record({"id": _ID, "type": STRING})
_PLAIN_LINKS = record({"results": array(_PLAIN_LINK)})
_VERSION = record({"value": STRING, "timestamp": nullable(TIME), "sourceType": STRING})
_OBJECT = record(
    {
        "id": _ID, "properties": texts(_TEXT), **_TIMES, "archivedAt": TIME,
        "propertiesWithHistory": texts(array(_VERSION)), "associations": texts(_PLAIN_LINKS),
    },
    optional="archivedAt propertiesWithHistory associations",
)  # fmt: skip
_UPSERTED = {
    **_OBJECT, "properties": {**_OBJECT["properties"], "new": BOOLEAN},
    "required": [*_OBJECT["required"], "new"],
}  # fmt: skip
_SPEC = record(
    {
        "associationCategory": one_of("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"),
        "associationTypeId": INTEGER,
    }
)  # fmt: skip
_LINK = record(
    {
        "toObjectId": any_of(INTEGER, STRING),
        "associationTypes": array(
            record({"category": STRING, "typeId": INTEGER, "label": _TEXT})
        ),
    }
)  # fmt: skip
_LABELLED = record(
    {
        **each("fromObjectTypeId toObjectTypeId", STRING),
        **each("fromObjectId toObjectId", any_of(INTEGER, STRING)), "labels": array(STRING),
    }
)  # fmt: skip
_OWNER = record(
    {
        "id": _ID, "email": _TEXT, "type": one_of("PERSON", "QUEUE"),
        **each("firstName lastName", _TEXT), "userId": nullable(WHOLE), **_TIMES,
        "userIdIncludingInactive": WHOLE, "teams": array(OBJECT),
    },
    optional="userIdIncludingInactive teams",
)  # fmt: skip
_STAGE = record(
    {"id": _ID, "label": STRING, "displayOrder": INTEGER, "metadata": texts(), **_TIMES}
)
_PIPELINE = record(
    {"id": _ID, "label": STRING, "displayOrder": INTEGER, "stages": array(_STAGE), **_TIMES}
)
_OPTION = record(
    {**each("label value", STRING), "displayOrder": INTEGER, "hidden": BOOLEAN}
)  # fmt: skip
_PROPERTY = record(
    {
        **each("name label fieldType description groupName", STRING),
        "type": one_of(
            "bool", "date", "datetime", "enumeration", "number", "phone_number", "string"
        ),
        "options": array(_OPTION), "displayOrder": INTEGER,
        **each(
            "calculated externalOptions hasUniqueValue hidden hubspotDefined formField", BOOLEAN
        ),
        **_TIMES,
        "modificationMetadata": record(
            each("archivable readOnlyDefinition readOnlyValue", BOOLEAN)
        ),
    },
    optional="hubspotDefined externalOptions calculated",
)  # fmt: skip
_SCHEMA = record(
    {
        "id": _ID, **each("objectTypeId name fullyQualifiedName metaType", STRING), **_TIMES,
        "labels": record(each("singular plural", STRING)), "restorable": BOOLEAN,
        "primaryDisplayProperty": _TEXT,
        **each(
            "requiredProperties searchableProperties secondaryDisplayProperties", array(STRING)
        ),
        "properties": array(_PROPERTY), "associations": array(OBJECT),
    }
)  # fmt: skip
_FAILED = record(
    {
        "status": constant("error"), **each("category message", STRING),
        "context": texts(array(STRING)), "subCategory": STRING,
    },
    optional="subCategory",
)  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "error": _ERROR, "object": _OBJECT, "upserted": _UPSERTED, "owner": _OWNER,
    "pipeline": _PIPELINE, "schema": _SCHEMA,
    "property": _PROPERTY, "association": _LINK, "plain_association": _PLAIN_LINK,
    "labelled_association": _LABELLED, "paging": _PAGING,
    "stage": _STAGE, "association_type": record(each("id name", STRING)),
    "association_label": record({"category": STRING, "typeId": INTEGER, "label": _TEXT}),
    "named_association": record({**each("from to", record({"id": _ID})), "type": STRING}),
    "named_associations": record(
        {"from": record({"id": _ID}), "to": array(record({"id": _ID, "type": STRING}))}
    ),
    "associations_of": record({"from": record({"id": _ID}), "to": array(_LINK)}),
    "associated_pair": record(
        {**each("from to", record({"id": _ID})), "associationSpec": _SPEC}
    ),
}  # fmt: skip


def nothing() -> Answers:
    """No body."""
    return {204: None}


def one(kind: str) -> Answers:
    """One object."""
    return {200: ref(kind)}


def created(kind: str) -> Answers:
    """One new object."""
    return {201: ref(kind)}


def page(kind: str, *, total: bool = False) -> Answers:
    """A page of a list; of a search also how many were found."""
    made = {"results": array(ref(kind)), "paging": ref("paging"), "total": WHOLE}
    return {200: record(made, optional="paging" if total else "paging total")}


def batch(kind: str, status: int = 200) -> Answers:
    """What became of a batch, and what of one that failed in part."""
    whole: dict[str, Any] = {
        "status": constant("COMPLETE"), "results": array(ref(kind)),
        **each("startedAt completedAt requestedAt", TIME),
    }  # fmt: skip
    partly = {**whole, "numErrors": {"type": "integer", "minimum": 1}, "errors": array(_FAILED)}
    return {
        status: record(whole, optional="requestedAt"),
        207: record(partly, optional="requestedAt"),
    }
