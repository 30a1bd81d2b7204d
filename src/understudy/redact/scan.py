"""Looks for secrets and personal data in what is already written; a clean recording has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.redact.fields import kind_of_field
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor

__all__ = ["Hit", "scan_text", "scan_value"]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that should not be there. The value itself is never shown, only its kind."""

    kind: str
    place: str


def scan_text(text: str, *, personal: bool = True, place: str = "") -> list[Hit]:
    """What a redaction of `text` would still take out.

    >>> [hit.kind for hit in scan_text("key sk_live_4eC39HqLyjWDarjtT1zdp7dc")]
    ['stripe_key']
    """
    redactor = Redactor(RedactionKey(material=bytes(32)), personal=personal)
    redactor.redact_text(text)
    return [Hit(kind, place) for kind in sorted(redactor.counts.elements())]


def scan_value(value: Any, *, personal: bool = True, place: str = "") -> Iterator[Hit]:
    """The same for a JSON value, field names considered, with the place of each hit."""
    redactor = Redactor(RedactionKey(material=bytes(32)), personal=personal)
    yield from _walk(redactor, value, ("", ""), place)


def _walk(redactor: Redactor, value: Any, names: tuple[str, str], place: str) -> Iterator[Hit]:
    name, parent = names
    if isinstance(value, Mapping):
        for key, item in value.items():
            inner = f"{place}.{key}" if place else str(key)
            yield from _leaf(redactor, key, ("", ""), inner)
            yield from _walk(redactor, item, _names(name, str(key)), inner)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(redactor, item, (name, parent), f"{place}[{index}]")
    else:
        yield from _leaf(redactor, value, names, place)


def _names(outer: str, key: str) -> tuple[str, str]:
    """Everything beneath a secret field is a secret."""
    return (outer, outer) if outer and kind_of_field(outer) == "secret" else (key, outer)


def _leaf(redactor: Redactor, value: Any, names: tuple[str, str], place: str) -> Iterator[Hit]:
    redactor.counts.clear()
    redactor.redact_value(value, *names)
    for kind in sorted(redactor.counts.elements()):
        yield Hit(kind, place)
