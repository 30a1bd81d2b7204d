"""What a text commits to: amounts, references, dates and promises, never its wording.

Similarity of wording says nothing about money: "80.00" against "800.00" is 99 % alike, a correct
paraphrase 57 %. So texts are compared by the facts in them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

__all__ = ["TextFacts", "facts_of", "missing_facts"]

_LONGEST = 200_000
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_NAMES = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS).replace("sep(?:", "sept?(?:")
_DATE = re.compile(
    r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)"
    r"|\b(?P<written>\d{1,2}[./]\d{1,2}[./]\d{2,4})\b"
    rf"|\b(?P<day2>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?(?P<name2>{_NAMES})\b\.?"
    r"(?:,? (?P<year2>\d{4}))?\b"
    rf"|\b(?P<name3>{_NAMES})\.? (?P<day3>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year3>\d{{4}}))?\b",
    re.IGNORECASE,
)
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_CURRENCY = r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|JPY|KWD|PLN|MXN|UAH|CAD|AUD|SEK|NOK|DKK|CZK|INR|BRL)\b"
_FIGURE = r"(?<![\w.,])(?:\d{1,3}(?:[ ,.']\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)?)"
_MONEY = re.compile(
    rf"(?P<before>{_CURRENCY})\s?(?P<figure>{_FIGURE})"
    rf"|(?P<figure2>{_FIGURE})\s?(?P<after>{_CURRENCY})"
)
_AMOUNT = re.compile(_FIGURE)
_REFERENCE = re.compile(
    r"\b(?:[a-z]{2,6}_[A-Za-z0-9]{6,}|[A-Z]{2,6}-?\d{3,}[A-Z0-9-]*|[A-Z0-9]{4,}-\d{3,}|\d{4,})\b"
    r"(?![.,]\d)"
)
_WORD = re.compile(r"[a-z']+")
# Words that look like a denial and deny nothing: `order no. 1017`, `do not hesitate`.
_HARMLESS = re.compile(
    r"\bno\.? ?#?(?=\d)|\b(?:not hesitate|not only|without (?:further|delay|any (?:cost|charge)))\b"
    r"|\bno (?:further|later|need|problem|charge|action)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[.!?;:\n]+(?:\s|$)|\b(?:but|so|because|although|while|however|therefore)\b")
_NEGATION = frozenset({
    "not", "no", "never", "neither", "nor", "none", "cannot", "can't", "won't", "wouldn't",
    "couldn't", "unable", "isn't", "wasn't", "aren't", "weren't", "don't", "doesn't",
    "didn't", "hasn't", "haven't", "hadn't", "without", "declined", "refused", "rejected",
})  # fmt: skip
# What is promised to a customer, by the words that promise it.
_PROMISES: Mapping[str, re.Pattern[str]] = {
    "refund": re.compile(
        r"\brefund|\breimburs"
        r"|\b(?:sent|paid|pay|send|give|gave|get|put|transferred|issued) \S* ?\S* ?back\b"
        r"|\bmoney back\b|\breturned (?:to you|the)\b|\bback to your\b"
    ),
    "credit": re.compile(r"\bcredit(?:ed|s|ing)?\b(?! card)"),
    "cancel": re.compile(r"\bcancel|\bterminat"),
    "waive": re.compile(r"\bwaiv|\bfree of charge\b"),
    "discount": re.compile(r"\bdiscount|\bvoucher"),
    "compensate": re.compile(r"\bcompensat|\bgoodwill\b"),
    "delete": re.compile(r"\bdelet|\beras|\bremov"),
    "merge": re.compile(r"\bmerg"),
    "replace": re.compile(r"\breplac|\bexchang"),
    "guarantee": re.compile(r"\bguarante|\bpromis"),
}


Fact = tuple[str, str]
"""The sort of a fact, and the fact."""


@dataclass(frozen=True, slots=True)
class TextFacts:
    """The facts of one text; two texts with equal facts say the same to a customer."""

    amounts: frozenset[str]
    references: frozenset[str]
    dates: frozenset[str]
    promises: frozenset[str]
    currencies: frozenset[str]
    years: frozenset[str]
    said: frozenset[tuple[Fact, bool]]
    """Every fact with whether it is stated (True) or denied (False)."""
    words: tuple[str, ...]
    """The words without those that deny, to see a single `not` that was slipped in."""
    denials: int

    def differences(self, other: TextFacts) -> list[str]:
        """The sorts of facts in which `other` falls short of this text, or says too much.

        Required is every amount, reference and date; what is promised too, unless equal amounts
        say it already. Amounts, dates and promises that this text does not hold are too much. A
        fact that one text states and the other denies is a contradiction.
        """
        found = []
        if self.amounts != other.amounts or _other(self.currencies, other.currencies):
            found.append("amounts")
        if not self.references <= other.references:
            found.append("references")
        if self.dates != other.dates or _other(self.years, other.years):
            found.append("dates")
        if self._promises_differ(other):
            found.append("promises")
        if self.contradicts(other):
            found.append("negation")
        return found

    def contradicts(self, other: TextFacts) -> bool:
        """Whether one text denies what the other states."""
        if self.words == other.words and self.denials != other.denials:
            return True
        return any(
            (fact, not stated) in other.said
            and (fact, stated) not in other.said
            and (fact, not stated) not in self.said
            for fact, stated in self.said
        )

    def clashes(self, other: TextFacts) -> list[str]:
        """The sorts of facts that cannot both be true; what only one text mentions is none."""
        pairs = (
            ("amounts", self.amounts, other.amounts),
            ("references", self.references, other.references),
            ("dates", self.dates, other.dates),
        )
        found = [name for name, mine, its in pairs if mine and its and mine.isdisjoint(its)]
        return [*found, "negation"] if self.contradicts(other) else found

    def _promises_differ(self, other: TextFacts) -> bool:
        if any((("promise", new), True) in other.said for new in other.promises - self.promises):
            return True
        said_by_amounts = bool(self.amounts) and self.amounts == other.amounts
        return not said_by_amounts and not self.promises <= other.promises


@lru_cache(maxsize=4096)
def facts_of(text: str) -> TextFacts:
    """Read the facts out of a text, HTML or plain.

    >>> facts = facts_of("We did not refund EUR 80.00 for order 1017.")
    >>> sorted(facts.promises), (("promise", "refund"), False) in facts.said, facts.references
    (['refund'], True, frozenset({'1017'}))
    """
    plain = html.unescape(_TAGS.sub(" ", text[:_LONGEST])).replace("\u2019", "'")
    plain = _HARMLESS.sub(" ", plain)
    # The full stop of `3. May` ends no clause.
    plain = _DATE.sub(lambda date: date.group().replace(". ", " "), plain)
    said: set[tuple[Fact, bool]] = set()
    for clause in _CLAUSE.split(plain):
        stated = _NEGATION.isdisjoint(_WORD.findall(clause.lower()))
        said.update((fact, stated) for fact in _facts(clause))
    words = _WORD.findall(plain.lower())
    facts = {fact for fact, _ in said}
    return TextFacts(
        amounts=_of_sort("amount", facts),
        references=_of_sort("reference", facts),
        dates=_of_sort("date", facts),
        promises=_of_sort("promise", facts),
        currencies=_of_sort("currency", facts),
        years=_of_sort("year", facts),
        said=frozenset(said),
        words=tuple(word for word in words if word not in _NEGATION),
        denials=sum(word in _NEGATION for word in words),
    )


def missing_facts(required: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The required facts that no text contains; case, commas and spacing do not matter.

    A number is not found within a longer one, nor in another with decimals.

    >>> missing_facts(["80", "1,286", "481.5"], ["That is 1080, or $1286.00 and $481.50."])
    ['80']
    """
    said = " ".join(_folded(text) for text in texts)
    return [fact for fact in required if not _stands_in(_folded(fact), said)]


