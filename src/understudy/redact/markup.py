"""XML and HTML: what an element's or an attribute's name says of the value in it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from understudy.redact.fields import kind_of_field

__all__ = ["redact_markup"]

Field = Callable[[str, str, str], str]
"""A value without what its name and its holder's name say of it: value, name, parent."""

# A tag ends before the next one begins, so that text of nothing but beginnings is read once.
_TOKEN = re.compile(
    r"(?P<open><!--|<!\[CDATA\[)"
    r"|<(?P<end>/?)(?P<name>[A-Za-z_][\w:.-]{0,100})"
    r"(?P<rest>(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>"
)
_CLOSING = {"<!--": "-->", "<![CDATA[": "]]>"}
_ENDS = tuple(_CLOSING.values())
_ATTRIBUTE = re.compile(
    r"(?P<name>[A-Za-z_:@][\w:.@-]{0,100})(?P<sign>\s*=\s*)"
    r"(?:\"(?P<two>[^\"]*)\"|'(?P<one>[^']*)'|(?P<bare>[^\s\"'<>=]+))"
)
_NAMING = ("name", "id", "key", "property", "itemprop", "http-equiv")
"""Attributes that name what another attribute or the text holds."""
_HOLDING = frozenset({"value", "content"})
_EMPTY = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
})  # fmt: skip
_TELLING = re.compile(
    r"token|csrf|xsrf|nonce|secret|session|passw|auth|api_?key|saml|viewstate", re.IGNORECASE
)
"""A hidden field of such a name is no content of the page."""
_DEEPEST = 200


def redact_markup(text: str, field: Field) -> str:
    """The text with the values of attributes and elements redacted by their names.

    A value also goes by what `name` or `id` beside it says, as in a form's hidden input, and
    everything inside an element that is called a secret is one.

    >>> def hide(value: str, name: str, parent: str) -> str:
    ...     return "***" if name in ("password", "secret") else value
    >>> redact_markup('<a password="x"><password>y</password> z</a>', hide)
    '<a password="***"><password>***</password> z</a>'
    """
    return "".join(_Walk(field).parts(text))


class _Walk:
    """One pass through a document, which need not be well formed."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._open: list[tuple[str, str]] = []
        """The elements that are open: how each is called, and what its text is called."""

    def parts(self, text: str) -> Iterator[str]:
        """The document, piece by piece."""
        position = 0
        while token := _TOKEN.search(text, position):
            yield self._text(text[position : token.start()])
            position = token.end()
            if token["open"]:
                end = text.find(_CLOSING[token["open"]], position)
                end = len(text) if end < 0 else end
                yield token[0] + self._inside(token["open"], text[position:end])
                position = end
            elif token["end"]:
                self._close(token["name"])
                yield token[0]
            else:
                yield self._start(token)
        yield self._text(text[position:])

    def _inside(self, opening: str, text: str) -> str:
        """What stands in a comment, or is text whatever it holds."""
        return text if opening == "<!--" else self._value(text, *self._names())

    def _text(self, text: str) -> str:
        if not self._open or not text.strip() or text.startswith(_ENDS):
            return text
        plain = html.unescape(text.strip())
        clean = self._value(plain, *self._names())
        return text if clean == plain else text.replace(text.strip(), html.escape(clean))

    def _names(self) -> tuple[str, str]:
        """What text here is called, and what holds that; a secret's whole inside is secret."""
        names = [name for _, name in self._open]
        secret = next((name for name in names if kind_of_field(name) == "secret"), None)
        own = secret or (names[-1] if names else "")
        return own, names[-2] if len(names) > 1 else ""

    def _value(self, value: str, name: str, parent: str) -> str:
        if kind_of_field(name, parent) is None:
            return value
        return self._field(value, name, parent)

    def _start(self, token: re.Match[str]) -> str:
        name, rest = _local(token["name"]), token["rest"]
        given = {_local(each["name"]).lower(): _told(each) for each in _ATTRIBUTE.finditer(rest)}
        called = next((given[each] for each in _NAMING if given.get(each)), "")
        if given.get("type", "").lower() == "hidden" and _TELLING.search(called):
            called = "secret"
        made = _ATTRIBUTE.sub(lambda each: self._attribute(each, name, called), rest)
        if name.lower() not in _EMPTY and not rest.endswith("/") and len(self._open) < _DEEPEST:
            self._open.append((name, called if kind_of_field(called, name) else name))
        return f"<{token['name']}{made}>"

    def _attribute(self, each: re.Match[str], element: str, called: str) -> str:
        name, value = _local(each["name"]), _told(each)
        own = called if called and name.lower() in _HOLDING else name
        if name.lower() in _NAMING:
            return each[0]
        clean = self._value(value, own, element)
        if clean == value:
            return each[0]
        return f'{each["name"]}{each["sign"]}"{html.escape(clean)}"'

    def _close(self, name: str) -> None:
        """Whatever was left open inside of it is closed as well."""
        local = _local(name)
        for place in reversed(range(len(self._open))):
            if self._open[place][0] == local:
                del self._open[place:]
                return


def _local(name: str) -> str:
    """A name without the prefix of its namespace."""
    return name.rpartition(":")[2]


def _told(attribute: re.Match[str]) -> str:
    found = next(filter(None, (attribute[way] for way in ("two", "one", "bare"))), "")
    return html.unescape(found)
