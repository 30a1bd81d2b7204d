"""Stripe's nested form encoding, `items[0][price]=…`, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

__all__ = ["decode", "encode"]

_PARTS = re.compile(r"\[([^\[\]]*)\]")
_PLAIN = re.compile(r"[\w.@:,*-]+=[\w.@:,*-]*(?:&[\w.@:,*-]+=[\w.@:,*-]*)*", re.ASCII)
"""Forms in which nothing is coded: most of them, and there is nothing to decode."""
_SAFE = re.compile(r"[\w.~-]*", re.ASCII)
"""What is coded as it is."""
_DEEPEST = 10


def decode(text: str) -> dict[str, Any]:
    """A nested dict of strings; keys `[0]`, `[1]` and `[]` make lists.

    >>> decode("amount=5&metadata[a]=b&expand[]=customer&items[0][id]=si_1")
    {'amount': '5', 'metadata': {'a': 'b'}, 'expand': ['customer'], 'items': [{'id': 'si_1'}]}
    """
    if _PLAIN.fullmatch(text):
        return {name: value for name, _, value in (pair.partition("=") for pair in text.split("&"))}
    flat = parse_qsl(text, keep_blank_values=True)
    if "[" not in text and "%5" not in text:
        return dict(flat)
    nested: dict[str, Any] = {}
    for key, value in flat:
        head = key.partition("[")[0]
        _place(nested, [head, *_PARTS.findall(key[len(head) :])[:_DEEPEST]], value)
    return {key: _listed(value) for key, value in nested.items()}


def encode(values: Mapping[str, Any]) -> str:
    """The form of a nested value, as Stripe's clients write it: a null is left out, in any depth.

    >>> encode({"amount": 5, "items": [{"id": "si_1", "quantity": None}], "prorate": True})
    'amount=5&items[0][id]=si_1&prorate=true'
    """
    if not values:
        return ""
    pairs = (pair for name, each in values.items() for pair in _flat(name, each))
    return "&".join([f"{key}={_coded(value)}" for key, value in pairs])


def _coded(value: str) -> str:
    return value if _SAFE.fullmatch(value) else quote_plus(value)


def _place(node: dict[str, Any], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        name = part or str(len(node))
        below = node.get(name)
        if not isinstance(below, dict):
            below = node[name] = {}
        node = below
    node[parts[-1] or str(len(node))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    below = {key: _listed(item) for key, item in value.items()}
    if below and all(key.isdecimal() for key in below):
        return list(below.values())
    return below


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{name}[{key}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _flat(f"{name}[{index}]", item)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)
