"""Ids and tokens drawn from (seed, case, kind, n), so that runs can be repeated to the byte."""

from __future__ import annotations

import base64
from hashlib import blake2b

__all__ = ["digits", "letters", "uuid"]

# Base64's two odd letters and its padding, which no vendor has in its ids.
_ALPHANUMERIC = bytes.maketrans(b"+/=", b"xYz")


def letters(length: int, *parts: object) -> str:
    """`length` letters and digits (at most 86) that only `parts` decide.

    >>> letters(8, 7, "case-1", "refund", 1) == letters(8, 7, "case-1", "refund", 1)
    True
    """
    raw = base64.b64encode(_digest(64, parts)).translate(_ALPHANUMERIC)
    return raw[:length].decode("ascii")


def digits(length: int, *parts: object) -> str:
    """A decimal number of exactly `length` digits that only `parts` decide."""
    low = 10 ** (length - 1)
    return str(low + int.from_bytes(_digest(8, parts)) % (9 * low))


def uuid(*parts: object) -> str:
    """A name in the form of a random UUID that only `parts` decide."""
    text = _digest(16, parts).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _digest(size: int, parts: tuple[object, ...]) -> bytes:
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=size).digest()
