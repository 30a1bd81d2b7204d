"""Amounts as customers write them, and what they are worth against the policies' limits."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from understudy.model.money import Money, minor_digits

__all__ = ["LIMITS", "in_euro_cents", "office_text", "spoken_text"]

LIMITS = {
    "EUR": 50_000, "USD": 54_000, "GBP": 43_000, "MXN": 1_000_000, "PLN": 215_000,
    "UAH": 2_250_000, "JPY": 81_000, "KWD": 168_000,
}  # fmt: skip
"""The approval limit of the refund policy in minor units of each currency: each is worth the same,
so the table also compares amounts of different currencies."""

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_COMMA_LANGUAGES = ("de", "fr", "es")


def in_euro_cents(minor: int, currency: str) -> int | None:
    """What an amount is worth in euro cents by the table of limits, or None.

    >>> in_euro_cents(81_000, "jpy")
    50000
    """
    limit = LIMITS.get(currency.upper())
    return None if limit is None else minor * LIMITS["EUR"] // limit


def office_text(minor: int, currency: str) -> str:
    """An amount as the company's own letters have it.

    >>> office_text(1250, "kwd"), office_text(500, "jpy")
    ('1.250 KWD', '500 JPY')
    """
    return str(Money(minor, currency.upper())).replace(",", "")


def spoken_text(minor: int, currency: str, language: str, rng: Random) -> str:
    """An amount in one of the ways that customers write it: sign or code, point or comma."""
    code = currency.upper()
    digits = minor_digits(code)
    number = f"{Decimal(minor).scaleb(-digits):,.{digits}f}"
    if language in _COMMA_LANGUAGES and digits == 2:
        number = number.translate(str.maketrans(",.", ".,"))
    sign = _SIGNS.get(code)
    if sign is None or rng.random() < 0.5:
        return rng.choice((f"{number} {code}", f"{code} {number}"))
    if language in _COMMA_LANGUAGES:
        return f"{number} {sign}"
    return f"{sign}{number}"
