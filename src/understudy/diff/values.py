"""When two values of a field mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import Any

from understudy.diff.facts import facts_of
from understudy.diff.fields import FieldRule, Rules, Sort

__all__ = ["amount_of", "canonical", "differing_fields", "same_value"]

_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_MOMENT = re.compile(
    r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$"
)
_DEEPEST = 40
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)


def canonical(value: Any, depth: int = 0) -> Any:
    """One form for values that mean the same: 250, 250.0 and "250"; lists as multisets.

    >>> canonical(["b", 1.50]) == canonical([Decimal("1.5"), "b"])
    True
    >>> canonical("2026-10-01T14:00:00+02:00") == canonical("2026-10-01T12:00:00Z")
    True
    """
    if isinstance(value, str):
        return _canonical_text(value.strip())
    if value is None:
        return None
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, int | float | Decimal):
        return _number(str(value))
    if depth > _DEEPEST:
        return "nested too deeply to compare"
    if isinstance(value, dict):
        pairs = ((str(key), canonical(item, depth + 1)) for key, item in value.items())
        return ("{}", tuple(sorted((pair for pair in pairs if pair[1] is not None), key=repr)))
    if isinstance(value, list | tuple):
        return ("[]", tuple(sorted((canonical(item, depth + 1) for item in value), key=repr)))
    return str(value)


def differing_fields(
    expected: dict[str, Any], actual: dict[str, Any], operation: str, rules: Rules
) -> Iterator[tuple[str, Any, Any]]:
    """The fields that do not mean the same, as (name, expected, actual).

    What only one side names counts as a difference, unless it names nothing.
    """
    names = expected.keys() | actual.keys() if expected.keys() != actual.keys() else expected
    for name in sorted(names) if len(names) > 1 else names:
        wanted, got = expected.get(name), actual.get(name)
        if wanted is got:
            continue
        if isinstance(wanted, dict) and isinstance(got, dict):
            yield from _inside(name, wanted, got, operation, rules)
        elif not same_value(rules.of(operation, name), wanted, got):
            yield name, wanted, got


def _inside(
    name: str, wanted: dict[str, Any], got: dict[str, Any], operation: str, rules: Rules
) -> Iterator[tuple[str, Any, Any]]:
    """The differences within a nested object, by its path; below a few levels, as a whole."""
    if name.count(".") > 4:
        if canonical(wanted) != canonical(got):
            yield name, wanted, got
        return
    yield from differing_fields(_named(name, wanted), _named(name, got), operation, rules)


def _named(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}.{key}": value for key, value in values.items()}


def same_value(rule: FieldRule, expected: Any, actual: Any) -> bool:
    """Whether two values mean the same by the rule of their field."""
    if rule.sort is Sort.IGNORED or (type(expected) is type(actual) and expected == actual):
        return True
    if isinstance(expected, str) and isinstance(actual, str):
        return _same_text(rule, expected, actual)
    one, other = canonical(expected), canonical(actual)
    return bool(one == other) or _tolerable(rule, one, other)


def amount_of(value: Any) -> Decimal | None:
    """The number that an amount's value spells, or None."""
    found = canonical(value)
    return found if isinstance(found, Decimal) and found.is_finite() else None


def _same_text(rule: FieldRule, expected: str, actual: str) -> bool:
    if rule.sort is Sort.TEXT:
        return not facts_of(expected).differences(facts_of(actual))
    if rule.sort is Sort.EMAIL:
        return expected.strip().casefold() == actual.strip().casefold()
    if rule.sort is Sort.PHONE:
        return _dialled(expected) == _dialled(actual)
    if any(expected in each and actual in each for each in rule.classes):
        return True
    one, other = canonical(expected), canonical(actual)
    return bool(one == other) or _tolerable(rule, one, other)


def _tolerable(rule: FieldRule, one: Any, other: Any) -> bool:
    if not rule.tolerance:
        return False
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return bool(abs(one - other) <= rule.tolerance)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return Decimal(abs((one - other).total_seconds())) <= rule.tolerance * 86_400
    return False


def _dialled(text: str) -> str:
    digits = re.sub(r"[^\d+]", "", text)
    return "+" + digits[2:] if digits.startswith("00") else digits


def _canonical_text(text: str) -> Any:
    if text in ("true", "false"):
        return ("truth", text == "true")
    if not text or not (text[0].isdigit() or text[0] in "+-"):
        return text
    if _plain_number(text):
        return _number(text)
    if len(text) > 15 and _MOMENT.match(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            return text
    return text


def _plain_number(text: str) -> bool:
    """Digits without a leading zero: `0123` is a code and not a number."""
    digits = text.lstrip("+-")
    leading = len(digits) > 1 and digits[0] == "0" and digits[1] != "."
    return len(text) <= 18 and not leading and bool(_NUMBER.match(text))


def _number(text: str) -> Any:
    """A number in one form, so that equal ones stand at one place and go by one name.

    >>> [str(_number(text)) for text in ("80", "80.0", "8e1", "-0.0", "0.50")]
    ['80', '80', '80', '0', '0.5']
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number:
        return Decimal(0)
    # Digits alone are in that form; rounding them to a context would make long ids alike.
    if text.lstrip("+-").isdigit() or not number.is_finite():
        return number
    short = number.normalize(_EXACT)
    exponent = short.as_tuple().exponent
    rounded = isinstance(exponent, int) and 0 < exponent < 400
    return short.quantize(Decimal(1), context=_EXACT) if rounded else short
