"""Stripe's writes: the row of the table that they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.schema import OBJECT, STRING, params
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.reads import EXPAND, answer
from understudy.systems.stripe.shapes import one

__all__ = ["APPROVED", "PAID", "changed", "metadata_write", "write"]

APPROVED: dict[str, Any] = {"action_class": ActionClass.APPROVAL_REQUIRED}
"""What needs a person's word."""
PAID: dict[str, Any] = {**APPROVED, "effect": Effect.PAY, "customer_visible": True}
"""What moves money, or makes it owed."""


def write(
    name: str,
    template: str,
    kind: str,
    description: str,
    handler: Callable[[Call], Reply],
    params: dict[str, Any],
    **other: Any,
) -> Operation:
    """A POST about the path's object, or for a new one of its kind, that is answered with it.

    `other` are members of the operation that differ from this: most writes may be automated.
    """
    made: dict[str, Any] = {
        "method": "POST", "answers": one(kind), "effect": Effect.WRITE, "gist": aims.gist,
        "action_class": ActionClass.AUTOMATED,
        "target": aims.by_path(kind) if "{id}" in template else aims.new(kind), **other,
    }  # fmt: skip
    return Operation(
        name=f"stripe.{name}",
        system="stripe",
        template=template,
        description=description,
        handler=handler,
        params=params,
        **made,
    )


def changed(call: Call, table: str, row: Row, changes: dict[str, Any]) -> Reply:
    """Write what has changed of an object, and answer with it."""
    return answer(call, table, call.session.overlay.patch(f"stripe.{table}", row["id"], changes))


def metadata_write(table: str, kind: str) -> Operation:
    """The update of what has nothing to change but its metadata."""

    def handler(call: Call) -> Reply:
        row = fields.require(call, table, call.path["id"])
        return changed(call, table, row, fields.merged_metadata(row, fields.params(call)))

    return write(
        f"{table}.update",
        f"/v1/{table}/{{id}}",
        kind,
        f"Change a {kind}'s metadata.",
        handler,
        params("id", id=STRING, metadata=OBJECT, expand=EXPAND),
        reversible_by=f"stripe.{table}.update",
    )
