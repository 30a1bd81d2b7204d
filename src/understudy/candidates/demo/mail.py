"""Reading what a customer wrote: the wish, and the numbers and addresses in it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

__all__ = ["Mail", "Sum", "own_words", "read_mail", "wishes", "wishes_in"]

_WISHES = (
    (
        "management",
        r"lawyer|regulator|the press\b|managing director|formal (escalation|complaint)|anwalt",
    ),
    ("privacy", r"personal data|my data|erased|gdpr|dsgvo|personenbezogen"),
    ("dispute", r"\bdisput|chargeback"),
    ("merge", r"duplicate (record|account)|everything comes twice|newsletters? twice"),
    (
        "twice",
        r"\btwice\b|double payment|duplicate charge|two payments|two times|doppelt|zweimal",
    ),
    ("tax", r"\btax\b|\bvat\b|steuer|ust-id"),
    ("more_time", r"more time"),
    ("send_again", r"send\w* .*(again|noch einmal)|resend"),
    ("outage", r"outage|downtime|service (was )?down|ausfall|gutschrift|not reachable"),
    ("refund", r"refund|money back|pay back|erstatt|geld .* zurück|rembours|reembols"),
    ("seats", r"fewer seats|downgrade|reduce our subscription|only \d+ seats"),
    ("cancel", r"cancel|kündig|résili|stop my subscription"),
    ("offer", r"\boffer\b|\bprice\b"),
    ("email", r"e-?mail[- ]ad|my e-?mail\b"),
    ("address", r"have moved|we moved|new address|address (is|of)|adresse|dirección|this address"),
    ("phone", r"phone number|telefonnummer"),
)  # fmt: skip
_WISH_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _WISHES)
_INVOICE = re.compile(r"\b[A-Z0-9]{8}-\d{4}\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+\d[\d ()-]{6,}\d")
_SHARE = re.compile(r"(\d{1,3}) ?%")
_SEATS = re.compile(r"(\d+) (?:seats|people)")
_VAT = re.compile(r"\b[A-Z]{2}U?\d{8,12}\b")
_CODES = "EUR|USD|GBP|MXN|PLN|UAH|JPY|KWD"
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_NUMBER = r"\d[\d.,]*\d|\d"
_SUM = re.compile(
    rf"(?P<before>[€$£¥]|\b(?:{_CODES}) )(?P<one>{_NUMBER})"
    rf"|(?P<two>{_NUMBER}) ?(?P<after>[€$£¥]|(?:{_CODES})\b)"
)


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount as it stands in the text: the digits, and the currency's code."""

    written: str
    currency: str

    def minor(self) -> int | None:
        """The amount in minor units, by the rules of its currency; None where it is not clear.

        >>> Sum("1.250", "KWD").minor(), Sum("1.250,00", "EUR").minor(), Sum("5,000", "JPY").minor()
        (1250, 125000, 5000)
        """
        digits = {"JPY": 0, "KWD": 3}.get(self.currency, 2)
        whole, _, rest = re.sub(r"[.,](?=\d*$)", " ", self.written).partition(" ")
        if rest and len(rest) != digits:
            # A mark before any other number of digits can only part the thousands.
            whole, rest = self.written, ""
        if not re.fullmatch(r"\d+|\d{1,3}([.,]\d{3})+", whole):
            return None
        return int(Decimal(f"{re.sub('[.,]', '', whole)}.{rest or '0'}").scaleb(digits))


@dataclass(frozen=True, slots=True)
class Mail:
    """A ticket with what was found in its text; `whole` has the quotes and signatures too."""

    ticket: Any
    whole: str
    text: str
    sender: str
    sender_name: str
    invoices: tuple[str, ...]
    sums: tuple[Sum, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    vat_number: str | None
    share: int | None
    seats: int | None

    @property
    def first_name(self) -> str:
        """What to call the sender."""
        return self.sender_name.split()[0] if self.sender_name.split() else ""

    @property
    def dated(self) -> str:
        """When the ticket was opened."""
        return str(self.ticket["created_at"])

    def says(self, pattern: str) -> bool:
        """Whether the text holds something."""
        return re.search(pattern, self.text, re.IGNORECASE) is not None

    @property
    def address(self) -> tuple[str, str, str] | None:
        """Street, city and postal code: a paragraph of three lines behind a colon."""
        parts = re.split(r"\n\s*\n", self.text.replace("\r\n", "\n"))
        for before, block in pairwise(parts):
            lines = [line.strip() for line in block.strip().split("\n")]
            if before.rstrip().endswith(":") and len(lines) == 3 and all(lines):
                return lines[0], lines[1], lines[2]
        return None


def read_mail(ticket: Any, user: Any) -> Mail:
    """Take a ticket's text apart."""
    whole = f"{ticket.get('subject') or ''}\n\n{ticket.get('description') or ''}"
    text = own_words(whole)
    share, seats, vat = _SHARE.search(text), _SEATS.search(text), _VAT.search(text)
    return Mail(
        ticket=ticket,
        whole=whole,
        text=text,
        sender=str(user.get("email") or "").strip().lower(),
        sender_name=str(user.get("name") or ""),
        invoices=tuple(dict.fromkeys(_INVOICE.findall(text))),
        sums=tuple(dict.fromkeys(_sum(match) for match in _SUM.finditer(text))),
        emails=tuple(dict.fromkeys(found.lower() for found in _EMAIL.findall(text))),
        phones=tuple(dict.fromkeys(_PHONE.findall(text))),
        vat_number=vat[0] if vat else None,
        share=int(share[1]) if share else None,
        seats=int(seats[1]) if seats else None,
    )


def own_words(text: str) -> str:
    """What the sender wrote: without markup, quoted thread, signature block and small print.

    >>> own_words(f"Refund it.{chr(10)}> Please cancel.")
    'Refund it.'
    """
    if "<div" in text or "<p>" in text:
        text = html.unescape(re.sub(r"<[^>]*>", "\n", text))
    quoted = re.search(r"\n\n[^\n]*\n\n[^\n]*\n>", text)
    if quoted:
        text = text[: quoted.start()]
    text = re.split(r"\n-- ?\n|\n_{8,}", text)[0]
    return "\n".join(line for line in text.split("\n") if not line.startswith(">"))


def wishes(mail: Mail) -> list[str]:
    """What the mail asks for, the weightiest first; empty where nothing is understood."""
    return wishes_in(mail.text)


def wishes_in(text: str) -> list[str]:
    """What a text asks for."""
    return [name for name, pattern in _WISH_PATTERNS if pattern.search(text)]


def _sum(match: re.Match[str]) -> Sum:
    mark = (match["before"] or match["after"]).strip()
    return Sum(match["one"] or match["two"], _SIGNS.get(mark, mark))
