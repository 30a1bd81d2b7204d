"""Which currencies money may be asked for in, and how little or how much of it.

docs.stripe.com/currencies: "Supported currencies", "Minimum and maximum charge amounts".
"""

from __future__ import annotations

from understudy.model.world import Row
from understudy.systems.session import CaseSession
from understudy.systems.stripe.errors import invalid, money_text

__all__ = ["billed_in", "refuse_amount", "supported"]

# fmt: off
_ACCOUNT = "stripe.account"
_SUPPORTED = (
    "usd", "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd",
    "bdt", "bgn", "bhd", "bif", "bmd", "bnd", "bob", "brl", "bsd", "btn", "bwp", "byn", "bzd",
    "cad", "cdf", "chf", "clp", "cny", "cop", "crc", "cve", "czk", "djf", "dkk", "dop", "dzd",
    "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel", "ghs", "gip", "gmd", "gnf", "gtq", "gyd",
    "hkd", "hnl", "hrk", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod", "jpy", "kes",
    "kgs", "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad",
    "mdl", "mga", "mkd", "mmk", "mnt", "mop", "mro", "mur", "mvr", "mwk", "mxn", "myr", "mzn",
    "nad", "ngn", "nio", "nok", "npr", "nzd", "omr", "pab", "pen", "pgk", "php", "pkr", "pln",
    "pyg", "qar", "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "sek", "sgd", "shp", "sle",
    "sll", "sos", "srd", "std", "svc", "szl", "thb", "tjs", "tnd", "top", "try", "ttd", "twd",
    "tzs", "uah", "ugx", "uyu", "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xof", "xpf", "yer",
    "zar", "zmw",
)
_LEAST = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}
# fmt: on
_DIGITS = {"cop": 10, "huf": 10, "idr": 12, "inr": 9, "jpy": 10, "lbp": 12}
_MOST_DIGITS = 8


def billed_in(session: CaseSession, customer: Row | None) -> str:
    """A customer's currency; the account's own where nothing has said so yet."""
    overlay = session.overlay
    # A setting's row stands beside the one that a world was exported with.
    accounts = (overlay.get(_ACCOUNT, "account") or {}, *overlay.rows(_ACCOUNT))
    told = (account.get("default_currency") for account in accounts)
    own = next(filter(None, told), _SUPPORTED[0])
    return str((customer or {}).get("currency") or own).lower()


def supported(code: str, param: str = "currency") -> str:
    """The currency in small letters; raises the 400 of one that no money can be asked for in."""
    small = code.lower()
    if small not in _SUPPORTED:
        message = (
            f"Invalid currency: {code[:40]}. Stripe currently supports these currencies:"
            f" {', '.join(_SUPPORTED)}"
        )
        raise invalid(message, param=param)
    return small


def refuse_amount(amount: int, currency: str, param: str = "amount") -> None:
    """The 400 of a payment that is too small or too large; `amount` is in minor units.

    What other currencies convert to is not known here: they have no least amount.
    """
    least, most = _LEAST.get(currency, 0), 10 ** _DIGITS.get(currency, _MOST_DIGITS) - 1
    if amount < least:
        message = f"Amount must be at least {money_text(least, currency)} {currency}"
        raise invalid(message, param=param, code="amount_too_small")
    if amount > most:
        message = f"Amount must be no more than {money_text(most, currency)}"
        raise invalid(message, param=param, code="amount_too_large")
