"""The promotion ladder: what a class of actions must show to go up, and what sends it down.

A class is one operation of one candidate. People promote, with a signature on a GO; the way down
needs nobody. What each rung asks for is how rare critical findings are shown to be (F15), a person
whose attention was measured before approvals count, and cases that were held out before anything
acts by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from understudy.gate.binomial import cases_for_rate, upper_rate
from understudy.gate.measures import CRITICAL_RATES
from understudy.model.pilot import OperationEvidence, PilotRun, Rung
from understudy.model.verdict import Stage, VerdictWord

__all__ = [
    "LEAST_CAUGHT",
    "SEEDED",
    "Asked",
    "apart_in",
    "ceiling_of",
    "counting",
    "fallen_to",
    "highest_rate",
    "inherited",
    "least_cases",
    "missing",
]

SEEDED, LEAST_CAUGHT = 100, 0.5
"""How many errors a reviewer must have been shown on purpose, and the share they surely see."""
_DAYS_BEFORE_FULL = 30
_HALF_LIFE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """One promotion that is asked for: from where, to where, and what there is to show."""

    operation: str
    at: Rung
    to: Rung
    since: datetime
    now: datetime
    ceiling: Rung
    killed: bool
    approvals: int
    """How many people have approved the run's verdict with their signature."""
    changed: str
    """What has changed in the candidate since that run; empty where nothing has."""
    unproved: str = ""
    """What the candidate's scenario suites lack; empty where nothing."""


def ceiling_of(evidence: OperationEvidence, named: Mapping[str, Rung]) -> Rung:
    """The highest rung of an operation: what cannot be taken back stays behind an approval.

    >>> line = OperationEvidence(operation="stripe.refunds.create", cases=9, critical=0,
    ...     error_cost_minor=0, recommended_class="read_only", irreversible=True)
    >>> ceiling_of(line, {}).label, ceiling_of(line, {"stripe.refunds.create": Rung.FULL}).label
    ('approval_required', 'full')
    """
    usual = Rung.APPROVAL_REQUIRED if evidence.irreversible else Rung.FULL
    return named.get(evidence.operation, usual)


def inherited(
    rung: Rung, before: Mapping[str, str | None], now: Mapping[str, str | None]
) -> tuple[Rung, str]:
    """The rung that evidence still supports after a change, and what has changed.

    Another model or other code is another candidate: it begins in the shadow. Another prompt, other
    tools, or another policy at equal prices, keeps what a person looks through. Other prices only
    ask for the same run to be judged again.

    >>> old = {"candidate": "a", "model": "m", "prompt": "p", "policy": "x", "prices": "y"}
    >>> inherited(Rung.FULL, old, {**old, "candidate": "b", "prompt": "q"})
    (<Rung.DRAFT_ONLY: 2>, 'the prompt')
    >>> inherited(Rung.FULL, old, {**old, "policy": "z", "prices": "w"})
    (<Rung.FULL: 5>, '')
    """
    changed = {name for name in before if before[name] != now.get(name)}
    if "model" in changed:
        return min(rung, Rung.SHADOW), "the model"
    if "prompt" in changed:
        return min(rung, Rung.DRAFT_ONLY), "the prompt"
    if "candidate" in changed:
        return min(rung, Rung.SHADOW), "the candidate's code"
    if "tools" in changed:
        return min(rung, Rung.DRAFT_ONLY), "what it is offered to act with"
    if "policy" in changed and "prices" not in changed:
        return min(rung, Rung.DRAFT_ONLY), "the policy"
    return rung, ""


def counting(cases: int, age: timedelta) -> int:
    """How many cases still count of a run that is so old: half of them for each ninety days.

    >>> counting(118, timedelta(days=0)), counting(118, timedelta(days=90))
    (118, 59)
    """
    return int(cases * 0.5 ** (max(0, age.days) / _HALF_LIFE_DAYS))


def fallen_to(rung: Rung, run: PilotRun, line: OperationEvidence) -> tuple[Rung, str] | None:
    """Where a run sends an operation, and why; None where it may stay.

    A critical finding ends in the shadow in one step; a NO-GO to which the operation's errors have
    contributed costs one rung.
    """
    if line.critical and rung > Rung.SHADOW:
        return Rung.SHADOW, f"{line.critical:,} critical findings in run {run.run_id}"
    failed = run.verdict == VerdictWord.NO_GO and line.error_cost_minor > 0
    if failed and rung > Rung.SHADOW:
        return Rung(rung - 1), f"run {run.run_id} is a NO-GO, and errors of it are among its costs"
    return None


