"""What customers are asked for, and how it looks where somebody tells it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["TOPICS", "Topic", "alike", "topics_of", "words_of"]

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be asked for; `shape` finds it in a text."""

    name: str
    words: frozenset[str]
    shape: re.Pattern[str] | None = None

    def told_in(self, text: str) -> list[str]:
        """What a text tells of it, each once."""
        if self.shape is None:
            return []
        return list(dict.fromkeys(each.group().strip() for each in self.shape.finditer(text)))


def _topic(name: str, words: str, shape: str | None = None) -> Topic:
    made = re.compile(shape, re.IGNORECASE) if shape else None
    return Topic(name, frozenset(words.split()), made)


TOPICS = (
    _topic("email", "email emails mail correo courriel", r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),
    _topic(
        "phone", "phone telephone mobile telefon handy téléphone teléfono móvil numéro",
        r"(?<![\w.-])\+?\d[\d ()/-]{6,}\d(?![\w-])",
    ),
    _topic("name", "name named nombre nom namen"),
    _topic(
        "order", "order orders invoice booking reference bestellung bestellnummer rechnung "
        "rechnungsnummer commande facture pedido factura receipt transaction",
        r"(?<![\w@.-])(?:[a-z]{2,}[a-z0-9]*-\d[\w-]*|#?\d{4,}|(?:ch|in|pi|re|sub|cus)_\w+)(?![\w@])",
    ),
    _topic(
        "amount", "amount much price sum betrag preis summe montant prix importe precio charged",
        r"(?:(?:EUR|USD|GBP|CHF|JPY|[€$£¥])\s?\d[\d.,]*|\d[\d.,]*\s?(?:EUR|USD|GBP|CHF|JPY|[€$£¥]))",
    ),
    _topic(
        "date", "date day when wann datum tag quand jour fecha cuándo día",
        r"\b(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul"
        r"|aug|sep|oct|nov|dec)\w*(?: \d{4})?|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
        r"\w* \d{1,2}(?:, \d{4})?|yesterday|today)\b",
    ),
    _topic("address", "address street postcode zip adresse anschrift plz rue dirección calle"),
    _topic("reason", "reason why warum grund weshalb pourquoi raison motivo razón"),
    _topic("account", "account username customer konto kundennummer benutzername compte cuenta"),
    _topic("card", "card digits karte carte tarjeta", r"(?<![\d.,-])\d{4}(?![\d.,-])"),
    _topic("product", "product plan item model subscription produkt tarif produit producto"),
)  # fmt: skip

_EMPTY = frozenset(
    _WORD.findall(
        "the and for you your our that this with what which can could would please have has are "
        "was will not may need know tell give provide share help thanks thank hello dear der die "
        "das und sie ihr ihre bitte uns mir mit wie was ist können les des vous votre pour que "
        "est por favor los las una con"
    )
)


def words_of(text: str) -> frozenset[str]:
    """The words of a text that mean something, in small letters.

    >>> sorted(words_of("Could you tell me your ORDER number?"))
    ['number', 'order']
    """
    found = (word.lower() for word in _WORD.findall(text))
    return frozenset(word for word in found if len(word) >= _SHORTEST and word not in _EMPTY)


def topics_of(text: str) -> list[Topic]:
    """What a text asks for.

    >>> [topic.name for topic in topics_of("Which order, and under which e-mail address?")]
    ['email', 'order', 'address']
    """
    words = words_of(text.replace("e-mail", "email").replace("E-Mail", "email"))
    return [topic for topic in TOPICS if words & topic.words]


def alike(one: Collection[str], other: Collection[str]) -> float:
    """The share of the shorter text's words that stand in the other one, too."""
    shorter = min(len(one), len(other))
    return len(set(one) & set(other)) / shorter if shorter else 0.0
