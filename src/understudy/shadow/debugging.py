"""One case in this very process, for a person with a debugger.

The candidate meets what it meets in a run: its case, the mocked systems, an environment without
credentials, the wall's audit hook. What would end a case that a person looks at is left out: limits
of time and memory. Standard input and output stay the terminal's, and connections that were open
before stay open, so `breakpoint()`, pdb and the debuggers of editors work. The hook stays for good:
afterwards this process can reach nothing any more.
"""

from __future__ import annotations

import bdb
import contextlib
import functools
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from understudy.candidates.use import CommandUse, HttpUse, parse_use
from understudy.doors.loopback import running
from understudy.doors.wall import seal_for_debugging
from understudy.model.errors import CandidateError
from understudy.model.proposal import CaseRecord
from understudy.shadow.braked import engine_of
from understudy.shadow.environment import built_environment
from understudy.shadow.handling import Handling, Workplace
from understudy.shadow.handover import Handover
from understudy.shadow.late_traces import LateTrace
from understudy.shadow.models import ModelService
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.protocol import Asked, Finished, Question, Setup, Waiting
from understudy.shadow.runner import setup_of
from understudy.shadow.seating import Candidate, take_seat

__all__ = ["debug_case"]

_NO_END = 10 * 365 * 86_400.0
_KEPT = ("COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "PYTHONBREAKPOINT", "TERM")
"""What a debugger at a terminal goes by."""


def debug_case(plan: ShadowPlan) -> CaseRecord:
    """Run the plan's first case in this process; its record.

    Raises `CandidateError` where the candidate is a process of its own, and `KeyboardInterrupt`
    where the debugger was told to quit.
    """
    use = parse_use(plan.candidate.spec)
    if isinstance(use, CommandUse | HttpUse):
        raise CandidateError(
            "the candidate is a process of its own, which cannot be debugged in this one",
            code="U222",
            hint="start it under its own debugger, and give it time: `timeout: 1h` in the campaign",
        )
    setup = msgspec.structs.replace(
        setup_of(plan, namespace=False), seconds=_NO_END, virtual_seconds=_NO_END
    )
    with contextlib.ExitStack() as leave:
        return _debugged(plan, setup, leave)


def _debugged(plan: ShadowPlan, setup: Setup, leave: contextlib.ExitStack) -> CaseRecord:
    engine, order, models = engine_of(setup), plan.order(0), plan.models
    handover = Handover("", setup.allow)
    if models is not None:
        setup = msgspec.structs.replace(setup, model_key=models.new_key())
        order = models.begin(setup.model_key, order)
        handover = _with_models(models, setup, leave)
    leave.enter_context(_surroundings(plan, setup))
    seal = functools.partial(seal_for_debugging, expected=setup.expected)
    ask = functools.partial(_answered, plan)
    seat = take_seat(setup, engine, False, leave, handover, seal, ask)
    leave.callback(seat.candidate.close)
    watched = _Watched(seat.candidate)
    ended: list[Finished | LateTrace] = []
    seat = replace(seat, candidate=watched)
    place = Workplace(engine, seat, _Terminal(), setup, ended.append, ask)
    Handling(place).handle(order)
    if watched.quit:
        raise KeyboardInterrupt
    record = next(each.record for each in ended if isinstance(each, Finished))
    return record if models is None else models.finish(setup.model_key, record)


def _with_models(models: ModelService, setup: Setup, leave: contextlib.ExitStack) -> Handover:
    """The models at a listener of this process, opened before the wall stands."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    address = listener.getsockname()[:2]
    leave.enter_context(listener)
    leave.enter_context(running([(models, listener)]))
    return Handover("http://{}:{}/v1".format(*address), (*setup.allow, address))


def _answered(plan: ShadowPlan, asked: Asked | Question | Waiting) -> Mapping[str, Any]:
    """What the supervisor of a run answers."""
    if isinstance(asked, Question):
        return {"turn": plan.converse(asked) if plan.converse else None}
    if isinstance(asked, Asked) and plan.decide is not None:
        return plan.decide(asked.case_id, asked.repeat, asked.number, asked.row)
    return {"idle": None}


@contextlib.contextmanager
def _surroundings(plan: ShadowPlan, setup: Setup) -> Iterator[None]:
    """Environment, arguments and folder as a candidate's process has them, for a while."""
    outside, arguments = dict(os.environ), (sys.argv, sys.orig_argv)
    with tempfile.TemporaryDirectory(prefix="home-") as home, contextlib.chdir(plan.project):
        kept = {name: outside[name] for name in _KEPT if name in outside}
        inside = {**built_environment(outside, home, setup.seed), **kept}
        try:
            _become(inside)
            sys.argv, sys.orig_argv = [str(setup.use).partition(":")[0]], [sys.executable]
            sys.path += [each for each in setup.paths if each not in sys.path]
            yield
        finally:
            sys.argv, sys.orig_argv = arguments
            _become(outside)


def _become(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


class _Watched:
    """A candidate whose errors are shown where they happen, and whose debugger may be left."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self.quit = False

    def answer(self, case: Any, systems: Any) -> Any:
        """What the candidate says; what it raises is printed with its traceback."""
        try:
            return self._candidate.answer(case, systems)
        except (bdb.BdbQuit, KeyboardInterrupt):
            self.quit = True
            raise
        except Exception:
            traceback.print_exc()
            raise

    def close(self) -> None:
        """There are no more cases."""
        self._candidate.close()


class _Terminal:
    """Where the candidate prints: on the terminal, so there is nothing to keep."""

    def take(self) -> str:
        """Nothing was caught."""
        return ""

    def mend(self) -> None:
        """Nothing was moved."""
