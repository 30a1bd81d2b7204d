"""The ladder as people read it: where each class stands, what it took, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.pilot.states import ClassState, states_of
from understudy.gate.ladder import apart_in, ceiling_of, counting, highest_rate, least_cases
from understudy.gate.measures import CRITICAL_RATES
from understudy.model.document import load_document
from understudy.model.errors import NoCasesError
from understudy.model.gates import Gates, KillBudget
from understudy.model.jsonl import read_json
from understudy.model.manifest import RunManifest
from understudy.model.money import Money
from understudy.model.pilot import BUDGET_OF_A_RUNG, OperationEvidence, Rung
from understudy.model.printable import printable
from understudy.model.verdict import Stage, VerdictWord
from understudy.report.governance import ClassLine

__all__ = ["lines_of", "pilot_status"]


def pilot_status(reports: Path, as_json: bool) -> str:
    """Every class of every candidate; raises `NoCasesError` where no run was entered yet."""
    lines = lines_of(states_of(reports), datetime.now(UTC))
    if not lines:
        raise NoCasesError(
            f"no run has been judged in `{reports}` yet", hint="understudy run CAMPAIGN.yaml"
        )
    if as_json:
        told: dict[str, Any] = {"classes": lines}
        return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
    return "\n".join(printable(line) for line in _told(lines))


def lines_of(states: Iterable[ClassState], now: datetime) -> list[ClassLine]:
    """The rows, as of a day."""
    return [_line(state, now) for state in states]


def _line(state: ClassState, now: datetime) -> ClassLine:
    gates, evidence = _gates(state), state.evidence
    ceiling = ceiling_of(evidence, gates.ceilings if gates else {}) if evidence else Rung.FULL
    told = _shown(state, evidence, now) if evidence else "nothing is shown"
    return ClassLine(
        candidate=state.candidate,
        operation=state.operation,
        rung=state.rung.label,
        ceiling=ceiling.label,
        recommended_class=evidence.recommended_class if evidence else "read_only",
        evidence=told,
        cases=state.cases,
        money=str(Money(state.money_minor, state.last.currency)),
        days=max(0, (now - state.since).days),
        recommendation=_advice(state, ceiling, gates, now),
        suites=state.suites,
    )


def _shown(state: ClassState, evidence: OperationEvidence, now: datetime) -> str:
    counted = counting(evidence.apart, now - datetime.fromisoformat(state.last.at))
    bound = highest_rate(min(evidence.struck, counted), counted, state.last)
    aged = f" ({counted:,} of them still count)" if counted < evidence.apart else ""
    apart = apart_in(evidence)
    return (
        f"{evidence.critical:,} critical in {evidence.cases:,} cases{apart}{aged}, so at most "
        f"{bound:.2%}"
    )


def _gates(state: ClassState) -> Gates | None:
    """The gate file of the last run; None where it is not here any more."""
    manifest = Path(state.last.folder) / "manifest.json"
    if not manifest.is_file():
        return None
    gates = Path(read_json(manifest, RunManifest).gates)
    return load_document(gates, Gates) if gates.is_file() else None


def _advice(state: ClassState, ceiling: Rung, gates: Gates | None, now: datetime) -> str:
    if state.killed:
        return f"ended: {state.killed}"
    used = _used_up(state, gates, now)
    if used and state.last.verdict != VerdictWord.GO:
        return f"kill: {used} without a GO"
    if state.rung is Rung.OFFLINE and state.unproved:
        return f"for shadow: {state.unproved}"
    if state.note:
        return f"stay at {state.rung.label}: {state.note}"
    renewed = _renewal(state, now)
    if renewed:
        return renewed
    if state.rung >= ceiling:
        return f"stay: {ceiling.label} is its ceiling"
    return _next_step(state, Rung(state.rung + 1), now)


def _renewal(state: ClassState, now: datetime) -> str:
    """Where the evidence of a rung has grown too old to carry it; empty where it carries."""
    evidence = state.evidence
    rate = CRITICAL_RATES[Stage(state.rung.label)] if state.rung >= Rung.SHADOW else None
    if evidence is None or rate is None:
        return ""
    age = now - datetime.fromisoformat(state.last.at)
    counted, needed = counting(evidence.apart, age), least_cases(rate, state.last)
    if counted >= needed or evidence.apart < needed:
        return ""
    return (
        f"renew: the last run is {age.days:,} days old, so {counted:,} of its {evidence.apart:,} "
        f"cases still count, and {state.rung.label} takes {needed:,}: run it again"
    )


def _used_up(state: ClassState, gates: Gates | None, now: datetime) -> str:
    cases, days = BUDGET_OF_A_RUNG
    budget = KillBudget(cases=cases, days=days)
    if gates is not None:
        budget = gates.kill.get(
            max(state.rung, Rung.SHADOW), KillBudget(cases=gates.max_cases, days=days)
        )
    spent = Money(state.money_minor, state.last.currency)
    if budget.cases is not None and state.cases >= budget.cases:
        return f"{state.cases:,} of {budget.cases:,} cases are used up"
    money = budget.money
    if money is not None and (money.currency, True) == (spent.currency, money.minor <= spent.minor):
        return f"{spent} of {money} are used up"
    passed = (now - state.since).days
    if budget.days is not None and passed >= budget.days:
        return f"{passed:,} of {budget.days:,} days are used up"
    return ""


def _next_step(state: ClassState, rung: Rung, now: datetime) -> str:
    evidence, rate = state.evidence, CRITICAL_RATES[Stage(rung.label)]
    if evidence is None or rate is None:
        return f"run it again for {rung.label}"
    if evidence.critical:
        return (
            f"stay at {state.rung.label}: {evidence.critical:,} critical findings in the last run"
        )
    age = now - datetime.fromisoformat(state.last.at)
    lacking = least_cases(rate, state.last) - counting(evidence.apart, age)
    if lacking > 0:
        return f"for {rung.label}: {lacking:,} more cases without a critical finding in one run"
    if state.last.verdict != VerdictWord.GO or Rung.of_stage(state.last.stage) < rung:
        return f"for {rung.label}: a GO of a run with `stage: {rung.label}`"
    return f"sign the GO of {state.last.run_id}, then promote to {rung.label}"


def _told(lines: Sequence[ClassLine]) -> Iterable[str]:
    candidate = ""
    for line in lines:
        if line.candidate != candidate:
            candidate = line.candidate
            yield f"{candidate}"
        yield f"  {line.operation}: {line.rung}, ceiling {line.ceiling}"
        yield f"    evidence: {line.evidence}; recommended class {line.recommended_class}"
        yield f"    scenario suites: {line.suites}"
        yield f"    spent on this rung: {line.cases:,} cases, {line.money}, {line.days:,} days"
        yield f"    {line.recommendation}"
