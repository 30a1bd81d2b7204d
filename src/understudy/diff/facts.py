"""What a text commits to: amounts, references, dates and promises, never its wording.

Similarity of wording says nothing about money: "80.00" against "800.00" is 99 % alike, a correct
paraphrase 57 %. So texts are compared by the facts in them.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["TextFacts", "facts_of", "missing_facts"]

_TAGS = re.compile(r"<[^>]{0,2000}>")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b")
_REFERENCE = re.compile(r"\b(?:[a-z]{2,6}_[A-Za-z0-9]{6,}|[A-Z]{2,6}-?\d{3,}[A-Z0-9-]*|\d{4,})\b")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|(?<![\w.,])\d+(?:[.,]\d{1,3})?")
_WORD = re.compile(r"[a-z']+")
_NEGATION = frozenset(
    (
        "not",
        "no",
        "never",
        "cannot",
        "can't",
        "won't",
        "unable",
        "isn't",
        "wasn't",
        "don't",
        "declined",
        "refused",
        "rejected",
        "unfortunately",
    )
)
_COMMITMENT = re.compile(
    r"\b(refund|credit|cancel|waive|merg|delet|chang|updat|compensat|discount|guarantee)"
)


@dataclass(frozen=True, slots=True)
class TextFacts:
    """The facts of one text; two texts with equal facts say the same to a customer."""

    amounts: frozenset[Decimal]
    references: frozenset[str]
    dates: frozenset[str]
    commitments: frozenset[str]
    """What is promised, each with `not ` before it where it is denied."""

    def differences(self, other: TextFacts) -> list[str]:
        """The names of the sorts of facts that are not the same in `other`."""
        names = ("amounts", "references", "dates", "commitments")
        return [name for name in names if getattr(self, name) != getattr(other, name)]


def facts_of(text: str) -> TextFacts:
    """Read the facts out of a text, HTML or plain.

    >>> sorted(facts_of("We did not refund EUR 80.00 for order 1017.").commitments)
    ['not refund']
    """
    plain = html.unescape(_TAGS.sub(" ", text[:200_000]))
    dates = frozenset(_DATE.findall(plain))
    rest = _DATE.sub(" ", plain)
    references = frozenset(_REFERENCE.findall(rest))
    numbers = _NUMBER.findall(_REFERENCE.sub(" ", rest))
    return TextFacts(
        frozenset(_number(found) for found in numbers), references, dates, _commitments(plain)
    )


def missing_facts(required: tuple[str, ...], texts: Counter[str] | list[str]) -> list[str]:
    """The required facts that no text contains; case, commas and spacing do not matter."""
    said = " ".join(_folded(text) for text in texts)
    return [fact for fact in required if _folded(fact) not in said]


def _folded(text: str) -> str:
    return " ".join(text.lower().replace(",", "").split())


def _number(text: str) -> Decimal:
    """A number as people write it; a comma before one or two last digits is a decimal comma."""
    compact = text.replace(" ", "")
    if re.fullmatch(r"\d+,\d{1,2}", compact):
        compact = compact.replace(",", ".")
    return Decimal(compact.replace(",", "")).normalize()


def _commitments(text: str) -> frozenset[str]:
    found = set()
    for sentence in re.split(r"[.!?;\n]+(?:\s|$)|,\s|\bbut\b", text.lower()):
        negated = bool(_NEGATION.intersection(_WORD.findall(sentence)))
        for stem in _COMMITMENT.findall(sentence):
            found.add(f"not {stem}" if negated else stem)
    return frozenset(found)
