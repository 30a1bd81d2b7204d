"""What is mapped on the command line, as `NAME=VALUE` each."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.model.errors import ConfigurationError

__all__ = ["parse_pairs"]


def parse_pairs(given: Sequence[str], form: str, example: str) -> dict[str, str]:
    """Names with their values; a name may hold equals signs, a value none.

    >>> parse_pairs(["http://gw:8080/?a=b=stripe"], "URL=SYSTEM", "--map http://gw=stripe")
    {'http://gw:8080/?a=b': 'stripe'}
    """
    found = {}
    for text in given:
        name, _, value = text.rpartition("=")
        if not name or not value:
            raise ConfigurationError(
                f"`{text}` is not of the form {form}", code="U127", hint=example
            )
        found[name] = value
    return found
