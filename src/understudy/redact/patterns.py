"""Secrets and personal data as they look in text, each with a hint that is sought first.

Every repetition is bounded or follows a literal, so no text makes a pattern slow.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PERSONAL", "SECRETS", "Pattern"]


def _always(_value: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing to look for; what is replaced is the group `v`, or else the whole match.

    `hint` is a regular expression of RE2 over UTF-8 bytes that matches wherever `regex` does, also
    where the text stands in JSON with its escapes. `valid` has the last word.
    """

    kind: str
    hint: str
    regex: re.Pattern[str]
    valid: Callable[[str], bool] = _always


def _looks_like_token(value: str) -> bool:
    """Words of prose follow `bearer` too; tokens are long or hold more than letters."""
    return len(value) >= 24 or not value.isalpha()


def _is_basic(value: str) -> bool:
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _is_card(value: str) -> bool:
    from stdnum import luhn

    digits = re.sub(r"\D", "", value)
    return bool(_CARD_BRANDS.fullmatch(digits)) and bool(luhn.is_valid(digits))


def _is_iban(value: str) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(value))


def _is_vat(value: str) -> bool:
    from stdnum.eu import vat

    return bool(vat.is_valid(value))


def _is_ipv4(value: str) -> bool:
    parts = value.split(".")
    return all(int(part) < 256 and (part == "0" or part[0] != "0") for part in parts)


_CARD_BRANDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
)
_NAMES = (
    r"password|passwd|pwd|passphrase|client[_-]?secret|webhook[_-]?secret|secret(?:[_-]?access)?"
    r"(?:[_-]?key)?|api[_-]?(?:key|token|secret)|hapikey|access[_-]?(?:token|key)|refresh[_-]?token"
    r"|id[_-]?token|auth[_-]?token|session[_-]?(?:token|id|key)|private[_-]?key|csrf[_-]?token|cvc|cvv"
)
_SEPARATOR = r"\s{0,3}\\?[\"']?\s{0,3}(?:[:=]|%3[aAdD])\s{0,3}\\?[\"']?"

_DIGIT = r"[0-9\x80-\xff]"
"""A digit, or a byte of one that is written in another script."""
_BLANK = r"[\s\x0b\x1c-\x1f\\%+\x80-\xff]"
"""White space of any kind, as it is, encoded for a URL, or escaped in JSON."""
_COUNTRIES = r"(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)"

SECRETS = (
    Pattern(
        "private_key",
        "PRIVATE KEY",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
            r".*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
    ),
    Pattern(
        "url_password",
        r"://[^/@\"']*:[^/@\"']*@",
        re.compile(r"://(?P<v>[^/\s:@\"'<>]{0,256}:[^/\s@\"'<>]{1,256})@"),
    ),
    Pattern("stripe_key", r"[srp]k_(?:live|test)_", re.compile(
        r"\b[srp]k_(?:live|test)_\w{8,255}"
    )),
    Pattern("stripe_webhook", "whsec_", re.compile(r"whsec_[\w+/=]{12,255}")),
    Pattern("hubspot_token", "pat-[a-z]{2}", re.compile(
        r"\bpat-[a-z]{2}\d{1,2}-[0-9A-Za-z-]{16,80}"
    )),
    Pattern(
        "aws_key",
        "A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}",
        re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    ),
    Pattern("github_token", "gh[pousr]_|github_pat_|glpat-", re.compile(
        r"\b(?:gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,255})"
    )),
    Pattern("slack_token", "xox[abceoprs]-|xapp-", re.compile(
        r"\b(?:xox[abceoprs]|xapp)-[0-9A-Za-z-]{10,255}"
    )),
    Pattern("slack_webhook", r"hooks\.slack\.com/", re.compile(
        r"hooks\.slack\.com/(?:services|workflows)/(?P<v>[\w/+-]{8,255})"
    )),
    Pattern("google_key", r"AIza|ya29\.", re.compile(
        r"\b(?:AIza[\w-]{30,60}|ya29\.[\w-]{16,512})"
    )),
    Pattern("model_key", r"sk-[\w\x80-\xff-]{20}", re.compile(r"\bsk-[\w-]{20,255}")),
    Pattern("mail_key", r"SG\.|key-[0-9a-f]{32}", re.compile(
        r"\b(?:SG\.[\w-]{16,64}\.[\w-]{16,128}|key-[0-9a-f]{32})\b"
    )),
    Pattern("twilio_key", "(?:AC|SK)[0-9a-f]{32}", re.compile(r"\b(?:AC|SK)[0-9a-f]{32}\b")),
    Pattern("jwt", r"eyJ[\w\x80-\xff-]{8}", re.compile(
        r"\beyJ[\w-]{8,4096}\.[\w-]{4,8192}(?:\.[\w-]{0,4096})?"
    )),
    Pattern("bearer", rf"(?:[Bb]earer|BEARER|[Tt]oken){_BLANK}", re.compile(
        r"\b(?:[Bb]earer|BEARER|[Tt]oken)(?:\s{1,3}|%20|\+)(?P<v>[\w.~+/=-]{8,4096})"
    ), _looks_like_token),
    Pattern("basic", rf"(?:[Bb]asic|BASIC){_BLANK}", re.compile(
        r"\b(?:[Bb]asic|BASIC)(?:\s{1,3}|%20|\+)(?P<v>[A-Za-z0-9+/]{6,1024}={0,2})"
    ), _is_basic),
    Pattern("cookie", "[Cc]ookie:", re.compile(
        r"^(?:[Ss]et-)?[Cc]ookie:[ \t]{0,8}(?P<v>[^\r\n]{1,8192})", re.MULTILINE
    )),
    Pattern("named_secret", rf"(?i:{_NAMES})(?:[\"':=]|{_BLANK})", re.compile(
        rf"(?<![A-Za-z])(?:{_NAMES}){_SEPARATOR}(?P<v>[^\s\"'&,;\\}}<>\])]{{4,1024}})",
        re.IGNORECASE,
    )),
    Pattern("named_token", r"(?i:token)(?:=|%3[dD])", re.compile(
        r"(?<![A-Za-z0-9_-])token(?:=|%3d)(?P<v>[^\s\"'&,;\\}<>\])]{8,1024})", re.IGNORECASE
    ), _looks_like_token),
)  # fmt: skip
"""Secrets; looked for in everything recorded, synthetic or not."""

