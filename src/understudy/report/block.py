"""A compressed part of the page's data."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["Block", "packed"]


@dataclass(frozen=True, slots=True)
class Block:
    """One part, by the name under which the page's scripts look for it."""

    name: str
    data: str


def packed(value: Any) -> str:
    """A value as gzipped JSON in base64: no text in it can end the element that holds it."""
    return base64.b64encode(gzip.compress(orjson.dumps(value), 6, mtime=0)).decode()
