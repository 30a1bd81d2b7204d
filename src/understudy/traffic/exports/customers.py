"""Who is who across systems: names for one customer, tied by ids and by shared e-mail."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Customers"]


class Customers:
    """Which places are the same customer, by ids alone (`sure`) or by e-mail too.

    >>> known = Customers([("zendesk.users/1", "email:a@b.example", False),
    ...                    ("stripe.customers/cus_1", "email:a@b.example", False)])
    >>> known.same("zendesk.users/1", "stripe.customers/cus_1")
    True
    >>> known.surely_same("zendesk.users/1", "stripe.customers/cus_1")
    False
    """

    def __init__(self, ties: Iterable[tuple[str, str, bool]] = ()) -> None:
        self._sure: dict[str, str] = {}
        self._all: dict[str, str] = {}
        for one, other, sure in ties:
            _join(self._all, one, other)
            if sure:
                _join(self._sure, one, other)

    def of(self, place: str) -> str:
        """One name for everything that is tied to a place."""
        return _root(self._all, place)

    def same(self, one: str, other: str) -> bool:
        """Whether two places are one customer, by whatever tie."""
        return bool(one and other) and self.of(one) == self.of(other)

    def surely_same(self, one: str, other: str) -> bool:
        """Whether ids alone say so."""
        return bool(one and other) and _root(self._sure, one) == _root(self._sure, other)


def _join(roots: dict[str, str], one: str, other: str) -> None:
    first, second = sorted((_root(roots, one), _root(roots, other)))
    roots[second] = first


def _root(roots: dict[str, str], place: str) -> str:
    path = []
    while (above := roots.get(place, place)) != place:
        path.append(place)
        place = above
    for each in path:
        roots[each] = place
    return place