PERSONAL = (
    Pattern("email", "@|%40", re.compile(
        r"(?<![\w.+-])[\w.+'-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])"
    )),
    Pattern("iban", rf"[A-Z]{{2}}{_DIGIT}{{2,8}}(?: ?[A-Z0-9]{{4}}){{2}}", re.compile(
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
    ), _is_iban),
    Pattern("card", rf"{_DIGIT}(?:[ -]?{_DIGIT}){{12}}", re.compile(
        r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])"
    ), _is_card),
    Pattern("vat", rf"{_COUNTRIES} ?[A-Z0-9]{{8}}", re.compile(
        rf"\b{_COUNTRIES} ?[A-Z0-9]{{8,12}}\b"
    ), _is_vat),
    Pattern("phone", (
        rf"\+{_DIGIT}(?:[ ()./-]{{0,2}}{_DIGIT}){{7}}"
        rf"|\({_DIGIT}{{3,12}}\) ?{_DIGIT}{{3,12}}[ .-]{_DIGIT}{{4}}"
        rf"|{_DIGIT}{{3}}[.-]{_DIGIT}{{3,12}}[.-]{_DIGIT}{{4}}"
    ), re.compile(
        r"(?<![\w.+-])(?:\+\d(?:[ ()./-]{0,2}\d){7,14}|\(\d{3}\) ?\d{3}[ .-]\d{4}"
        r"|\d{3}-\d{3}-\d{4}|\d{3}\.\d{3}\.\d{4})(?![\w-])"
    )),
    Pattern("ip", rf"{_DIGIT}\.{_DIGIT}{{1,12}}\.{_DIGIT}{{1,12}}\.{_DIGIT}", re.compile(
        r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)"
    ), _is_ipv4),
    Pattern("ip", (
        r"(?:^|[^\w:.]|\\[a-z]|\\u[0-9a-f]{4})(?:[0-9A-Fa-f]{1,4}:){2}"
        r"(?:(?:[0-9A-Fa-f]{1,4}:){5}|(?:[0-9A-Fa-f]{1,4}:){0,4}:)[0-9A-Fa-f]"
    ), re.compile(
        r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){2}(?:(?:[0-9A-Fa-f]{1,4}:){5}[0-9A-Fa-f]{1,4}"
        r"|(?:[0-9A-Fa-f]{1,4}:){0,4}(?::[0-9A-Fa-f]{1,4}){1,6})(?![\w:.])"
    )),
)  # fmt: skip
"""Personal data; looked for unless the traffic is marked synthetic."""
