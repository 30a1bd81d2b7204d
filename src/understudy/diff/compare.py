"""Two actions that may be the same one: what differs between them, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from understudy.cost.price_list import half_even
from understudy.cost.wording import deed, money_of, place_of, shown
from understudy.diff.drafts import Detail, Draft, Pricing
from understudy.diff.facts import facts_of
from understudy.diff.families import on_target, target_severity
from understudy.diff.fields import Rules, Sort
from understudy.diff.values import amount_of, differing_fields
from understudy.model.action import Action, Effect
from understudy.model.finding import Kind, Severity
from understudy.model.money import to_minor

__all__ = ["Judge", "equal"]

_STRIPE = "stripe"
Difference = tuple[str, Any, Any]


def _both_told(actual: Action, expected: Action) -> bool:
    """An amount that one side does not tell is unknown, and no difference by itself."""
    return actual.amount_minor is not None and expected.amount_minor is not None


def equal(actual: Action, expected: Action, rules: Rules) -> bool:
    """Whether two actions do the same; the fast way out for most pairs."""
    if actual.operation != expected.operation:
        return False
    if actual.escalates:
        # A case is handed over or it is not; the words for it are nobody's loss.
        return True
    if actual.amount_minor != expected.amount_minor and _both_told(actual, expected):
        return False
    if actual.target != expected.target and not on_target(actual, expected):
        return False
    if actual.currency != expected.currency and not _same_currency(actual, expected):
        return False
    return actual.fields == expected.fields or not any(_differences(actual, expected, rules))


class Judge(msgspec.Struct, frozen=True):
    """Compares and prices the actions of one case."""

    pricing: Pricing
    rules: Rules

    def compare(self, actual: Action, expected: Action, ceiling: int) -> tuple[Draft, ...]:
        """Every difference of a pairable pair; none where they are equal.

        A wrong target is one finding whatever else differs, and never costs more than `ceiling`:
        doing the one needlessly and leaving out the other explains the same difference.
        """
        if equal(actual, expected, self.rules):
            return ()
        if not on_target(actual, expected):
            return (self._wrong_target(actual, expected, ceiling),)
        drafts: list[Draft] = []
        if actual.operation != expected.operation:
            drafts.append(self._wrong_operation(actual, expected))
        amount = self._wrong_amount(actual, expected)
        if amount is not None:
            drafts.append(amount)
        if actual.operation == expected.operation:
            for each in _differences(actual, expected, self.rules):
                sort = self.rules.of(actual.operation, each[0]).sort
                drafts.append(self._wrong_field(actual, each, sort))
        return tuple(drafts)

    def _wrong_target(self, actual: Action, expected: Action, ceiling: int) -> Draft:
        worse = target_severity(actual, expected)
        price, stake = self.pricing.of(Kind.WRONG_TARGET, actual, severity=worse)
        return Draft(
            Kind.WRONG_TARGET, price, stake, actual,
            lambda: Detail(
                f"{deed(actual)}, where people {deed(expected)}",
                "target", place_of(expected), place_of(actual),
            ),
            ceiling,
        )  # fmt: skip

    def _wrong_operation(self, actual: Action, expected: Action) -> Draft:
        price, stake = self.pricing.of(Kind.WRONG_OPERATION, actual)
        return Draft(
            Kind.WRONG_OPERATION, price, stake, actual,
            lambda: Detail(
                f"{deed(actual)}, where people {deed(expected)}",
                "operation", expected.operation, actual.operation,
            ),
        )  # fmt: skip

    def _wrong_amount(self, actual: Action, expected: Action) -> Draft | None:
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
            exposure = gap(got, wanted)
        price, stake = self.pricing.of(Kind.WRONG_VALUE, actual, exposure)
        return Draft(
            Kind.WRONG_VALUE, price, stake, actual,
            lambda: Detail(
                f"{deed(actual)} instead of {money_of(expected)}",
                "amount", money_of(expected), money_of(actual),
            ),
        )  # fmt: skip

    def _wrong_field(self, actual: Action, difference: Difference, sort: Sort) -> Draft:
        name, wanted, got = difference
        if sort is Sort.TEXT and actual.effect is Effect.SEND:
            return self._wrong_message(actual, difference)
        exposure = _exposed(actual, wanted, got) if sort is Sort.AMOUNT else None
        kind = Kind.WRONG_FIELD if exposure is None else Kind.WRONG_VALUE
        price, stake = self.pricing.of(kind, actual, exposure or 0)
        return Draft(
            kind, price, stake, actual,
            lambda: Detail(
                f"{deed(actual)} with `{name}` {shown(got)} instead of {shown(wanted)}",
                name, shown(wanted), shown(got),
            ),
        )  # fmt: skip

    def _wrong_message(self, actual: Action, difference: Difference) -> Draft:
        name, wanted, got = difference
        sorts = facts_of(str(wanted or "")).differences(facts_of(str(got or "")))
        committed = not {"promises", "negation", "amounts"}.isdisjoint(sorts)
        severity = Severity.HIGH if committed else None
        price, stake = self.pricing.of(Kind.WRONG_MESSAGE, actual, severity=severity)
        return Draft(
            Kind.WRONG_MESSAGE, price, stake, actual,
            lambda: Detail(
                f"{deed(actual)} with other {', '.join(sorts) or 'words'} than people",
                name, shown(wanted), shown(got),
            ),
        )  # fmt: skip


def gap(got: int, wanted: int) -> int:
    """What a wrong amount exposes: all that is too much, 0.4 of what is too little.

    >>> gap(9600, 8000), gap(8000, 9600), gap(-8000, 8000), gap(8000, 0), gap(0, 8000)
    (1600, 640, 16000, 8000, 3200)
    """
    difference = abs(got - wanted)
    too_little = got * wanted >= 0 and abs(got) < abs(wanted)
    return half_even(2 * difference, 5) if too_little else difference


def _exposed(actual: Action, wanted: Any, got: Any) -> int | None:
    """What a field's wrong amount exposes in minor units; None where it spells no amounts.

    Stripe counts in minor units; everywhere else an amount is taken as it is typed.
    """
    numbers = amount_of(wanted), amount_of(got)
    if numbers[0] is None or numbers[1] is None:
        return None
    return gap(*(_minor(actual, number) for number in (numbers[1], numbers[0])))


def _minor(actual: Action, number: Decimal) -> int:
    if actual.system == _STRIPE:
        return int(number.to_integral_value())
    return to_minor(number, actual.currency or "EUR")


def _same_currency(actual: Action, expected: Action) -> bool:
    if actual.currency is None or expected.currency is None:
        return True
    return actual.currency.upper() == expected.currency.upper()


def _differences(actual: Action, expected: Action, rules: Rules) -> Iterator[Difference]:
    for each in differing_fields(expected.fields, actual.fields, actual.operation, rules):
        if not _harmless(each, actual, expected, rules):
            yield each


def _harmless(difference: Difference, actual: Action, expected: Action, rules: Rules) -> bool:
    """Whether a field's difference is none: a draft's wording, or an amount known from elsewhere.

    A refund without an amount is one of all that remains; the actions' own amounts tell.
    """
    sort = rules.of(actual.operation, difference[0]).sort
    if sort is Sort.AMOUNT and "." not in difference[0]:
        return actual.amount_minor is not None and expected.amount_minor is not None
    return sort is Sort.TEXT and actual.effect is Effect.DRAFT and _compatible(*difference[1:])


def _compatible(wanted: Any, got: Any) -> bool:
    """A person reads a draft before it counts, so its text only must not contradict theirs."""
    if not isinstance(wanted, str) or not isinstance(got, str):
        return False
    return not facts_of(wanted).clashes(facts_of(got))
