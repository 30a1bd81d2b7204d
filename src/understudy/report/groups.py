"""Findings brought together: what cost most, and which kinds cost in which system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from understudy.model.finding import Finding, Kind, Severity, worst_of

__all__ = ["Group", "HeatMap", "costliest_groups", "heat_map"]


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one kind in one operation, with the case that cost most by it."""

    kind: Kind
    operation: str | None
    severity: Severity
    findings: int
    cases: int
    cost_minor: int
    dearest_case: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Cost by kind (rows) and system (columns), both with the costliest first."""

    kinds: tuple[Kind, ...]
    systems: tuple[str, ...]
    cells: dict[tuple[Kind, str], tuple[int, int]]
    """Number of findings and cost of each cell that has any."""

    @property
    def highest(self) -> int:
        """The cost of the costliest cell."""
        return max((cost for _, cost in self.cells.values()), default=0)


def costliest_groups(findings: Iterable[Finding]) -> list[Group]:
    """Groups by kind and operation, the costliest first."""
    members: dict[tuple[Kind, str | None], list[Finding]] = {}
    for finding in findings:
        members.setdefault((finding.kind, finding.operation), []).append(finding)
    groups = [_group(kind, operation, own) for (kind, operation), own in members.items()]
    return sorted(
        groups, key=lambda one: (-one.cost_minor, -one.findings, one.kind, one.operation or "")
    )


def heat_map(findings: Iterable[Finding]) -> HeatMap:
    """Cost by kind and system; findings without a system stand under `the case`."""
    cells: dict[tuple[Kind, str], tuple[int, int]] = {}
    for finding in findings:
        key = (finding.kind, finding.system or "the case")
        count, cost = cells.get(key, (0, 0))
        cells[key] = (count + 1, cost + finding.cost_minor)
    kinds: dict[Kind, int] = {}
    systems: dict[str, int] = {}
    for (kind, system), (_, cost) in cells.items():
        kinds[kind] = kinds.get(kind, 0) + cost
        systems[system] = systems.get(system, 0) + cost
    return HeatMap(
        tuple(sorted(kinds, key=lambda kind: (-kinds[kind], kind))),
        tuple(sorted(systems, key=lambda system: (-systems[system], system))),
        cells,
    )


def _group(kind: Kind, operation: str | None, members: Sequence[Finding]) -> Group:
    by_case: dict[str, int] = {}
    for finding in members:
        by_case[finding.case_id] = by_case.get(finding.case_id, 0) + finding.cost_minor
    return Group(
        kind=kind,
        operation=operation,
        severity=worst_of(members),
        findings=len(members),
        cases=len(by_case),
        cost_minor=sum(by_case.values()),
        dearest_case=max(by_case, key=lambda case: (by_case[case], case)),
    )
