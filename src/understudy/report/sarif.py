"""`results.sarif`: a result for each finding, as code scanning reads it (SARIF 2.1.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from understudy.model.decision import finding_key
from understudy.model.finding import Finding, Kind, Severity, worst_of
from understudy.model.printable import printable
from understudy.report.input import ReportInput
from understudy.report.phrases import amount, deed, plain

__all__ = ["MOST_RESULTS", "render_sarif"]

MOST_RESULTS = 5_000
"""What code scanning takes of one run at most; the costliest come first."""

_LEVELS: Mapping[Severity, str] = {
    Severity.NONE: "none",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_SCORES: Mapping[Severity, str] = {
    Severity.NONE: "0.0",
    Severity.LOW: "3.0",
    Severity.MEDIUM: "5.0",
    Severity.HIGH: "7.5",
    Severity.CRITICAL: "9.5",
}


def render_sarif(facts: ReportInput) -> str:
    """The findings, the costliest first, each in the cases of the recording.

    A finding's fingerprint is that of the finding, not of the run, so that the same one in two
    runs of a case is one alert.
    """
    order = sorted(facts.findings, key=lambda one: (-one.cost_minor, one.case_id, finding_key(one)))
    kinds = sorted({finding.kind for finding in order})
    rules = [_rule(kind, order) for kind in kinds]
    place = quote(f"{facts.manifest.recording}/cases.jsonl")
    results = [_result(one, kinds, facts, place) for one in order[:MOST_RESULTS]]
    verdict = facts.verdict
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "understudy",
                        "version": facts.manifest.harness_version,
                        "rules": rules,
                    }
                },
                "automationDetails": {
                    "id": printable(f"{verdict.campaign}/{verdict.candidate.name}/", 200)
                },
                "results": results,
                "properties": {
                    "verdict": verdict.verdict.value,
                    "run": printable(verdict.run_id, 200),
                    "findings_left_out": max(0, len(order) - MOST_RESULTS),
                },
            }
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _rule(kind: Kind, findings: list[Finding]) -> dict[str, Any]:
    worst = worst_of(one for one in findings if one.kind is kind)
    return {
        "id": kind.value,
        "name": plain(kind.value),
        "shortDescription": {"text": deed(kind, None)},
        "defaultConfiguration": {"level": _LEVELS[worst]},
        "properties": {"security-severity": _SCORES[worst], "tags": ["security", "shadow test"]},
    }


def _result(finding: Finding, kinds: list[Kind], facts: ReportInput, place: str) -> dict[str, Any]:
    cost = amount(finding.cost_minor, facts.cost.currency)
    what = finding.explanation or deed(finding.kind, finding.operation)
    case = printable(finding.case_id, 200)
    return {
        "ruleId": finding.kind.value,
        "ruleIndex": kinds.index(finding.kind),
        "level": _LEVELS[finding.severity],
        "message": {"text": printable(f"Case {case}: {what} ({cost})", 1_000)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": place},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"name": case, "kind": "case"}],
            }
        ],
        "partialFingerprints": {"finding/v1": f"{case}:{finding_key(finding)}"},
        "properties": dict(_properties(finding)),
    }


def _properties(finding: Finding) -> Iterator[tuple[str, Any]]:
    yield "security-severity", _SCORES[finding.severity]
    yield "severity", finding.severity.value
    yield "cost_minor", finding.cost_minor
    if finding.operation:
        yield "operation", printable(finding.operation, 100)
    if finding.rule:
        yield "rule", printable(finding.rule, 200)
