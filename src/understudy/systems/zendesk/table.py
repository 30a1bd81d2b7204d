"""Zendesk's part of the route table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.systems.operation import Operation, set_aside
from understudy.systems.schema import BOOLEAN, INTEGER, OBJECT, STRING, array, one_of, params, says
from understudy.systems.zendesk import (
    aims,
    bulk,
    directory_table,
    forms,
    many_table,
    search,
    shapes,
    threads,
    tickets,
)
from understudy.systems.zendesk.changes import STATUSES
from understudy.systems.zendesk.copied import COPIED
from understudy.systems.zendesk.rows import (
    API,
    APPROVAL,
    AUTOMATED,
    INCLUDE,
    PAGE,
    SORTED,
    TICKET,
    read,
)

__all__ = ["OPERATIONS"]

_FIELDS: dict[str, Any] = {
    "subject": STRING, "status": one_of(*STATUSES),
    "priority": one_of("low", "normal", "high", "urgent"),
    "type": one_of("problem", "incident", "question", "task"), "assignee_id": STRING,
    "group_id": STRING, "requester_id": STRING, "tags": array(STRING),
    "additional_tags": array(STRING), "remove_tags": array(STRING),
    "custom_fields": says(array(OBJECT), "Each with id and value."),
}  # fmt: skip


def _settings(kind: str, words: str) -> tuple[Operation, ...]:
    table = f"{kind}s"
    return set_aside((
        read(
            f"{table}.list", f"/{table}", f"List the {words}.",
            forms.list_all(table), shapes.page_by_number(table, kind),
        ),
        read(
            f"{table}.get", f"/{table}/{{id}}", f"Get one of the {words}.",
            forms.get_one(table), shapes.one(kind),
        ),
    ))  # fmt: skip


_READS = (
    replace(
        read(
            "tickets.list", "/tickets", "List tickets by id.",
            tickets.list_tickets, shapes.page("tickets", "ticket"), **SORTED,
        ),
        accepts=frozenset(("external_id",)),
    ),
    read(
        "tickets.get", "/tickets/{id}", "Get one ticket.",
        tickets.get_ticket, shapes.one("ticket"), include=INCLUDE,
    ),
    read(
        "comments.list", "/tickets/{id}/comments", "List a ticket's comments, oldest first.",
        tickets.list_comments, shapes.page("comments", "comment"),
        sort_order=one_of("asc", "desc"), include=INCLUDE, **PAGE,
    ),
    read(
        "tickets.requested", "/users/{id}/tickets/requested", "List the tickets of a requester.",
        tickets.list_of_person("requester_id"), shapes.page("tickets", "ticket"), **SORTED,
    ),
    read(
        "tickets.assigned", "/users/{id}/tickets/assigned", "List the tickets of an agent.",
        tickets.list_of_person("assignee_id"), shapes.page("tickets", "ticket"), **SORTED,
    ),
    read(
        "tickets.of_organization", "/organizations/{id}/tickets",
        "List the tickets of an organization.",
        tickets.list_of_organization, shapes.page("tickets", "ticket"), **SORTED,
    ),
    read(
        "tickets.list_deleted", "/deleted_tickets", "List tickets that can still be restored.",
        tickets.list_deleted, shapes.page("deleted_tickets", "deleted_ticket"), **PAGE,
    ),
    read(
        "tags.list", "/tickets/{id}/tags", "List a ticket's tags.",
        threads.list_tags, shapes.TAGS,
    ),
    read(
        "search.list", "/search",
        "Search tickets, users and organizations, e.g. type:ticket status<solved.",
        search.search, shapes.page_by_number("results", "found"),
        required="query", query=STRING, sort_by=STRING, sort_order=one_of("asc", "desc"),
        per_page=INTEGER, page=INTEGER,
    ),
    read(
        "search.count", "/search/count", "Count what a search finds.",
        search.count_found, shapes.COUNT,
        required="query", query=STRING,
    ),
    read(
        "side_conversations.list", "/tickets/{id}/side_conversations",
        "List a ticket's messages to third parties.",
        threads.list_side_conversations, shapes.page("side_conversations", "side_conversation"),
        **PAGE,
    ),
    read(
        "macros.list", "/macros", "List macros.",
        threads.list_macros, shapes.page("macros", "macro"), active=BOOLEAN, **PAGE,
    ),
    read("macros.get", "/macros/{id}", "Get one macro.", threads.get_macro, shapes.one("macro")),
    read(
        "macros.preview", "/tickets/{id}/macros/{macro_id}/apply",
        "See what a ticket would become under a macro; nothing is written.",
        threads.apply_macro, shapes.PREVIEW,
    ),
    read(
        "job_statuses.get", "/job_statuses/{id}", "See how far a job is.",
        threads.get_job, shapes.job(),
    ),
    *_settings("ticket_field", "fields of tickets"),
    *_settings("ticket_form", "forms of tickets"),
    *_settings("user_field", "fields of users"),
    *_settings("organization_field", "fields of organizations"),
)  # fmt: skip

_TICKET_WRITES = (
    Operation(
        name="zendesk.tickets.create", method="POST", template=API + "/tickets",
        description="Open a ticket; body is its first comment.",
        params=params(
            "body", body=STRING, public=BOOLEAN, requester=OBJECT,
            via_followup_source_id=says(STRING, "The closed ticket that this one follows up."),
            **_FIELDS,
        ),
        answers=shapes.created("ticket", "audit"),
        handler=tickets.create_ticket, effect=Effect.WRITE, escalate=aims.created_class,
        target=aims.new_ticket, gist=aims.ticket_gist, reversible_by="zendesk.tickets.delete",
        wire=aims.ticket_wire(), accepts=COPIED, **AUTOMATED,
    ),
    Operation(
        name="zendesk.tickets.public_reply", method="PUT", template=TICKET,
        description="Answer the customer on a ticket; the fields may be changed with it.",
        params=params("id body", id=STRING, body=STRING, **_FIELDS),
        answers=shapes.one("ticket", "audit"),
        handler=tickets.update_ticket, when=aims.speaks_outside, effect=Effect.SEND,
        target=aims.ticket_target, gist=aims.ticket_gist, customer_visible=True,
        wire=aims.ticket_wire(public=True), accepts=COPIED, **APPROVAL,
    ),
    Operation(
        name="zendesk.tickets.internal_note", method="PUT", template=TICKET,
        description="Leave a note that only agents see; the fields may be changed with it.",
        params=params("id body", id=STRING, body=STRING, **_FIELDS), system="zendesk",
        answers=shapes.one("ticket", "audit"),
        handler=tickets.update_ticket, when=aims.notes_inside, effect=Effect.DRAFT,
        action_class=ActionClass.DRAFT_ONLY, escalate=aims.updated_class,
        target=aims.ticket_target, gist=aims.ticket_gist,
        reversible_by="zendesk.comments.redact", wire=aims.ticket_wire(public=False),
        accepts=COPIED,
    ),
    Operation(
        name="zendesk.tickets.update", method="PUT", template=TICKET,
        description="Change a ticket's status, priority, tags, assignee or custom fields.",
        params=params("id", id=STRING, **_FIELDS),
        answers=shapes.one("ticket", "audit"),
        handler=tickets.update_ticket, effect=Effect.WRITE, escalate=aims.updated_class,
        target=aims.ticket_target, gist=aims.ticket_gist, reversible_by="zendesk.tickets.update",
        wire=aims.ticket_wire(), accepts=COPIED, **AUTOMATED,
    ),
    Operation(
        name="zendesk.tickets.update_many", method="PUT", template=API + "/tickets/update_many",
        description="Make the same change to up to 100 tickets, as a job.",
        params=params("ids", ids=array(STRING), body=STRING, public=BOOLEAN, **_FIELDS),
        answers=shapes.job(),
        handler=bulk.update_many, effect=Effect.WRITE, target=aims.many, gist=aims.ticket_gist,
        reversible_by="zendesk.tickets.update_many", wire=aims.bulk_wire, aside=True, **APPROVAL,
    ),
    Operation(
        name="zendesk.tickets.merge", method="POST", template=TICKET + "/merge",
        description="Merge other tickets into this one and close them. Cannot be undone.",
        params=params(
            "id ids", id=STRING, ids=array(STRING), target_comment=STRING, source_comment=STRING,
            target_comment_is_public=BOOLEAN, source_comment_is_public=BOOLEAN,
        ),
        answers=shapes.job(),
        handler=threads.merge_tickets, effect=Effect.DELETE, target=aims.ticket_target,
        gist=aims.merge_gist, destructive=True, **APPROVAL,
    ),
    Operation(
        name="zendesk.tickets.delete", method="DELETE", template=TICKET,
        description="Delete a ticket; it can be restored for 30 days.",
        answers=shapes.nothing(),
        params=params("id", id=STRING), handler=tickets.delete_ticket, effect=Effect.DELETE,
        target=aims.ticket_target, reversible_by="zendesk.tickets.restore", destructive=True,
        **APPROVAL,
    ),
    Operation(
        name="zendesk.tickets.restore", method="PUT",
        template=API + "/deleted_tickets/{id}/restore", description="Restore a deleted ticket.",
        answers=shapes.RESTORED,
        params=params("id", id=STRING), handler=tickets.restore_ticket, effect=Effect.WRITE,
        target=aims.ticket_target, reversible_by="zendesk.tickets.delete", **APPROVAL,
    ),
    Operation(
        name="zendesk.tickets.permanently_delete", method="DELETE",
        template=API + "/deleted_tickets/{id}",
        description="Remove a deleted ticket for good. Cannot be undone.",
        answers=shapes.job(),
        params=params("id", id=STRING), handler=threads.delete_forever, effect=Effect.DELETE,
        target=aims.ticket_target, destructive=True, **APPROVAL,
    ),
)  # fmt: skip


def _tags(step: str, method: str, key: str, description: str, back: str) -> Operation:
    return Operation(
        name=f"zendesk.tags.{step}", method=method, template=TICKET + "/tags",
        description=description, params=params("id tags", id=STRING, tags=array(STRING)),
        answers=shapes.TAGS, handler=threads.change_tags(key), effect=Effect.WRITE,
        target=aims.ticket_target, reversible_by=f"zendesk.tags.{back}", **AUTOMATED,
    )  # fmt: skip


_OTHER_WRITES = (
    _tags("add", "PUT", "additional_tags", "Add tags to a ticket.", "remove"),
    _tags("set", "POST", "tags", "Replace a ticket's tags.", "set"),
    _tags("remove", "DELETE", "remove_tags", "Remove tags from a ticket.", "add"),
    Operation(
        name="zendesk.comments.redact", method="PUT",
        template=TICKET + "/comments/{comment_id}/redact",
        description="Make a text in a comment unreadable. Cannot be undone.",
        params=params("id comment_id text", id=STRING, comment_id=STRING, text=STRING),
        answers=shapes.one("comment"),
        handler=threads.redact_comment, effect=Effect.DELETE, target=aims.comment_target,
        destructive=True, **APPROVAL,
    ),
    Operation(
        name="zendesk.side_conversations.create", method="POST",
        template=TICKET + "/side_conversations",
        description="Write to a third party about a ticket.",
        params=params(
            "id message", id=STRING, message=says(OBJECT, "subject, body, to: [{email}].")
        ),
        answers=shapes.created("side_conversation"),
        handler=threads.create_side_conversation, effect=Effect.SEND, target=aims.ticket_target,
        customer_visible=True, **APPROVAL,
    ),
    Operation(
        name="zendesk.side_conversations.reply", method="POST",
        template=TICKET + "/side_conversations/{side_id}/reply",
        description="Write to the third party once more.",
        params=params(
            "id side_id message", id=STRING, side_id=STRING,
            message=says(OBJECT, "body; to: [{email}] where others are written to."),
        ),
        answers=shapes.created("side_conversation"),
        handler=threads.reply_to_side_conversation, effect=Effect.SEND, target=aims.ticket_target,
        customer_visible=True, **APPROVAL,
    ),
)  # fmt: skip

OPERATIONS = (
    *_READS, *_TICKET_WRITES, *_OTHER_WRITES, *directory_table.OPERATIONS, *many_table.OPERATIONS,
)  # fmt: skip
