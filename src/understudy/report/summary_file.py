"""`summary.parquet`: a row for each judged case, for whoever looks at runs with tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.model.cost import CaseCost
from understudy.model.finding import Finding, worst_of
from understudy.model.new_file import file_aside
from understudy.report.input import ReportInput

if TYPE_CHECKING:
    import pyarrow

__all__ = ["SUMMARY_SCHEMA", "write_summary"]

SUMMARY_SCHEMA = "understudy/summary/1"
"""Stands in the file's metadata under `schema`; other columns are another version."""

_COLUMNS = {
    "case_id": "string",
    "cluster_id": "string",
    "scenario": "string",
    "repeats": "int32",
    "outcomes": "string",
    "failures": "string",
    "confidence": "float64",
    "actions": "int32",
    "reads": "int32",
    "cycle_time_ms": "int64",
    "wall_time_ms": "int64",
    "findings": "int32",
    "critical": "int32",
    "worst": "string",
    "error_cost_minor": "int64",
    "net_value_minor": "int64",
    "currency": "string",
}
_ROWS_AT_ONCE = 5_000


def write_summary(path: Path, facts: ReportInput) -> None:
    """Write the judged cases in their registered order, some thousands at a time.

    Counts and times are sums over a case's repeats; `outcomes` and `failures` list what came of
    each, in order; `confidence` is the first one's. Money is in minor units of `currency`.
    """
    import pyarrow.parquet

    schema = _schema()
    with (
        file_aside(path) as aside,
        pyarrow.parquet.ParquetWriter(aside, schema, compression="zstd") as writer,
    ):
        rows = _rows(facts)
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            writer.write_table(pyarrow.Table.from_pylist(some, schema=schema))


def _schema() -> pyarrow.Schema:
    import pyarrow

    fields = [(name, pyarrow.type_for_alias(kind)) for name, kind in _COLUMNS.items()]
    return pyarrow.schema(fields, metadata={"schema": SUMMARY_SCHEMA})


def _rows(facts: ReportInput) -> Iterator[dict[str, Any]]:
    found = facts.findings_by_case()
    for cost in facts.cost.per_case:
        yield {
            **_handled(cost.case_id, facts),
            **_priced(cost, found.get(cost.case_id, [])),
            "currency": facts.cost.currency,
        }


def _handled(case_id: str, facts: ReportInput) -> dict[str, Any]:
    case, proposals = facts.cases.get(case_id), facts.proposals.get(case_id, ())
    return {
        "scenario": None if case is None else case.scenario,
        "repeats": len(proposals),
        "outcomes": " ".join(one.outcome for one in proposals),
        "failures": " ".join(one.failure.reason for one in proposals if one.failure),
        "confidence": proposals[0].confidence if proposals else None,
        "actions": sum(len(one.actions) for one in proposals),
        "reads": sum(sum(one.reads.values()) for one in proposals),
        "cycle_time_ms": _total(one.cycle_time_ms for one in proposals),
        "wall_time_ms": _total(one.wall_time_ms for one in proposals),
    }


def _priced(cost: CaseCost, findings: list[Finding]) -> dict[str, Any]:
    return {
        "case_id": cost.case_id,
        "cluster_id": cost.cluster_id,
        "findings": len(findings),
        "critical": cost.critical,
        "worst": worst_of(findings).value if findings else None,
        "error_cost_minor": cost.error_cost_minor,
        "net_value_minor": cost.net_value_minor,
    }


def _total(times: Iterator[int | None]) -> int | None:
    known = [each for each in times if each is not None]
    return sum(known) if known else None
