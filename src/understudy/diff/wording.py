"""Actions and values in plain words, for the explanation of a finding."""

from __future__ import annotations

from typing import Any

from understudy.model.action import Action
from understudy.model.money import Money
from understudy.model.printable import printable

__all__ = ["shown", "told"]

_LIMIT = 120


def shown(value: Any) -> str:
    """A value, short and safe to print."""
    return printable(value if isinstance(value, str) else repr(value), _LIMIT)


def told(action: Action) -> str:
    """An action in a few words: what, about which object, for how much."""
    target = f" on {action.target.type} {action.target.id or '(new)'}" if action.target else ""
    amount = ""
    if action.amount_minor is not None:
        currency = (action.currency or "").upper()
        amount = f" for {Money(action.amount_minor, currency) if currency else action.amount_minor}"
    return printable(f"{action.operation}{target}{amount}", 200)
