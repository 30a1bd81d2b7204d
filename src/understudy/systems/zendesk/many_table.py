"""Zendesk's part of the route table that is about many tickets, their history and exports."""

from __future__ import annotations

from understudy.model.action import Effect
from understudy.systems.operation import Operation, set_aside
from understudy.systems.schema import INTEGER, OBJECT, STRING, array, params, says
from understudy.systems.zendesk import (
    aims,
    audits,
    bulk,
    exports,
    search,
    shapes,
    threads,
    tickets,
)
from understudy.systems.zendesk.rows import API, APPROVAL, INCLUDE, PAGE, read

__all__ = ["OPERATIONS"]

_IDS = says(STRING, "Ids parted by commas, up to a hundred.")
_TIME = says(INTEGER, "Epoch seconds.")


def _exported(kind: str) -> tuple[Operation, Operation]:
    return (
        read(
            f"exports.{kind}", f"/incremental/{kind}", f"List the {kind} changed since a time.",
            exports.export_by_time(kind), shapes.export(kind, by_cursor=False),
            required="start_time", start_time=_TIME, per_page=INTEGER,
        ),
        read(
            f"exports.{kind}_by_cursor", f"/incremental/{kind}/cursor",
            f"List the {kind} changed since a time, by cursor.",
            exports.export_by_cursor(kind), shapes.export(kind, by_cursor=True),
            start_time=_TIME, cursor=STRING, per_page=INTEGER,
        ),
    )  # fmt: skip


OPERATIONS = set_aside((
    read(
        "tickets.show_many", "/tickets/show_many", "Get several tickets.",
        tickets.show_many, shapes.page_by_number("tickets", "ticket"),
        required="ids", ids=_IDS, include=INCLUDE,
    ),
    read("tickets.count", "/tickets/count", "Count tickets.",
         tickets.count_tickets, shapes.COUNTED),
    read("comments.count", "/tickets/{id}/comments/count", "Count a ticket's comments.",
         tickets.count_comments, shapes.COUNTED),
    read(
        "tickets.audits", "/tickets/{id}/audits",
        "List what happened to a ticket, as far as its comments tell it.",
        audits.list_audits, shapes.page("audits", "audit"), **PAGE,
    ),
    read("tickets.metrics", "/tickets/{id}/metrics", "How often and when a ticket was answered.",
         audits.get_metrics, shapes.METRICS),
    read(
        "search.export", "/search/export", "Find all of one kind that fit a query, by cursor.",
        search.export_found, shapes.page("results", "found"),
        required="query filter[type]", query=STRING, **{"filter[type]": STRING}, **PAGE,
    ),
    read("macros.active", "/macros/active", "List the macros that can be used.",
         threads.list_active_macros, shapes.page("macros", "macro"), **PAGE),
    read("macros.changes", "/macros/{id}/apply", "See what a macro would change.",
         threads.show_macro_changes, shapes.PREVIEW),
    *_exported("tickets"),
    *_exported("users"),
    Operation(
        name="zendesk.tickets.create_many", method="POST", template=API + "/tickets/create_many",
        description="Open up to 100 tickets, as a job.",
        params=params("tickets", tickets=says(array(OBJECT), "Each as one new ticket.")),
        answers=shapes.job(),
        handler=bulk.create_many, effect=Effect.WRITE, target=aims.many, gist=aims.opened_gist,
        reversible_by="zendesk.tickets.destroy_many", **APPROVAL,
    ),
    Operation(
        name="zendesk.tickets.destroy_many", method="DELETE",
        template=API + "/tickets/destroy_many",
        description="Delete up to 100 tickets, as a job; they can be restored for 30 days.",
        params=params("ids", ids=array(STRING)), answers=shapes.job(),
        handler=bulk.destroy_many, effect=Effect.DELETE, target=aims.many, gist=aims.opened_gist,
        reversible_by="zendesk.tickets.restore", destructive=True, wire=aims.ids_wire, **APPROVAL,
    ),
))  # fmt: skip
