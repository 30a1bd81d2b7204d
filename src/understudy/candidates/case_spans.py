"""Whose each span is: of the case at hand, or of one that has its answer already."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from understudy.candidates.spans import MOST_SPANS, Scope, SpanTale, tale_of
from understudy.traffic.traces.otlp import read_otlp

__all__ = ["CaseSpans"]

_REMEMBERED = 5_000
"""So many traces and cases are known, the latest; who exports later than that is of no case."""


class CaseSpans:
    """Keeps raw spans in OpenTelemetry's JSON form, each with its case.

    A span belongs to the case whose trace it is of, else to one that a text of it names, else to
    the one that was at hand when it began. What comes after a case has been taken is late.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: Scope | None = None
        self._taken = True
        self._known: dict[str, Scope] = {}
        """Whose each trace and each case id is, of the cases so far."""
        self._begun: list[tuple[int, Scope]] = []
        """When each case was handed over, in nanoseconds, the first one first."""
        self._kept: list[Any] = []
        self._late: dict[Scope, list[Any]] = {}

    def begin(self, scope: Scope, *names: str) -> bool:
        """From now on this case is at hand, known by `names` too; whether it is another one."""
        with self._lock:
            if scope == self._at and not self._taken:
                return False
            self._at, self._taken, self._kept = scope, False, []
            self._late.pop(scope, None)
            self._begun.append((time.time_ns(), scope))
            del self._begun[:-_REMEMBERED]
            for name in names:
                self._remember(name, scope)
            return True

    def claim(self, trace: str) -> None:
        """A trace that nobody knows is the case's at hand."""
        with self._lock:
            if self._at is not None and trace not in self._known:
                self._remember(trace, self._at)

    def keep(self, raw: dict[str, Any], texts: Iterable[str] = ()) -> Scope | None:
        """Keep a span that has ended; gives whose it is, None where it is nobody's."""
        with self._lock:
            scope = self._owner(raw, texts)
            if scope is None:
                return None
            at_hand = scope == self._at and not self._taken
            held = self._kept if at_hand else self._late.setdefault(scope, [])
            if len(held) < MOST_SPANS:
                held.append(raw)
            return scope

    def take(self) -> SpanTale:
        """What the spans of the case at hand tell; what else comes of it is late."""
        with self._lock:
            kept, self._kept, self._taken = self._kept, [], True
        return _told(kept)

    def late(self) -> list[tuple[Scope, SpanTale]]:
        """What has come since the last call of cases that had been taken."""
        with self._lock:
            late, self._late = self._late, {}
        return [(scope, _told(kept)) for scope, kept in late.items()]

    def _owner(self, raw: dict[str, Any], texts: Iterable[str]) -> Scope | None:
        known = self._known.get(raw["traceId"])
        if known is None:
            known = next((self._known[text] for text in texts if text in self._known), None)
            known = known or self._at_hand(_began(raw))
            if known is not None:
                # The rest of its trace may say less, and end later.
                self._remember(raw["traceId"], known)
        return known

    def _at_hand(self, moment: int) -> Scope | None:
        """The case that was at hand then; before the first of them there was none."""
        place = bisect_right(self._begun, moment, key=lambda each: each[0])
        return self._begun[place - 1][1] if place else None

    def _remember(self, name: str, scope: Scope) -> None:
        self._known.pop(name, None)
        self._known[name] = scope
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


def _told(kept: Iterable[Any]) -> SpanTale:
    return tale_of([span for raw in kept for span in read_otlp(_alone(raw))])


def _alone(raw: Any) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [raw]}]}]}


def _began(raw: dict[str, Any]) -> int:
    """When a span began, in nanoseconds; one that does not say so is old."""
    told = str(raw.get("startTimeUnixNano", ""))
    return int(told) if told.isascii() and told.isdigit() else 0
