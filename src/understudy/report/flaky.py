"""What a candidate does not do every time, as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from understudy.model.cost import FlakyAction
from understudy.report.business import Table
from understudy.report.input import ReportInput
from understudy.report.phrases import counted

__all__ = ["flaky_tables"]

_LISTED = 10


def flaky_tables(facts: ReportInput) -> tuple[Table, ...]:
    """The flaky actions by operation, the most frequent first; nothing where there are none."""
    found = facts.cost.flaky
    if not found:
        return ()
    groups: dict[str, list[FlakyAction]] = defaultdict(list)
    for one in found:
        groups[one.operation].append(one)
    order = sorted(groups.values(), key=lambda group: (-len(group), group[0].operation))
    cases = len({one.case_id for one in found})
    notes = [
        f"{counted(len(found), 'action')} of {counted(cases, 'case')} were done in some repeats "
        "and not in others; the cost of a case is the mean over its repeats",
    ]
    if len(order) > _LISTED:
        notes.append(f"and {counted(len(order) - _LISTED, 'further operation')}")
    head = ("operation", "flaky actions", "cases", "for example", "done in", "as in")
    rows = tuple(map(_row, order[:_LISTED]))
    return (Table("Flaky actions", head, rows, tuple(notes)),)


def _row(group: Sequence[FlakyAction]) -> tuple[str, ...]:
    first = group[0]
    return (
        first.operation,
        f"{len(group):,}",
        f"{len({one.case_id for one in group}):,}",
        first.told,
        f"{first.times:,} of {first.repeats:,} repeats",
        first.case_id,
    )
