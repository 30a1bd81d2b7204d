"""What cases add to the finance system: second payments, earlier refunds, disputes, slips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.model.money import minor_digits
from understudy.workflows.amounts import LIMITS, office_text
from understudy.workflows.draft import DAY, HOUR, Draft

__all__ = ["FINANCE_PLANTS", "plant_payment"]

_NET = (100, 119)
"""Customers who think of the net amount where the invoice has 19 % tax on it."""


def plant_payment(draft: Draft, amount: int, paid: int) -> dict[str, Any]:
    """A paid invoice with its payment intent and charge; returns the charge."""
    account = draft.account
    charge, intent, invoice = draft.key("ch_3"), draft.key("pi_3"), draft.key("in_1")
    shared = {"customer": account.id, "currency": account.currency.lower()}
    said = {"description": "Additional seats", "created": paid - HOUR}
    line = {
        "id": draft.key("il_1"), "object": "line_item", "amount": amount, "quantity": 1,
        "currency": account.currency.lower(), "description": "Additional seats",
    }  # fmt: skip
    number = f"{account.id[4:12].upper()}-{9000 + (draft.number * 7 + draft.minted) % 1000:04d}"
    draft.add("stripe.invoices", {
        "id": invoice, **shared, **said, "number": number, "status": "paid", "tax": 0,
        "amount_due": amount, "amount_paid": amount, "amount_remaining": 0, "subtotal": amount,
        "total": amount, "due_date": paid + 14 * DAY, "charge": charge, "payment_intent": intent,
        "lines": [line],
    })  # fmt: skip
    draft.add("stripe.payment_intents", {
        "id": intent, **shared, **said, "amount": amount, "amount_received": amount,
        "status": "succeeded", "latest_charge": charge,
    })  # fmt: skip
    return _charge(
        draft, {"id": charge, "invoice": invoice, "payment_intent": intent}, amount, paid
    )


def _charge(draft: Draft, ids: Mapping[str, Any], amount: int, paid: int) -> dict[str, Any]:
    return draft.add("stripe.charges", {
        **ids, "customer": draft.account.id, "amount": amount, "amount_refunded": 0,
        "currency": draft.account.currency.lower(), "status": "succeeded", "paid": True,
        "refunded": False, "captured": True, "created": paid, "disputed": False,
        "description": "Additional seats", "receipt_email": draft.account.customer.get("email"),
    })  # fmt: skip


def _about(draft: Draft, paid: int) -> dict[str, Any]:
    """A payment of the same amount as the case's so far, and from now on the one it is about."""
    charge = plant_payment(draft, draft.facts["charge_amount"], paid)
    invoice = next(row for row in draft.added("stripe.invoices") if row["id"] == charge["invoice"])
    draft.name_charge(charge, invoice)
    return charge


def _refunded(draft: Draft, charge: dict[str, Any], at: int) -> None:
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    draft.add("stripe.refunds", {
        "id": draft.key("re_3"), "charge": charge["id"], "amount": charge["amount"],
        "payment_intent": charge.get("payment_intent"), "currency": charge["currency"],
        "status": "succeeded", "reason": "requested_by_customer", "created": at,
    })  # fmt: skip


def _earlier_refund(draft: Draft) -> None:
    charge = _about(draft, draft.received - 12 * DAY)
    _refunded(draft, charge, draft.received - 5 * DAY)


def _old_charge(draft: Draft) -> None:
    _about(draft, draft.received - draft.rng.randint(80, 150) * DAY)


def _disputed_charge(draft: Draft) -> None:
    charge = _about(draft, draft.received - 15 * DAY)
    charge["disputed"] = True
    opened = draft.received - (3 * DAY if draft.situation.mailed else 0)
    dispute = draft.add("stripe.disputes", {
        "id": draft.key("du_1"), "charge": charge["id"], "amount": charge["amount"],
        "payment_intent": charge["payment_intent"], "currency": charge["currency"],
        "status": "needs_response", "reason": "subscription_canceled", "created": opened,
        "evidence_details": {"due_by": opened + 14 * DAY},
    })  # fmt: skip
    draft.facts["dispute"] = dispute["id"]


