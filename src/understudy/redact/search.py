"""Many regular expressions sought at once, in one pass over bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["Search", "finder_for", "search_for"]

_MEMORY = 64 << 20


class Search:
    """Expressions that are sought together; `matcher` is RE2's set of them, or None without RE2."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def matches(self, data: bytes) -> tuple[int, ...] | None:
        """The numbers of those that match, from 1, after a 0; None where nobody knows.

        Nobody knows on a machine without RE2, or where the search ran out of memory; then each of
        them may match.

        >>> search_for(("b+", "c")).matches(b"abba")
        (0, 1)
        """
        if self._matcher is None:
            return None
        found = self._matcher.Match(data)
        # The first one is empty and always matches; without it the search was given up.
        return tuple(found) if found and 0 in found else None


@lru_cache(8)
def search_for(expressions: Sequence[str]) -> Search:
    """A search for expressions of RE2 over bytes; made once for each tuple of them."""
    try:
        import re2
    except ImportError:
        return Search(None)
    options = _options(re2)
    made = re2.Set.SearchSet(options)
    for expression in ("", *expressions):
        made.Add(expression)
    made.Compile()
    return Search(made)


@lru_cache(8)
def finder_for(expression: bytes) -> Callable[[bytes], list[bytes]]:
    r"""What finds all matches of an expression that has no groups; letters are those of ASCII.

    >>> finder_for(rb"\b[a-z]+_[0-9]{2,}")(b'{"id":"ch_12"}')
    [b'ch_12']
    """
    try:
        import re2
    except ImportError:
        return re.compile(expression).findall
    found: Callable[[bytes], list[bytes]] = re2.compile(expression, _options(re2)).findall
    return found


def _options(re2: Any) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY
    return options
