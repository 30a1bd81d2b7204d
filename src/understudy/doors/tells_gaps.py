"""What nothing serves, told while somebody can still look at the client that asked for it."""

from __future__ import annotations

from collections.abc import Callable

from understudy.doors.answering import Answering
from understudy.systems.message import Request, Response
from understudy.systems.session import CaseSession, CoverageGap

__all__ = ["TellsGaps"]


class TellsGaps:
    """Stands before an engine and tells of one case what nothing serves, each method and path once.

    Answers are those of the engine.
    """

    def __init__(
        self, engine: Answering, session: CaseSession, tell: Callable[[CoverageGap], None]
    ) -> None:
        self._engine = engine
        self._session = session
        self._tell = tell
        self._seen = 0
        self._told: set[CoverageGap] = set()

    def serves(self, host: str) -> bool:
        """Whether the engine does."""
        return self._engine.serves(host)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        answer = self._engine.handle(request)
        with self._session.lock:
            fresh = set(self._session.gaps[self._seen :]) - self._told
            self._seen = len(self._session.gaps)
            self._told |= fresh
        for gap in fresh:
            self._tell(gap)
        return answer
