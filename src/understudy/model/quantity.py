"""Durations and shares as people type them."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["parse_duration", "parse_share", "parse_size"]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$")
_BYTES = {"MB": 1 << 20, "GB": 1 << 30}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(MB|GB)\s*$")
_SHARE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%\s*$")


def parse_duration(text: str) -> timedelta:
    """A duration such as `250ms`, `30s`, `5m`, `2h` or `7d`; `ValueError` otherwise.

    >>> parse_duration("1.5m").total_seconds()
    90.0
    """
    match = _DURATION.match(text)
    if not match:
        raise ValueError(f"`{text}` is not a duration; write a number and ms, s, m, h or d: `30s`")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def parse_size(text: str) -> int:
    """Bytes, typed as `512 MB` or `2 GB`; `ValueError` otherwise.

    >>> parse_size("1.5 GB") == 1536 << 20
    True
    """
    match = _SIZE.match(text)
    if not match:
        raise ValueError(f"`{text}` is not a size; write a number and MB or GB: `2 GB`")
    return round(float(match[1]) * _BYTES[match[2]])


def parse_share(text: str | float) -> float:
    """A share between 0 and 1, typed as `10%` or `0.1`; `ValueError` otherwise.

    >>> parse_share("10%"), parse_share(0.25)
    (0.1, 0.25)
    """
    match = _SHARE.match(text) if isinstance(text, str) else None
    try:
        share = float(match[1]) / 100 if match else float(text)
    except ValueError as error:
        raise ValueError(f"`{text}` is not a share; write `10%` or `0.1`") from error
    if not 0 <= share <= 1:
        raise ValueError(f"`{text}` is not a share between 0% and 100%")
    return share
