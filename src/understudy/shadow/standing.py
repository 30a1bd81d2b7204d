"""Processes that outlive a run: the next run of the same candidate goes on with them."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from understudy.model.proposal import WallCount
from understudy.shadow.crew import Crew
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.protocol import Setup, encode

__all__ = ["StandingCrews"]

_KEPT = 3


class StandingCrews:
    """The crews of many short runs, one for each candidate with its settings; a context manager.

    A crew is lent to one run at a time. What differs between two runs that share one is what the
    setup does not say: cases, stage, models, who decides and who answers. The least recently used
    ones are dismissed where there are more than three.
    """

    def __init__(self) -> None:
        self._idle: dict[bytes, Crew] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        self.dismiss()

    def lend(
        self, setup: Setup, size: int, on_start: Callable[[WallCount], None], plan: ShadowPlan
    ) -> Crew:
        """A crew for a run: the one that waits for such a run, else a new one."""
        crew = self._idle.pop(_key(setup, plan), None)
        if crew is None:
            return Crew(setup, size, on_start, plan)
        crew.serve(plan, on_start)
        return crew

    def take_back(self, setup: Setup, plan: ShadowPlan, crew: Crew) -> None:
        """Keep a crew for the next run, unless it is still at something."""
        if crew.busy:
            crew.dismiss()
            return
        self._idle[_key(setup, plan)] = crew
        while len(self._idle) > _KEPT:
            self._idle.pop(next(iter(self._idle))).dismiss()

    def dismiss(self) -> None:
        """End all processes."""
        while self._idle:
            self._idle.popitem()[1].dismiss()


def _key(setup: Setup, plan: ShadowPlan) -> bytes:
    # Whether there are models decides whether a process has a listener for them.
    return encode(setup) + bytes([plan.models is not None])
