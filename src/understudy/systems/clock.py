"""The virtual clock of one case: it moves with calls and waiting, never with the wall alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = ["VirtualClock"]

_CALL = 250_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = 1 << 62


@lru_cache(256)
def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).date().isoformat()


def _iso(seconds: int) -> str:
    # `strftime` takes ten times as long, and every write is stamped.
    day, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    return f"{_day(day)}T{minute // 60:02d}:{minute % 60:02d}:{second:02d}Z"


class VirtualClock:
    """Microseconds since the epoch, moved only by calls and by waiting.

    >>> clock = VirtualClock(1_700_000_000)
    >>> clock.advance(1.5)
    >>> clock.seconds, clock.iso(), clock.passed
    (1700000001, '2023-11-14T22:13:21Z', 1.5)
    """

    __slots__ = ("_end", "_followed", "_iso", "_moved", "_overrun", "_really", "_start", "calls")

    def __init__(self, start: int | datetime) -> None:
        """`start` in whole epoch seconds, or as an aware datetime."""
        if isinstance(start, datetime):
            self._moved = (start - _EPOCH) // timedelta(microseconds=1)
        else:
            self._moved = start * 1_000_000
        self.calls = 0
        """How many calls the case has made; each takes a quarter of a second."""
        self._iso = (-1, "")
        self._start = self._moved
        self._end = _NEVER
        self._overrun: Callable[[], None] | None = None
        self._really = 0
        self._followed = 0.0

    @property
    def now(self) -> datetime:
        """The present as an aware datetime."""
        return _EPOCH + timedelta(microseconds=self.micros)

    @property
    def micros(self) -> int:
        """The present in microseconds since the epoch."""
        return self._moved + self.calls * _CALL

    @property
    def seconds(self) -> int:
        """The present in whole epoch seconds, as Stripe writes it."""
        return self.micros // 1_000_000

    @property
    def passed(self) -> float:
        """How many seconds have passed since the clock was made."""
        return (self.micros - self._start) / 1_000_000

    @property
    def skipped(self) -> float:
        """How many of the seconds that have passed nobody has really waited for."""
        return (self.micros - self._start - self._really) / 1_000_000

    def iso(self) -> str:
        """The present to the second, as Zendesk writes it."""
        seconds, text = self._iso
        if seconds != self.seconds:
            text = _iso(self.seconds)
            self._iso = (self.seconds, text)
        return text

    def iso_millis(self) -> str:
        """The present to the millisecond, as HubSpot writes it."""
        return f"{self.iso()[:-1]}.{self.micros // 1000 % 1000:03d}Z"

    def limit(self, seconds: float, overrun: Callable[[], None]) -> None:
        """Call `overrun` as soon as somebody waits longer than so many seconds from the start."""
        self._end = self._start + round(seconds * 1_000_000)
        self._overrun = overrun

    def turn_to(self, moment: datetime) -> None:
        """Stand at a moment, earlier ones too, as when something recorded is played again."""
        self._moved = (moment - _EPOCH) // timedelta(microseconds=1) - self.calls * _CALL

    def advance(self, seconds: float) -> None:
        """Let time pass that nobody waits for; a negative span is taken as none."""
        self.advance_to(self.micros + round(seconds * 1_000_000))

    def advance_to(self, micros: int) -> None:
        """Let time pass up to a moment; one that is over already changes nothing."""
        present = self.micros
        if micros > self._end and self._overrun is not None:
            # What it was at the limit is what the case is told by: nothing happens after it.
            self._moved += max(0, self._end - present)
            self._overrun()
        else:
            self._moved += max(0, micros - present)

    def follow(self, since: float, until: float) -> None:
        """Let the time pass that somebody has really waited, from and to in the wall's seconds.

        What several threads have waited at the same time passes once.
        """
        since = max(since, self._followed)
        if until > since:
            self._followed = until
            micros = round((until - since) * 1_000_000)
            self._really += micros
            self.advance_to(self.micros + micros)
