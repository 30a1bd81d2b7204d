"""What stands in a recording instead of a secret or of somebody's data.

Every pseudonym lies in a range that nobody can own: unassigned prefixes, reserved domains and
networks, checksums that do not fit. So a scan can tell it from the real thing, and systems that
look at formats still take it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from understudy.redact.key import RedactionKey

__all__ = ["Pseudonyms", "is_pseudonym", "luhn_digit"]

_SECRET = re.compile(r"REDACTED_[A-Z0-9_]{1,40}_[0-9a-f]{16}")
_WORDY = re.compile(r"Redacted [0-9a-f]{10}(?: Street)?")
_EMAIL = re.compile(r"p-[0-9a-f]{12}@d-[0-9a-f]{8}\.example", re.IGNORECASE)
_RESERVED_DOMAIN = re.compile(
    r"@(?:[a-z0-9-]+\.)*(?:example|test|invalid|localhost|example\.(?:com|org|net))$", re.IGNORECASE
)
_DATE = re.compile(r"18[5-9]\d-\d\d-\d\d")
_LONGEST_KNOWN, _REMEMBERED = 200, 20_000
_PHONE_PREFIX = "999"
_CARD_PREFIX = "999999"
# Numbers that the card networks and Stripe publish for tests; nobody's account.
_TEST_CARDS = frozenset({
    "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222",
    "5200828282828210", "378282246310005", "371449635398431", "6011111111111117",
    "3056930009020004", "3566002020360505", "4000000000000002", "4000000000009995",
    "4111111111111111", "4012888888881881",
})  # fmt: skip
_PRIVATE = tuple(
    ipaddress.ip_network(name)
    for name in ("240.0.0.0/4", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "0.0.0.0/8")
)
_DOCUMENTATION = ipaddress.ip_network("2001:db8::/32")


class Pseudonyms:
    """The pseudonym of a value, by kind; the same value always has the same one."""

    def __init__(self, key: RedactionKey) -> None:
        self._key = key
        self._known: dict[tuple[str, str], str] = {}
        self._ways: dict[str, Callable[[str], str]] = {
            "email": self._email,
            "phone": self._phone,
            "card": self._card,
            "iban": self._iban,
            "vat": self._vat,
            "ip": self._ip,
            "date": self._date,
            "address": self._address,
            "name": self._name,
            "postcode": self._postcode,
        }

    def of(self, kind: str, value: str) -> str:
        """The pseudonym of `value`; a kind of secret where the kind is not one of personal data."""
        known = self._known.get((kind, value))
        if known is None:
            way = self._ways.get(kind)
            known = self._secret(kind, value) if way is None else way(value)
            if len(value) <= _LONGEST_KNOWN:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[kind, value] = known
        return known

    def _hex(self, kind: str, value: str, length: int) -> str:
        return self._key.digest(kind, value).hex()[:length]

    def _digits(self, kind: str, value: str, length: int) -> str:
        number = int.from_bytes(self._key.digest(kind, value), "big")
        return str(number).zfill(length)[-length:] if length > 0 else ""

    def _secret(self, kind: str, value: str) -> str:
        word = re.sub(r"[^A-Z0-9]+", "_", kind.upper())
        return f"REDACTED_{word}_{self._hex('secret', value, 16)}"

    def _email(self, value: str) -> str:
        whole = value.lower().replace("%40", "@")
        domain = whole.rpartition("@")[2]
        return f"p-{self._hex('email', whole, 12)}@d-{self._hex('domain', domain, 8)}.example"

    def _phone(self, value: str) -> str:
        digits = _only_digits(value)
        new = _PHONE_PREFIX + self._digits("phone", digits, max(len(digits), 9) - 3)
        return _relay(value, new)

    def _card(self, value: str) -> str:
        digits = _only_digits(value)
        new = _CARD_PREFIX + self._digits("card", digits, len(digits) - 7)
        return _relay(value, new + luhn_digit(new))

    def _iban(self, value: str) -> str:
        plain = re.sub(r"\W", "", value).upper()
        account = self._digits("iban", plain, max(len(plain) - 4, 11))
        check = 98 - int(f"{account}333300") % 97
        return f"XX{check:02d}{account}"

    def _vat(self, value: str) -> str:
        plain = re.sub(r"\W", "", value).upper()
        return f"XX{self._digits('vat', plain, max(len(plain) - 2, 6))}"

    def _ip(self, value: str) -> str:
        seed = self._key.digest("ip", value.lower())
        if ":" in value:
            return str(ipaddress.IPv6Address(bytes.fromhex("20010db8") + seed[:12]))
        return str(ipaddress.IPv4Address(bytes([240 + seed[0] % 15]) + seed[1:4]))

    def _date(self, value: str) -> str:
        seed = self._key.digest("date", value)
        return f"{1850 + seed[0] % 50}-{1 + seed[1] % 12:02d}-{1 + seed[2] % 28:02d}"

    def _name(self, value: str) -> str:
        return f"Redacted {self._hex('name', value.strip().lower(), 10)}"

    def _address(self, value: str) -> str:
        return f"Redacted {self._hex('address', value.strip().lower(), 10)} Street"

    def _postcode(self, value: str) -> str:
        return f"ZZ{self._digits('postcode', value.strip().lower(), 5)}"


def is_pseudonym(kind: str, value: str) -> bool:
    """Whether `value` lies in the range that is nobody's, so that it may stay.

    >>> is_pseudonym("email", "ann@example.org"), is_pseudonym("phone", "+49 30 901820")
    (True, False)
    """
    test = _TESTS.get(kind)
    if test is not None and test(value):
        return True
    return bool(_SECRET.fullmatch(value))


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` followed by it pass the Luhn test (ISO/IEC 7812-1).

    >>> luhn_digit("424242424242424")
    '2'
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def _only_digits(value: str) -> str:
    return "".join(char for char in value if char in "0123456789")


def _relay(value: str, digits: str) -> str:
    """`digits` in the places of the digits of `value`; what is left over follows at the end."""
    source = iter(digits)
    laid = [next(source, "") if char in "0123456789" else char for char in value]
    return "".join(laid) + "".join(source)


def _is_reserved_email(value: str) -> bool:
    return bool(_EMAIL.fullmatch(value) or _RESERVED_DOMAIN.search(value))


def _is_reserved_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        return address in _DOCUMENTATION or not address.is_global
    return any(address in network for network in _PRIVATE) or not address.is_global


def _is_reserved_card(value: str) -> bool:
    digits = _only_digits(value)
    return digits.startswith(_CARD_PREFIX) or digits in _TEST_CARDS


_TESTS: dict[str, Callable[[str], bool]] = {
    "email": lambda value: _is_reserved_email(value.replace("%40", "@")),
    "phone": lambda value: _only_digits(value).startswith(_PHONE_PREFIX),
    "card": _is_reserved_card,
    "iban": lambda value: value.upper().startswith("XX"),
    "vat": lambda value: value.upper().startswith("XX"),
    "ip": _is_reserved_address,
    "date": lambda value: bool(_DATE.fullmatch(value)),
    "postcode": lambda value: bool(re.fullmatch(r"ZZ\d{5}", value)),
    "name": lambda value: bool(_WORDY.fullmatch(value)),
    "address": lambda value: bool(_WORDY.fullmatch(value)),
}
