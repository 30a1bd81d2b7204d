"""One case in the candidate's process: opened, handed over, watched, recorded."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import understudy.systems as systems_package
from understudy.candidates.answer import Answer, MalformedAnswer, read_answer
from understudy.candidates.failing import CandidateFailed
from understudy.candidates.handed import Inbound, Opened, handed_case
from understudy.candidates.loading import where_it_failed
from understudy.candidates.model_hosts import about_models
from understudy.candidates.proposing import Done, propose, trace_of
from understudy.candidates.toolbox import Toolbox
from understudy.doors.refusals import refused_in
from understudy.model.campaign import FaultKind
from understudy.model.case import Turn
from understudy.model.errors import UnderstudyError
from understudy.model.printable import printable
from understudy.model.proposal import CaseRecord, CoverageGap, Failure, FailureCause, FaultCount
from understudy.shadow.braked import BrakedEngine
from understudy.shadow.conversation import Conversation
from understudy.shadow.deliveries import as_delivered, lateness, marked, merged, pauses
from understudy.shadow.hearing import Hearing
from understudy.shadow.late_traces import LateTrace
from understudy.shadow.protocol import Asked, Finished, Question, Setup, Waiting
from understudy.shadow.seating import Seat
from understudy.shadow.serial import Standing
from understudy.shadow.watchdog import Watchdog, where_it_stands
from understudy.systems.blow import Blow
from understudy.systems.engine import current_case
from understudy.systems.session import CaseSession, Reviewer
from understudy.systems.timeline import real_now

__all__ = ["Handling", "Workplace"]

_EXPIRED = 71


class Printed(Protocol):
    """Where the candidate's words go."""

    def take(self) -> str:
        """What was printed since the last call."""

    def mend(self) -> None:
        """Make good what the candidate did to its streams."""


_SYSTEMS = Path(systems_package.__file__ or "").parent


@dataclass(frozen=True, slots=True)
class Workplace:
    """Everything in the process that a case needs."""

    engine: BrakedEngine
    seat: Seat
    printed: Printed
    setup: Setup
    send: Callable[[Finished | LateTrace], None]
    ask: Callable[[Asked | Question | Waiting], Mapping[str, Any]]
    """Ask the supervisor and wait for its answer."""


@dataclass(slots=True)
class _Running:
    """The case that is being handled."""

    order: Inbound
    session: CaseSession
    began: float
    blows: Sequence[Blow] = ()
    """What befell the case's event on its way."""
    repeated_from: int | None = None
    """How many actions there were when the same event came again."""
    told: list[Turn] = field(default_factory=list)
    """What the candidate has asked the customer, and the answers."""
    settled: bool = False


