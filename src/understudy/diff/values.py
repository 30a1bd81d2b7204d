"""When two values of a field mean the same."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from understudy.diff.facts import facts_of

__all__ = ["IGNORED", "TEXTS", "canonical", "is_text", "same_value", "text_differences"]

IGNORED = frozenset(
    [
        "idempotency_key",
        "created",
        "created_at",
        "updated_at",
        "createdate",
        "hs_lastmodifieddate",
        "hs_timestamp",
        "lastmodifieddate",
        "expand",
        "stripe_version",
    ]
)
"""Fields that no two people would write alike, and that nobody is harmed by."""

TEXTS = frozenset(
    [
        "body",
        "html_body",
        "comment",
        "message",
        "text",
        "note",
        "description",
        "hs_note_body",
        "hs_task_body",
        "hs_task_subject",
        "hs_email_text",
        "summary",
        "evidence",
        "uncategorized_text",
        "subject",
        "explanation",
        "rationale",
        "memo",
    ]
)
"""Fields that are read by people, so that their facts count and not their wording."""

_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")


def is_text(name: str) -> bool:
    """Whether a field, named by its path, holds text for people."""
    return not TEXTS.isdisjoint(re.split(r"[.\[\]]+", name.lower()))


def canonical(value: Any) -> Any:
    """One form for values that mean the same: 250, 250.0 and "250"; lists as multisets.

    >>> canonical(["b", 1.50]) == canonical([Decimal("1.5"), "b"])
    True
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return _number(str(value))
    if isinstance(value, str):
        stripped = value.strip()
        return _number(stripped) if _plain_number(stripped) else stripped
    if isinstance(value, dict):
        pairs = ((str(key), canonical(item)) for key, item in value.items())
        return ("{}", tuple(sorted(pairs, key=repr)))
    if isinstance(value, list | tuple):
        return ("[]", tuple(sorted((canonical(item) for item in value), key=repr)))
    return str(value)


def same_value(name: str, expected: Any, actual: Any) -> bool:
    """Whether two values of the field `name` mean the same."""
    if expected == actual and type(expected) is type(actual):
        return True
    if is_text(name) and isinstance(expected, str) and isinstance(actual, str):
        return not text_differences(expected, actual)
    return bool(canonical(expected) == canonical(actual))


def text_differences(expected: str, actual: str) -> list[str]:
    """The sorts of facts in which two texts differ."""
    return facts_of(expected).differences(facts_of(actual))


def _plain_number(text: str) -> bool:
    """Digits without a leading zero: `0123` is a code and not a number."""
    digits = text.lstrip("+-")
    leading = len(digits) > 1 and digits[0] == "0" and digits[1] != "."
    return len(text) <= 15 and bool(_NUMBER.match(text)) and not leading


def _number(text: str) -> Any:
    try:
        return Decimal(text).normalize()
    except InvalidOperation:
        return text
