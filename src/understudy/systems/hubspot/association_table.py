"""HubSpot's part of the route table that is about associations, v4 and the older v3."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.systems.hubspot import aims, association_batches, associations, shapes
from understudy.systems.operation import Operation
from understudy.systems.schema import INTEGER, OBJECT, STRING, array, params, says

__all__ = ["OPERATIONS"]

_TYPE = says(STRING, "contacts, companies, deals, tickets, notes, tasks, or a custom type.")
_PAGE: dict[str, Any] = {"limit": INTEGER, "after": STRING}
_PAIR: dict[str, Any] = {
    "object_type": _TYPE, "id": STRING, "to_object_type": _TYPE, "to_id": STRING,
}  # fmt: skip
_OBJECTS = "/crm/v3/objects/{object_type}"
_V4 = "/crm/v4/objects/{object_type}/{id}/associations"
_MANY_V3 = "/crm/v3/associations/{object_type}/{to_object_type}"
_MANY_V4 = "/crm/v4/associations/{object_type}/{to_object_type}"
_HUBSPOT: dict[str, Any] = {"system": "hubspot"}
_AUTOMATED: dict[str, Any] = {"system": "hubspot", "action_class": ActionClass.AUTOMATED}
_INPUTS = says(array(OBJECT), "Each {from: {id}, to: {id}, types}.")


def _many(name: str, template: str, description: str, **other: Any) -> Operation:
    """A POST about the associations of many objects of two types."""
    given = params(
        "object_type to_object_type inputs", object_type=_TYPE, to_object_type=_TYPE,
        inputs=_INPUTS,
    )  # fmt: skip
    return Operation(
        name=f"hubspot.associations.{name}", method="POST", template=template,
        description=description, params=given, **other,
    )  # fmt: skip


_WRITES_MANY: dict[str, Any] = {
    "effect": Effect.WRITE, "escalate": aims.batch_class, "target": aims.linked,
    "gist": aims.linked_gist, "replay": aims.linked_params, **_AUTOMATED,
}  # fmt: skip
_JOINS: dict[str, Any] = {**_WRITES_MANY, "reversible_by": "hubspot.associations.batch_archive"}
_PARTS: dict[str, Any] = {
    **_WRITES_MANY, "reversible_by": "hubspot.associations.batch_create",
    "handler": association_batches.archive_many, "answers": shapes.nothing(),
}  # fmt: skip

OPERATIONS = (
    Operation(
        name="hubspot.associations.list", method="GET", template=_V4 + "/{to_object_type}",
        description="List what an object is associated with.",
        params=params(
            "object_type id to_object_type", object_type=_TYPE, id=STRING, to_object_type=_TYPE,
            **_PAGE,
        ),
        answers=shapes.page("association"),
        handler=associations.list_associations, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.associations.list_v3", method="GET",
        template=_OBJECTS + "/{id}/associations/{to_object_type}",
        description="List what an object is associated with, in the older form.",
        params=params(
            "object_type id to_object_type", object_type=_TYPE, id=STRING, to_object_type=_TYPE,
            **_PAGE,
        ),
        answers=shapes.page("plain_association"),
        handler=associations.list_associations_v3, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.associations.batch_read", method="POST",
        template="/crm/v4/associations/{object_type}/{to_object_type}/batch/read",
        description="List what several objects are associated with.",
        params=params(
            "object_type to_object_type inputs", object_type=_TYPE, to_object_type=_TYPE,
            inputs=array(OBJECT),
        ),
        answers=shapes.batch("associations_of"),
        handler=associations.read_associations, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.associations.create", method="PUT",
        template=_V4 + "/default/{to_object_type}/{to_id}",
        description="Associate two objects.",
        params=params("object_type id to_object_type to_id", **_PAIR),
        answers=shapes.batch("associated_pair"),
        handler=associations.associate_default, effect=Effect.WRITE, target=aims.path_object,
        gist=aims.link_gist, replay=aims.link_params,
        reversible_by="hubspot.associations.archive", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.associations.create_labelled", method="PUT",
        template=_V4 + "/{to_object_type}/{to_id}",
        description="Associate two objects with given association types.",
        params=params("object_type id to_object_type to_id types", **_PAIR, types=array(OBJECT)),
        answers=shapes.created("labelled_association"),
        handler=associations.associate_labelled, effect=Effect.WRITE, target=aims.path_object,
        gist=aims.link_gist, replay=aims.link_params, reversible_by="hubspot.associations.archive",
        wire=associations.types_alone, **_AUTOMATED,
    ),
    Operation(
        name="hubspot.associations.archive", method="DELETE",
        template=_V4 + "/{to_object_type}/{to_id}",
        description="Part two associated objects.",
        params=params("object_type id to_object_type to_id", **_PAIR),
        answers=shapes.nothing(),
        handler=associations.archive_association, effect=Effect.WRITE, target=aims.path_object,
        gist=aims.link_gist, replay=aims.link_params,
        reversible_by="hubspot.associations.create", **_AUTOMATED,
    ),
    _many(
        "batch_create", _MANY_V4 + "/batch/create", "Associate many pairs with given types.",
        handler=association_batches.associate_many,
        answers=shapes.batch("labelled_association", 201), **_JOINS,
    ),
    _many(
        "batch_create_default", _MANY_V4 + "/batch/associate/default",
        "Associate many pairs without a label.",
        handler=association_batches.associate_many_default,
        answers=shapes.batch("associated_pair"), **_JOINS,
    ),
    _many("batch_archive", _MANY_V4 + "/batch/archive", "Part many pairs.", **_PARTS),
    _many(
        "batch_create_v3", _MANY_V3 + "/batch/create", "Associate many pairs, in the older form.",
        handler=association_batches.associate_many_v3,
        answers=shapes.batch("named_association", 201), **_JOINS,
    ),
    _many("batch_archive_v3", _MANY_V3 + "/batch/archive", "Part many pairs, in the older form.",
          **_PARTS),
    _many(
        "batch_read_v3", _MANY_V3 + "/batch/read",
        "List what several objects are associated with, in the older form.",
        handler=association_batches.read_many_v3, answers=shapes.batch("named_associations"),
        **_HUBSPOT,
    ),
    Operation(
        name="hubspot.associations.create_v3", method="PUT",
        template=_OBJECTS + "/{id}/associations/{to_object_type}/{to_id}/{type}",
        description="Associate two objects, in the older form.",
        params=params("object_type id to_object_type to_id type", **_PAIR, type=STRING),
        answers=shapes.one("object"),
        handler=associations.associate_v3, effect=Effect.WRITE, target=aims.path_object,
        gist=aims.link_gist, replay=aims.link_params_v3,
        reversible_by="hubspot.associations.archive", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.associations.archive_v3", method="DELETE",
        template=_OBJECTS + "/{id}/associations/{to_object_type}/{to_id}/{type}",
        description="Part two associated objects, in the older form.",
        params=params("object_type id to_object_type to_id type", **_PAIR, type=STRING),
        answers=shapes.nothing(),
        handler=associations.archive_association, effect=Effect.WRITE, target=aims.path_object,
        gist=aims.link_gist, replay=aims.link_params_v3,
        reversible_by="hubspot.associations.create", **_AUTOMATED,
    ),
    Operation(
        name="hubspot.associations.labels", method="GET", template=_MANY_V4 + "/labels",
        description="List the types of association between two object types.",
        params=params("object_type to_object_type", object_type=_TYPE, to_object_type=_TYPE),
        answers=shapes.page("association_label"),
        handler=association_batches.list_labels, **_HUBSPOT,
    ),
    Operation(
        name="hubspot.associations.types_v3", method="GET", template=_MANY_V3 + "/types",
        description="List the types of association between two object types, by name.",
        params=params("object_type to_object_type", object_type=_TYPE, to_object_type=_TYPE),
        answers=shapes.page("association_type"),
        handler=association_batches.list_types, **_HUBSPOT,
    ),
)  # fmt: skip
