"""What Stripe's writes are about: targets and amounts, read before the write is tried.

Nothing here refuses: a body that makes no sense simply has no target and no amount.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.model.action import AmountSource, Target
from understudy.model.world import Row
from understudy.systems.operation import Amount, Call
from understudy.systems.stripe.fields import lenient_integer, params

__all__ = [
    "by_path",
    "column_amount",
    "currency_of",
    "customer_named",
    "gist",
    "given_amount",
    "named_row",
    "new",
    "numbers",
]

_INTEGERS = {
    "amount", "amount_to_capture", "cancel_at", "created", "credit_amount", "days_until_due",
    "due_date", "out_of_band_amount", "proration_date", "quantity", "refund_amount", "trial_end",
    "unit_amount",
}  # fmt: skip
_TRUTHS = {"true": True, "false": False}


def by_path(kind: str) -> Callable[[Call], Target | None]:
    """The target is the object that the path names."""
    return lambda call: Target(type=kind, id=call.path["id"])


def new(kind: str) -> Callable[[Call], Target | None]:
    """The target is an object that is still to be made, and has no id yet."""
    return lambda _: Target(type=kind)


def customer_named(call: Call) -> Target:
    """The target is the customer that the parameters name."""
    customer = params(call).get("customer")
    return Target(type="customer", id=customer if isinstance(customer, str) else None)


def given_amount(call: Call) -> Amount | None:
    """The amount is what the parameters say, in the currency that they name."""
    given = params(call)
    number, currency = lenient_integer(given.get("amount")), given.get("currency")
    if number is None:
        return None
    return Amount(number, currency.upper() if isinstance(currency, str) else None)


def named_row(call: Call, table: str, value: Any) -> Row | None:
    """The row that a parameter names, or None."""
    return call.session.overlay.get(f"stripe.{table}", value) if isinstance(value, str) else None


def column_amount(table: str, column: str) -> Callable[[Call], Amount | None]:
    """The amount is what a column of the path's object says."""

    def amount(call: Call) -> Amount | None:
        row = named_row(call, table, call.path["id"])
        value = row.get(column) if row else None
        if row is None or not isinstance(value, int):
            return None
        return Amount(value, currency_of(row), AmountSource.DERIVED)

    return amount


def currency_of(row: Row | None) -> str | None:
    """A row's currency in capitals."""
    currency = row.get("currency") if row else None
    return currency.upper() if isinstance(currency, str) else None


def gist(call: Call) -> dict[str, Any]:
    """The parameters with numbers and truth values read, `expand` left out."""
    return {key: numbers(key, value) for key, value in params(call).items() if key != "expand"}


def numbers(key: str, value: Any) -> Any:
    """One parameter's value as the number or truth value that it spells."""
    if isinstance(value, dict):
        return {k: v if key == "metadata" else numbers(k, v) for k, v in value.items()}
    if isinstance(value, list):
        return [numbers(key, item) for item in value]
    if key in _INTEGERS:
        number = lenient_integer(value)
        return value if number is None else number
    return _TRUTHS.get(value, value) if isinstance(value, str) else value
