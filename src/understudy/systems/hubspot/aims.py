"""What HubSpot's writes are about, read before they are tried; nothing here refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.model.action import Action, ActionClass, AmountSource, Effect, Target
from understudy.model.money import to_minor
from understudy.model.world import Row
from understudy.systems.hubspot.batch import inputs
from understudy.systems.hubspot.kinds import schema_of, table_of
from understudy.systems.operation import Amount, Call, Refusal

__all__ = [
    "batch_amount",
    "batch_class",
    "batch_gist",
    "batch_params",
    "batch_target",
    "created_class",
    "created_effect",
    "created_target",
    "deal_amount",
    "defined",
    "definition_gist",
    "forgotten",
    "link_gist",
    "link_params",
    "link_params_v3",
    "linked",
    "linked_gist",
    "linked_params",
    "merged",
    "object_gist",
    "object_params",
    "path_object",
    "updated_class",
]

_SENSITIVE = (
    "amount", "hubspot_owner_id", "email", "lifecyclestage", "hs_email_optout", "hs_legal_basis",
)  # fmt: skip
_INWARD = ("FORWARDED_EMAIL", "INCOMING_EMAIL")
_MANY = 10


def _kind(call: Call) -> str:
    kind = table_of(call.path.get("object_type", "contacts"))
    schema = schema_of(call.session.overlay.world, kind)
    return str(schema["id"]) if schema else kind


def path_object(call: Call) -> Target:
    """The object that the path names; a merged or unique value leads to its own id."""
    row = _row(call)
    return Target(type=_kind(call), id=row["id"] if row else call.path["id"])


def defined(call: Call) -> Target:
    """The definition of a property, by its name."""
    name = call.path.get("name") or call.fields.get("name")
    kind = _kind(call)
    return Target(type="properties", id=f"{kind}.{name}" if isinstance(name, str) else None)


def linked(call: Call) -> Target:
    """The objects from which a batch associates, in the order given."""
    ends = [item["from"].get("id") for item in inputs(call) if isinstance(item.get("from"), dict)]
    return Target(
        type=_kind(call), id=",".join(str(end) for end in ends if end is not None) or None
    )


def created_target(call: Call) -> Target:
    """A new object has no id before it is there."""
    return Target(type=_kind(call))


def merged(call: Call) -> Target:
    """The contact that stays."""
    return Target(type=_kind(call), id=_id(call.fields.get("primaryObjectId")))


def forgotten(call: Call) -> Target:
    """The contact that is forgotten."""
    return Target(type=_kind(call), id=_id(call.fields.get("objectId")))


def batch_target(call: Call) -> Target:
    """All ids of a batch, in the order given."""
    ids = [str(item["id"]) for item in inputs(call) if item.get("id") is not None]
    return Target(type=_kind(call), id=",".join(ids) or None)


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) else None


def _row(call: Call) -> Row | None:
    from understudy.systems.hubspot.objects import find_object

    given = call.path.get("id", "")
    try:
        return find_object(call.session, _kind(call), given, call.query.get("idProperty"))
    except Refusal:
        return None


def _properties(call: Call) -> dict[str, Any]:
    given = call.fields.get("properties")
    return dict(given) if isinstance(given, Mapping) else {}


def object_gist(call: Call) -> dict[str, Any]:
    """The properties themselves, and the ids that a new object is associated with."""
    links = call.fields.get("associations")
    ends = [
        str((item.get("to") or {}).get("id"))
        for item in (links if isinstance(links, list) else [])
        if isinstance(item, dict) and isinstance(item.get("to") or {}, dict)
    ]
    return {**_properties(call), "associations": sorted(ends)} if ends else _properties(call)


def object_params(action: Action) -> dict[str, Any]:
    """The parameters behind `object_gist`; who holds an associated id is for the system to see."""
    given = {name: value for name, value in action.fields.items() if name != "associations"}
    ends = action.fields.get("associations")
    links = [{"to": {"id": end}} for end in ends] if isinstance(ends, list) else []
    return {**_place(action), "properties": given, **({"associations": links} if links else {})}


def link_params(action: Action) -> dict[str, Any]:
    """The parameters behind `link_gist`."""
    fields = action.fields
    return {
        **_place(action),
        "to_object_type": fields.get("to_type"),
        "to_id": fields.get("to_id"),
    }


def link_params_v3(action: Action) -> dict[str, Any]:
    """The same where the address ends with the association's type."""
    return {**link_params(action), "type": "default"}


