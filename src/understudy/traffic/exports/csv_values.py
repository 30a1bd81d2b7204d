"""Amounts and times as spreadsheets write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from understudy.model.money import minor_digits
from understudy.traffic.moments import moment_of
from understudy.traffic.raw_record import Malformed

__all__ = ["iso_time", "minor_amount", "seconds"]

_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ ,T]+(\d{1,2}:\d{2}(?::\d{2})?))?")
_CENTURY = 2000


def minor_amount(text: str, currency: str, *, comma: bool) -> int:
    """Minor units of an amount in major ones; `comma` where it stands before the cents.

    >>> minor_amount("1.234,50", "eur", comma=True), minor_amount("$1,234.50", "usd", comma=False)
    (123450, 123450)
    >>> minor_amount("-500", "jpy", comma=False)
    -500
    """
    plain = re.sub(r"[^\d.,-]", "", text)
    plain = plain.replace(".", "").replace(",", ".") if comma else plain.replace(",", "")
    try:
        minor = Decimal(plain).scaleb(minor_digits(currency))
    except (InvalidOperation, ValueError):
        raise Malformed("an amount that is no number") from None
    if minor != minor.to_integral_value():
        raise Malformed("an amount with more digits than its currency has")
    return int(minor)


def moment(text: str, zone: tzinfo | None) -> datetime:
    """A time in ISO, or day, month and year where it is plain which of them is which.

    >>> from datetime import UTC
    >>> moment("23.07.2026 14:05", UTC).isoformat(), moment("7/23/2026", UTC).day
    ('2026-07-23T14:05:00+00:00', 23)
    """
    match = _DAY.fullmatch(text.strip())
    written = _turned(match) if match else text
    found = moment_of(written, zone)
    if found is None:
        known = moment_of(written, UTC) is not None
        raise Malformed(
            "a time without its zone; say which with --zone" if known else "a time that is none"
        )
    return found


def _turned(match: re.Match[str]) -> str:
    """As ISO. Dots stand between day and month; of others the larger one is the day."""
    one, sign, two, year, clock = match.groups()
    first, second = int(one), int(two)
    if sign != "." and first <= 12 and second <= 12 and first != second:
        raise Malformed("a date whose day and month cannot be told apart; export ISO dates")
    day, month = (second, first) if sign != "." and second > 12 else (first, second)
    whole = int(year) + (_CENTURY if len(year) == 2 else 0)
    return f"{whole:04d}-{month:02d}-{day:02d}T{(clock or '00:00').zfill(5)}"


def seconds(text: str, zone: tzinfo | None) -> int:
    """A time as seconds since 1970."""
    return int(moment(text, zone).timestamp())


def iso_time(text: str, zone: tzinfo | None) -> str:
    """A time as vendors' APIs write it."""
    return moment(text, zone).strftime("%Y-%m-%dT%H:%M:%SZ")