class Handling:
    """Handles cases one after the other and sends a record of each."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._hearing = Hearing(place.seat.spans, models=bool(place.seat.models_url))
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._main = threading.current_thread()
        self._watchdog = Watchdog(self._expired)

    def handle(self, order: Inbound) -> None:
        """Let the candidate handle one case; whatever it does, one record is sent."""
        place = self._place
        blows = place.engine.webhooks.befalling(
            order.case_id, order.trigger.system, len(order.turns)
        )
        present = order.received_at or datetime.fromtimestamp(place.engine.world.now, UTC)
        session = place.engine.open_case(order.case_id, now=present + lateness(blows))
        if place.setup.reviewed:
            session.reviewer = self._reviewer(order)
        session.waits_elsewhere = place.seat.witness is not None
        serial = place.seat.serial
        if serial:
            serial.begin(order.case_id)
        running = _Running(as_delivered(order, blows), session, real_now(), blows)
        session.clock.limit(place.setup.virtual_seconds, self._overran)
        place.engine.limit(self._end_late)
        with self._lock:
            self._running = running
        place.printed.mend()
        self._watchdog.arm(place.setup.seconds)
        answer, failure, gone = self._answered(running)
        failure = self._systems_failure() or failure or self._lasted_too_long(session)
        self._watchdog.disarm()
        running.began += self._hearing.settled()
        self._settle(running, answer, failure, leaving=gone)
        if serial:
            serial.end()
        place.engine.close_case(order.case_id)
        self._tell_late()
        if gone:
            os._exit(_EXPIRED)

    def hear_out(self) -> None:
        """There are no more cases: let the candidate end, and say what is still to be said."""
        seat = self._place.seat
        seat.spans.hear_out()
        self._tell_late()
        seat.candidate.close()
        self._tell_late()

    def _tell_late(self) -> None:
        for late in self._hearing.late():
            self._place.send(late)

    def _reviewer(self, order: Inbound) -> Reviewer:
        def review(session: CaseSession, row: Mapping[str, Any]) -> Mapping[str, Any]:
            number = session.count("approvals asked for")
            repeat = order.repeat
            return self._place.ask(
                Asked(case_id=order.case_id, repeat=repeat, number=number, row=dict(row))
            )

        return review

    def _answered(self, running: _Running) -> tuple[Answer, Failure | None, bool]:
        """The answer, what it failed for, and whether the candidate is gone for good."""
        place, session = self._place, running.session
        session.base_urls = place.seat.base_urls or session.base_urls
        token = current_case.set(running.order.case_id)
        try:
            models_url = place.seat.models_url
            if models_url:
                os.environ["OPENAI_API_KEY"] = running.order.model_key
            return merged(list(self._deliveries(running))), None, False
        except MalformedAnswer as error:
            return Answer(), _failure("malformed_answer", str(error)), False
        except CandidateFailed as error:
            return Answer(), _failure(error.reason, str(error)), error.gone
        except UnderstudyError:
            raise  # the systems contradict themselves: no case of this run can be judged
        except BaseException as error:
            # SystemExit and the like come from the candidate as well; the case fails, not the run.
            served = bool(place.seat.models_url)
            return Answer(), _failure_of(error, Path(place.setup.project), served=served), False
        finally:
            current_case.reset(token)

    def _deliveries(self, running: _Running) -> Iterator[Answer]:
        """The candidate's answer to the event, and to the same event each time it comes again."""
        place, session = self._place, running.session
        for seconds in (None, *pauses(running.blows)):
            if seconds is not None:
                session.clock.advance(seconds)
                if running.repeated_from is None:
                    running.repeated_from = len(session.actions)
            talk = Conversation(running.order, session, running.told, place.ask)
            for order in talk:
                case = handed_case(order, self._opened(session), place.seat.models_url)
                case.update(place.seat.spans.begin(order.case_id, order.repeat))
                said = place.seat.candidate.answer(case, Toolbox(place.engine, session))
                self._watchdog.disarm()
                yield talk.heard(read_answer(said))
                self._watchdog.arm(place.setup.seconds)

    def _systems_failure(self) -> Failure | None:
        """What the systems raised over a socket during the case, as it is judged in process."""
        witness = self._place.seat.witness
        errors = witness.take() if witness else []
        for error in errors:
            if isinstance(error, UnderstudyError):
                raise error
        if not errors:
            return None
        return _our_failure("harness", _described(errors[0], Path(self._place.setup.project)))

    def _opened(self, session: CaseSession) -> Opened:
        serial = self._place.seat.serial
        return Standing(serial.credentials, session.base_urls) if serial else session

    def _expired(self) -> None:
        self._end_late("timeout", f"no answer within {self._place.setup.seconds:g} s")

    def _overran(self) -> None:
        """Stop waiting that would last longer than a case may, however little it takes here."""
        self._end_late("timeout", self._too_late())

    def _lasted_too_long(self, session: CaseSession) -> Failure | None:
        """An answer that came after too many calls, without any waiting that would be stopped."""
        late = session.clock.passed > self._place.setup.virtual_seconds
        return _failure("timeout", self._too_late()) if late else None

    def _too_late(self) -> str:
        seconds = self._place.setup.virtual_seconds
        return f"no answer within {seconds:g} s of the case's own, virtual time"

    def _end_late(self, reason: str, how: str) -> None:
        """End the case where it stands, and the process with it."""
        running = self._running
        if running is None:
            return
        place = where_it_stands(self._main) or "an unknown place"
        failure = _failure(reason, f"{how}; it stands at {place}")
        if self._settle(running, Answer(), failure, leaving=True):
            os._exit(_EXPIRED)

    def _settle(
        self, running: _Running, answer: Answer, failure: Failure | None, *, leaving: bool = False
    ) -> bool:
        with self._lock:
            if running.settled:
                return False
            running.settled = True
            record = self._record(running, answer, failure)
            halt = self._place.engine.halt(running.order)
            expecting = self._place.seat.spans.expecting()
            self._place.send(
                Finished(record=record, leaving=leaving, halt=halt, expecting=expecting)
            )
            return True

    def _record(self, running: _Running, answer: Answer, failure: Failure | None) -> CaseRecord:
        session, order = running.session, running.order
        wall = real_now() - running.began
        answer = self._hearing.completed((order.case_id, order.repeat), answer)
        done = Done(
            case_id=order.case_id,
            actions=marked(session.actions, running.blows, running.repeated_from),
            reads=dict(session.reads),
            repeat=order.repeat,
            cycle_time_ms=round((wall + session.clock.skipped) * 1000),
            wall_time_ms=round(wall * 1000),
            failure=self._unattributed() or failure,
        )
        return CaseRecord(
            case_id=order.case_id,
            proposal=propose(done, answer),
            trace=trace_of(answer, self._place.printed.take(), tuple(running.told)),
            gaps=self._gaps(session),
            wall=self._place.seat.wall.take(),
            faults=self._faults(running),
            finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )

    def _faults(self, running: _Running) -> dict[str, FaultCount]:
        """What became of every fault that is planned for the case."""
        plan, order = self._place.engine.faults, running.order
        if plan is None:
            return {}
        # A further delivery never came where the first one brought the candidate down.
        once = running.repeated_from is None
        twice = FaultKind.WEBHOOK_DUPLICATE
        blows = [blow for blow in running.blows if not (once and blow.kind is twice)]
        system, turns = order.trigger.system, len(order.turns)
        hooks = self._place.engine.webhooks.told(order.case_id, system, turns, blows)
        return {**plan.told(running.session), **hooks}

    def _unattributed(self) -> Failure | None:
        """What a call that is no open case's makes of the case at hand: nothing that is judged."""
        strays = self._place.engine.strays
        if not strays or self._place.seat.serial is None:
            return None
        first = strays[0]
        detail = (
            f"{len(strays)} calls with the static key belong to no open case, the first one "
            f"{first.method} {first.system} {first.path}; work that goes on after a case's answer "
            "cannot be told from the next case's, so wait for it, or start long-lived threads "
            "while the module is imported"
        )
        return _our_failure("unattributed", detail)

    def _gaps(self, session: CaseSession) -> tuple[CoverageGap, ...]:
        strays = self._place.engine.strays
        seen = [*session.gaps, *strays]
        strays.clear()
        return tuple(
            CoverageGap(system=gap.system, method=gap.method, path=gap.path, detail=gap.detail)
            for gap in seen
        )


