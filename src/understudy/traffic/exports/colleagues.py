"""Who works here, as far as a source tells of people."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Colleagues"]


class Colleagues:
    """Knows people by their place, from `(place, whether staff, name)` each.

    >>> known = Colleagues([("zendesk.users/5", False, "Ann")])
    >>> known.works("zendesk.users/5"), known.works("zendesk.users/9"), known.works("stripe")
    (False, True, False)
    """

    def __init__(self, people: Iterable[tuple[str, bool, str]] = ()) -> None:
        self._known = {place: (staff, name) for place, staff, name in people}

    def works(self, place: str) -> bool:
        """Whether somebody works here: also whom no source names, but -1 is nobody."""
        if place in self._known:
            return self._known[place][0]
        table, _, row_id = place.partition("/")
        return table in ("zendesk.users", "hubspot.users") and row_id not in ("-1", "None")

    def name(self, place: str) -> str:
        """The name, or else the id."""
        return self._known.get(place, (True, ""))[1] or place.partition("/")[2]

    def names(self) -> dict[str, str]:
        """Everybody's name by place, where it is told."""
        return {place: name for place, (_, name) in self._known.items() if name}
