"""Stripe's own cards for trying things: by name, by token and by number, and the declined ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zlib import crc32

from understudy.systems.stripe import fields
from understudy.systems.stripe.errors import declined, invalid

__all__ = [
    "asks",
    "card_given",
    "is_trial",
    "refuse_attaching",
    "refuse_declined",
    "refuse_token",
    "trial_card",
]

# docs.stripe.com/testing, "Declined payments": without `pm_card_`, `tok_` and `visa_`, which may
# stand before each of them.
_DECLINED: dict[str, tuple[str, str | None, str]] = {
    "chargeDeclined": ("card_declined", "generic_decline", "Your card was declined."),
    "chargeDeclinedInsufficientFunds": (
        "card_declined", "insufficient_funds", "Your card has insufficient funds.",
    ),
    "chargeDeclinedLostCard": ("card_declined", "lost_card", "Your card was declined."),
    "chargeDeclinedStolenCard": ("card_declined", "stolen_card", "Your card was declined."),
    "chargeDeclinedFraudulent": ("card_declined", "fraudulent", "Your card was declined."),
    "chargeDeclinedExpiredCard": ("expired_card", None, "Your card has expired."),
    "chargeDeclinedIncorrectCvc": (
        "incorrect_cvc", None, "Your card's security code is incorrect.",
    ),
    "chargeDeclinedProcessingError": (
        "processing_error", None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}  # fmt: skip
# The one that is attached like any other and declined only where it is to pay.
_LATE = "chargeCustomerFail"
# docs.stripe.com/testing, "Authentication and setup": whoever pays by these is asked in a browser.
_ASKED = ("authenticationRequired", "authenticationRequiredOnSetup", "threeDSecure2Required",
          "threeDSecureRequired")  # fmt: skip
_UNASKED = (
    "authentication_required", "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)  # fmt: skip
_NUMBERS = {
    "4000000000003220": "threeDSecure2Required",
    "4000002500003155": "authenticationRequiredOnSetup",
    "4000002760003184": "authenticationRequired",
    "4000000000000002": "chargeDeclined",
    "4000000000000069": "chargeDeclinedExpiredCard",
    "4000000000000119": "chargeDeclinedProcessingError",
    "4000000000000127": "chargeDeclinedIncorrectCvc",
    "4000000000000341": _LATE,
    "4000000000009979": "chargeDeclinedStolenCard",
    "4000000000009987": "chargeDeclinedLostCard",
    "4000000000009995": "chargeDeclinedInsufficientFunds",
}
_LAST4 = {name: number[-4:] for number, name in _NUMBERS.items()}
_NAMED = {
    "amex": ("amex", "8431"), "diners": ("diners", "0004"), "discover": ("discover", "1117"),
    "jcb": ("jcb", "0505"), "mastercard": ("mastercard", "4444"), "unionpay": ("unionpay", "0005"),
}  # fmt: skip
_BRANDS = (
    ("34 37", "amex"), ("30 36 38 39", "diners"), ("35", "jcb"), ("60 64 65", "discover"),
    ("62", "unionpay"), ("4", "visa"), ("2 5", "mastercard"),
)  # fmt: skip
_TRIAL = re.compile(r"(?:pm_card_|tok_)(?:visa_)?(\w+)")
# The sorts of names that docs.stripe.com/testing has: by brand, by country, by what happens.
_SORTS = re.compile(
    r"(?:pm_card_|tok_)(?:"
    r"(?:visa|mastercard|amex|discover|diners|jcb|unionpay|debit|credit)(?:_\w+)?"
    r"|[a-z]{2}(?:_(?:credit|debit|mastercard))?"
    r"|(?:adaptive|authentication|avs|bypass|charge|create|cvc|domestic|freeTrial|high|pending|radar"
    r"|refund|risk|threeD)[A-Z\d]\w*)"
)
_MADE_TOKEN = re.compile(r"tok_1[A-Za-z0-9]{20,27}")
_FURTHEST = 50
_INCORRECT = "Your card number is incorrect."


def refuse_declined(method: str | None, card: Mapping[str, Any] | None = None) -> None:
    """The 402 of a trial card, named itself or kept as a payment method's `card`."""
    name = _name(method, card)
    if name in _ASKED:
        raise declined(*_UNASKED)
    known = "chargeDeclined" if name == _LATE else name
    if known in _DECLINED:
        raise declined(*_DECLINED[known])


