"""Texts whose form alone tells that nothing in them is secret or personal."""

from __future__ import annotations

import re

__all__ = ["PLAIN", "is_plain"]

_LONGEST = 70
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_DIGEST = r"[0-9a-f]{20,64}"
PLAIN = re.compile(
    r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
    rf"|{_DATE}(?:[T ]{_CLOCK}(?:\.[0-9]{{1,9}})?{_ZONE}?)?"
    rf"|[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} [0-9]{{4}} {_CLOCK} GMT"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    rf'|{_DIGEST}|(?:W/)?"{_DIGEST}"'
)
"""Counts, moments, UUIDs and digests: half of all that headers say, and new each time."""


def is_plain(text: str) -> bool:
    """Whether a text is of such a form; no pattern of a secret or of a person has it.

    >>> is_plain("Thu, 01 Oct 2026 10:00:00 GMT"), is_plain("4000056655665556")
    (True, False)
    """
    return len(text) <= _LONGEST and PLAIN.fullmatch(text) is not None
