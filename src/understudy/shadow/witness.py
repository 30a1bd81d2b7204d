"""What a mocked system raised where only a socket was listening."""

from __future__ import annotations

from understudy.doors.activity import Activity
from understudy.doors.answering import Answering
from understudy.systems.message import Request, Response

__all__ = ["Witness"]


class Witness:
    """A door that keeps what is raised behind it.

    In process an error of a mocked system is raised in the candidate's call and so is seen. Over
    a socket it becomes a bare 500, which would be held against the candidate.
    """

    def __init__(self, door: Answering) -> None:
        self._door = door
        self._errors: list[Exception] = []
        self.calls = Activity()
        """Since when nothing is asked any more."""

    def serves(self, host: str) -> bool:
        """Whether the door answers this host."""
        return self._door.serves(host)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self.calls.of(""):
            try:
                return self._door.handle(request)
            except Exception as error:
                self._errors.append(error)
                raise

    def take(self) -> list[Exception]:
        """What was raised since the last call."""
        errors, self._errors = self._errors, []
        return errors
