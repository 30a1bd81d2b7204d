"""Which operations can stand for one another, and which targets are the same."""

from __future__ import annotations

from understudy.model.action import Action
from understudy.model.finding import Severity

__all__ = ["family_of", "on_target", "pairable", "same_target", "target_severity"]

_FAMILIES = (
    "stripe.refunds.create stripe.credit_notes.create stripe.customer_balance.create",
    "stripe.subscriptions.cancel stripe.subscriptions.cancel_at_period_end "
    "stripe.subscriptions.update",
    "zendesk.tickets.public_reply zendesk.tickets.internal_note zendesk.side_conversations.create",
    "stripe.invoices.void stripe.invoices.mark_uncollectible stripe.invoices.pay",
    "hubspot.objects.archive hubspot.contacts.gdpr_delete",
)
_FAMILY = {operation: each.split()[0] for each in _FAMILIES for operation in each.split()}
_PAYMENTS = frozenset(("charge", "payment_intent"))
_OWNERS = ("customer", "customer_id", "requester_id", "user_id", "account_id")


def family_of(action: Action) -> str:
    """The intent that an operation serves; operations of one family can be mixed up."""
    return _FAMILY.get(action.operation, action.operation)


def pairable(actual: Action, expected: Action) -> bool:
    """Whether one action may be the other done wrongly.

    They serve one intent and are about one type of object. About two different objects only where
    the effect is grave, since a payment to the wrong account is just that, or where something of
    what was written is the same.
    """
    if family_of(actual) != family_of(expected):
        return False
    if actual.operation != expected.operation:
        return True
    if not _same_type(actual, expected):
        return False
    return same_target(actual, expected) or actual.effect.grave or _alike(actual, expected)


def same_target(one: Action, other: Action) -> bool:
    """Whether both are about the same object; an unknown one is no difference.

    Different operations of a family may name different types, such as a customer and an invoice;
    that is about the same money as far as can be told.
    """
    mine, its = one.target, other.target
    if mine is None or its is None or mine == its:
        return True
    if mine.type != its.type:
        return one.operation != other.operation
    if mine.id is None or its.id is None:
        return True
    return mine.id.strip() == its.id.strip()


def on_target(actual: Action, expected: Action) -> bool:
    """Whether an action is about the object that it should be about.

    One that names no object at all, where the same was expected of a named one, is not.
    """
    if actual.target is None and expected.target is not None and expected.target.id is not None:
        return actual.operation != expected.operation
    return same_target(actual, expected)


def target_severity(actual: Action, expected: Action) -> Severity | None:
    """Another object of the same customer is bad; what is not known to be theirs may be worse."""
    owner = _owner(actual)
    return Severity.HIGH if owner is not None and owner == _owner(expected) else None


def _owner(action: Action) -> object:
    for state in (action.after, action.before, action.fields):
        for key in _OWNERS:
            if state and state.get(key):
                return state[key]
    return None


def _same_type(one: Action, other: Action) -> bool:
    """A note is never a deal done wrongly, though one operation makes both."""
    if one.target is None or other.target is None or one.target.type == other.target.type:
        return True
    return {one.target.type, other.target.type} <= _PAYMENTS


def _alike(one: Action, other: Action) -> bool:
    if not one.fields or not other.fields:
        return True
    return any(other.fields.get(name, _alike) == value for name, value in one.fields.items())
