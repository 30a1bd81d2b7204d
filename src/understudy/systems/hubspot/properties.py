"""The definitions of properties: the standard ones, and those that the account has made."""

from __future__ import annotations

from typing import Any

from understudy.model.world import Row
from understudy.systems.hubspot.definitions import BORN, definition
from understudy.systems.hubspot.errors import failure
from understudy.systems.hubspot.kinds import columns, kind_of
from understudy.systems.hubspot.pipelines import place_options
from understudy.systems.hubspot.validation import OPTIONS
from understudy.systems.operation import Call, Refusal, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.session import CaseSession

__all__ = [
    "archive_property",
    "create_property",
    "get_property",
    "list_properties",
    "read_properties",
    "show_property",
    "update_property",
]

_TABLE = "hubspot.properties"
_TYPES = {
    "bool": ("booleancheckbox",), "date": ("date",), "datetime": ("date",),
    "enumeration": ("booleancheckbox", "checkbox", "radio", "select"), "number": ("number",),
    "phone_number": ("phonenumber",), "string": ("file", "html", "text", "textarea"),
}  # fmt: skip
_NEEDED = ("name", "label", "type", "fieldType", "groupName")
_TAKEN = (
    "label", "type", "fieldType", "groupName", "description", "options", "displayOrder",
    "hasUniqueValue", "hidden", "formField",
)  # fmt: skip


def show_property(overlay: Overlay, kind: str, name: str) -> dict[str, Any]:
    """A property's definition: the company's own, else the standard one."""
    own = definition(overlay, kind, name)
    standard = _standard(overlay, kind, name)
    if own is None:
        return standard
    kept = {key: own[key] for key in standard.keys() & own.keys() - {"createdAt", "updatedAt"}}
    changeable = {**standard["modificationMetadata"], "readOnlyDefinition": False}
    changeable["readOnlyValue"] = bool(own.get("readOnly"))
    return {**standard, "hubspotDefined": False, **kept, "modificationMetadata": changeable}


def _standard(overlay: Overlay, kind: str, name: str) -> dict[str, Any]:
    options = place_options(overlay.world, kind, name) or [(o, o) for o in OPTIONS.get(name, ())]
    return {
        "name": name, "label": name.replace("_", " ").capitalize(),
        "type": "enumeration" if options else "string",
        "fieldType": "select" if options else "text", "description": "",
        "groupName": f"{kind.removesuffix('s')}information",
        "options": [
            {"label": label, "value": value, "displayOrder": order, "hidden": False}
            for order, (value, label) in enumerate(options)
        ],
        "displayOrder": -1, "calculated": False, "externalOptions": False, "hasUniqueValue": False,
        "hidden": False, "hubspotDefined": True, "formField": True, "createdAt": BORN,
        "updatedAt": BORN, "archived": False,
        "modificationMetadata": {
            "archivable": True, "readOnlyDefinition": True, "readOnlyValue": False,
        },
    }  # fmt: skip


def list_properties(call: Call) -> Reply:
    """The definitions of all properties of an object type."""
    kind = kind_of(call.session, call.path["object_type"])
    overlay = call.session.overlay
    shown = [show_property(overlay, kind, name) for name in columns(overlay, kind)]
    return Reply(200, {"results": shown})


def get_property(call: Call) -> Reply:
    """The definition of one property."""
    kind, name = kind_of(call.session, call.path["object_type"]), call.path["name"]
    if name not in columns(call.session.overlay, kind):
        raise _unknown(call.session, kind, name)
    return Reply(200, show_property(call.session.overlay, kind, name))


def _unknown(session: CaseSession, kind: str, name: str) -> Refusal:
    return failure(
        session, 404, f'Property "{name[:80]}" for object type "{kind}" does not exist',
        "OBJECT_NOT_FOUND",
    )  # fmt: skip


