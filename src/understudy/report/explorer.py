"""The data of the case explorer: an index of all cases, and their details in chunks.

Each block is gzipped JSON in base64, so that no text of a case can end the script element that
holds it; the page inflates a block when it is needed. Cases stand with the costliest first, so
that where the page's budget ends, the cases that are left out are those that cost least.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.model.action import ActionClass
from understudy.model.cost import CaseCost
from understudy.model.finding import Finding, Kind, Severity
from understudy.model.line_file import Derived
from understudy.model.money import minor_digits
from understudy.model.printable import printable
from understudy.report.block import Block, packed
from understudy.report.case_columns import ActionLine, CaseColumns, Side, columns_of
from understudy.report.input import ReportInput
from understudy.report.trace_blocks import TRACE_CHUNK, trace_blocks

__all__ = ["BUDGET", "CHUNK", "make_blocks"]

CHUNK = 500
BUDGET = 8_500_000
"""Bytes of all blocks together, which keeps the page below ten million."""

_KINDS = list(Kind)
_SEVERITIES = list(Severity)
_CLASSES = list(ActionClass)


def make_blocks(facts: ReportInput, budget: int = BUDGET) -> tuple[tuple[Block, ...], int]:
    """Index and chunks, and how many cases' details were left out to stay within the budget."""
    findings = facts.findings_by_case()
    order = _costliest_first(facts.cost.per_case, findings)
    chunks: list[Block] = []
    used = 0
    for start in range(0, len(order), CHUNK):
        part = [
            _detail(columns_of(case.case_id, facts, findings.get(case.case_id, ())))
            for case in order[start : start + CHUNK]
        ]
        block = Block(f"chunk-{start // CHUNK}", packed(part))
        if used + len(block.data) > budget:
            break
        used += len(block.data)
        chunks.append(block)
    detailed = min(len(chunks) * CHUNK, len(order))
    traces, traced = trace_blocks([case.case_id for case in order[:detailed]], facts, budget - used)
    index = Block("index", packed(_index(order, findings, facts, detailed) | {"traced": traced}))
    return (index, *chunks, *traces), len(order) - detailed


def _costliest_first(
    costs: Sequence[CaseCost], findings: Mapping[str, Sequence[Finding]]
) -> Sequence[CaseCost]:
    """All cases by cost, then those with findings, then by id; only their places are held."""
    ids = [case.case_id for case in costs]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    del ids
    ranks = [2 * case.error_cost_minor + (case.case_id in findings) for case in costs]
    order.sort(key=lambda place: -ranks[place])
    return Derived(array("Q", order), costs.__getitem__)


def _index(
    order: Sequence[CaseCost],
    findings: Mapping[str, Sequence[Finding]],
    facts: ReportInput,
    detailed: int,
) -> dict[str, Any]:
    own = [findings.get(case.case_id, ()) for case in order]
    systems = sorted({one.system or "the case" for each in own for one in each})
    interned: dict[str, str] = {}
    told = (_scenario(case.case_id, facts) for case in order)
    scenarios = [interned.setdefault(name, name) for name in told]
    names = sorted(interned)
    places = {name: number for number, name in enumerate(names)}
    operations = sorted({one.operation or "the case" for each in own for one in each})
    place = {name: number for number, name in enumerate(operations)}
    return {
        "chunk": CHUNK,
        "trace_chunk": TRACE_CHUNK,
        "detailed": detailed,
        "currency": facts.cost.currency,
        "digits": minor_digits(facts.cost.currency),
        "kinds": [kind.value for kind in _KINDS],
        "severities": [severity.value for severity in _SEVERITIES],
        "systems": [printable(system, 40) for system in systems],
        "scenarios": names,
        "operations": [printable(name, 80) for name in operations],
        "operation": [sorted({place[one.operation or "the case"] for one in each}) for each in own],
        "id": [printable(case.case_id, 120) for case in order],
        "scenario": [places[name] for name in scenarios],
        "cost": [case.error_cost_minor for case in order],
        "state": [case.failed * 2 + case.escalated for case in order],
        "classes": [each.value for each in _CLASSES],
        "class": [_classes(case.case_id, facts) for case in order],
        "kind": [_mask(_KINDS.index(one.kind) for one in each) for each in own],
        "severity": [_mask(_SEVERITIES.index(one.severity) for one in each) for each in own],
        "system": [_mask(systems.index(one.system or "the case") for one in each) for each in own],
    }


def _scenario(case_id: str, facts: ReportInput) -> str:
    case = facts.cases.get(case_id)
    return printable(case.scenario, 60) if case else ""


def _mask(places: Iterable[int]) -> int:
    mask = 0
    for place in places:
        mask |= 1 << min(place, 30)
    return mask


def _classes(case_id: str, facts: ReportInput) -> int:
    """The classes of what people did in a case and of what the candidate proposed."""
    people = [each.actions for each in facts.baselines.get(case_id, ())]
    proposed = [each.actions for each in facts.proposals.get(case_id, ())]
    return _mask(_CLASSES.index(one.action_class) for each in people + proposed for one in each)


def _detail(case: CaseColumns) -> dict[str, Any]:
    full = {
        "tier": case.tier,
        "trigger": case.trigger,
        "turns": case.turns,
        "people": [_side(side) for side in case.people],
        "candidate": [_side(side) for side in case.candidate],
        "differences": [
            [
                one.kind,
                one.severity.value,
                one.cost_minor,
                one.operation,
                one.explanation,
                one.rule,
                one.key,
            ]
            for one in case.differences
        ],
        "mess": case.mess,
        "rationale": case.rationale,
        "confidence": case.confidence,
        "reads": case.reads,
        "faults": case.faults,
        "state": case.state,
    }
    return {key: value for key, value in full.items() if value}


def _side(side: Side) -> list[Any]:
    return [side.name, side.outcome, side.note, [_action(action) for action in side.actions]]


def _action(action: ActionLine) -> list[Any]:
    return [action.operation, action.target, action.amount, action.refused, action.fields]
