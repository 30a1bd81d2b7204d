"""Takes secrets and personal data out of text, JSON values and headers, and counts them."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from understudy.redact.fields import kind_of_field, kind_of_header
from understudy.redact.key import RedactionKey
from understudy.redact.patterns import PERSONAL, SECRETS, Pattern
from understudy.redact.pseudonym import Pseudonyms, is_pseudonym
from understudy.redact.stream import is_event_stream, redact_events

__all__ = ["Redactor"]

_ENCODED = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w+/=-])")
_SCHEME = re.compile(r"^(?:bearer|basic|token|digest|apikey)\s+", re.IGNORECASE)
_USERINFO = re.compile(r"^([A-Za-z][\w+.-]{0,30}://)([^/@\s]{0,512})@")
_COOKIES = frozenset({"cookie", "set-cookie"})
_COOKIE_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "priority"})
_LAYERS = 3
_SHORT, _REMEMBERED = 40, 20_000
_SMALLEST_CARD = 10**12


class Redactor:
    """One recording's redaction: equal values get equal pseudonyms, counts add up by kind.

    `personal=False` is for synthetic traffic, whose people are nobody; secrets always go.

    >>> redactor = Redactor(RedactionKey(material=b"k" * 32))
    >>> redactor.redact_text("mail ann@corp.com").startswith("mail p-")
    True
    >>> dict(redactor.counts)
    {'email': 1}
    """

    def __init__(self, key: RedactionKey, *, personal: bool = True) -> None:
        self._names = Pseudonyms(key)
        self._personal = personal
        self._patterns = SECRETS + PERSONAL if personal else SECRETS
        self.counts: Counter[str] = Counter()
        self._harmless: set[str] = set()

    def redact_text(self, text: str) -> str:
        """The text with every match replaced, in plain sight, in base64, or over many events."""
        if text in self._harmless:
            return text
        if is_event_stream(text):
            return redact_events(text, self._plain, self.redact_value)
        clean = self._plain(text)
        if clean == text and len(text) <= _SHORT:
            self._remember(text)
        return clean

    def _remember(self, text: str) -> None:
        """Field names and short words come again and again: what has nothing in it stays so."""
        if len(self._harmless) >= _REMEMBERED:
            self._harmless.clear()
        self._harmless.add(text)

    def redact_value(self, value: Any, name: str = "", parent: str = "") -> Any:
        """A JSON value with every text in it redacted; `name` is the field that holds it."""
        if isinstance(value, str):
            return self._field(value, name, parent)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, name, parent)
        if isinstance(value, list | tuple):
            return [self.redact_value(item, name, parent) for item in value]
        return self._mapping(value, name) if isinstance(value, Mapping) else value

    def redact_url(self, url: str) -> str:
        """A URL without user and password, its query redacted by the names of its parameters."""
        head, sign, query = url.partition("?")
        head = _USERINFO.sub(self._user, head)
        pairs = parse_qsl(query, keep_blank_values=True)
        clean = [(name, str(self.redact_value(value, name))) for name, value in pairs]
        kept = query if clean == pairs else urlencode(clean)
        return self.redact_text(head) + sign + self.redact_text(kept)

    def redact_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with secret ones replaced whole but for the scheme, the others as text."""
        return {name: self._header(name, value) for name, value in headers.items()}

    def _plain(self, text: str) -> str:
        return self._text(text, _LAYERS)

    def _text(self, text: str, layers: int) -> str:
        for pattern in self._patterns:
            if pattern.possible(text):
                text = pattern.regex.sub(partial(self._swap, pattern), text)
        if layers and len(text) >= 24:
            text = _ENCODED.sub(lambda match: self._decoded(match[0], layers), text)
        return text

    def _swap(self, pattern: Pattern, match: re.Match[str]) -> str:
        group = "v" if "v" in match.re.groupindex else 0
        found = match[group]
        if is_pseudonym(pattern.kind, found) or not pattern.valid(found):
            return match[0]
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match[0][:start] + self._replace(pattern.kind, found) + match[0][end:]

    def _replace(self, kind: str, value: str) -> str:
        self.counts[kind] += 1
        return self._names.of(kind, value)

    def _decoded(self, token: str, layers: int) -> str:
        """A base64 token, redacted inside where it holds text that needs it."""
        inner = _decode(token)
        if inner is None:
            return token
        clean = self._text(inner, layers - 1)
        if clean == inner:
            return token
        return base64.b64encode(clean.encode("utf-8")).decode("ascii")

    def _field(self, value: str, name: str, parent: str) -> str:
        kind = kind_of_field(name, parent) if name else None
        if kind is None or not value.strip() or (kind != "secret" and not self._personal):
            return self.redact_text(value)
        if kind == "secret":
            return self._credential(name, value)
        return value if is_pseudonym(kind, value) else self._replace(kind, value)

    def _user(self, match: re.Match[str]) -> str:
        found = match[2]
        if not found or is_pseudonym("url_user", found):
            return match[0]
        return f"{match[1]}{self._replace('url_user', found)}@"

    def _mapping(self, value: Mapping[Any, Any], name: str) -> dict[Any, Any]:
        secret = bool(name) and kind_of_field(name) == "secret"
        return {
            self._key_of(key): self.redact_value(item, name if secret else str(key), name)
            for key, item in value.items()
        }

    def _key_of(self, key: Any) -> Any:
        return self.redact_text(key) if isinstance(key, str) else key

    def _number(self, value: Any, name: str, parent: str) -> Any:
        kind = kind_of_field(name, parent) if name else None
        shown = str(value)
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


def _decode(token: str) -> str | None:
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        return data.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
