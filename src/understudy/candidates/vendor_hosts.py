"""The vendors' own hosts: a program that looks for a system there has not been told where it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["about_systems"]

_HOST = re.compile(r"\b(?:api\.stripe\.com|api\.hubapi\.com|[\w-]+\.zendesk\.com)\b")


def about_systems(places: Iterable[str]) -> str:
    """What to change where systems are looked for in production; empty where they are not.

    >>> about_systems(["connect 10.0.0.1:443"])
    ''
    >>> about_systems(["resolve api.stripe.com"])[:50]
    'it looks for a system at `api.stripe.com`: program'
    """
    found = next((match[0] for place in places if (match := _HOST.search(place))), None)
    if found is None:
        return ""
    return (
        f"it looks for a system at `{found}`: programs and services find the mocked ones at the "
        "addresses that each case brings as `base_urls`, and those with `isolation: serial` in "
        "the variables STRIPE_API_BASE, HUBSPOT_API_BASE and ZENDESK_API_BASE too"
    )
