"""Stripe's writes: the row of the table that they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.systems.operation import Call, Operation, Reply
from understudy.systems.stripe import aims
from understudy.systems.stripe.shapes import one

__all__ = ["APPROVED", "PAID", "write"]

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
