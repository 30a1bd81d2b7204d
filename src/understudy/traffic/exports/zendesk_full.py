"""Zendesk's account export: a ticket a line, with its people and comments inside of it.

The API's lists name people by id and keep comments apart; here `requester`, `assignee` and others
are the people themselves, and `comments` is the conversation (support.zendesk.com, "Exporting
account data": JSON export).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.traffic.exports.history import Deed, Maker, place_of
from understudy.traffic.exports.zendesk_deeds import maker_of
from understudy.traffic.moments import moment_of

__all__ = ["comments_of", "deed_of_comment", "flattened", "people_of"]

_PEOPLE = ("requester", "submitter", "assignee")
_HELD = (*_PEOPLE, "organization", "group", "brand")


def people_of(ticket: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The users that stand in a ticket, each as the list of users would have them."""
    for name in _PEOPLE:
        found = ticket.get(name)
        if isinstance(found, dict) and found.get("id") is not None and "role" in found:
            yield found


def comments_of(ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The comments that stand in a ticket, with their time and author."""
    told = ticket.get("comments")
    return [
        each for each in (told if isinstance(told, list) else ())
        if isinstance(each, dict) and each.get("id") is not None
        and moment_of(each.get("created_at")) is not None
    ]  # fmt: skip


def flattened(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """The ticket as the API's lists have it.

    >>> flattened({"id": 1, "requester": {"id": 7, "name": "Ann"}, "comments": []})
    {'id': 1, 'requester_id': 7}
    """
    held = {name for name in _HELD if isinstance(ticket.get(name), dict)}
    if not held and "comments" not in ticket:
        return dict(ticket)
    named = {f"{name}_id": ticket[name].get("id") for name in sorted(held)}
    own = {name: value for name, value in ticket.items() if name not in held and name != "comments"}
    return {**own, **{name: value for name, value in named.items() if value is not None}}


def deed_of_comment(comment: Mapping[str, Any], ticket: str) -> Deed | None:
    """What somebody wrote, where no audit tells it better; None without a time."""
    at, author = moment_of(comment.get("created_at")), comment.get("author_id")
    via = comment.get("via")
    maker = maker_of(author, str(via.get("channel")) if isinstance(via, dict) else "")
    if at is None:
        return None
    place = place_of("zendesk.tickets", ticket)
    kind = "public_reply" if comment.get("public", True) is not False else "internal_note"
    return Deed(
        key=f"zendesk/{comment.get('audit_id') or comment['id']}/{maker.value}", at=at,
        operation=f"zendesk.tickets.{kind}", entity=place, needs=(place,),
        params={"id": ticket, "body": comment.get("body") or comment.get("plain_body") or ""},
        maker=Maker.UNTOLD if maker is Maker.PERSON else maker,
        actor=place_of("zendesk.users", author),
    )  # fmt: skip
