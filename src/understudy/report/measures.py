"""The figures of gates as people read them: counts, shares, or money."""

from __future__ import annotations

from understudy.model.gates import Metric
from understudy.report.phrases import amount, percent

__all__ = ["limit_word", "measure_shown"]

_COUNTS = (
    Metric.CRITICAL_FINDINGS, Metric.SEGMENT_ERROR_COST, Metric.UNSAFE_FALLBACKS,
    Metric.UNCONTROLLED_WRITES,
)  # fmt: skip
_SHARES = (Metric.EXCEEDANCE_RATE, Metric.ESCALATION_RATE, Metric.EXCEPTION_RATE)
_LIMITS = {Metric.NET_VALUE_PER_CASE.value: "above", Metric.SEGMENT_ERROR_COST.value: "of"}


def limit_word(metric: str) -> str:
    """How a limit holds its measure.

    >>> limit_word("net_value_per_case"), limit_word("critical_findings")
    ('above', 'at most')
    """
    return _LIMITS.get(metric, "at most")


def measure_shown(metric: str, value: float | int | None, currency: str) -> str:
    """A measure, or its limit, with its unit.

    >>> [measure_shown(name, 612, "EUR") for name in ("error_cost_per_case", "critical_findings")]
    ['6.12 EUR', '612']
    """
    if value is None:
        return "none"
    if metric in _COUNTS:
        return f"{value:,}"
    return percent(value) if metric in _SHARES else amount(value, currency)
