"""When a case is over that a service has taken to work on later: it does not say so itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from fnmatch import fnmatchcase
from typing import Any

from understudy.doors.activity import Activity
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession
from understudy.systems.timeline import real_now, real_sleep

__all__ = ["Ending"]

_LOOK_EVERY = 0.02
_SETTLING = 0.25
"""Seconds without a call that show that nothing follows a write which ends a case."""
_CLOSED = ("closed", "solved")
_TICKETS = "zendesk.tickets"


class Ending:
    """Waits for a case's end: a terminal state, or some seconds in which nothing is called.

    Terminal is an escalation, the case's ticket solved or closed, and every write of the operations
    named in `ends_on`. Calls are those of the systems, and of the models where there are any.
    """

    def __init__(
        self,
        engine: Engine,
        calls: Activity,
        models_idle: Callable[[], float | None],
        quiet: float,
        ends_on: Collection[str],
    ) -> None:
        """`models_idle` says since how many seconds the case calls no model; None: it never did."""
        self._engine, self._calls, self._models_idle = engine, calls, models_idle
        self._quiet, self._ends_on = quiet, tuple(ends_on)

    def wait(self, case_id: str) -> None:
        """Return when the case is over."""
        session = self._engine.session(case_id)
        begun = real_now()
        while True:
            real_sleep(_LOOK_EVERY)
            over = self._is_over(session)
            enough = min(self._quiet, _SETTLING) if over else self._quiet
            if self._idle(begun) >= enough and self._models(begun) >= enough:
                return

    def _idle(self, begun: float) -> float:
        return min(self._calls.idle(""), real_now() - begun)

    def _models(self, begun: float) -> float:
        idle = self._models_idle()
        return real_now() - begun if idle is None else idle

    def _is_over(self, session: CaseSession) -> bool:
        with session.lock:
            done = [action for action in session.actions if not action.refused]
        if any(action.escalates or self._ends(action.operation) for action in done):
            return True
        tickets = {a.target.id for a in done if a.target and a.target.type == "ticket"}
        return any(_is_closed(session.overlay.get(_TICKETS, each)) for each in tickets if each)

    def _ends(self, operation: str) -> bool:
        return any(fnmatchcase(operation, pattern) for pattern in self._ends_on)


def _is_closed(ticket: Any) -> bool:
    return ticket is not None and ticket.get("status") in _CLOSED
