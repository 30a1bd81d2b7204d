"""The parts of a recorded URL, which every step of an import asks for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["Address", "address_of", "segments_of"]

_PLAIN = re.compile(
    r"https?://([A-Za-z0-9.-]+)(?::\d{1,5})?(/[^?#\s]*)?(?:\?([^#\s]*))?(?:#\S*)?", re.ASCII
)
_REMEMBERED = 512


class Address(NamedTuple):
    """Host in lower case, path and query of a URL."""

    host: str
    path: str
    query: str


@lru_cache(_REMEMBERED)
def address_of(url: str) -> Address:
    """What `urllib.parse.urlsplit` gives, at once where a URL is as plain as most are.

    Raises `ValueError` where that does.

    >>> address_of("https://Acme.zendesk.com:443/api/v2/tickets/7.json?include=users#top")
    Address(host='acme.zendesk.com', path='/api/v2/tickets/7.json', query='include=users')
    """
    plain = _PLAIN.fullmatch(url)
    if plain is not None:
        return Address(plain[1].lower(), plain[2] or "", plain[3] or "")
    parts = urlsplit(url)
    return Address((parts.hostname or "").lower(), parts.path, parts.query)


@lru_cache(_REMEMBERED)
def segments_of(url: str) -> tuple[str, ...]:
    """The segments of a URL's path, without Zendesk's ending.

    >>> segments_of("https://acme.zendesk.com/api/v2/tickets/7.json")
    ('api', 'v2', 'tickets', '7')
    """
    return tuple(address_of(url).path.removesuffix(".json").strip("/").split("/"))
