"""What Zendesk's writes are about, and how the tool list's flat parameters become bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.action import ActionClass, Target
from understudy.systems.operation import Call, Wire
from understudy.systems.zendesk.bulk import named_ids
from understudy.systems.zendesk.changes import said_in

__all__ = [
    "bulk_wire",
    "comment_target",
    "created_class",
    "ids_wire",
    "many",
    "merge_gist",
    "new_ticket",
    "notes_inside",
    "opened_gist",
    "organization_wire",
    "speaks_outside",
    "ticket_gist",
    "ticket_target",
    "ticket_wire",
    "updated_class",
    "user_wire",
]


def _ticket(call: Call) -> dict[str, Any]:
    given = call.fields.get("ticket")
    return given if isinstance(given, dict) else {}


def _comment(call: Call) -> dict[str, Any]:
    given = _ticket(call).get("comment")
    return given if isinstance(given, dict) else {}


def _says_something(call: Call) -> bool:
    return bool(said_in(_comment(call)))


def speaks_outside(call: Call) -> bool:
    """A comment is public unless it says that it is not."""
    return _says_something(call) and _comment(call).get("public", True) is not False


def notes_inside(call: Call) -> bool:
    """A comment that only agents see."""
    return _says_something(call) and _comment(call).get("public", True) is False


def ticket_target(call: Call) -> Target:
    """The ticket that the path names."""
    return Target(type="ticket", id=call.path["id"])


def comment_target(call: Call) -> Target:
    """The comment that the path names."""
    return Target(type="comment", id=call.path["comment_id"])


def new_ticket(_: Call) -> Target:
    """A new ticket has no id before it is there."""
    return Target(type="ticket")


def many(call: Call) -> Target:
    """The ids of a bulk change, in the order given."""
    batch = call.fields.get("tickets")
    listed = batch if isinstance(batch, list) else []
    told = (item.get("id") for item in listed if isinstance(item, dict))
    ids = named_ids(call) or [str(each) for each in told if each is not None]
    return Target(type="ticket", id=",".join(ids) or None)


def ticket_gist(call: Call) -> dict[str, Any]:
    """The changed fields flat; of the comment its text and whether the customer sees it."""
    given = {key: value for key, value in _ticket(call).items() if key != "comment"}
    said = _comment(call)
    if said:
        given["body"] = said_in(said)
        given["public"] = said.get("public", True) is not False
    return given


def merge_gist(call: Call) -> dict[str, Any]:
    """The source tickets as texts."""
    ids = call.fields.get("ids")
    given = dict(call.fields)
    return {**given, "ids": [str(each) for each in ids]} if isinstance(ids, list) else given


def created_class(call: Call) -> ActionClass | None:
    """A public first comment on somebody's behalf goes out to them."""
    given = _ticket(call)
    outside = bool(given.get("requester") or given.get("requester_id"))
    return ActionClass.APPROVAL_REQUIRED if outside and speaks_outside(call) else None


def updated_class(call: Call) -> ActionClass | None:
    """Closing is for good, and a ticket's requester is whom answers go to."""
    given = _ticket(call)
    grave = given.get("status") == "closed" or "requester_id" in given
    return ActionClass.APPROVAL_REQUIRED if grave else None


def ticket_wire(public: bool | None = None) -> Callable[[dict[str, Any]], Wire]:
    """Flat parameters as a `ticket`; `public` says who sees the comment's `body`."""

    def wire(given: dict[str, Any]) -> Wire:
        fields = {key: value for key, value in given.items() if key not in ("body", "public")}
        if "body" in given:
            seen = given.get("public", True) if public is None else public
            fields["comment"] = {"body": given["body"], "public": seen}
        return Wire(body={"ticket": fields})

    return wire


def bulk_wire(given: dict[str, Any]) -> Wire:
    """The ids go into the query, the rest into the `ticket`."""
    ids = given.get("ids") or []
    fields = {key: value for key, value in given.items() if key != "ids"}
    return Wire(query={"ids": ids}, body=ticket_wire()(fields).body)


def opened_gist(call: Call) -> dict[str, Any]:
    """The new tickets as they were given, or the ids of those to delete."""
    ids = named_ids(call)
    return {**call.fields, **({"ids": ids} if ids else {})}


def ids_wire(given: dict[str, Any]) -> Wire:
    """The ids go into the query."""
    return Wire(query={"ids": given.get("ids") or []})


def organization_wire(given: dict[str, Any]) -> Wire:
    """Flat parameters as an `organization`."""
    return Wire(body={"organization": given})


def user_wire(given: dict[str, Any]) -> Wire:
    """Flat parameters as a `user`."""
    return Wire(body={"user": given})
