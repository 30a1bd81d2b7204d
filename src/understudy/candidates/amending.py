"""A tool's call as a reviewer would have it: other arguments, by which another amount is moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from understudy.candidates.tool_door import Foreseen, Target, assumed_by, foreseen

__all__ = ["amended"]


def amended(
    map: Mapping[str, Target], name: str, arguments: Mapping[str, Any], amount: int
) -> tuple[dict[str, Any], Foreseen] | None:
    """The arguments with which the same call moves `amount`, in minor units, and that write.

    One number among the arguments, or one that the tool assumes, is changed in proportion, or to
    the amount in minor or major units, whichever is seen to come to it; None where nothing does.
    """
    before = foreseen(map, name, arguments)
    if not before.operation:
        return None
    given = {**assumed_by(map, name), **arguments}
    for key, value in given.items():
        for changed in _changed(value, amount, before.action.get("amount")):
            tried = {**arguments, key: changed}
            found = foreseen(map, name, tried)
            if found.action.get("amount") == amount and _subject(found) == _subject(before):
                return tried, found
    return None


def _subject(call: Foreseen) -> tuple[Any, ...]:
    return call.operation, call.action.get("target"), call.action.get("currency")


def _changed(value: Any, amount: int, was: Any) -> Iterator[Any]:
    """What an argument might have been instead; of what holds several, each by itself."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from ({**value, key: each} for each in _changed(inner, amount, was))
        return
    minor, number = Decimal(amount), _number(value)
    wishes = [minor / 100, minor]
    if number is not None and isinstance(was, int) and was:
        wishes.insert(0, number * minor / was)
    whole = isinstance(value, int)
    if number is not None or value is None:
        yield from (_as_given(value, wish) for wish in wishes if not whole or wish % 1 == 0)


def _number(value: Any) -> Decimal | None:
    """A number, or a text that is one.

    >>> _number("12.50"), _number(True), _number("ch_1"), _number("nan")
    (Decimal('12.50'), None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def _as_given(value: Any, wish: Decimal) -> Any:
    """A number in the form of the one in whose place it stands.

    >>> _as_given("3", Decimal("2.50")), _as_given(3, Decimal(2)), _as_given(3.0, Decimal(2))
    ('2.5', 2, 2.0)
    """
    if isinstance(value, str):
        return f"{wish.normalize():f}"
    if isinstance(value, float | Decimal):
        return type(value)(wish)
    return int(wish) if wish % 1 == 0 else float(wish)
