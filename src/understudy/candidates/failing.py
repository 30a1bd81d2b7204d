"""A candidate that could not answer a case, told apart by how."""

from __future__ import annotations

__all__ = ["CandidateFailed"]


class CandidateFailed(Exception):
    """The candidate gave no answer; `reason` is a short stable word.

    `gone` says that it cannot be asked again and has to be started anew.
    """

    def __init__(self, reason: str, detail: str, *, gone: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.gone = gone
