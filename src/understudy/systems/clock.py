"""The virtual clock of one case: it moves with calls and sleeps, never with the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["VirtualClock"]

_CALL = 250_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class VirtualClock:
    """Microseconds since the epoch, moved by `advance` and by a quarter of a second per call.

    >>> clock = VirtualClock(1_700_000_000)
    >>> clock.advance(1.5)
    >>> clock.seconds, clock.iso()
    (1700000001, '2023-11-14T22:13:21Z')
    """

    __slots__ = ("_iso", "_moved", "calls")

    def __init__(self, start: int | datetime) -> None:
        """`start` in whole epoch seconds, or as an aware datetime."""
        if isinstance(start, datetime):
            self._moved = (start - _EPOCH) // timedelta(microseconds=1)
        else:
            self._moved = start * 1_000_000
        self.calls = 0
        """How many calls the case has made."""
        self._iso = (-1, "")

    @property
    def _micros(self) -> int:
        return self._moved + self.calls * _CALL

    @property
    def now(self) -> datetime:
        """The present as an aware datetime."""
        return _EPOCH + timedelta(microseconds=self._micros)

    @property
    def seconds(self) -> int:
        """The present in whole epoch seconds, as Stripe writes it."""
        return self._micros // 1_000_000

    def iso(self) -> str:
        """The present to the second, as Zendesk writes it."""
        seconds, text = self._iso
        if seconds != self.seconds:
            text = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
            self._iso = (self.seconds, text)
        return text

    def iso_millis(self) -> str:
        """The present to the millisecond, as HubSpot writes it."""
        return f"{self.iso()[:-1]}.{self._micros // 1000 % 1000:03d}Z"

    def advance(self, seconds: float) -> None:
        """Let time pass; a negative span is taken as none."""
        self._moved += max(0, round(seconds * 1_000_000))
