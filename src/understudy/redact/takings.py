"""What a redaction takes out: how often by kind, and what one piece of work took of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["Takings"]

Made = TypeVar("Made")


class Takings:
    """Counts by kind; work that comes again need not be done again to be counted again.

    >>> takings = Takings()
    >>> takings.of(lambda: takings.add("email"))
    (None, ('email',))
    >>> takings.again(("email", "phone"))
    >>> dict(takings.counts)
    {'email': 2, 'phone': 1}
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._noted: list[str] | None = None

    def add(self, kind: str) -> None:
        """One was taken out."""
        self.counts[kind] += 1
        if self._noted is not None:
            self._noted.append(kind)

    def again(self, kinds: Iterable[str]) -> None:
        """The same as before was taken out."""
        for kind in kinds:
            self.add(kind)

    def of(self, work: Callable[[], Made]) -> tuple[Made, tuple[str, ...]]:
        """What the work made, and the kinds of what it took out; they are counted as ever."""
        outer, own = self._noted, list[str]()
        self._noted = own
        try:
            made = work()
        finally:
            self._noted = outer
            if outer is not None:
                outer.extend(own)
        return made, tuple(own)
