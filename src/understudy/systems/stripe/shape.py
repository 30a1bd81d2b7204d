"""What all Stripe objects have in common: defaults, addresses, small derived values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from understudy.model.world import Row

__all__ = ["ENDED", "address", "card", "client_secret", "filled", "item_id", "number_of"]

_ADDRESS: dict[str, Any] = {
    "city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None,
}  # fmt: skip
ENDED = ("canceled", "incomplete_expired")
"""What a subscription is that is not listed any more."""
_BRANDS = ("visa", "mastercard", "amex", "discover")


def filled(template: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """The template's keys in the template's order, with what the row has."""
    return {**template, **row}


def address(value: Any) -> dict[str, Any] | None:
    """A full address, or None where the row has none."""
    return {**_ADDRESS, **value} if isinstance(value, dict) else None


def number_of(row_id: str, below: int, salt: str = "") -> int:
    """A small number that belongs to an id, so that derived details are always the same.

    >>> number_of("ch_1", 4) == number_of("ch_1", 4)
    True
    """
    return crc32((salt + row_id).encode()) % below


def card(row_id: str) -> dict[str, Any]:
    """The card details of a charge."""
    number = number_of(row_id, 10_000)
    return {
        "amount_authorized": None, "authorization_code": None, "brand": _BRANDS[number % 4],
        "checks": {
            "address_line1_check": None, "address_postal_code_check": "pass", "cvc_check": "pass",
        },
        "country": "US", "exp_month": number % 12 + 1, "exp_year": 2028 + number % 5,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": f"{crc32(row_id.encode()):08x}{number_of(row_id, 1 << 32, 'f'):08x}",
        "funding": "credit", "incremental_authorization": {"status": "unavailable"},
        "installments": None, "last4": f"{number:04d}", "mandate": None,
        "multicapture": {"status": "unavailable"}, "network": _BRANDS[number % 4],
        "network_token": {"used": False}, "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": 0, "status": "unavailable"},
        "regulated_status": "unregulated", "three_d_secure": None, "wallet": None,
    }  # fmt: skip


def client_secret(intent: str) -> str:
    """By what a browser goes on with an intent."""
    return f"{intent}_secret_{number_of(intent, 10**9):09d}"


def item_id(subscription: str) -> str:
    """The id of a subscription's one item, where its row names none."""
    return f"si_{number_of(subscription, 1 << 32, 'item'):010d}"
