"""The promotion ladder, the sign-off and the waivers of a run, as the report shows them."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.report.business import Table
from understudy.report.governance import ClassLine, Governance
from understudy.report.phrases import plain

__all__ = ["governance_tables", "ladder_table"]


def governance_tables(governance: Governance) -> tuple[Table, ...]:
    """The tables that have anything in them."""
    waivers = tuple((each,) for each in governance.waivers)
    found = (ladder_table(governance.ladder), Table("Waivers", ("exception",), waivers))
    return tuple(table for table in found if table.rows)


def ladder_table(lines: Sequence[ClassLine]) -> Table:
    """Every class as a row, in the order given."""
    rows = tuple(
        (
            line.operation,
            plain(line.rung),
            plain(line.ceiling),
            line.evidence,
            f"{line.cases:,} cases, {line.money}, {line.days:,} days",
            line.recommendation,
        )
        for line in lines
    )
    head = ("operation", "rung", "ceiling", "evidence of the last run", "spent on it", "next")
    return Table("Promotion ladder", head, rows)