def _stolen_card(draft: Draft) -> None:
    """The bank says that the payment was not the card holder's."""
    next(iter(draft.added("stripe.disputes")))["reason"] = "fraudulent"


def _double_charge(draft: Draft) -> None:
    """The same invoice paid a second time, some hours later."""
    facts = draft.facts
    paid = min(facts["paid_at"] + draft.rng.randint(1, 40) * HOUR, draft.received - HOUR)
    ids = {
        "id": draft.key("ch_3"),
        "invoice": facts["invoice"],
        "payment_intent": draft.key("pi_3"),
    }
    second = _charge(draft, ids, facts["charge_amount"], paid)
    draft.add("stripe.payment_intents", {
        "id": second["payment_intent"], "customer": draft.account.id, "status": "succeeded",
        "amount": second["amount"], "amount_received": second["amount"], "created": paid,
        "currency": second["currency"], "latest_charge": second["id"],
    })  # fmt: skip
    facts["duplicate"] = second["id"]


def _refunded_double(draft: Draft) -> None:
    second = next(r for r in draft.added("stripe.charges") if r["id"] == draft.facts["duplicate"])
    _refunded(draft, second, draft.received - 2 * HOUR)


def _twin_charge(draft: Draft) -> None:
    """Another purchase of the same amount, one day after the first."""
    paid = min(draft.facts["paid_at"] + DAY, draft.received - HOUR)
    charge = plant_payment(draft, draft.facts["charge_amount"], paid)
    invoices = {row["id"]: row for row in draft.added("stripe.invoices")}
    draft.facts["second_number"] = invoices[charge["invoice"]]["number"]


def _partial_amount(draft: Draft) -> None:
    """A tenth to four tenths of the charge, as round as people like it."""
    facts = draft.facts
    currency = facts["currency"]
    step = {0: 100, 2: 50, 3: 500}[minor_digits(currency)]
    part = max(facts["charge_amount"] * draft.rng.randint(10, 40) // 100 // step, 1) * step
    facts |= {
        "part_minor": part,
        "part": draft.spoken(part, currency),
        "part_text": office_text(part, currency),
    }


def _slip_of_amount(draft: Draft) -> None:
    """The net amount, or one rounded to whole units: never the one that was paid."""
    facts = draft.facts
    unit = 10 ** minor_digits(facts["currency"])
    wrong = facts["charge_amount"] * _NET[0] // _NET[1]
    if draft.rng.random() < 0.5:
        wrong = (facts["charge_amount"] // unit + draft.rng.choice((1, 2, 5, 10))) * unit
    facts["said"] = draft.spoken(wrong, facts["currency"])


def _wrong_currency(draft: Draft) -> None:
    """What the customer's bank shows, in the currency of the bank account."""
    facts = draft.facts
    other = "USD" if facts["currency"] != "USD" else "EUR"
    minor = facts["charge_amount"] * LIMITS[other] // LIMITS.get(facts["currency"], LIMITS["EUR"])
    facts["said"] = draft.spoken(minor, other)


def _second_subscription(draft: Draft) -> None:
    """A newer subscription to another product; the mail is about the older one."""
    first = next(
        row for row in draft.account.subscriptions if row["id"] == draft.facts["subscription"]
    )
    begins = draft.received - 20 * DAY
    draft.add("stripe.subscriptions", {
        **first, "id": draft.key("sub_1"), "created": begins, "current_period_start": begins,
        "current_period_end": begins + 30 * DAY, "price": draft.facts["other_price"],
        "quantity": 2, "cancel_at_period_end": False,
    })  # fmt: skip


FINANCE_PLANTS: Mapping[str, Callable[[Draft], None]] = {
    "disputed_charge": _disputed_charge,
    "double_charge": _double_charge,
    "earlier_refund": _earlier_refund,
    "old_charge": _old_charge,
    "partial_amount": _partial_amount,
    "refunded_double": _refunded_double,
    "second_subscription": _second_subscription,
    "slip_of_amount": _slip_of_amount,
    "stolen_card": _stolen_card,
    "twin_charge": _twin_charge,
    "wrong_currency": _wrong_currency,
}
