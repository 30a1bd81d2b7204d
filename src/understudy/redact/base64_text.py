"""Text that stands in letters of base64."""

from __future__ import annotations

import binascii

__all__ = ["text_in"]

_URL_SAFE = str.maketrans("-_", "+/")


def text_in(token: str) -> str | None:
    """The text that letters of base64 stand for, in either alphabet, if they stand for any.

    >>> text_in("aGVsbG8"), text_in("_____")
    ('hello', None)
    """
    plain = token.rstrip("=").translate(_URL_SAFE)
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
