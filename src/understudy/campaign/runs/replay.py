"""How recorded cases are replayed: which of them, in which order, and how fast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from understudy.model.case import Case
from understudy.model.errors import ConfigurationError
from understudy.model.quantity import parse_share
from understudy.traffic.sampling import in_time, sample

__all__ = ["parse_sample", "parse_speed", "replayed"]

_SPEED = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)x")
_START = datetime(1970, 1, 1, tzinfo=UTC)


def parse_sample(text: str | None) -> float | None:
    """A share of the customers, from `25%`; raises `ConfigurationError` for what is none.

    None where nothing is said.

    >>> parse_sample("25%")
    0.25
    """
    try:
        return None if text is None else parse_share(text)
    except ValueError as error:
        raise ConfigurationError(str(error), code="U128", hint="--sample 25%") from None


def parse_speed(text: str) -> float | None:
    """How many times as fast as it was, from `10x`; None for `max`, which waits for nothing.

    >>> parse_speed("10x"), parse_speed("max")
    (10.0, None)
    """
    match = _SPEED.fullmatch(text)
    if text != "max" and (match is None or not float(match[1])):
        raise ConfigurationError(
            f"`{text}` is no speed; write `1x`, `10x` or `max`", code="U129", hint="--speed 10x"
        )
    return None if match is None else float(match[1])


def replayed(cases: Sequence[Case], share: float, speed: float | None) -> list[Case]:
    """The cases of a stable sample of the customers, each one's own in time; all where paced.

    Raises `ConfigurationError` where pacing is asked of cases whose times are not known.
    """
    chosen = in_time(sample(cases, share))
    if speed is None:
        return chosen
    if all(case.received_at is None for case in chosen):
        raise ConfigurationError(
            "the recording has no times, so it cannot be paced", code="U129", hint="--speed max"
        )
    return sorted(chosen, key=lambda case: case.received_at or _START)