def linked_params(action: Action) -> dict[str, Any]:
    """The parameters behind `linked_gist`."""
    return {**batch_params(action), "to_object_type": action.fields.get("to_type")}


def batch_params(action: Action) -> dict[str, Any]:
    """The parameters behind `batch_gist`; a batch has no one id."""
    return {"object_type": _place(action).get("object_type"), "inputs": action.fields.get("inputs")}


def _place(action: Action) -> dict[str, Any]:
    target = action.target
    if target is None:
        return {}
    return {"object_type": target.type, **({"id": target.id} if target.id else {})}


def linked_gist(call: Call) -> dict[str, Any]:
    """The pairs, and what is at their other ends."""
    return {"to_type": call.path["to_object_type"], "inputs": inputs(call)}


def definition_gist(call: Call) -> dict[str, Any]:
    """The definition with the type of objects that it is for."""
    return {"object_type": _kind(call), **call.fields, **_named(call)}


def _named(call: Call) -> dict[str, str]:
    return {"name": call.path["name"]} if "name" in call.path else {}


def link_gist(call: Call) -> dict[str, Any]:
    """The other end of an association."""
    return {"to_type": call.path["to_object_type"], "to_id": call.path["to_id"]}


def batch_gist(call: Call) -> dict[str, Any]:
    """The batch's entries."""
    return {"inputs": inputs(call)}


def deal_amount(call: Call) -> Amount | None:
    """A deal's amount: the one written, else the one it has."""
    if _kind(call) != "deals":
        return None
    row = (_row(call) if "id" in call.path else None) or {}
    given = _properties(call)
    return _money({**row, **given}, "amount" in given)


def batch_amount(call: Call) -> Amount | None:
    """The sum over a batch of deals of one currency."""
    if _kind(call) != "deals":
        return None
    found = [_entry_amount(call, item) for item in inputs(call)]
    known = [each for each in found if each is not None]
    if not known or len({each.currency for each in known}) > 1:
        return None
    return Amount(sum(e.minor for e in known), known[0].currency, AmountSource.DERIVED)


def _entry_amount(call: Call, item: dict[str, Any]) -> Amount | None:
    row = call.session.overlay.get("hubspot.deals", str(item.get("id"))) or {}
    given = item.get("properties")
    return _money({**row, **(given if isinstance(given, Mapping) else {})}, False)


def _money(values: Mapping[str, Any], explicit: bool) -> Amount | None:
    currency = values.get("deal_currency_code")
    code = currency.upper() if isinstance(currency, str) and len(currency) == 3 else None
    try:
        minor = to_minor(str(values.get("amount")), code or "EUR")
    except (ValueError, ArithmeticError):
        return None
    return Amount(minor, code, AmountSource.EXPLICIT if explicit else AmountSource.DERIVED)


def created_class(call: Call) -> ActionClass | None:
    """Notes and tasks are drafts for people; an e-mail that goes out is a person's."""
    if _goes_out(call):
        return ActionClass.APPROVAL_REQUIRED
    return ActionClass.DRAFT_ONLY if _kind(call) in ("notes", "tasks") else None


def _goes_out(call: Call) -> bool:
    """Whether an e-mail is made that leaves the house, which is what one without a word does."""
    if _kind(call) != "emails":
        return False
    given = _properties(call)
    return given.get("hs_email_direction", "EMAIL") not in _INWARD


def created_effect(call: Call) -> Effect | None:
    """Notes and tasks stay in the house, e-mails leave it."""
    if _goes_out(call):
        return Effect.SEND
    return Effect.DRAFT if _kind(call) in ("notes", "tasks") else None


def updated_class(call: Call) -> ActionClass | None:
    """Some properties decide over money, ownership or consent."""
    given = _properties(call)
    closed = str(given.get("dealstage", "")).startswith("closed")
    if closed or any(name in given for name in _SENSITIVE):
        return ActionClass.APPROVAL_REQUIRED
    return None


def batch_class(call: Call) -> ActionClass | None:
    """Many objects at once need a person."""
    many = len(inputs(call)) > _MANY
    return ActionClass.APPROVAL_REQUIRED if many else None