def missing(asked: Asked, run: PilotRun, line: OperationEvidence | None) -> tuple[str, ...]:
    """Everything that a promotion lacks, as sentences; empty where nothing."""
    return tuple(_missing(asked, run, line))


def _missing(asked: Asked, run: PilotRun, line: OperationEvidence | None) -> Iterator[str]:
    yield from _of_class(asked)
    if run.chosen:
        yield "the run's cases were chosen by hand, so they say nothing about all others"
    if Rung.of_stage(run.stage) < asked.to:
        yield f"the run was for the stage {run.stage}, and a run for {asked.to.label} is asked for"
    if not run.prices_owned:
        yield "its prices have no owner, so they are illustrative"
    if asked.changed:
        yield f"{asked.changed} has changed since that run"
    yield from _unsigned(asked, run)
    yield from _unshown(asked, run, line)
    yield from _of_rung(asked, run)


def _of_class(asked: Asked) -> Iterator[str]:
    if asked.killed:
        yield "its pilot was ended; another candidate begins anew"
    if asked.unproved:
        yield asked.unproved
    if asked.to != asked.at + 1:
        yield f"it stands at {asked.at.label}, and the next rung is {_next(asked.at)}"
    if asked.to > asked.ceiling:
        yield f"its ceiling is {asked.ceiling.label}"


def _unsigned(asked: Asked, run: PilotRun) -> Iterator[str]:
    needed = 2 if asked.to is Rung.FULL else 1
    if asked.approvals < needed:
        people = "2 people" if needed > 1 else "somebody"
        yield f"no approval of {people} is signed on the run's verdict, which is {run.verdict}"


def _unshown(asked: Asked, run: PilotRun, line: OperationEvidence | None) -> Iterator[str]:
    rate = CRITICAL_RATES.get(Stage(asked.to.label)) if asked.to >= Rung.SHADOW else None
    if line is None:
        yield f"the run has no case with {asked.operation}"
        return
    cases = counting(line.apart, asked.now - datetime.fromisoformat(run.at))
    if rate is not None and highest_rate(min(line.struck, cases), cases, run) > rate:
        least = least_cases(rate, run)
        yield (
            f"critical findings must be shown to be rarer than {rate:.1%}, which takes "
            f"{least:,} cases without one; there are {line.critical:,} in "
            f"{line.cases:,} cases{apart_in(line)}{_aged(cases, line.apart)}"
        )


def apart_in(line: OperationEvidence) -> str:
    """How many cases count, where some of them belong together: as the end of a sentence."""
    return f", {line.apart:,} that do not belong together" if line.apart < line.cases else ""


def _aged(counted: int, cases: int) -> str:
    return f", of which {counted:,} still count at their age" if counted < cases else ""


def least_cases(rate: float, run: PilotRun) -> int:
    """How many cases without the event show that it is rarer, in a run like this one."""
    return cases_for_rate(rate, peeked=run.peeked)


def highest_rate(events: int, cases: int, run: PilotRun) -> float:
    """The highest rate that a run leaves possible: at any look, where it ended before its plan."""
    if not cases:
        return 1.0
    return upper_rate(events, cases, peeked=run.peeked)


def _of_rung(asked: Asked, run: PilotRun) -> Iterator[str]:
    if asked.to is Rung.APPROVAL_REQUIRED:
        caught = run.least_caught or 0.0
        if run.seeded < SEEDED or caught < LEAST_CAUGHT:
            yield (
                f"the reviewer's attention is not measured: {run.seeded:,} of {SEEDED:,} errors "
                f"were shown on purpose, and at least {caught:.0%} are seen, of {LEAST_CAUGHT:.0%}"
            )
    if asked.to >= Rung.LIMITED_AUTONOMY and not run.held_out:
        yield "the run was not on a held-out part of the recording"
    if asked.to >= Rung.LIMITED_AUTONOMY and run.stuck is None:
        yield "no rollback drill was done in the run"
    elif asked.to >= Rung.LIMITED_AUTONOMY and asked.operation in (run.stuck or ()):
        yield "the rollback drill could not undo its writes"
    days = (asked.now - asked.since).days
    if asked.to is Rung.FULL and days < _DAYS_BEFORE_FULL:
        yield f"it has been at {asked.at.label} for {days:,} of {_DAYS_BEFORE_FULL} days"


def _next(rung: Rung) -> str:
    return Rung(rung + 1).label if rung < Rung.FULL else "none"
