"""Takes secrets and personal data out of text, JSON values and headers, and counts them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from understudy.redact.base64_text import text_in
from understudy.redact.fields import kind_of_field, kind_of_header
from understudy.redact.key import RedactionKey
from understudy.redact.markup import redact_markup
from understudy.redact.patterns import Pattern
from understudy.redact.people import Finder, without_spans
from understudy.redact.plain import is_plain
from understudy.redact.pseudonym import Pseudonyms, is_pseudonym
from understudy.redact.remembering import REMEMBERED, keep
from understudy.redact.sieve import NOTHING, Found, Seen, Sieve
from understudy.redact.stream import is_event_stream, redact_events
from understudy.redact.takings import Takings

__all__ = ["Redactor"]

_ENCODED = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w+/=-])")
_SCHEME = re.compile(r"^(?:bearer|basic|token|digest|apikey)\s+", re.IGNORECASE)
_USERINFO = re.compile(r"^([A-Za-z][\w+.-]{0,30}://)([^/@\s]{0,512})@")
_MAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}")
"""An address that is one of mail: where a message came from is named so too."""
_COOKIES = frozenset({"cookie", "set-cookie"})
_COOKIE_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "priority"})
_LAYERS, _ROUNDS = 3, 4
_SHORT, _LONGEST_KNOWN = 128, 500
_SMALLEST_CARD = 10**12
_WORTH_A_LOOK = 4
"""From how many entries on one pass over a part costs less than a look at each of them."""


class Redactor:
    """One recording's redaction: equal values get equal pseudonyms, counts add up by kind.

    `personal=False` is for synthetic traffic, whose people are nobody; secrets always go.

    >>> redactor = Redactor(RedactionKey(material=b"k" * 32))
    >>> redactor.redact_text("mail ann@corp.com").startswith("mail p-")
    True
    >>> dict(redactor.counts)
    {'email': 1}
    """

    def __init__(
        self,
        key: RedactionKey,
        *,
        personal: bool = True,
        watched: tuple[str, ...] = (),
        finder: Finder | None = None,
    ) -> None:
        """`watched` are expressions of RE2 that `look` tells of, found on the same way.

        `finder` finds people in prose beside what patterns and names of fields tell.
        """
        self._finder = finder if personal else None
        self._names = Pseudonyms(key)
        self._personal = personal
        self._sieve = Sieve(personal=personal, watched=watched)
        self._takings = Takings()
        self.counts = self._takings.counts
        self._harmless: set[str] = set()
        self._known: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._headers: dict[tuple[str, str], tuple[str, str, tuple[str, ...]]] = {}
        self._fields: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}

    def redact_text(self, text: str) -> str:
        """The text with every match replaced, in plain sight, in base64, or over many events."""
        if not text or text in self._harmless:
            return text
        known = self._known.get(text)
        if known is not None:
            return self._as_before(known)
        if is_plain(text):
            return text
        found = self._sieve.in_text(text)
        if found == NOTHING and self._finder is None:
            self._remember(text)
            return text
        if found.stream and is_event_stream(text):
            return redact_events(text, self._plain, self._walked)
        clean = self._noted(text, lambda: self._whole(text, found))
        if clean == text:
            self._remember(text)
        return clean

    def _whole(self, text: str, found: Found) -> str:
        told = redact_markup(text, self._field) if found.markup else text
        if self._finder is not None and " " in text.strip():
            told = without_spans(told, self._finder(told), self._replace)
        if told != text:
            text, found = told, self._sieve.in_text(told)
        return self._cleared(text, found, _LAYERS)

    def _remember(self, text: str) -> None:
        """Field names and short words come again and again: what has nothing in it stays so."""
        if len(text) > _SHORT:
            return
        if len(self._harmless) >= REMEMBERED:
            self._harmless.clear()
        self._harmless.add(text)

    def redact_value(self, value: Any, name: str = "", parent: str = "") -> Any:
        """A JSON value with every text in it redacted; `name` is the field that holds it.

        What has nothing in it, which one pass over its JSON tells, is given back as it is.
        """
        if isinstance(value, dict | list) and not name and self._is_clean(value, parent):
            return value
        return self._walked(value, name, parent)

    def redact_seen(self, value: Any) -> tuple[Any, tuple[str, ...]]:
        """The same of what was looked at and is not harmless; and the kinds of what it held."""
        return self._takings.of(lambda: self._walked(value))

    def count_again(self, kinds: tuple[str, ...]) -> None:
        """A value of which this was taken out came once more."""
        self._takings.again(kinds)

    def look(self, data: bytes) -> Seen:
        """What compact JSON holds; a harmless value is one that `redact_value` would give back."""
        seen = self._sieve.look(data)
        return seen if self._finder is None else seen._replace(harmless=False, empty=False)

    def redact_url(self, url: str) -> str:
        """A URL without user and password, its query redacted by the names of its parameters."""
        head, sign, query = url.partition("?")
        if "@" in head:
            head = _USERINFO.sub(self._user, head)
        return self.redact_text(head) + sign + (self._query(query) if query else "")

    def redact_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with secret ones replaced whole but for the scheme, the others as text."""
        made: dict[str, str] = {}
        for pair in headers.items():
            known = self._headers.get(pair)
            if known is None:
                name, value = self._header_anew(pair)
            else:
                name, value, own = known
                self._takings.again(own)
            made[name] = value
        return made

    def _header_anew(self, pair: tuple[str, str]) -> tuple[str, str]:
        """A header that was not seen before; most come again with every message."""
        name, value = pair
        if is_plain(value) and kind_of_header(name) is None and kind_of_field(name) is None:
            return self.redact_text(name), value
        finder, self._finder = self._finder, None  # A header is no prose.
        clean, own = self._takings.of(lambda: (self.redact_text(name), self._header(*pair)))
        self._finder = finder
        self._harmless.discard(value)
        if len(value) <= _LONGEST_KNOWN:
            keep(self._headers, pair, (*clean, own))
        return clean

    def _as_before(self, known: tuple[str, tuple[str, ...]]) -> str:
        """What became of a text before, counted again."""
        self._takings.again(known[1])
        return known[0]

    def _noted(self, text: str, work: Callable[[], str]) -> str:
        """Do the work and keep what it made of a short text; many come again and again."""
        clean, own = self._takings.of(work)
        if own and len(text) <= _LONGEST_KNOWN:
            keep(self._known, text, (clean, own))
        return clean

    def _query(self, query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        clean = [(name, str(self._walked(value, name))) for name, value in pairs]
        return self.redact_text(
            query if clean == pairs else urlencode(clean, errors="surrogatepass")
        )

    def _is_clean(self, value: Any, parent: str) -> bool:
        try:
            data = orjson.dumps(value)
        except TypeError:
            # Integers beyond 64 bits, lone surrogates, keys that are no text: each is looked at.
            return False
        return self._finder is None and not self._sieve.in_json(data, parent)

    def _walked(self, value: Any, name: str = "", parent: str = "") -> Any:
        if isinstance(value, str):
            return self._field(value, name, parent)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, name, parent)
        if isinstance(value, list | tuple):
            if len(value) >= _WORTH_A_LOOK and self._holds_nothing(value, name, parent):
                return value
            return [self._walked(item, name, parent) for item in value]
        return self._mapping(value, name) if isinstance(value, dict | Mapping) else value

    def _holds_nothing(self, value: Any, name: str, parent: str) -> bool:
        """Whether one pass over a part tells that there is nothing to take out of it."""
        return kind_of_field(name, parent) is None and self._is_clean(value, name or parent)

    def _plain(self, text: str) -> str:
        return self._cleared(text, self._sieve.in_text(text), _LAYERS)

    def _cleared(self, text: str, found: Found, layers: int) -> str:
        """The text without the patterns that it may hold, nor those that taking these out made.

        A pseudonym is longer than what it stands for, so what was too short to be a token before
        may be long enough behind it.
        """
        for _ in range(_ROUNDS):
            clean = self._once(text, found, layers)
            if clean == text:
                break
            text, found = clean, self._sieve.in_text(clean)
        return text

    def _once(self, text: str, found: Found, layers: int) -> str:
        for pattern in found.patterns:
            text = pattern.regex.sub(partial(self._swap, pattern), text)
        if layers and found.encoded:
            text = _ENCODED.sub(lambda match: self._decoded(match[0], layers), text)
        return text

    def _swap(self, pattern: Pattern, match: re.Match[str]) -> str:
        group = "v" if "v" in match.re.groupindex else 0
        found = match[group]
        if not pattern.valid(found) or is_pseudonym(pattern.kind, found):
            return match[0]
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match[0][:start] + self._replace(pattern.kind, found) + match[0][end:]

    def _replace(self, kind: str, value: str) -> str:
        self._takings.add(kind)
        return self._names.of(kind, value)

    def _decoded(self, token: str, layers: int) -> str:
        """A base64 token, redacted inside where it holds text that needs it."""
        inner = text_in(token)
        if inner is None:
            return token
        clean = self._cleared(inner, self._sieve.in_text(inner), layers - 1)
        if clean == inner:
            return token
        return base64.b64encode(clean.encode("utf-8")).decode("ascii")

    def _field(self, value: str, name: str, parent: str) -> str:
        kind = kind_of_field(name, parent) if name else None
        if kind is None or not value.strip() or (kind != "secret" and not self._personal):
            return self.redact_text(value)
        if kind == "secret":
            return self._credential(name, value)
        known = self._fields.get((kind, value))
        if known is None:
            known = self._takings.of(lambda: self._personal_field(kind, value))
            if len(value) <= _LONGEST_KNOWN:
                keep(self._fields, (kind, value), known)
            return known[0]
        return self._as_before(known)

    def _personal_field(self, kind: str, value: str) -> str:
        if kind == "address" and _MAIL.fullmatch(value):
            kind = "email"
        return value if is_pseudonym(kind, value) else self._replace(kind, value)

    def _user(self, match: re.Match[str]) -> str:
        found = match[2]
        if not found or is_pseudonym("url_user", found):
            return match[0]
        return f"{match[1]}{self._replace('url_user', found)}@"

    def _mapping(self, value: Mapping[Any, Any], name: str) -> dict[Any, Any]:
        secret = bool(name) and kind_of_field(name) == "secret"
        made, look, harmless = dict[Any, Any](), len(value) > 1, self._harmless
        for key, item in value.items():
            plain = self.redact_text(key) if isinstance(key, str) and key not in harmless else key
            kind = type(item)
            if item is None or kind is bool:
                made[plain] = item
                continue
            own = name if secret else key if isinstance(key, str) else str(key)
            # Plain words and small numbers in a field that says nothing are most of all.
            if (
                (item in harmless) if kind is str else kind is int and item < _SMALLEST_CARD
            ) and kind_of_field(own, name) is None:
                made[plain] = item
            else:
                made[plain] = self._part(item, own, name, look)
        return made

    def _part(self, item: Any, name: str, parent: str, look: bool) -> Any:
        """One field's value.

        Where it is all that there is, to `look` at it as a whole was done before.
        """
        kind = type(item)
        if kind is str:
            return self._field(item, name, parent)
        if kind is dict:
            if look and len(item) >= _WORTH_A_LOOK and self._holds_nothing(item, name, parent):
                return item
            return self._mapping(item, name)
        return self._walked(item, name, parent)

    def _number(self, value: Any, name: str, parent: str) -> Any:
        kind, shown = kind_of_field(name, parent) if name else None, str(value)
        if kind == "secret" or (kind is not None and self._personal):
            clean = shown if is_pseudonym(kind, shown) else self._replace(kind, shown)
        elif isinstance(value, int) and self._personal and value >= _SMALLEST_CARD:
            clean = self.redact_text(shown)
        else:
            return value
        return (
            int(clean) if isinstance(value, int) and clean.isascii() and clean.isdigit() else clean
        )

    def _header(self, name: str, value: str) -> str:
        if kind_of_header(name) is None:
            return self._field(value, name, "")
        return self._credential(name, value)

    def _credential(self, name: str, value: str) -> str:
        """A secret header or field; its scheme and the names of its cookies are none."""
        if name.lower() in _COOKIES:
            return "; ".join(self._cookie(part.strip()) for part in value.split(";"))
        scheme = _SCHEME.match(value)
        start = scheme.end() if scheme else 0
        return value[:start] + self._secret(value[start:])

    def _cookie(self, part: str) -> str:
        name, sign, value = part.partition("=")
        if not sign or name.lower() in _COOKIE_ATTRIBUTES:
            return self.redact_text(part)
        return f"{name}={self._secret(value)}"

    def _secret(self, value: str) -> str:
        if not value or is_pseudonym("secret", value):
            return value
        return self._replace("secret", value)
