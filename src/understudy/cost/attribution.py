"""Who the cost belongs to: findings grouped by kind, severity, operation, mess, action class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from understudy.model.cost import CostLine
from understudy.model.finding import Finding

__all__ = ["attribute"]


def attribute(
    findings: Iterable[Finding], groups_of: Callable[[Finding], Sequence[str]]
) -> tuple[CostLine, ...]:
    """One line for each group, the dearest first; a finding may lie in several groups.

    Its cost is then shared between them, the odd minor units going to the first, so that the lines
    always add up to the total.
    """
    counts: dict[str, int] = {}
    costs: dict[str, int] = {}
    cases: dict[str, set[str]] = {}
    for finding in findings:
        groups = groups_of(finding)
        if not groups:
            continue
        share, odd = divmod(finding.cost_minor, len(groups))
        for index, group in enumerate(groups):
            counts[group] = counts.get(group, 0) + 1
            costs[group] = costs.get(group, 0) + share + (index < odd)
            cases.setdefault(group, set()).add(finding.case_id)
    order = sorted(counts, key=lambda group: (-costs[group], -counts[group], group))
    return tuple(
        CostLine(
            group=group,
            findings=counts[group],
            cases=len(cases[group]),
            cost_minor=costs[group],
        )
        for group in order
    )
