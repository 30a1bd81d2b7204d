"""Two actions that may be the same one: what differs between them, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from understudy.diff.drafts import Draft, Pricing, total
from understudy.diff.families import same_target
from understudy.diff.values import IGNORED, canonical, is_text, same_value, text_differences
from understudy.diff.wording import shown, told
from understudy.model.action import Action, Effect
from understudy.model.finding import Kind, Severity

__all__ = ["compare", "equal"]

_OVER, _UNDER = Decimal(1), Decimal("0.4")
_AMOUNTS = frozenset({"amount", "refund_amount", "credit_amount", "amount_to_capture"})


def equal(actual: Action, expected: Action) -> bool:
    """Whether two actions do the same; the fast way out for most pairs."""
    if actual.operation != expected.operation or actual.amount_minor != expected.amount_minor:
        return False
    if actual.escalates:
        # A case is handed over or it is not; the words for it are nobody's loss.
        return True
    if actual.target != expected.target and not same_target(actual, expected):
        return False
    if not _same_currency(actual, expected):
        return False
    return actual.fields == expected.fields or not any(_fields(actual, expected))


def compare(actual: Action, expected: Action, pricing: Pricing, ceiling: int) -> tuple[Draft, ...]:
    """Every difference of a pairable pair; a wrong target never costs more than `ceiling`.

    The ceiling is what it costs to leave out the one action and do the other needlessly, which
    explains the same difference.
    """
    if equal(actual, expected):
        return ()
    drafts: list[Draft] = []
    if _comparable_targets(actual, expected) and not same_target(actual, expected):
        drafts.append(_wrong_target(actual, expected, pricing))
    if actual.operation != expected.operation:
        drafts.append(_wrong_operation(actual, expected, pricing))
    amount = _wrong_amount(actual, expected, pricing)
    drafts += [amount] if amount else []
    if actual.operation == expected.operation:
        known = _AMOUNTS if amount else frozenset()
        drafts += [
            _wrong_field(actual, *each, pricing) for each in _fields(actual, expected, known)
        ]
    found = tuple(drafts)
    over = total(found) - ceiling
    if drafts and drafts[0].kind is Kind.WRONG_TARGET and over > 0:
        first = replace(drafts[0], minor=max(0, drafts[0].cost - over))
        found = (first, *drafts[1:])
    return found


def _comparable_targets(actual: Action, expected: Action) -> bool:
    """A credit on a customer and one on an invoice may well be about the same money."""
    if actual.operation == expected.operation:
        return True
    return bool(actual.target and expected.target and actual.target.type == expected.target.type)


def _wrong_target(actual: Action, expected: Action, pricing: Pricing) -> Draft:
    price, stake = pricing.of(
        Kind.WRONG_TARGET, actual, severity=_target_severity(actual, expected)
    )
    wanted = f"{expected.target.type} {expected.target.id}" if expected.target else ""
    got = f"{actual.target.type} {actual.target.id}" if actual.target else ""
    text = f"did {told(actual)}, people did it to {wanted}"
    return Draft(Kind.WRONG_TARGET, price, stake, actual, wanted, got, text)


def _target_severity(actual: Action, expected: Action) -> Severity | None:
    """Another object of the same customer is bad; another customer's money or data is worse."""
    owners = [_owner(actual), _owner(expected)]
    if owners[0] is not None and owners[0] == owners[1]:
        return Severity.HIGH
    return None


def _owner(action: Action) -> Any:
    for state in (action.after, action.before):
        for key in ("customer", "requester_id"):
            if state and state.get(key):
                return state[key]
    return None


def _wrong_operation(actual: Action, expected: Action, pricing: Pricing) -> Draft:
    price, stake = pricing.of(Kind.WRONG_OPERATION, actual)
    text = f"did {told(actual)} where people did {told(expected)}"
    return Draft(
        Kind.WRONG_OPERATION, price, stake, actual, expected.operation, actual.operation, text
    )


def _wrong_amount(actual: Action, expected: Action, pricing: Pricing) -> Draft | None:
    """Too much exposes all of the difference, too little 0.4 of it; another currency, all."""
    got, wanted = actual.amount_minor, expected.amount_minor
    if got is None or wanted is None:
        return None
    if actual.operation != expected.operation:
        # What one operation books as a credit is a negative amount for another.
        got, wanted = abs(got), abs(wanted)
    if not _same_currency(actual, expected):
        exposure = abs(got)
    elif got == wanted:
        return None
    else:
        factor = _OVER if abs(got) > abs(wanted) else _UNDER
        exposure = int((abs(got - wanted) * factor).to_integral_value())
    price, stake = pricing.of(Kind.WRONG_VALUE, actual, exposure)
    text = f"{told(actual)} instead of {told(expected)}"
    return Draft(
        Kind.WRONG_VALUE,
        price,
        stake,
        actual,
        f"{wanted} {expected.currency or ''}".strip(),
        f"{got} {actual.currency or ''}".strip(),
        text,
        "amount",
    )


def _same_currency(actual: Action, expected: Action) -> bool:
    if actual.currency is None or expected.currency is None:
        return True
    return actual.currency.upper() == expected.currency.upper()


def _wrong_field(actual: Action, name: str, wanted: Any, got: Any, pricing: Pricing) -> Draft:
    if actual.effect is Effect.SEND and is_text(name):
        return _wrong_message(actual, name, wanted, got, pricing)
    numbers = _amount_gap(name, wanted, got)
    kind = Kind.WRONG_FIELD if numbers is None else Kind.WRONG_VALUE
    price, stake = pricing.of(kind, actual, numbers or 0)
    text = f"{told(actual)}: `{name}` is {shown(got)}, people wrote {shown(wanted)}"
    return Draft(kind, price, stake, actual, shown(wanted), shown(got), text, name)


def _wrong_message(actual: Action, name: str, wanted: Any, got: Any, pricing: Pricing) -> Draft:
    sorts = text_differences(str(wanted), str(got))
    promised = "commitments" in sorts or "amounts" in sorts
    severity = Severity.HIGH if promised else None
    price, stake = pricing.of(Kind.WRONG_MESSAGE, actual, severity=severity)
    text = f"{told(actual)}: the message differs in its {', '.join(sorts) or 'form'}"
    return Draft(Kind.WRONG_MESSAGE, price, stake, actual, shown(wanted), shown(got), text, name)


def _amount_gap(name: str, wanted: Any, got: Any) -> int | None:
    """The gap between two amounts in minor units, where the field is an amount."""
    last = name.rpartition(".")[2]
    numbers = canonical(wanted), canonical(got)
    if last not in _AMOUNTS or not all(isinstance(each, Decimal) for each in numbers):
        return None
    return int(abs(numbers[0] - numbers[1]))


def _fields(
    actual: Action, expected: Action, skipped: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Any, Any]]:
    """The fields that differ, as (name, expected, actual); what one side left out counts."""
    for name in sorted({*actual.fields, *expected.fields}):
        if name in IGNORED or name in skipped:
            continue
        wanted, got = expected.fields.get(name), actual.fields.get(name)
        if not same_value(name, wanted, got):
            yield name, wanted, got
