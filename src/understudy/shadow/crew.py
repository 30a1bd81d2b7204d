"""The processes of a run: started, fed, listened to, replaced when they die."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from understudy.candidates.handed import Inbound
from understudy.candidates.spans import LAST_SECONDS
from understudy.doors.forwarding import forwarding
from understudy.doors.loopback import Application, Receive, Send, running
from understudy.model.baseline import Outcome
from understudy.model.drill import Halt
from understudy.model.errors import CandidateError
from understudy.model.printable import printable
from understudy.model.proposal import (
    CaseRecord,
    Failure,
    FailureCause,
    Proposal,
    Trace,
    WallCount,
)
from understudy.shadow.environment import built_environment
from understudy.shadow.handover import MODELS, taken_over
from understudy.shadow.late_traces import LateTrace
from understudy.shadow.limits import MOST_PROCESSES
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.protocol import (
    Asked,
    Attempted,
    Finished,
    Listening,
    Question,
    Refusal,
    Setup,
    Started,
    Told,
    Waiting,
)
from understudy.shadow.worker import Worker, ending

__all__ = ["Crew", "Result"]

_START_SECONDS = 120.0
_GRACE_SECONDS = 2.0
_LAST_WORDS_SECONDS = 0.5
_LOOK_EVERY = 0.2
_HEARING_SECONDS = LAST_SECONDS + 3.0
"""As long as a process waits for spans and then for its candidate to end."""
_TRIES = 3
"""A case whose process is killed gets another one, twice; then the case is what kills it."""


@dataclass(frozen=True, slots=True)
class Result:
    """A case that has ended: its position in the plan, and its record."""

    index: int
    record: CaseRecord
    halt: Halt | None = None
    """What it did after the kill switch was pressed, if it did anything."""


class Crew:
    """A number of workers; each has one case at a time, so a dead one concerns that case only.

    A process that ends by itself in the middle of a case has failed in it. One that a signal ends
    may have been killed for want of memory or by hand: its case is given to another process, and
    fails when that has happened three times.
    """

    def __init__(
        self,
        setup: Setup,
        size: int,
        on_start: Callable[[WallCount], None],
        plan: ShadowPlan,
    ) -> None:
        self.level = "hook"
        self._setup = setup
        self._size = size
        self._forwards = contextlib.ExitStack()
        self._home = tempfile.TemporaryDirectory(prefix="home-")
        self._environment = built_environment(os.environ, self._home.name, setup.seed)
        self._waiting = selectors.DefaultSelector()
        self._workers: list[Worker] = []
        self.serve(plan, on_start)

    def serve(self, plan: ShadowPlan, on_start: Callable[[WallCount], None]) -> None:
        """Work for this run from now on; the processes that there are go on with its cases."""
        self._on_start = on_start
        self._decide, self._models, self._converse = plan.decide, plan.models, plan.converse
        self._reviews, self._stage = plan.reviews, plan.stage
        self.late: list[LateTrace] = []
        """What has come of cases since they ended, to be taken by the run."""
        self._deaths: Counter[int | None] = Counter()
        self._again: deque[int] = deque()
        for worker in [each for each in self._workers if each.ended]:
            # It has died between two runs, which is the fault of neither's cases.
            self._release(worker)
            worker.last_words()

    @property
    def busy(self) -> int:
        """How many cases are being handled."""
        return sum(worker.case is not None for worker in self._workers)

    def man(self, wanted: int) -> None:
        """Start processes until there are as many as can be used."""
        while len(self._workers) < min(wanted, self._size):
            key = self._models.new_key() if self._models else ""
            setup = msgspec.structs.replace(self._setup, model_key=key)
            home = tempfile.mkdtemp(dir=self._home.name)
            worker = Worker(setup, {**self._environment, "HOME": home})
            self._workers.append(worker)
            self._waiting.register(worker.output, selectors.EVENT_READ, worker)

    def again(self) -> int | None:
        """The position of a case whose process was killed, to be handed out once more."""
        return self._again.popleft() if self._again else None

    @property
    def owing(self) -> bool:
        """Whether there are cases to be handed out once more."""
        return bool(self._again)

    def idle(self) -> Worker | None:
        """A process that waits for a case."""
        return next((each for each in self._workers if each.free), None)

    def give(self, worker: Worker, index: int, order: Inbound) -> None:
        """Hand a worker its next case."""
        if self._models is not None:
            order = self._models.begin(worker.model_key, order)
        worker.give(index, order, self._stage)

    def results(self, order: Callable[[int], Inbound]) -> list[Result]:
        """Wait a moment; what has ended since. `order` gives back the case at a position."""
        ended: list[Result] = []
        said = self._waiting.select(timeout=_LOOK_EVERY)
        begun = time.monotonic()
        for key, _ in said:
            ended += self._listen(key.data, order)
        # While one of them is answered nobody listens to the others: that is not their time.
        for worker in self._workers:
            worker.since += time.monotonic() - begun
        for worker in list(self._workers):
            ended += self._overdue(worker, order)
        return ended

    def hear_out(self) -> None:
        """Let the processes that have something left to say say it, and end."""
        for key, _ in self._waiting.select(timeout=0):
            if key.data.case is None:
                self._heard_out(key.data)
        asked = [each for each in self._workers if each.expecting and each.case is None]
        for worker in [each for each in self._workers if each not in asked]:
            # Nobody listens to it any more: what it still did would be in no record.
            self._release(worker)
            worker.last_words()
        for worker in asked:
            worker.no_more()
        deadline = time.monotonic() + _HEARING_SECONDS
        while (left := [each for each in asked if each in self._workers]) and (
            time.monotonic() < deadline
        ):
            for key, _ in self._waiting.select(timeout=_LOOK_EVERY):
                if key.data in left:
                    self._heard_out(key.data)

    def _heard_out(self, worker: Worker) -> None:
        said, alive = worker.hear()
        self.late += [each for each in said if isinstance(each, LateTrace) and not self._stage]
        for told in said:
            worker.attempted = told.wall if isinstance(told, Attempted) else worker.attempted
        if not alive:
            self._release(worker, _LAST_WORDS_SECONDS)
            worker.last_words()

    def dismiss(self) -> None:
        """Kill every process."""
        for worker in list(self._workers):
            self._release(worker)
            worker.last_words()
        self._waiting.close()
        self._forwards.close()
        self._home.cleanup()

    def _listen(self, worker: Worker, order: Callable[[int], Inbound]) -> Iterator[Result]:
        said, alive = worker.hear()
        for message in said:
            yield from self._heard(worker, message)
        if not alive and worker in self._workers:
            code = self._release(worker, _LAST_WORDS_SECONDS)
            if not self._retried(worker, code, order):
                yield from self._lost(worker, "crashed", ending(code), order)

    def _retried(self, worker: Worker, code: int, order: Callable[[int], Inbound]) -> bool:
        """Whether what the process was at is done again by another; None stands for its start."""
        at = worker.case if worker.ready else None
        idle = worker.ready and at is None
        if code >= 0 or idle or self._deaths[at] + 1 >= _TRIES:
            return False
        self._deaths[at] += 1
        worker.last_words()
        if at is not None:
            # What it tried is counted, though its case will have another record.
            self._on_start(worker.attempted)
            self._again.append(at)
            if self._models is not None:
                self._models.abandon(worker.model_key, order(at))
        return True

    def _heard(self, worker: Worker, message: Told) -> Iterator[Result]:
        if isinstance(message, Refusal):
            raise message.error()
        if isinstance(message, Started):
            worker.ready, self.level = True, message.level
            self._on_start(message.wall)
        elif isinstance(message, Attempted):
            worker.attempted = message.wall
        elif isinstance(message, Asked | Question | Waiting):
            self._answer(worker, message)
        elif isinstance(message, Finished) and worker.case is not None:
            index, worker.case, worker.attempted = worker.case, None, WallCount()
            worker.leaving, worker.expecting = message.leaving, message.expecting
            yield self._result(worker, index, message.record, message.halt)
        elif isinstance(message, LateTrace):
            # On a stage the same case may be played anew: whose it was cannot be told then.
            self.late += [] if self._stage else [message]
        elif isinstance(message, Listening):
            self._serve(taken_over(worker.door, message.names))

    def _answer(self, worker: Worker, asked: Asked | Question | Waiting) -> None:
        """Answer what a process waits for."""
        if isinstance(asked, Question):
            worker.reply(self._converse(asked) if self._converse else None)
        elif isinstance(asked, Waiting):
            worker.tell({"idle": self._models.idle(worker.model_key) if self._models else None})
        elif self._decide is not None:
            worker.tell(self._decide(asked.case_id, asked.repeat, asked.number, asked.row))

    def _serve(self, listeners: Mapping[str, socket.socket]) -> None:
        for name, listener in listeners.items():
            if name == MODELS:
                self._forwards.enter_context(listener)
                self._forwards.enter_context(running([(self._models_at_hand(), listener)]))
            else:
                host, _, port = name.rpartition(":")
                self._forwards.enter_context(forwarding(listener, (host, int(port))))

    def _models_at_hand(self) -> Application:
        """What answers model calls by the models of the run that the crew works for just then."""

        async def answer(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
            if self._models is not None:
                await self._models(scope, receive, send)

        return answer

    def _overdue(self, worker: Worker, order: Callable[[int], Inbound]) -> Iterator[Result]:
        if worker.case is not None and worker.seconds() > self._setup.seconds + _GRACE_SECONDS:
            self._release(worker)
            how = f"no answer within {self._setup.seconds:g} s, and its process stood still"
            yield from self._lost(worker, "timeout", how, order)
        elif worker.case is not None and worker.processes() > MOST_PROCESSES:
            self._release(worker)
            how = f"it has started more than {MOST_PROCESSES} processes"
            yield from self._lost(worker, "too_many_processes", how, order)
        elif not worker.ready and worker.seconds() > _START_SECONDS:
            self._release(worker)
            raise _never_started(self._setup, f"not ready within {_START_SECONDS:g} s", worker)

    def _lost(
        self, worker: Worker, reason: str, how: str, order: Callable[[int], Inbound]
    ) -> Iterator[Result]:
        if not worker.ready:
            raise _never_started(self._setup, how, worker)
        printed = worker.last_words()
        if worker.case is not None:
            lost = _lost_case(order(worker.case), reason, how, printed, worker.attempted)
            yield self._result(worker, worker.case, lost)

    def _result(
        self, worker: Worker, index: int, record: CaseRecord, halt: Halt | None = None
    ) -> Result:
        looked = self._reviews(record.case_id, record.proposal.repeat) if self._reviews else ()
        record = msgspec.structs.replace(record, killed=self._deaths[index], reviews=looked)
        if self._models is not None:
            record = self._models.finish(worker.model_key, record)
        return Result(index, record, halt)

    def _release(self, worker: Worker, patience: float = 0.0) -> int:
        self._waiting.unregister(worker.output)
        self._workers.remove(worker)
        if worker.case is None:
            # It was tried after the last case, so it stands in no record.
            self._on_start(worker.attempted)
        return worker.end(patience)


def _lost_case(
    order: Inbound, reason: str, how: str, printed: str, attempted: WallCount
) -> CaseRecord:
    failure = Failure(cause=FailureCause.CANDIDATE, reason=reason, detail=how)
    return CaseRecord(
        case_id=order.case_id,
        proposal=Proposal(
            case_id=order.case_id, outcome=Outcome.FAILED, repeat=order.repeat, failure=failure
        ),
        trace=Trace(printed=printed),
        wall=attempted,
    )


def _never_started(setup: Setup, how: str, worker: Worker) -> CandidateError:
    said = printable(worker.last_words().strip()[-500:])
    return CandidateError(
        f"the candidate `{setup.use}` does not start: {how}"
        + (f"; it said: {said}" if said else ""),
        code="U206",
        where=setup.project,
        hint="import it alone to see what it does",
    )
