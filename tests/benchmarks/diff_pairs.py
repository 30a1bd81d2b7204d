"""Pairs of actions as plain dictionaries; every tenth differs. Imported by a peer's Python too."""

from __future__ import annotations

from typing import Any

__all__ = ["pairs"]


def pairs(size: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What people did beside what was proposed: equal but for one amount in ten."""
    return [(_action(n, 1000 + n), _action(n, 1000 + n + 5 * (n % 10 == 0))) for n in range(size)]


def _action(number: int, amount: int) -> dict[str, Any]:
    charge = f"ch_{number:06d}"
    return {
        "system": "stripe",
        "operation": "stripe.refunds.create",
        "target": {"type": "charge", "id": charge},
        "fields": {"charge": charge, "amount": amount, "reason": "requested_by_customer",
                   "metadata": {"ticket": str(number), "agent": "ann"}},
        "amount_minor": amount,
        "currency": "EUR",
        "effect": "pay",
        "response_status": 200,
        "after": {"amount_refunded": amount},
    }  # fmt: skip
