"""A moment, in the writings in which sources state it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

__all__ = ["moment_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = ((10**11, 10**6, 1), (10**14, 1000, 1), (10**17, 1, 1), (10**20, 1, 1000))
"""Up to which number it counts seconds, milliseconds, microseconds or nanoseconds, and how many
microseconds one of them is, times and over."""


def moment_of(value: Any, zone: tzinfo | None = None) -> datetime | None:
    """A time in UTC: ISO text, a mail's date, or a number since 1970; None where it is none.

    A number is of seconds, milli-, micro- or nanoseconds, as its size says. A text without a zone
    is in `zone`, or without that no moment.

    >>> moment_of("2026-07-01T10:00:00Z") == moment_of(1782900000) == moment_of(1782900000000)
    True
    >>> moment_of("1782900000000000000") == moment_of("Wed, 01 Jul 2026 12:00:00 +0200")
    True
    >>> moment_of("2026-07-01 10:00"), moment_of("2026-07-01 10:00", UTC).hour
    (None, 10)
    """
    return _read(value, zone) if isinstance(value, str) else _moment(value, zone)


@lru_cache(4096)
def _read(text: str, zone: tzinfo | None) -> datetime | None:
    """Of a text; a recording names the same moments again and again."""
    if text.isdecimal():
        return _moment(int(text), zone) if len(text) <= _LONGEST else None
    return _moment(text, zone)


def _moment(value: Any, zone: tzinfo | None) -> datetime | None:
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return _counted(value)
        found = value if isinstance(value, datetime) else _told(value)
        if found is None or found.tzinfo is UTC:
            return found
        if found.tzinfo is None and zone is None:
            return None
        return found.replace(tzinfo=found.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_LONGEST = 20


def _counted(value: int | float) -> datetime | None:
    for most, times, over in _MICROSECONDS:
        if 0 < value < most:
            return _EPOCH + timedelta(microseconds=value * times // over)
    return None


def _told(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return parsedate_to_datetime(value)