def _stands_in(fact: str, said: str) -> bool:
    before = r"(?<!\d)(?<!\d\.)" if fact[:1].isdigit() else ""
    whole = r"(?!\d)(?!\.\d*[1-9])"
    after = (r"0*(?!\d)" if "." in fact else whole) if fact[-1:].isdigit() else ""
    return re.search(before + re.escape(fact) + after, said) is not None


def _facts(clause: str) -> Iterator[Fact]:
    for date in _DATE.finditer(clause):
        yield from _date(date.groupdict())
    rest = _DATE.sub(" ", clause)
    for money in _MONEY.finditer(rest):
        yield "amount", str(_number(money["figure"] or money["figure2"]))
        sign = money["before"] or money["after"]
        yield "currency", _SIGNS.get(sign, sign)
    rest = _MONEY.sub(" ", rest)
    for reference in _REFERENCE.findall(rest):
        yield "reference", reference
    for number in _AMOUNT.findall(_REFERENCE.sub(" ", rest)):
        yield "amount", str(_number(number))
    lower = clause.lower()
    for promise, words in _PROMISES.items():
        if words.search(lower):
            yield "promise", promise


def _date(parts: Mapping[str, str | None]) -> Iterator[Fact]:
    """Month and day as one fact, the year as another, since many leave it out."""
    if parts["written"]:
        yield "date", parts["written"]
        return
    name = parts["name2"] or parts["name3"]
    month = _month(name) if name else int(parts["month"] or 0)
    day = int(parts["day"] or parts["day2"] or parts["day3"] or 0)
    yield "date", f"{month:02}-{day:02}"
    year = parts["year"] or parts["year2"] or parts["year3"]
    if year:
        yield "year", year


def _month(name: str) -> int:
    short = name.lower()[:3]
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(short))


def _other(mine: frozenset[str], its: frozenset[str]) -> bool:
    """Whether both say something, and not the same."""
    return bool(mine and its and mine != its)


def _of_sort(sort: str, facts: Iterable[Fact]) -> frozenset[str]:
    return frozenset(name for kind, name in facts if kind == sort)


def _folded(text: str) -> str:
    return " ".join(text.lower().replace(",", "").split())


def _number(text: str) -> Decimal:
    """A number as people write it.

    >>> [str(_number(text)) for text in ("1,234.50", "1.234,50", "80,00", "80.00", "1 250")]
    ['1234.5', '1234.5', '8E+1', '8E+1', '1.25E+3']
    """
    compact = text.replace(" ", "").replace("'", "")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d+,\d{1,2}", compact):
        compact = compact.replace(".", "").replace(",", ".")
    return Decimal(compact.replace(",", "")).normalize()
