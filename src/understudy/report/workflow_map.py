"""Every system and operation that was read or written, drawn from what was captured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from understudy.model.printable import printable
from understudy.report.charts import Chart
from understudy.report.input import ReportInput
from understudy.report.phrases import amount
from understudy.report.svg import drawing, label, shade

__all__ = ["Flow", "flows_of", "workflow_map"]

_DRAWN, _LISTED = 22, 80
_ROW, _WIDTH, _FROM, _SYSTEM, _TO = 22, 700, 74, 190, 340
_WIDEST = 16.0


@dataclass(frozen=True, slots=True)
class Flow:
    """One operation: how often each side did it, and what its findings cost."""

    system: str
    operation: str
    written: bool
    candidate: int
    people: int
    cost_minor: int


def flows_of(facts: ReportInput) -> tuple[Flow, ...]:
    """All operations, by system, those that the candidate did most first.

    What was read is known of the candidate alone: recordings of people hold what they wrote.
    """
    own: Counter[tuple[str, str, bool]] = Counter()
    people: Counter[tuple[str, str, bool]] = Counter()
    for case in facts.cost.per_case:
        for proposal in facts.proposals.get(case.case_id, ()):
            own.update((one.system, one.operation, True) for one in proposal.actions)
            for name, count in proposal.reads.items():
                own[name.partition(".")[0], name, False] += count
        for baseline in facts.baselines.get(case.case_id, ())[:1]:
            people.update((one.system, one.operation, True) for one in baseline.actions)
    costs: Counter[str] = Counter()
    for finding in facts.findings:
        costs[finding.operation or ""] += finding.cost_minor
    flows = [
        Flow(system, operation, written, own[at], people[at], costs[operation] if written else 0)
        for at in own.keys() | people.keys()
        for system, operation, written in (at,)
    ]
    return tuple(sorted(flows, key=lambda one: (one.system, -one.candidate, one.operation)))


def workflow_map(facts: ReportInput) -> Chart | None:
    """The map as a picture with its figures; None where nothing was captured."""
    flows = flows_of(facts)
    if not any(flow.candidate for flow in flows):
        return None
    currency = facts.cost.currency
    kept = sorted(flows, key=lambda one: (-one.cost_minor, -one.candidate))[:_DRAWN]
    drawn = [flow for flow in flows if flow in kept]
    height = _ROW * len(drawn) + 16
    parts = _drawn(drawn, currency, height)
    left = len(flows) - len(drawn)
    return Chart(
        title="Workflow map",
        caption=(
            "Every system and operation that the candidate read (dashed) or proposed to write "
            "(solid). The wider, the more often; the stronger the colour, the more its findings "
            f"cost.{f' {left} more operations stand in the table.' if left > 0 else ''}"
        ),
        picture=drawing(
            "Systems and operations, with how often they were used and what errors cost",
            parts,
            width=_WIDTH,
            height=height,
        ),
        head=("system", "operation", "how", "by the candidate", "by people", "cost of findings"),
        rows=tuple(
            (
                printable(flow.system, 40),
                printable(flow.operation, 80),
                "written" if flow.written else "read",
                f"{flow.candidate:,}",
                f"{flow.people:,}" if flow.written else "not recorded",
                amount(flow.cost_minor, currency) if flow.written else "",
            )
            for flow in flows[:_LISTED]
        ),
    )


def _drawn(drawn: Sequence[Flow], currency: str, height: int) -> list[Markup]:
    most = max(flow.candidate for flow in drawn) or 1
    dearest = max(flow.cost_minor for flow in drawn)
    middles = _middles(drawn)
    parts: list[Markup] = [label(2, height / 2 + 4, "candidate")]
    for system, y in middles.items():
        total = sum(flow.candidate for flow in drawn if flow.system == system)
        parts.append(_curve(_FROM, height / 2, _SYSTEM - 4, y, _width(total, most), "flow f0"))
        parts.append(label(_SYSTEM, y + 4, printable(system, 18)))
    for place, flow in enumerate(drawn):
        y = 8 + _ROW * place + _ROW / 2
        css = f"flow f{shade(flow.cost_minor, dearest)}{'' if flow.written else ' dashed'}"
        parts.append(
            _curve(_SYSTEM + 74, middles[flow.system], _TO, y, _width(flow.candidate, most), css)
        )
        parts.append(label(_TO + 6, y + 4, _named(flow, currency)))
    return parts


def _middles(drawn: Sequence[Flow]) -> Mapping[str, float]:
    """Where each system stands: in the middle of its operations."""
    places: dict[str, list[int]] = {}
    for place, flow in enumerate(drawn):
        places.setdefault(flow.system, []).append(place)
    return {system: 8 + _ROW * (sum(own) / len(own)) + _ROW / 2 for system, own in places.items()}


def _named(flow: Flow, currency: str) -> str:
    short = printable(flow.operation.removeprefix(f"{flow.system}."), 30)
    cost = f", {amount(flow.cost_minor, currency)}" if flow.cost_minor else ""
    return f"{short} {flow.candidate:,}x{cost}"


def _width(count: int, most: int) -> float:
    """The square root keeps rare operations visible beside frequent ones."""
    return max(1.0, round(_WIDEST * math.sqrt(min(count / most, 1.0)), 1))


def _curve(x: float, y: float, to_x: float, to_y: float, width: float, css: str) -> Markup:
    bend = (x + to_x) / 2
    return Markup(
        '<path class="{}" stroke-width="{}" d="M{:g},{:g} C{:g},{:g} {:g},{:g} {:g},{:g}"/>'
    ).format(css, width, x, y, bend, y, bend, to_y, to_x, to_y)
