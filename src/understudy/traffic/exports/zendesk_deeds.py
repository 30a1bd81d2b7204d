"""What staff did in one update of a ticket, as the requests that a client would send for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from understudy.model.action import ESCALATION_OPERATION
from understudy.traffic.exports.history import Deed, Maker, place_of

__all__ = ["ESCALATED", "deeds_of", "maker_of"]

ESCALATED = "escalated"
"""The tag by which staff hand a ticket over; what follows it after `_` is the reason."""
_UNTOLD_TEXT = "(the export does not hold the text)"
_SETTABLE = (
    "status", "priority", "type", "subject", "assignee_id", "group_id", "external_id", "due_at",
    "problem_id", "requester_id", "organization_id",
)  # fmt: skip
_PEOPLE = ("assignee_id", "requester_id")
_DONE = ("solved", "closed")
_MERGED = "closed_by_merge"
_TICKET = re.compile(r"#(\d{1,20})")
_ABSORBED = re.compile(r"closed and merged into this request")


def maker_of(author: Any, channel: str) -> Maker:
    """Who made an update: rules and the system itself are automations, the API an integration.

    >>> maker_of(7, "web").value, maker_of(7, "api").value, maker_of(-1, "web").value
    ('person', 'integration', 'automation')
    """
    if channel in ("rule", "system") or author in (-1, "-1", None):
        return Maker.AUTOMATION
    return Maker.INTEGRATION if channel == "api" else Maker.PERSON


def deeds_of(
    audit: Mapping[str, Any], ticket: str, at: datetime, events: list[dict[str, Any]]
) -> Iterator[Deed]:
    """The deeds of one audit: what its author did, and what rules did in its wake."""
    yield from _redactions(audit, ticket, at, events)
    if is_consequence(audit, events):
        return
    author = audit.get("author_id")
    own = [event for event in events if _maker(audit, event) is not Maker.AUTOMATION]
    ruled = [event for event in events if _maker(audit, event) is Maker.AUTOMATION]
    for maker, part in ((maker_of(author, _channel(audit)), own), (Maker.AUTOMATION, ruled)):
        if any(event.get("type") == "Create" for event in part):
            continue  # the ticket's birth: a trigger, no answer to one
        yield from _written(audit, ticket, at, part, maker)


def _maker(audit: Mapping[str, Any], event: Mapping[str, Any]) -> Maker:
    own = _channel(event)
    return maker_of(audit.get("author_id"), own if own == "rule" else _channel(audit))


def _channel(told: Mapping[str, Any]) -> str:
    via = told.get("via")
    return str(via.get("channel") or "") if isinstance(via, dict) else ""


def _written(
    audit: Mapping[str, Any], ticket: str, at: datetime, events: list[dict[str, Any]], maker: Maker
) -> Iterator[Deed]:
    fields, before, (added, removed) = _fields(events)
    target = _merged_into(audit, events, added)
    if target:
        yield _merge(audit, ticket, at, maker, target, _comment(events))
        return
    escalation = next((tag for tag in added if _escalates(tag)), None)
    added = [tag for tag in added if not _escalates(tag)]
    operation, params = _request(fields, _comment(events), added, removed)
    place = place_of("zendesk.tickets", ticket)
    base: dict[str, Any] = {
        "at": at, "maker": maker, "entity": place,
        "actor": place_of("zendesk.users", audit.get("author_id")),
    }  # fmt: skip
    if operation:
        people = [place_of("zendesk.users", fields[n]) for n in _PEOPLE if fields.get(n)]
        yield Deed(
            key=f"zendesk/{audit['id']}/{maker.value}", operation=operation,
            params={"id": ticket, **params}, needs=(place, *people), before=before,
            concludes=fields.get("status") in _DONE, **base,
        )  # fmt: skip
    if escalation:
        reason = escalation.removeprefix(ESCALATED).strip("_") or ESCALATED
        yield Deed(key=f"zendesk/{audit['id']}/{maker.value}/escalated", concludes=True,
                   operation=ESCALATION_OPERATION, params={"reason": reason}, **base)  # fmt: skip


def is_consequence(audit: Mapping[str, Any], events: list[dict[str, Any]]) -> bool:
    """Whether an update is what a merge did to the ticket that stays; the deed is the other's."""
    closed = any(e.get("field_name") == "status" and e.get("value") == "closed" for e in events)
    said = str((_comment(events) or {}).get("body"))
    return not closed and (_merges(audit) or _ABSORBED.search(said) is not None)


def _merges(audit: Mapping[str, Any]) -> bool:
    return _source(audit).get("rel") == "merge" or "merge" in _channel(audit)


