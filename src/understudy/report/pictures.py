"""The charts of a run, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.gate.decide import evidence_of
from understudy.gate.units import weighed_units
from understudy.report.agreement_chart import agreement_charts
from understudy.report.charts import (
    Chart,
    bar_chart,
    concentration_chart,
    cost_chart,
    evidence_chart,
)
from understudy.report.confidence_charts import confidence_charts
from understudy.report.input import ReportInput

__all__ = ["pictures"]


def pictures(facts: ReportInput) -> Iterator[Chart]:
    """Those that the run has figures for."""
    currency = facts.verdict.error_cost.currency
    costs = [case.error_cost_minor for case in facts.cost.per_case]
    if not costs:
        return
    units = weighed_units(facts.cost.per_case, facts.gates, facts.registered)
    if units.total_cases:
        evidence = evidence_of(units, facts.gates)
        yield evidence_chart(evidence)
        yield cost_chart(units, evidence, facts.gates.alpha, currency)
    yield concentration_chart(costs, currency)
    yield bar_chart(
        "Cost by mess",
        "Cost of the findings in cases that a defect of the data touched; a finding that several "
        "defects touched is shared between them.",
        facts.cost.by_mess,
        currency,
    )
    if facts.cost.by_segment:
        yield bar_chart(
            "Cost by segment",
            "Cost of the findings by the groups that the policy or the recording names.",
            facts.cost.by_segment,
            currency,
        )
    yield from confidence_charts(facts)
    yield from agreement_charts(facts)
