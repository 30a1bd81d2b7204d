"""The promotion ladder, the sign-off and the waivers of a run, as the report shows them."""

from __future__ import annotations

from understudy.report.business import Table
from understudy.report.governance import Governance
from understudy.report.phrases import plain

__all__ = ["governance_tables"]


def governance_tables(governance: Governance) -> tuple[Table, ...]:
    """The tables that have anything in them."""
    rows = tuple(
        (
            line.operation,
            plain(line.rung),
            plain(line.ceiling),
            line.evidence,
            f"{line.cases:,} cases, {line.money}, {line.days:,} days",
            line.recommendation,
        )
        for line in governance.ladder
    )
    head = ("operation", "rung", "ceiling", "evidence of the last run", "spent on it", "next")
    waivers = tuple((each,) for each in governance.waivers)
    found = (Table("Promotion ladder", head, rows), Table("Waivers", ("exception",), waivers))
    return tuple(table for table in found if table.rows)
