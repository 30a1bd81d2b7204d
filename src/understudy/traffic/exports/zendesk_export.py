"""Zendesk's exports: tickets, users, ticket audits and incremental ticket events.

Audits: `Create` and `Change` events hold a field's value, and `previous_value`; `Comment` events
are public or internal; what a trigger or automation did has a `via` of its own with the channel
`rule` (developer.zendesk.com, "Ticket Audit events reference"). Ticket events hold the same as
`child_events`, whose field is a key and whose `via` is a label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from understudy.systems.zendesk.payload import NUMBERS
from understudy.traffic.exports.history import (
    TOUCHED,
    Change,
    Deed,
    Happening,
    Message,
    Person,
    Sighting,
    Tie,
    place_of,
)
from understudy.traffic.exports.zendesk_deeds import deeds_of, maker_of
from understudy.traffic.exports.zendesk_events import FIELDS, audit_of, iso
from understudy.traffic.exports.zendesk_full import (
    comments_of,
    deed_of_comment,
    flattened,
    people_of,
)
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import LeftOut, Malformed
from understudy.traffic.rewind import Habits

__all__ = ["HABITS", "LISTS", "read_zendesk"]

TICKETS, USERS, COMMENTS = "zendesk.tickets", "zendesk.users", "zendesk.comments"
LISTS = frozenset((
    "audits", "ticket_audits", "ticket_events", "tickets", "users", "organizations", "comments",
    "macros", "groups", "brands", "ticket_fields", "ticket_forms", "satisfaction_ratings",
    "ticket_metric_events", "metric_sets", "deleted_tickets",
))  # fmt: skip
HABITS = {
    TICKETS: Habits(
        stamp="updated_at",
        telling={"status": "new", "tags": [], "assignee_id": None, "priority": None,
                 "custom_fields": [], "satisfaction_rating": None, "group_id": None},
    ),
}  # fmt: skip
_CUSTOMER_ID = re.compile(r"\bcus_\w{6,64}")
_CONTACT_ID = re.compile(r"hubspot\s+contact\s+#?(\d{1,20})", re.IGNORECASE)


def read_zendesk(kind: str, record: dict[str, Any], file: str) -> Iterator[Happening]:
    """What one record of any of the exports tells.

    Raises `Malformed` for what lacks its id or time, `LeftOut` for what no system serves.
    """
    del file
    for single in ("ticket", "user", "audit", "organization"):
        if isinstance(record.get(single), dict):
            return read_zendesk(f"{single}s", record[single], "")
    for test, read in _KINDS:
        if test(kind, record):
            return read(record)
    raise LeftOut(f"Zendesk {kind or 'records of another kind'}: nothing is made of them")


def _ticket(told: dict[str, Any]) -> Iterator[Happening]:
    """A ticket, and what the account's own export keeps inside of it."""
    for each in people_of(told):
        yield from _user(each)
    record = flattened(told)
    row = _row(record)
    born = moment_of(record.get("created_at"))
    requester = place_of(USERS, row.get("requester_id"))
    yield Person(place=requester, staff=False, sure=False)
    yield Sighting(
        table=TICKETS, id=row["id"], row=row, at=moment_of(record.get("updated_at")), born=born,
        by=requester,
    )  # fmt: skip
    if born is None:
        raise Malformed("a ticket without `created_at`")
    if record.get("status") == "deleted":
        raise LeftOut("deleted tickets")
    text = record.get("description")
    yield Message(
        entity=place_of(TICKETS, row["id"]), at=born, author=requester,
        text=text if isinstance(text, str) else "", system="zendesk", type="ticket.created",
        customer=requester, payload=_payload(row), named=_named(row),
    )  # fmt: skip
    yield from _conversation(comments_of(told), row)


def _conversation(comments: list[dict[str, Any]], row: Mapping[str, Any]) -> Iterator[Happening]:
    """The comments that stand in a ticket; the first one is the ticket itself."""
    for place, each in enumerate(comments):
        at = moment_of(each["created_at"])
        yield _said(each, row["id"], at)
        if each.get("public", True) is not False:
            yield _message(row["id"], at, each)
        deed = deed_of_comment(each, row["id"]) if place else None
        if deed is not None:
            yield deed


