"""Money as an integer of minor units and a currency; never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

__all__ = ["Money", "minor_digits", "parse_money", "to_minor"]

# ISO 4217 currencies whose minor unit is not a hundredth.
_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
_TEXT = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*([A-Za-z]{3})\s*$")


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return _DIGITS.get(currency.upper(), 2)


def to_minor(amount: Decimal | int | str, currency: str) -> int:
    """An amount in major units as an integer of minor units, rounded half to even.

    Raises `ValueError` where the amount is not a finite number.

    >>> to_minor("12.34", "EUR"), to_minor(500, "JPY")
    (1234, 500)
    """
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"`{amount}` is not an amount of {currency}") from error
    if not value.is_finite():
        raise ValueError(f"`{amount}` is not a finite amount of {currency}")
    scaled = value.scaleb(minor_digits(currency))
    return int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency, in minor units.

    >>> str(Money(123456, "EUR"))
    '1,234.56 EUR'
    """

    minor: int
    currency: str

    @property
    def major(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def __str__(self) -> str:
        digits = minor_digits(self.currency)
        whole, part = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole:,}{f'.{part:0{digits}d}' if digits else ''} {self.currency}"


def parse_money(text: str) -> Money:
    """Money as people type it in YAML and on the command line.

    Raises `ValueError` where it is not `AMOUNT CURRENCY` or has more digits than the currency.

    >>> parse_money("25 EUR")
    Money(minor=2500, currency='EUR')
    """
    match = _TEXT.match(text)
    if not match:
        raise ValueError(f"`{text}` is not money; write an amount and a currency, as in `25 EUR`")
    amount, currency = Decimal(match[1]), match[2].upper()
    digits = minor_digits(currency)
    if amount != amount.quantize(Decimal(1).scaleb(-digits)):
        raise ValueError(f"`{text}` has more than the {digits} decimal digits of {currency}")
    return Money(to_minor(amount, currency), currency)