def asks(method: str | None, card: Mapping[str, Any] | None = None) -> bool:
    """Whether the bank asks who pays by a trial card.

    >>> asks("pm_card_authenticationRequired"), asks("pm_card_visa")
    (True, False)
    """
    return _name(method, card) in _ASKED


def _name(method: str | None, card: Mapping[str, Any] | None) -> str | None:
    trial = _TRIAL.fullmatch(method or "")
    return trial[1] if trial else (card or {}).get("trial")


def refuse_attaching(card: Mapping[str, Any] | None) -> None:
    """The 402 of a card that no customer can keep: of all that are declined, but the late one."""
    if card and card.get("trial") not in (_LATE, *_ASKED):
        refuse_declined(None, card)


def trial_card(method: str) -> dict[str, Any]:
    """The card behind a trial name, as a row keeps it.

    >>> trial_card("pm_card_mastercard")["last4"], trial_card("tok_visa")["brand"]
    ('4444', 'visa')
    """
    trial = _TRIAL.fullmatch(method)
    name = trial[1] if trial else ""
    brand, last4 = _NAMED.get(name, ("visa", _LAST4.get(name, "4242")))
    return _card(brand, last4, name)


def is_trial(method: str) -> bool:
    """Whether a name is one of Stripe's trial cards.

    >>> is_trial("pm_card_visa"), is_trial("tok_th_credit"), is_trial("tok_nonsense")
    (True, True, False)
    """
    return _SORTS.fullmatch(method) is not None


def refuse_token(token: str, param: str) -> None:
    """The 400 of a token that is no trial card's and was made nowhere.

    Tokens are made in browsers, so that one of their shape may well be there.
    """
    if not is_trial(token) and not _MADE_TOKEN.fullmatch(token):
        raise invalid(f"No such token: '{token}'", param=param, code="resource_missing")


def card_given(given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The card that a request spells out by number or token; raises the 402 of a wrong one."""
    token = given.get("token")
    if isinstance(token, str):
        refuse_token(token, "card[token]")
        return trial_card(token)
    number = re.sub(r"[\s-]", "", str(given.get("number", "")))
    if not _is_number(number):
        raise declined("incorrect_number", None, _INCORRECT)
    brand = next((name for starts, name in _BRANDS if number.startswith(tuple(starts.split()))), "")
    card = _card(brand or "unknown", number[-4:], _NUMBERS.get(number, ""))
    card["fingerprint"] = f"{crc32(number.encode()):08x}{crc32(number[::-1].encode()):08x}"
    return card | _expiry(given, today)


def _expiry(given: Mapping[str, Any], today: date) -> dict[str, int]:
    """Month and year, as far as they are given; raises the 402 of an end that is over."""
    month, year = (fields.integer(given, name) for name in ("exp_month", "exp_year"))
    if year is not None and 0 <= year < 100:
        year += today.year // 100 * 100
    if year is not None and not today.year <= year <= today.year + _FURTHEST:
        raise declined("invalid_expiry_year", None, "Your card's expiration year is invalid.")
    over = year == today.year and month is not None and month < today.month
    if month is not None and (over or not 1 <= month <= 12):
        raise declined("invalid_expiry_month", None, "Your card's expiration month is invalid.")
    told = {"exp_month": month, "exp_year": year}
    return {name: number for name, number in told.items() if number is not None}


def _card(brand: str, last4: str, trial: str) -> dict[str, Any]:
    return {"brand": brand, "last4": last4, "trial": trial}


def _is_number(number: str) -> bool:
    """Whether a card can have it: the digits' weighted sum is a multiple of ten (ISO/IEC 7812).

    >>> _is_number("4242424242424242"), _is_number("4242424242424241"), _is_number("4242")
    (True, False, False)
    """
    if not re.fullmatch(r"\d{12,19}", number):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0
