"""Actions, values and findings in plain words; used by every output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.model.action import DESK, Action
from understudy.model.finding import Finding
from understudy.model.money import Money
from understudy.model.printable import printable

__all__ = ["action_line", "cost_line", "deed", "money_of", "place_of", "shown"]

_LIMIT = 120

# What was done, in the past tense; `{}` is the amount with a blank before it, or nothing.
_DEEDS: Mapping[str, str] = {
    "desk.approvals.create": "asked for an approval{}",
    "desk.escalate": "handed the case to a person",
    "hubspot.associations.archive": "parted two records",
    "hubspot.associations.create": "linked two records",
    "hubspot.contacts.gdpr_delete": "forgot a contact for good",
    "hubspot.contacts.merge": "merged two contacts",
    "hubspot.objects.archive": "archived a record",
    "hubspot.objects.create": "created a record",
    "hubspot.objects.update": "changed a record",
    "stripe.credit_notes.create": "issued a credit note{}",
    "stripe.credit_notes.void": "voided a credit note{}",
    "stripe.customer_balance.create": "booked{} to the customer's balance",
    "stripe.customers.create": "created a customer",
    "stripe.customers.delete": "deleted a customer",
    "stripe.customers.update": "changed a customer",
    "stripe.disputes.close": "gave up a dispute{}",
    "stripe.disputes.update": "answered a dispute{}",
    "stripe.invoices.finalize": "finalized an invoice{}",
    "stripe.invoices.mark_uncollectible": "wrote off an invoice{}",
    "stripe.invoices.pay": "collected an invoice{}",
    "stripe.invoices.send": "sent an invoice{}",
    "stripe.invoices.void": "voided an invoice{}",
    "stripe.payment_intents.cancel": "cancelled a payment{}",
    "stripe.payment_intents.capture": "captured a payment{}",
    "stripe.refunds.cancel": "cancelled a refund{}",
    "stripe.refunds.create": "refunded{}",
    "stripe.subscriptions.cancel": "cancelled a subscription at once{}",
    "stripe.subscriptions.cancel_at_period_end": "cancelled a subscription at its period's end{}",
    "stripe.subscriptions.update": "changed a subscription{}",
    "zendesk.side_conversations.create": "wrote to a third party",
    "zendesk.tags.add": "tagged a ticket",
    "zendesk.tickets.create": "opened a ticket",
    "zendesk.tickets.delete": "deleted a ticket",
    "zendesk.tickets.internal_note": "left an internal note",
    "zendesk.tickets.merge": "merged tickets",
    "zendesk.tickets.public_reply": "answered the customer",
    "zendesk.tickets.update": "changed a ticket",
    "zendesk.users.update": "changed a user",
}


def shown(value: Any) -> str:
    """A value, short and safe to print."""
    if value is None:
        return "nothing"
    return printable(value if isinstance(value, str) else repr(value), _LIMIT)


def money_of(action: Action) -> str | None:
    """The amount at stake in an action, in words, or None."""
    if action.amount_minor is None:
        return None
    if not action.currency:
        return str(action.amount_minor)
    return str(Money(action.amount_minor, printable(action.currency.upper(), 8)))


def place_of(action: Action) -> str:
    """The object that an action is about, in words; empty where there is none to name."""
    target = action.target
    if target is None or action.system == DESK:
        return ""
    if target.id is None:
        return printable(f"new {target.type}", _LIMIT)
    return printable(f"{target.type} {target.id}", _LIMIT)


def deed(action: Action) -> str:
    """An action in plain words.

    >>> deed(Action(system="stripe", operation="stripe.refunds.create", amount_minor=9600,
    ...             currency="EUR"))
    'refunded 96.00 EUR'
    """
    amount = money_of(action)
    known = _DEEDS.get(action.operation)
    if known is not None:
        done = known.format(f" {amount}" if amount else "")
    else:
        done = f"did {action.operation}" + (f" for {amount}" if amount else "")
    place = place_of(action)
    return printable(f"{done} ({place})" if place else done, 200)


def action_line(action: Action) -> str:
    """An action in one line: the operation, the deed, whether it was refused, what was said.

    >>> action_line(Action(system="stripe", operation="stripe.refunds.create", amount_minor=9600,
    ...     currency="EUR", fields={"reason": "duplicate"}, response_status=400))
    'refused with 400, not done: stripe.refunds.create: refunded 96.00 EUR; reason=duplicate'
    """
    done = deed(action)
    if action.operation in _DEEDS:
        done = f"{action.operation}: {done}"
    refused = f"refused with {action.response_status}, not done: " if action.refused else ""
    told = ", ".join(f"{name}={shown(value)}" for name, value in action.fields.items())
    return printable(f"{refused}{done}" + (f"; {told}" if told else ""), 200)


def cost_line(finding: Finding, currency: str) -> str:
    """One finding with its price, as reports and terminals print it.

    >>> from understudy.model.finding import Kind, Severity
    >>> print(cost_line(Finding(case_id="c-1", kind=Kind.WRONG_VALUE, severity=Severity.MEDIUM,
    ...     cost_minor=3600, explanation="refunded 96.00 EUR instead of 80.00 EUR"), "EUR"))
    36.00 EUR  wrong_value (medium): refunded 96.00 EUR instead of 80.00 EUR
    """
    price = Money(finding.cost_minor, currency)
    return f"{price}  {finding.kind} ({finding.severity}): {finding.explanation}"
