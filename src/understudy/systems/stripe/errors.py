"""Stripe's way of saying no."""

from __future__ import annotations

from understudy.model.money import Money
from understudy.systems.operation import Refusal

__all__ = [
    "api_error",
    "declined",
    "emptied",
    "invalid",
    "missing",
    "money_text",
    "no_such",
    "unknown",
]

_DOCS = "https://stripe.com/docs/error-codes/"
# What Stripe looks up as a part of the request, and not as what the request is about.
_NAMED = ("customer", "price", "product")
_IN_PATH = ("id", "price", "starting_after", "ending_before")
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400
) -> Refusal:
    """An `invalid_request_error`."""
    return api_error("invalid_request_error", message, param=param, code=code, status=status)


def api_error(
    kind: str, message: str, *, param: str | None = None, code: str | None = None, status: int
) -> Refusal:
    """An error of any type; only the members that Stripe would send."""
    error = {"message": message, "type": kind}
    if param is not None:
        error["param"] = param
    if code is not None:
        error |= {"code": code, "doc_url": _DOCS + code.replace("_", "-")}
    return Refusal(status, {"error": error})


def declined(code: str, decline_code: str | None, message: str) -> Refusal:
    """The 402 of a card that the bank does not let pay."""
    refusal = api_error("card_error", message, code=code, status=402)
    if decline_code is not None:
        refusal.reply.payload["error"]["decline_code"] = decline_code
    return refusal


def no_such(kind: str, object_id: object, param: str = "id") -> Refusal:
    """The 404 of an id that does not exist, or the 400 where only a parameter names it."""
    message = f"No such {kind}: '{object_id}'"
    status = 400 if kind in _NAMED and param not in _IN_PATH else 404
    return invalid(message, param=param, code="resource_missing", status=status)


def missing(param: str) -> Refusal:
    """The 400 of a required parameter that is not there."""
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def emptied(param: str) -> Refusal:
    """The 400 of an empty text for what cannot be unset."""
    message = (
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{param}' cannot be unset. You should remove '{param}' from your"
        " request or supply a non-empty value."
    )
    return invalid(message, param=param, code="parameter_invalid_empty")


def unknown(param: str) -> Refusal:
    """The 400 of a parameter that there is not; `param` is its whole name."""
    message = f"Received unknown parameter: {param}"
    return invalid(message, param=param, code="parameter_unknown")


def money_text(minor: int, currency: str | None) -> str:
    """An amount as Stripe's messages write it.

    >>> money_text(1050, "eur"), money_text(500, "chf")
    ('€10.50', '5.00 CHF')
    """
    code = (currency or "usd").lower()
    number, _, name = str(Money(minor, code.upper())).partition(" ")
    return f"{_SIGNS[code]}{number}" if code in _SIGNS else f"{number} {name}"
