"""Which operations can stand for one another, and which targets are the same."""

from __future__ import annotations

from understudy.model.action import Action, Effect

__all__ = ["pairable", "same_target"]

_FAMILIES = (
    frozenset(
        ["stripe.refunds.create", "stripe.credit_notes.create", "stripe.customer_balance.create"]
    ),
    frozenset(
        [
            "stripe.subscriptions.cancel",
            "stripe.subscriptions.cancel_at_period_end",
            "stripe.subscriptions.update",
        ]
    ),
    frozenset(
        [
            "zendesk.tickets.public_reply",
            "zendesk.tickets.internal_note",
            "zendesk.side_conversations.create",
        ]
    ),
    frozenset(
        ["stripe.invoices.void", "stripe.invoices.mark_uncollectible", "stripe.invoices.pay"]
    ),
    frozenset(["hubspot.objects.archive", "hubspot.contacts.gdpr_delete"]),
)
_FAMILY = {operation: number for number, each in enumerate(_FAMILIES) for operation in each}


def pairable(one: Action, other: Action) -> bool:
    """Whether one action may be the other done wrongly: equal operation or one intent."""
    if one.operation == other.operation:
        return _same_sort(one, other)
    family = _FAMILY.get(one.operation)
    return family is not None and family == _FAMILY.get(other.operation)


def same_target(one: Action, other: Action) -> bool:
    """Whether both are about the same object; unknown targets are no difference."""
    if one.target is None or other.target is None:
        return True
    if one.target.id is None or other.target.id is None:
        return one.target.type == other.target.type
    # A refund names the charge or its payment; both name the same money where both are told.
    return one.target == other.target


def _same_sort(one: Action, other: Action) -> bool:
    """A note is never a deal done wrongly, though one operation makes both."""
    if one.target is None or other.target is None or one.effect is Effect.READ:
        return True
    return one.target.type == other.target.type or {one.target.type, other.target.type} <= {
        "charge",
        "payment_intent",
    }