def _failure(reason: str, detail: str) -> Failure:
    return Failure(cause=FailureCause.CANDIDATE, reason=reason, detail=printable(detail, 1000))


def _our_failure(reason: str, detail: str) -> Failure:
    cause = FailureCause.INFRASTRUCTURE
    return Failure(cause=cause, reason=reason, detail=printable(detail, 1000))


def _failure_of(error: BaseException, project: Path, *, served: bool) -> Failure:
    detail = _described(error, project)
    if _is_ours(error):
        return _our_failure("harness", detail)
    refused = refused_in(error)
    if refused is None:
        return _failure("raised", detail)
    hint = about_models([str(refused.filename)], served=served)
    return _failure(refused.reason, f"{detail}; {hint}" if hint else detail)


def _is_ours(error: BaseException) -> bool:
    """Whether it was raised inside a mocked system, which answers and never raises."""
    frames = traceback.extract_tb(error.__traceback__)
    place = Path(frames[-1].filename) if frames else Path()
    return place.is_relative_to(_SYSTEMS) and place.name != "calling.py"


def _described(error: BaseException, project: Path) -> str:
    where = where_it_failed(error, project)
    try:
        said = str(error)
    except Exception:
        said = "an exception that cannot be written as text"
    return f"{type(error).__name__}: {said[:600]}" + (f" ({where})" if where else "")
