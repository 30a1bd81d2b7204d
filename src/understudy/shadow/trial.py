"""Whether a candidate starts at all: its process is sealed and loads it, and no case is run."""

from __future__ import annotations

from understudy.shadow.crew import Crew
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.runner import namespaced, setup_of

__all__ = ["try_start"]


def try_start(plan: ShadowPlan) -> str:
    """Start one process as a run does, and end it; the level of the wall around it.

    Raises `CandidateError` with what a run would say where the candidate cannot be loaded or
    reached.
    """
    crew = Crew(setup_of(plan, namespace=namespaced(plan)), 1, lambda _: None, plan)
    try:
        crew.man(1)
        while crew.idle() is None:
            crew.results(plan.order)
        return crew.level
    finally:
        crew.dismiss()
