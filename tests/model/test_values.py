"""Money, shares, durations, digests and printable text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model.canonical import canonical_bytes, digest
from understudy.model.money import Money, minor_digits, parse_money, to_minor
from understudy.model.printable import printable
from understudy.model.quantity import parse_duration, parse_share

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "USD"])


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_money_survives_being_written_and_read(minor, currency):
    """What `Money` prints without separators is read back as the same money."""
    money = Money(minor, currency)
    assert parse_money(f"{money.major:f} {currency}") == money


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), CURRENCIES)
def test_minor_units_are_within_half_a_unit(amount, currency):
    """Rounding to minor units never moves an amount by more than half a unit."""
    scaled = amount.scaleb(minor_digits(currency))
    assert abs(Decimal(to_minor(amount, currency)) - scaled) <= Decimal("0.5")


@pytest.mark.parametrize("text", ["25", "EUR", "1.234 EUR", "1.5 JPY", "1e5 EUR", "nan EUR"])
def test_what_is_not_money_is_refused(text):
    """An amount without currency, with too many digits or not a number is an error."""
    with pytest.raises(ValueError, match=text.split(maxsplit=1)[0]):
        parse_money(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("nan")]}])
def test_numbers_that_json_would_lose_are_refused(value):
    """NaN and infinities never reach a hash."""
    with pytest.raises(ValueError, match="not a number"):
        digest(value)


@given(st.dictionaries(st.text(), st.integers()))
def test_equal_values_have_equal_bytes_in_any_order(value):
    """The order in which keys were added does not change the bytes."""
    assert canonical_bytes(value) == canonical_bytes(dict(reversed(value.items())))


@given(st.text())
def test_printable_text_holds_no_control_character(text):
    """Whatever comes in, no escape, bidi or other control character comes out."""
    shown = printable(text)
    assert not any(ord(char) < 32 and char not in "\n\t" for char in shown)
    assert not any(char in shown for char in "\x7f\x9b\u202e\u2066\u200b\ufeff")


@pytest.mark.parametrize("text", ["110%", "-1", "ten", "1.5"])
def test_what_is_not_a_share_is_refused(text):
    """A share lies between 0 and 1."""
    with pytest.raises(ValueError, match="share"):
        parse_share(text)


@pytest.mark.parametrize("text", ["5", "s", "5 weeks", "-5s"])
def test_what_is_not_a_duration_is_refused(text):
    """A duration has a number and a unit."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)
