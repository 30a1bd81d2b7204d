"""`junit.xml`: a test case for each gate and each costly case, as every CI system reads it."""

from __future__ import annotations

from xml.etree import ElementTree

from understudy.model.finding import Finding, worst_of
from understudy.model.printable import printable
from understudy.model.verdict import GateOutcome, VerdictWord
from understudy.report.input import ReportInput
from understudy.report.page import GateRow, gate_rows
from understudy.report.phrases import amount, plain

__all__ = ["MOST_CASES", "render_junit"]

MOST_CASES = 200
"""Costly cases that get a test case of their own, the costliest first."""
_TEXT = 1_000


def render_junit(facts: ReportInput) -> str:
    """The verdict, its gates and the costliest cases.

    What is not decided is skipped with its reason and never passed; INVALID is an error.
    """
    verdict = facts.verdict
    gates = [_gate(row) for row in gate_rows(facts)]
    findings = facts.findings_by_case()
    costly = sorted(
        (case for case in facts.cost.per_case if case.error_cost_minor > 0),
        key=lambda case: (-case.error_cost_minor, case.case_id),
    )
    cases = [
        _costly(case.case_id, case.error_cost_minor, findings.get(case.case_id, []), facts)
        for case in costly[:MOST_CASES]
    ]
    name = _clean(f"{verdict.campaign}.{verdict.candidate.name}")
    root = ElementTree.Element("testsuites", name=name)
    root.append(_suite("verdict", [_verdict(facts)]))
    root.append(_suite("gates", gates))
    root.append(_suite("costly cases", cases))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _suite(name: str, cases: list[ElementTree.Element]) -> ElementTree.Element:
    def count(tag: str) -> str:
        return str(sum(case.find(tag) is not None for case in cases))

    suite = ElementTree.Element(
        "testsuite", name=name, tests=str(len(cases)), failures=count("failure"),
        errors=count("error"), skipped=count("skipped"),
    )  # fmt: skip
    suite.extend(cases)
    return suite


def _verdict(facts: ReportInput) -> ElementTree.Element:
    verdict = facts.verdict
    case = ElementTree.Element("testcase", classname="verdict", name="verdict")
    message = _clean("; ".join(verdict.reasons) or verdict.verdict.value)
    tags = {
        VerdictWord.NO_GO: "failure",
        VerdictWord.INVALID: "error",
        VerdictWord.INCONCLUSIVE: "skipped",
    }
    tag = tags.get(verdict.verdict)
    if tag is not None:
        ElementTree.SubElement(case, tag, message=message)
    return case


def _gate(row: GateRow) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="gates", name=f"{row.id} {row.measure}")
    message = _clean(f"{row.reason or row.measure}: observed {row.observed}, limit {row.limit}")
    if row.outcome == GateOutcome.FAIL:
        ElementTree.SubElement(case, "failure", message=message)
    elif row.outcome == GateOutcome.UNDECIDED:
        told = f"undecided: {message}; evidence {row.evidence or 'none'}"
        ElementTree.SubElement(case, "skipped", message=_clean(told))
    return case


def _costly(
    case_id: str, cost_minor: int, findings: list[Finding], facts: ReportInput
) -> ElementTree.Element:
    currency = facts.cost.currency
    case = ElementTree.Element("testcase", classname="costly cases", name=_clean(case_id))
    properties = ElementTree.SubElement(case, "properties")
    worst = worst_of(findings)
    for name, value in (
        ("severity", str(worst)),
        ("cost_minor", str(cost_minor)),
        ("currency", currency),
    ):
        ElementTree.SubElement(properties, "property", name=name, value=value)
    told = [
        f"{one.severity} {plain(one.kind)} {amount(one.cost_minor, currency)}: {one.explanation}"
        for one in findings
    ]
    failure = ElementTree.SubElement(
        case,
        "failure",
        type=str(worst),
        message=_clean(f"{amount(cost_minor, currency)}: {'; '.join(told)}"),
    )
    failure.text = _clean("\n".join(told))
    return case


def _clean(text: str) -> str:
    """Text that XML 1.0 can hold: `printable` writes out what it cannot."""
    return printable(text, _TEXT).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
