"""What people call tickets and documents by in what they write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["documents_in", "texts_in", "tickets_in"]

_TICKET = re.compile(
    r"(?:#|\bticket[\s:#_]*(?:id|no|nr|number)?[\s:#.\"']*)(\d{1,20})\b", re.IGNORECASE
)
_DOCUMENT = re.compile(r"\b[A-Z0-9]{2,12}(?:-[A-Z0-9]{2,12}){1,3}\b", re.IGNORECASE)
_DEEPEST = 10


def tickets_in(text: str) -> set[str]:
    """The tickets that a text names.

    >>> sorted(tickets_in("see ticket 8000013, and Ticket ID: 12 (#7); room 5"))
    ['12', '7', '8000013']
    """
    return set(_TICKET.findall(text))


def documents_in(text: str) -> set[str]:
    """Words that may be a document's number, as invoices have them, in capitals.

    >>> sorted(documents_in("refunded for invoice wpqbzmto-0007, see INV-2026-0007 or e-mail"))
    ['INV-2026-0007', 'WPQBZMTO-0007']
    """
    found = (match[0].upper() for match in _DOCUMENT.finditer(text))
    return {word for word in found if any(char.isdigit() for char in word)}


def texts_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST:
        inner = value.values() if isinstance(value, Mapping) else value
        for each in inner if isinstance(value, Mapping | list | tuple) else ():
            yield from texts_in(each, depth + 1)