def _source(audit: Mapping[str, Any]) -> Mapping[str, Any]:
    via = audit.get("via")
    source = via.get("source") if isinstance(via, dict) else None
    return source if isinstance(source, dict) else {}


def _merged_into(
    audit: Mapping[str, Any], events: list[dict[str, Any]], added: list[str]
) -> str | None:
    """The ticket that this one was closed for, where it was: Zendesk tags it and names the other.

    It is named in words of any language, but always as `#35436`.
    """
    if _MERGED not in added and not _merges(audit):
        return None
    to = _source(audit).get("to")
    told = to.get("ticket_id") if isinstance(to, dict) else None
    named = _TICKET.search(str((_comment(events) or {}).get("body")))
    return str(told) if told else (named[1] if named else None)


def _merge(
    audit: Mapping[str, Any], ticket: str, at: datetime, maker: Maker, target: str,
    said: dict[str, Any] | None,
) -> Deed:  # fmt: skip
    params: dict[str, Any] = {"id": target, "ids": [int(ticket) if ticket.isdecimal() else ticket]}
    if said is not None:
        params |= {"source_comment": said["body"], "source_comment_is_public": said["public"]}
    own = place_of("zendesk.tickets", ticket)
    return Deed(
        key=f"zendesk/{audit['id']}/{maker.value}", at=at, operation="zendesk.tickets.merge",
        params=params, maker=maker, entity=own, needs=(own, place_of("zendesk.tickets", target)),
        actor=place_of("zendesk.users", audit.get("author_id")), concludes=True,
    )  # fmt: skip


def _redactions(
    audit: Mapping[str, Any], ticket: str, at: datetime, events: list[dict[str, Any]]
) -> Iterator[Deed]:
    """What was made unreadable, and where; nobody is told any more what it was."""
    for event in events:
        comment = event.get("comment_id")
        if event.get("type") != "CommentRedactionEvent" or comment is None:
            continue
        places = (place_of("zendesk.tickets", ticket), place_of("zendesk.comments", comment))
        yield Deed(
            key=f"zendesk/{audit['id']}/redacted/{comment}", at=at, silent=True,
            operation="zendesk.comments.redact", params={"id": ticket, "comment_id": str(comment)},
            maker=_maker(audit, event), entity=places[0], needs=places,
            actor=place_of("zendesk.users", audit.get("author_id")),
        )  # fmt: skip


def _fields(
    events: list[dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, Any], tuple[list[str], list[str]]]:
    """The fields that change, their values before, and the tags that come and go."""
    fields: dict[str, Any] = {}
    before: dict[str, Any] = {}
    custom: list[dict[str, Any]] = []
    tags: tuple[list[str], list[str]] = ([], [])
    for event in events:
        name, value = str(event.get("field_name")), event.get("value")
        if event.get("type") != "Change" or value == event.get("previous_value"):
            continue
        if name == "tags":
            old, new = _words(event.get("previous_value")), _words(value)
            tags = ([t for t in new if t not in old], [t for t in old if t not in new])
            before["tags"] = old
        elif name.isdecimal():
            custom.append({"id": int(name), "value": value})
        elif name in _SETTABLE:
            fields[name] = str(value) if name.endswith("_id") and value is not None else value
            before[name] = event.get("previous_value")
    if custom:
        fields["custom_fields"] = custom
    return fields, before, tags


def _words(value: Any) -> list[str]:
    words = value.split() if isinstance(value, str) else value
    return [str(word) for word in words] if isinstance(words, list) else []


def _escalates(tag: str) -> bool:
    return tag == ESCALATED or tag.startswith(f"{ESCALATED}_")


def _comment(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    for event in events:
        if event.get("type") == "Comment":
            text = event.get("body") or event.get("plain_body") or _UNTOLD_TEXT
            return {"body": text, "public": event.get("public", True) is not False}
    return None


def _request(
    fields: dict[str, Any], said: dict[str, Any] | None, added: list[str], removed: list[str]
) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters; tags alone have operations of their own."""
    if said is None and not fields and added and not removed:
        return "zendesk.tags.add", {"tags": added}
    if said is None and not fields and removed and not added:
        return "zendesk.tags.remove", {"tags": removed}
    tags = {"additional_tags": added} if added else {}
    tags |= {"remove_tags": removed} if removed else {}
    if said is not None:
        kind = "public_reply" if said["public"] else "internal_note"
        return f"zendesk.tickets.{kind}", {"body": said["body"], **fields, **tags}
    return ("zendesk.tickets.update" if fields or tags else ""), {**fields, **tags}