def _deleted(record: dict[str, Any]) -> Iterator[Happening]:
    """A ticket that somebody threw away, as the list of deleted tickets tells it."""
    at, actor = moment_of(record.get("deleted_at")), record.get("actor")
    if at is None or record.get("id") is None:
        raise Malformed("a deleted ticket without `id` or `deleted_at`")
    by = actor.get("id") if isinstance(actor, dict) else None
    place = place_of(TICKETS, record["id"])
    yield Deed(
        key=f"zendesk/{record['id']}/deleted", at=at, operation="zendesk.tickets.delete",
        params={"id": str(record["id"])}, maker=maker_of(by, ""), entity=place, needs=(place,),
        actor=place_of(USERS, by), concludes=True,
    )  # fmt: skip


def _payload(row: Mapping[str, Any]) -> dict[str, Any]:
    via = row.get("via")
    channel = via.get("channel") if isinstance(via, dict) else None
    return {
        "ticket_id": row["id"], "requester_id": row.get("requester_id"),
        "subject": row.get("subject"), "channel": channel or "web",
    }  # fmt: skip


def _named(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a ticket's own fields name: its external id and the values of its custom fields."""
    fields = row.get("custom_fields")
    found = [row.get("external_id")]
    if isinstance(fields, list):
        found += [item.get("value") for item in fields if isinstance(item, dict)]
    return tuple([str(each) for each in found if each is not None and each != ""])


def _user(record: dict[str, Any]) -> Iterator[Happening]:
    row = _row(record)
    place = place_of(USERS, row["id"])
    staff = record.get("role") in ("agent", "admin")
    yield Person(place=place, staff=staff, name=str(record.get("name") or ""))
    yield Sighting(table=USERS, id=row["id"], row=row, born=moment_of(record.get("created_at")),
                   by="zendesk")  # fmt: skip
    if staff:
        return
    if isinstance(record.get("email"), str):
        yield Tie(one=place, other=f"email:{record['email'].strip().lower()}", sure=False)
    fields = record.get("user_fields")
    told = [record.get("external_id"), record.get("notes"), record.get("details")]
    told += list(fields.values()) if isinstance(fields, dict) else []
    for text in map(str, filter(None, told)):
        yield from (
            Tie(one=place, other=f"stripe.customers/{i}") for i in _CUSTOMER_ID.findall(text)
        )
        yield from (
            Tie(one=place, other=f"hubspot.contacts/{i}") for i in _CONTACT_ID.findall(text)
        )


def _plain(table: str) -> Callable[[dict[str, Any]], Iterator[Happening]]:
    def read(record: dict[str, Any]) -> Iterator[Happening]:
        row = _row(record)
        yield Sighting(table=table, id=row["id"], row=row, by="zendesk")

    return read


def _comment(record: dict[str, Any]) -> Iterator[Happening]:
    if record.get("ticket_id") is None:
        raise Malformed("a comment without its `ticket_id`; export the ticket's audits")
    at = moment_of(record.get("created_at"))
    if at is None:
        raise Malformed("a comment without `created_at`")
    yield _said(record, str(record["ticket_id"]), at)


def _said(event: Mapping[str, Any], ticket: str, at: Any) -> Sighting:
    row: dict[str, Any] = {
        "id": str(event["id"]), "ticket_id": ticket, "author_id": str(event.get("author_id")),
        "body": event.get("body") or event.get("plain_body") or "",
        "public": event.get("public", True) is not False, "created_at": iso(at),
    }  # fmt: skip
    if event.get("html_body"):
        row["html_body"] = event["html_body"]
    by = place_of(USERS, row["author_id"])
    return Sighting(table=COMMENTS, id=row["id"], row=row, born=at, by=by)


def _audit(record: dict[str, Any]) -> Iterator[Happening]:
    """State, messages and deeds of one update of a ticket."""
    at, events = moment_of(record.get("created_at")), record.get("events")
    if record.get("id") is None or record.get("ticket_id") is None or at is None:
        raise Malformed("an audit without `id`, `ticket_id` or `created_at`")
    if not isinstance(events, list):
        raise Malformed("an audit without its `events`")
    events = [event for event in events if isinstance(event, dict)]
    ticket, author = str(record["ticket_id"]), place_of(USERS, record.get("author_id"))
    if any(event.get("type") == "Create" for event in events):
        yield from _created(ticket, at, author, events)
    yield Change(table=TICKETS, id=ticket, field=TOUCHED, at=at, after=None, before=None, by=author)
    for event in events:
        by = "automation" if _channel(event) == "rule" else author
        yield from _change(ticket, at, by, event)
        if event.get("type") == "Comment" and event.get("id") is not None:
            said = {**event, "author_id": event.get("author_id") or record.get("author_id")}
            if "body" in said or "plain_body" in said:
                yield _said(said, ticket, at)
            if said.get("public", True) is not False:
                yield _message(ticket, at, said)
    yield from deeds_of(record, ticket, at, events)


def _created(
    ticket: str, at: Any, author: str, events: list[dict[str, Any]]
) -> Iterator[Happening]:
    """A ticket that only its audits tell of: when it came to be, and who asked."""
    values = {e.get("field_name"): e.get("value") for e in events if e.get("type") == "Create"}
    yield Change(table=TICKETS, id=ticket, field="created_at", at=at, after=iso(at), before=None,
                 by=author, derived=True)  # fmt: skip
    if values.get("requester_id"):
        yield Person(place=place_of(USERS, values["requester_id"]), staff=False, sure=False)


def _change(ticket: str, at: Any, by: str, event: dict[str, Any]) -> Iterator[Change]:
    name = str(event.get("field_name"))
    if event.get("type") not in ("Create", "Change") or "value" not in event:
        return
    if name.isdecimal():
        name = f"custom_fields:{name}"
    elif name not in FIELDS:
        return
    before = event.get("previous_value") if event["type"] == "Change" else None
    after, before = _value(name, event["value"]), _value(name, before)
    if event["type"] == "Create" or after != before:
        # A ticket's first values are its birth: where the ticket was seen, they change nothing.
        yield Change(table=TICKETS, id=ticket, field=name, at=at, after=after, before=before, by=by)


def _value(name: str, value: Any) -> Any:
    if name == "tags":
        words = value.split() if isinstance(value, str) else value
        return [str(word) for word in words] if isinstance(words, list) else []
    if name in NUMBERS:
        return None if value in (None, "") else str(value)
    return value


def _message(ticket: str, at: Any, event: dict[str, Any]) -> Message:
    body = event.get("body") or event.get("plain_body")
    return Message(
        entity=place_of(TICKETS, ticket), at=at, author=place_of(USERS, event["author_id"]),
        text=body if isinstance(body, str) else "", system="zendesk", type="ticket.comment",
        customer=place_of(USERS, event["author_id"]), payload={"ticket_id": ticket},
    )  # fmt: skip


def _channel(event: Mapping[str, Any]) -> str:
    via = event.get("via")
    return str(via.get("channel")) if isinstance(via, dict) else ""


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """The record as a system keeps it: ids are text, and what is null is not there."""
    if not isinstance(record.get("id"), int | str) or isinstance(record["id"], bool):
        raise Malformed("no `id`")
    row = {
        key: str(value) if isinstance(value, int) and key in NUMBERS else value
        for key, value in record.items()
        if value is not None and key not in _NOT_KEPT
    }
    return {**row, "id": str(record["id"])}


_NOT_KEPT = ("url", "fields", "generated_timestamp", "result_type", "encoded_id", "raw_subject")


_ASKED = ("requester_id", "requester")
_KINDS: tuple[
    tuple[Callable[[str, dict[str, Any]], bool], Callable[[dict[str, Any]], Iterator[Happening]]],
    ...,
] = (
    (lambda kind, r: kind == "deleted_tickets" or {"deleted_at", "previous_state"} <= r.keys(),
     _deleted),
    (lambda kind, r: "child_events" in r or kind == "ticket_events",
     lambda r: _audit(audit_of(r))),
    (lambda kind, r: kind in ("audits", "ticket_audits") or ("events" in r and "ticket_id" in r),
     _audit),
    (lambda kind, r: kind == "tickets" or ("status" in r and not r.keys().isdisjoint(_ASKED)),
     _ticket),
    (lambda kind, r: kind == "users" or ("role" in r and "name" in r), _user),
    (lambda kind, r: kind == "organizations" or "domain_names" in r,
     _plain("zendesk.organizations")),
    (lambda kind, r: kind == "macros" or ("actions" in r and "title" in r and "active" in r),
     _plain("zendesk.macros")),
    (lambda kind, r: kind == "comments" or ("author_id" in r and "public" in r), _comment),
)  # fmt: skip
