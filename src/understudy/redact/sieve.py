"""One pass over a text that tells which patterns it could hold at all; most texts hold none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from understudy.redact.fields import PEOPLE, sensitive_names
from understudy.redact.patterns import PERSONAL, SECRETS, Pattern
from understudy.redact.search import search_for

__all__ = ["NOTHING", "Found", "Seen", "Sieve"]

_ENCODED = "[A-Za-z0-9+/_-]{24}"
# Of these letters outside of ASCII one is a plain `i`, `k` or `s` where case is ignored.
_FOLDED = r"\xe2\x84\xaa|\xc5\xbf|\xc4[\xb0\xb1]"
_BETWEEN = r'[^A-Za-z0-9"]*'
_ESCAPED_KEY = r'\\"?[^"]*":'
_REMEMBERED = 10_000


class Found(NamedTuple):
    """What a text could hold: patterns, something in base64, cut over a stream's events, named.

    `markup` is what only the name of an element or an attribute tells.
    """

    patterns: tuple[Pattern, ...]
    encoded: bool
    stream: bool
    markup: bool = False


class Seen(NamedTuple):
    """Whether a value has nothing to take out, and the numbers of what else it may hold.

    An `empty` one has nothing to take out wherever it stands.
    """

    harmless: bool
    watched: tuple[int, ...]
    empty: bool


class Sieve:
    """Looks for the hints of all patterns, and in JSON for the names of sensitive fields.

    >>> sieve = Sieve(personal=True)
    >>> [pattern.kind for pattern in sieve.in_text("mail ann@corp.com").patterns]
    ['email']
    >>> sieve.in_json(b'{"plan":"gold"}'), sieve.in_json(b'{"Client-Secret":"x"}')
    (False, True)
    """

    def __init__(self, *, personal: bool, watched: tuple[str, ...] = ()) -> None:
        """`personal` is whether personal data are looked for beside secrets.

        `watched` are expressions that somebody else looks for in the same values.
        """
        self._patterns = SECRETS + PERSONAL if personal else SECRETS
        sensitive = sensitive_names(personal=personal)
        told = _markup(sensitive | {"name"} if personal else sensitive)
        hints = [_FOLDED, "data:", _ENCODED, told, *(pattern.hint for pattern in self._patterns)]
        self._text = search_for(tuple(hints))
        names = _keys(sensitive) + "|" + _keys(["name"], within=r'[^"]*\[')
        self._json = search_for(
            (*hints, _ESCAPED_KEY, names, _keys(["name"]), _keys(PEOPLE, f"(?:s{_BETWEEN})*"),
             *watched)
        )  # fmt: skip
        self._name, self._people = len(hints) + 3, len(hints) + 4
        self._anything = Seen(False, tuple(range(len(watched))), False)
        self._all = Found(self._patterns, encoded=True, stream=True, markup=True)
        self._known: dict[tuple[int, ...] | None, Found] = {None: self._all, (0,): NOTHING}
        self._seen: dict[tuple[int, ...], Seen] = {}

    def in_text(self, text: str) -> Found:
        """What a text could hold; a match of a pattern is never missed."""
        key = self._text.matches(text.encode("utf-8", "surrogatepass"))
        found = self._known.get(key)
        if found is None and key is not None:
            found = self._told(key)
            if len(self._known) < _REMEMBERED:
                self._known[key] = found
        return found or self._all

    def in_json(self, data: bytes, parent: str = "") -> bool:
        """Whether anything in compact JSON could be secret or personal.

        `parent` is the field that holds the value, which may say that a `name` is a person's.
        """
        seen = self._seen_as(self._json.matches(data))
        return not (seen.empty if parent else seen.harmless)

    def look(self, data: bytes) -> Seen:
        """Whether compact JSON is harmless, and what of the watched it may hold.

        >>> Sieve(personal=True, watched=("gold", "blue")).look(b'{"plan":"blue"}')
        Seen(harmless=True, watched=(1,), empty=True)
        """
        return self._seen_as(self._json.matches(data))

    def _seen_as(self, key: tuple[int, ...] | None) -> Seen:
        if key is None:
            return self._anything
        seen = self._seen.get(key)
        if seen is None:
            held = tuple(number - self._people - 1 for number in key if number > self._people)
            empty = not any(0 < number <= self._people for number in key)
            seen = Seen(self._is_harmless(key), held, empty)
            if len(self._seen) < _REMEMBERED:
                self._seen[key] = seen
        return seen

    def _told(self, key: tuple[int, ...]) -> Found:
        if 1 in key:
            return self._all
        patterns = tuple(self._patterns[number - 5] for number in key if number >= 5)
        return Found(patterns, encoded=3 in key, stream=2 in key, markup=4 in key)

    def _is_harmless(self, key: tuple[int, ...]) -> bool:
        """Whether there is nothing but a `name` that is no person's, or people without one."""
        own = {number for number in key if 0 < number <= self._people}
        return not own - {self._name, self._people} and len(own) < 2


NOTHING = Found((), encoded=False, stream=False)
"""What most texts hold."""


def _keys(names: Iterable[str], ending: str = "", within: str = r'(?:[^"]*\[)?') -> str:
    """JSON keys that are one of the names, however they are written: `first_name`, `First-Name`.

    A form's key has its names in brackets: `card[number]`, `emails[0]`.
    """
    ways = "|".join(_BETWEEN.join(name) for name in sorted(names))
    return rf'(?i:"{within}{_BETWEEN}(?:{ways}){_BETWEEN}{ending}(?:\[[0-9]*\])*":)'


def _markup(names: Iterable[str]) -> str:
    """A tag in which one of the names stands, or a hidden field's type; also as JSON has it."""
    ways = "|".join("[_.-]?".join(name) for name in sorted(names))
    return rf"""(?i:<(?:[^<>]*[\s:"'])?(?:(?:{ways})["'\s>=/\\]|type=\\?["']?hidden))"""
