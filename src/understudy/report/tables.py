"""All tables of the report, in the order in which they are read."""

from __future__ import annotations

from understudy.report.business import Table, business_tables
from understudy.report.drills import drill_tables
from understudy.report.flaky import flaky_tables
from understudy.report.input import ReportInput
from understudy.report.ladder import governance_tables
from understudy.report.registration import registration_table
from understudy.report.robustness import robustness_tables

__all__ = ["all_tables"]


def all_tables(facts: ReportInput) -> tuple[Table, ...]:
    """The business case, flaky actions, drills, what is relied on, and what was registered."""
    return (
        *business_tables(facts),
        *flaky_tables(facts),
        *drill_tables(facts),
        *robustness_tables(facts.verdict),
        *governance_tables(facts.governance),
        registration_table(facts),
    )
