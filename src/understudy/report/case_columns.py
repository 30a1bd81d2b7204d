"""One case as two columns, people and candidate, with the price of each difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Turn
from understudy.model.decision import finding_key
from understudy.model.finding import Finding, Severity
from understudy.model.money import Money
from understudy.model.printable import printable
from understudy.model.proposal import Proposal, Trace
from understudy.report.case_state import state_lines
from understudy.report.input import ReportInput

__all__ = ["ActionLine", "CaseColumns", "DifferenceLine", "Side", "columns_of"]

_TEXT = 240
_TURN = 600
_MOST_ACTIONS = 40

_Differing = set[tuple[str | None, str | None]]
"""Operations with the field in which they differ from the other side."""


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action: what, on which object, for how much, and its fields with those that differ."""

    operation: str
    target: str
    amount: str
    refused: bool
    fields: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One handling of the case."""

    name: str
    outcome: str
    actions: tuple[ActionLine, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One finding of the case."""

    kind: str
    severity: Severity
    cost_minor: int
    operation: str
    explanation: str
    rule: str
    key: str = ""
    """What names the finding in a decision."""


@dataclass(frozen=True, slots=True)
class CaseColumns:
    """A case as it is shown, with everything that came from outside shortened and printable."""

    case_id: str
    scenario: str
    tier: str
    trigger: str
    turns: tuple[tuple[str, str], ...]
    people: tuple[Side, ...]
    candidate: tuple[Side, ...]
    differences: tuple[DifferenceLine, ...]
    mess: tuple[str, ...]
    cost_minor: int
    rationale: str = ""
    confidence: str = ""
    reads: str = ""
    faults: str = ""
    state: tuple[str, ...] = ()


def columns_of(case_id: str, facts: ReportInput, findings: Sequence[Finding]) -> CaseColumns:
    """What is known of one case; parts that the run does not have stay empty."""
    case = facts.cases.get(case_id)
    differing: _Differing = {(one.operation, one.field) for one in findings if one.field}
    matched = {one.baseline_id for one in findings}
    baselines = facts.baselines.get(case_id, ())
    chosen = [one for one in baselines if one.baseline_id in matched] or list(baselines[:1])
    trace = facts.traces.get(case_id)
    proposals = facts.proposals.get(case_id, ())
    own = proposals[0] if proposals else None
    return CaseColumns(
        case_id=printable(case_id, 120),
        scenario=printable(case.scenario, 60) if case else "",
        tier=printable(case.tier, 30) if case else "",
        trigger=printable(f"{case.trigger.type} in {case.trigger.system}", 80) if case else "",
        turns=tuple(
            (_speaker(turn), printable(turn.text, _TURN)) for turn in _conversation(case, trace)
        ),
        people=tuple(_of_people(one, differing) for one in chosen[:3]),
        candidate=tuple(_of_candidate(one, differing) for one in proposals[:5]),
        differences=tuple(_difference(finding) for finding in findings),
        mess=tuple(sorted({name for finding in findings for name in finding.mess})),
        cost_minor=sum(finding.cost_minor for finding in findings),
        rationale=printable(trace.rationale, _TURN) if trace and trace.rationale else "",
        confidence="" if own is None or own.confidence is None else f"{own.confidence:.2f}",
        reads=_reads(own) if own else "",
        faults=", ".join(sorted({printable(one.fault, 80) for one in findings if one.fault})),
        state=state_lines(chosen[0].actions, own.actions) if chosen and own and findings else (),
    )


def _reads(proposal: Proposal) -> str:
    counts = sorted(proposal.reads.items())[:20]
    return ", ".join(f"{printable(name, 60)} {count:,}x" for name, count in counts)


def _conversation(case: Case | None, trace: Trace | None) -> Sequence[Turn]:
    """What led to the case, and what the candidate and the customer said then."""
    return [*(case.opening[:8] if case else ()), *(trace.turns[:8] if trace else ())]


def _speaker(turn: Turn) -> str:
    return printable(turn.role, 20) + (" (simulated)" if turn.simulated else "")


def _of_people(baseline: Baseline, differing: _Differing) -> Side:
    return Side(
        name=printable(baseline.actor or baseline.source.value, 60),
        outcome=baseline.outcome.value,
        actions=_lines(baseline.actions, differing),
    )


def _of_candidate(proposal: Proposal, differing: _Differing) -> Side:
    failure = proposal.failure
    return Side(
        name=f"repeat {proposal.repeat + 1}" if proposal.repeat else "",
        outcome=proposal.outcome.value,
        actions=_lines(proposal.actions, differing),
        note=printable(f"{failure.reason}: {failure.detail}", _TEXT) if failure else "",
    )


def _lines(actions: Sequence[Action], differing: _Differing) -> tuple[ActionLine, ...]:
    return tuple(_line(action, differing) for action in actions[:_MOST_ACTIONS])


def _line(action: Action, differing: _Differing) -> ActionLine:
    target = f"{action.target.type} {action.target.id or '(new)'}" if action.target else ""
    return ActionLine(
        operation=printable(action.operation, 80),
        target=printable(target, 80),
        amount=_amount(action),
        refused=action.refused,
        fields=tuple(
            (printable(key, 60), printable(value, _TEXT), (action.operation, key) in differing)
            for key, value in sorted(action.fields.items())[:20]
        ),
    )


def _amount(action: Action) -> str:
    if action.amount_minor is None:
        return ""
    currency = printable((action.currency or "").upper(), 8)
    return str(Money(action.amount_minor, currency)) if currency else f"{action.amount_minor:,}"


def _difference(finding: Finding) -> DifferenceLine:
    return DifferenceLine(
        kind=finding.kind.value,
        severity=finding.severity,
        cost_minor=finding.cost_minor,
        operation=printable(finding.operation or "", 80),
        explanation=printable(finding.explanation, 400),
        rule=printable(finding.rule, 120),
        key=finding_key(finding),
    )