def read_properties(call: Call) -> Reply:
    """Several definitions by name; those that are not there are told."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    given = call.fields.get("inputs")
    asked = [str(each.get("name")) for each in given if isinstance(each, dict)] \
        if isinstance(given, list) else []  # fmt: skip
    known = columns(session.overlay, kind)
    now = session.clock.iso_millis()
    body: dict[str, Any] = {
        "status": "COMPLETE", "startedAt": now, "completedAt": now, "results": [
            show_property(session.overlay, kind, name) for name in asked if name in known
        ],
    }  # fmt: skip
    lost = [name for name in asked if name not in known]
    if not lost:
        return Reply(200, body)
    errors = [_unknown(session, kind, name).reply.payload for name in lost]
    told = [{k: each[k] for k in ("status", "category", "message")} | {"context": {"name": [name]}}
            for each, name in zip(errors, lost, strict=True)]  # fmt: skip
    return Reply(207, {**body, "numErrors": len(told), "errors": told})


def create_property(call: Call) -> Reply:
    """A property of the account's own."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    given = call.fields
    missing = [name for name in _NEEDED if not isinstance(given.get(name), str) or not given[name]]
    if missing:
        message = (
            "Invalid input JSON on line 1, column 1: Cannot build PropertyCreate, some of required"
            f" attributes are not set [{', '.join(missing)}]"
        )
        raise failure(session, 400, message, "VALIDATION_ERROR")
    name = given["name"]
    if not name.replace("_", "").isalnum() or name != name.lower() or not name[0].isalpha():
        message = (
            f"Property name {name[:80]} must begin with a letter and consist of small letters,"
            " digits and underscores"
        )
        raise failure(session, 400, message, "VALIDATION_ERROR")
    if name in columns(session.overlay, kind):
        message = f"A property named '{name}' already exists."
        raise failure(session, 409, message, "OBJECT_ALREADY_EXISTS")
    row = {"id": f"{kind}.{name}", "object_type": kind, "name": name, "archived": False,
           **_changes(session, given)}  # fmt: skip
    session.overlay.put(_TABLE, row)
    shown = show_property(session.overlay, kind, name)
    return Reply(201, shown, created=(_TABLE, row["id"]))


def _changes(session: CaseSession, given: dict[str, Any]) -> dict[str, Any]:
    changes = {name: given[name] for name in _TAKEN if given.get(name) is not None}
    kind, field = changes.get("type"), changes.get("fieldType")
    if kind is not None and (kind not in _TYPES or field not in (None, *_TYPES[kind])):
        message = f"Property type {str(kind)[:40]} does not go with fieldType {str(field)[:40]}"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    options = changes.get("options", [])
    if not isinstance(options, list) or not all(map(_is_option, options)):
        message = "Invalid input JSON: each option needs a label and a value"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    if "options" in changes:
        changes["options"] = [
            {"displayOrder": order, "hidden": False, **option}
            for order, option in enumerate(options)
        ]
    return changes


def _is_option(given: Any) -> bool:
    told = given if isinstance(given, dict) else {}
    return all(isinstance(told.get(name), str) for name in ("label", "value"))


def _own(call: Call) -> Row:
    """The account's own definition that the path names; HubSpot's are not to be touched."""
    session, kind = call.session, kind_of(call.session, call.path["object_type"])
    name = call.path["name"]
    row = definition(session.overlay, kind, name)
    if row is not None:
        return row
    if name in columns(session.overlay, kind):
        message = f"{name} is a HubSpot defined property and cannot be changed"
        raise failure(session, 400, message, "VALIDATION_ERROR")
    raise _unknown(session, kind, name)


def update_property(call: Call) -> Reply:
    """Another label, group or list of options."""
    row, session = _own(call), call.session
    changes = _changes(session, call.fields)
    row = session.overlay.patch(_TABLE, row["id"], changes)
    kind = kind_of(session, call.path["object_type"])
    return Reply(200, show_property(session.overlay, kind, call.path["name"]))


def archive_property(call: Call) -> Reply:
    """A property of the account's own taken away; what objects hold of it stays."""
    row = _own(call)
    call.session.overlay.patch(_TABLE, row["id"], {"archived": True})
    return Reply(204)
